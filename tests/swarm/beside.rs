//! Two programs beside each other: the same links, the same lines, in turn.

use std::time::Duration;

use shared::cli::{self, Failure};

use super::Plan;
use super::processes::{Outcome, measure};

/// What has not come after this time without a line is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lines that are typed at once.
const BURST: usize = 2_000;

/// Measures both, and prints a table: of each figure the median, the least and
/// the most; and of the two in the same round the ratio.
///
/// # Errors
/// When a program cannot be run.
pub fn compare(
    commands: [&str; 2],
    plan: Plan,
    rounds: usize,
) -> Result<(), Failure> {
    let plan = Plan { patience: PATIENCE, ..plan };
    let burst = Plan { blocks: BURST, every: Duration::ZERO, ..plan };
    let kinds = [(plan, false), (burst, false), (plan, true)];
    let mut all = Vec::new();
    for _ in 0..rounds {
        let [mut ours, mut theirs] = [(); 2].map(|()| Vec::new());
        for (plan, counts) in &kinds {
            let outcome = measure(commands[0], None, *counts, plan)?;
            let links = Some(&*outcome.links);
            theirs.push(measure(commands[1], links, *counts, plan)?);
            ours.push(outcome);
        }
        all.push([ours, theirs].map(|it| figures(&it, plan.nodes)));
    }
    let (nodes, size) = (plan.nodes, plan.size);
    let [ours, theirs] = commands;
    cli::print(format_args!(
        "| {nodes} nodes, {size} bytes | {ours} | {theirs} | ratio |"
    ));
    cli::print("|---|---|---|---|");
    let names = all.first().map(|[ours, _]| ours.iter().map(|it| it.0));
    for (row, name) in names.into_iter().flatten().enumerate() {
        let of = |program: usize| all.iter().map(move |it| it[program][row].1);
        let ratios = of(0).zip(of(1)).map(|(ours, theirs)| ours / theirs);
        let [ours, theirs] = [0, 1].map(|it| cell(of(it).collect()));
        let ratio = cell(ratios.collect());
        cli::print(format_args!("| {name} | {ours} | {theirs} | {ratio} |"));
    }
    Ok(())
}

/// The median, and between what it lies. There is one at least.
fn cell(mut values: Vec<f64>) -> String {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len() - 1;
    let [middle, least, most] = [values.len() / 2, 0, last].map(|at| {
        let digits = if values[at] < 30.0 { 2 } else { 0 };
        format!("{:.digits$}", values[at])
    });
    match least == most {
        true => middle,
        false => format!("{middle} ({least}–{most})"),
    }
}

/// The rows, of a paced run, a burst, and one in which calls and frames were
/// counted.
fn figures(runs: &[Outcome], nodes: usize) -> Vec<(&'static str, f64)> {
    let [paced, burst, counted] = runs else { return Vec::new() };
    let deliveries = |it: &Outcome| it.deliveries.max(1) as f64;
    let processor =
        |it: &Outcome| it.processor.as_secs_f64() * 1e6 / deliveries(it);
    let verify = paced.verify.as_secs_f64() * 1e6;
    let memory = |it: &Outcome| it.memory as f64 * 1024.0 / 1e6;
    let at = |sorted: &[f64], percent| {
        let place = sorted.len() * percent / 100;
        sorted.get(place).copied().unwrap_or(f64::NAN)
    };
    let each = |names: &str| {
        let counts = names.split(' ').filter_map(|it| counted.counted.get(it));
        counts.sum::<usize>() as f64 / deliveries(counted)
    };
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of as f64;
    let (came, reached) = (burst.deliveries, burst.typed.len());
    vec![
        ("links", paced.links.len() as f64),
        ("processor time for each delivery, µs", processor(paced)),
        ("V: of one verify_strict meanwhile, µs", verify),
        ("processor time besides V, µs", processor(paced) - verify),
        ("typed until all have it, half, ms", at(&paced.typed, 50)),
        ("99 of 100, ms", at(&paced.typed, 99)),
        ("printed by its author until then, half, ms", at(&paced.printed, 50)),
        ("99 of 100, ms", at(&paced.printed, 99)),
        ("peak memory of a process, MB", memory(paced)),
        ("threads of a process", paced.threads as f64),
        ("burst: delivered, %", percent(came, BURST * (nodes - 1))),
        ("burst: blocks that reach all, %", percent(reached, BURST)),
        ("burst: processor time for each delivery, µs", processor(burst)),
        ("burst: peak memory of a process, MB", memory(burst)),
        (
            "frames for each delivery",
            each("BLOCK message INV GET NOTFOUND PRUNE HAVE DIGEST FORK"),
        ),
        ("of them with a block", each("BLOCK message")),
        ("send or write", each("sendto sendmsg write writev")),
        ("receive or read", each("recvfrom recvmsg read readv")),
        ("epoll_wait", each("epoll_wait epoll_pwait")),
        ("futex", each("futex")),
        ("pwrite or fdatasync", each("pwrite64 fdatasync")),
    ]
}

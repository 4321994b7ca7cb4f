//! `cargo run -p peer --example swarm -- --nodes 20 --seed 7 --loss 10
//! --partition 5`: a swarm, simulated or of real processes, and what its
//! messages cost.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

use shared::cli::{self, Failure};

mod beside;
mod picture;
mod processes;
mod simulator;

use simulator::{Arrow, Mutant, Outcome, Plan, run};

const HELP: &str = "\
A swarm of nodes in one thread, with a clock of its own; or of real processes.

Usage: swarm [hostile] [--nodes N] [--seed N] [--blocks N] [--every MS]
             [--size BYTES] [--delay US] [--loss PERCENT] [--partition SECONDS]
             [--without RULE] [--picture FILE]
             [--processes COMMAND [--beside COMMAND] [--rounds N]]

  hostile              as in the tests: keys on two machines, restarts, full
                       disks, slow readers; of the numbers only --seed counts

  --nodes N            so many nodes (default: 20)
  --seed N             another history (default: 7)
  --blocks N           blocks that are said (default: 500)
  --every MS           one in so many milliseconds; 0: all at once (default: 20)
  --size BYTES         of a block (default: 256)
  --delay US           how long a message takes at most (default: 500)
  --loss PERCENT       of the links, so many break in each second
  --partition SECONDS  the two halves do not hear each other
  --without RULE       head, memory or retry: what the tests break
  --picture FILE       draws the smallest history that goes wrong without that
                       rule (SVG)
  --processes COMMAND  starts that so many times, and breaks no link
  --beside COMMAND     and, in turn with it, this, with the same links: prints a
                       table of what both cost
  --rounds N           of that (default: 3)
";

const FLAGS: &str = "nodes seed blocks every size delay loss partition \
                     without picture processes beside rounds";

fn main() -> std::process::ExitCode {
    cli::main(start)
}

fn start() -> Result<(), Failure> {
    let mut flags = FLAGS.split(' ');
    let flags = [(); 13].map(|()| flags.next().unwrap_or_default());
    let (hostile, values) = cli::arguments(HELP, flags)?;
    let [nodes, seed, blocks, every, size, delay, rest @ ..] = values;
    let [loss, partition, without, picture, program, rest @ ..] = rest;
    let [beside, rounds] = rest;
    let number = |name, value: Option<OsString>, default| {
        cli::number(name, value, 1_000_000, default)
    };
    let seed = number("seed", seed, 7)? as u64;
    let nodes = number("nodes", nodes, 20)?;
    let partition = number("partition", partition, 0)?;
    let every = number("every", every, 20)?;
    let mut plan = Plan {
        blocks: number("blocks", blocks, 500)?,
        every: Duration::from_millis(every as u64),
        size: number("size", size, 256)?,
        delay: number("delay", delay, 500)?.max(2) as u64,
        loss: number("loss", loss, 0)?.min(100) as u8,
        partition: Duration::from_secs(partition as u64),
        ..Plan::quiet(seed, nodes)
    };
    match hostile.as_deref() {
        None => {}
        Some("hostile") => plan = Plan::hostile(seed),
        Some(_) => return Err(Failure::usage("swarm, or swarm hostile")),
    }
    let [without, program, beside] = [without, program, beside]
        .map(|it| it.map(|it| it.to_string_lossy().into_owned()));
    if let Some(without) = &without {
        let rules = ["head", "memory", "retry"];
        let mutants = [Mutant::NoHead, Mutant::Forgets, Mutant::NoRetry];
        let place = rules.iter().position(|rule| rule == without);
        let place =
            place.ok_or(Failure::usage("--without head, memory or retry"))?;
        plan.mutant = Some(mutants[place]);
    }
    if let Some(file) = picture {
        return fs::write(&file, picture::smallest(plan.mutant)?)
            .map_err(|error| Failure::new("cannot write the picture", error));
    }
    let rounds = cli::count("rounds", rounds, 3)?;
    match (program, beside) {
        (Some(program), None) => processes::run(&program, &plan),
        (Some(program), Some(beside)) => {
            beside::compare([&program, &beside], plan, rounds)
        }
        (None, Some(_)) => Err(Failure::usage("--beside needs --processes")),
        (None, None) => report(&plan, &run(plan)),
    }
}

/// Prints what came of it.
fn report(plan: &Plan, outcome: &Outcome) -> Result<(), Failure> {
    let Outcome { frames, deliveries, hops, delays, .. } = outcome;
    let all: usize = frames.values().sum();
    let deliveries = *deliveries;
    let each = all as f64 / deliveries.max(1) as f64;
    let frames = frames.iter().map(|(kind, count)| format!("{kind} {count}"));
    let frames = frames.collect::<Vec<_>>().join(", ");
    let mut count: BTreeMap<usize, usize> = BTreeMap::new();
    hops.iter().for_each(|it| *count.entry(*it).or_default() += 1);
    let hops = count.iter().map(|(hops, count)| format!("{hops}: {count}"));
    let hops = hops.collect::<Vec<_>>().join(", ");
    let mut delays = delays.clone();
    delays.sort_unstable();
    let last = delays.len().saturating_sub(1);
    let [half, most, longest] = [50, 99, 100].map(|percent| {
        let delay = delays.get((delays.len() * percent / 100).min(last));
        delay.copied().unwrap_or_default().as_secs_f64() * 1e3
    });
    cli::print(format_args!(
        "seed {}, {} nodes, {} blocks: {deliveries} deliveries\n\
         frames: {all}, {each:.2} for each delivery\n  {frames}\n\
         links from the author: {hops}\n\
         after: half of them {half:.1} ms, 99 of 100 {most:.1} ms, all \
         {longest:.1} ms\nlost with a link: {}",
        plan.seed, plan.nodes, plan.blocks, outcome.lost
    ));
    // Else the faults say so.
    if let Some(time) = outcome.healed {
        cli::print(format_args!(
            "all have the same, {:.2} s after the last trouble",
            time.as_secs_f64()
        ));
    }
    for fault in &outcome.faults {
        cli::print(fault);
    }
    match outcome.faults.len() {
        0 => Ok(()),
        count => Err(Failure::wrong(format_args!("faults: {count}"))),
    }
}

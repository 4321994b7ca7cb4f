//! A swarm of real processes on this machine, and what it costs. What becomes
//! of those that are killed or stopped: tests/suites/peer/gossip.rs.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio, id};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use shared::cli::{self, Failure};

use super::Plan;

/// What has not come after this time is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which process has printed what, and when.
type Line = (usize, Instant, String);

/// Starts one that knows the `first`, if there is one, and keeps all that it
/// has in `directory`. Says where it listens.
fn start(
    program: &OsStr,
    directory: &Path,
    number: usize,
    first: Option<&str>,
    printed: Sender<Line>,
) -> io::Result<(Child, String)> {
    let words = program.to_string_lossy();
    let mut words = words.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).args(["127.0.0.1:0", "--first", "--data"]);
    command.arg(directory.join(number.to_string()));
    // Where a stamp costs little: it is the messages that count.
    command.args(["--network", &format!("swarm {}", id()), "--secret"]);
    command.arg(directory.join("secret"));
    command.args(first.map(|it| ["--peer", it]).iter().flatten());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn()?;
    let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut lines = BufReader::new(output).lines();
    let listening = lines.next().transpose()?.unwrap_or_default();
    let address = listening.rsplit('/').next().unwrap_or_default();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // Who does not want it any more has gone.
            let _ = printed.send((number, Instant::now(), line));
        }
    });
    Ok((child, address.to_string()))
}

/// Lets them talk, and prints how that went.
///
/// # Errors
/// When a process cannot be started, or something was lost.
pub fn run(program: &OsStr, plan: &Plan) -> Result<(), Failure> {
    let directory = env::temp_dir().join(format!("swarm-{}", id()));
    let mut all = Vec::new();
    let result = talk(program, plan, &directory, &mut all);
    for mut child in all {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    // It may not be there.
    let _ = fs::remove_dir_all(&directory);
    match result.map_err(|error| Failure::new("cannot run the swarm", error))? {
        0 => Ok(()),
        _ => Err(Failure::wrong("blocks were lost")),
    }
}

/// How many blocks were lost.
fn talk(
    program: &OsStr,
    plan: &Plan,
    directory: &Path,
    all: &mut Vec<Child>,
) -> io::Result<usize> {
    let Plan { blocks, nodes, every, .. } = *plan;
    fs::create_dir(directory)?;
    let (sender, printed) = channel();
    let mut first: Option<String> = None;
    for number in 0..nodes {
        let sender = sender.clone();
        let known = first.as_deref();
        let (child, address) =
            start(program, directory, number, known, sender)?;
        all.push(child);
        first.get_or_insert(address);
    }
    // They find each other.
    thread::sleep(Duration::from_secs(3));
    let before: Duration = all.iter().map(processor_time).sum();
    let (begin, mut said) = (Instant::now(), Vec::new());
    for number in 0..blocks {
        let due = begin + every * number as u32;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let who = if every.is_zero() { 0 } else { number % nodes };
        let line = format!("{number} {}", ".".repeat(plan.size));
        said.push(Instant::now());
        let mut input = all[who].stdin.as_ref().ok_or(io::ErrorKind::Other)?;
        writeln!(input, "{}", &line[..plan.size.max(8).min(line.len())])?;
    }
    let mut came = vec![vec![None; blocks]; nodes];
    let mut left = nodes * blocks;
    while left > 0 {
        let line = printed.recv_timeout(PATIENCE);
        let Ok((node, at, line)) = line else { break };
        let body = line.split_once(": ").map_or("", |(_, body)| body);
        let number = body.split(' ').next().and_then(|it| it.parse().ok());
        let number = number.filter(|it: &usize| *it < blocks);
        let is_new = number.map(|it| came[node][it].replace(at).is_none());
        left -= usize::from(is_new.unwrap_or(false));
    }
    let used: Duration = all.iter().map(processor_time).sum();
    let used = used.saturating_sub(before).as_micros();
    let of_all = (0..blocks).filter_map(|number| {
        let last = came.iter().map(|it| it[number]).collect::<Option<Vec<_>>>();
        Some(last?.into_iter().max()? - said[number])
    });
    let mut of_all: Vec<Duration> = of_all.collect();
    of_all.sort_unstable();
    let half = of_all.get(of_all.len() / 2).copied().unwrap_or_default();
    let deliveries = (nodes.saturating_sub(1) * blocks).max(1) as u128;
    cli::print(format_args!(
        "{nodes} processes, {blocks} blocks, lost: {left}\nuntil all have it: \
         half of them {:.1} ms; processor time for each delivery: {} µs",
        half.as_secs_f64() * 1e3,
        used / deliveries
    ));
    Ok(left)
}

/// How long it has computed, proc(5).
fn processor_time(process: &Child) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.id()));
    let tasks = tasks.into_iter().flatten().flatten();
    let times = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(times.sum())
}

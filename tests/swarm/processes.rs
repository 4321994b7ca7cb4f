//! A swarm of real processes on this machine.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio, id};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::cli::{self, Failure};

use super::Plan;

/// What has not come after this time is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process, and what it is told.
struct Process {
    child: Child,
    input: ChildStdin,
}

struct Swarm<'a> {
    program: &'a OsStr,
    directory: PathBuf,
    /// Where the first one listens.
    first: Option<String>,
    /// Which process has printed what, and when.
    printed: (Sender<Line>, Receiver<Line>),
}

type Line = (usize, Instant, String);

impl Swarm<'_> {
    fn start(&mut self, number: usize) -> io::Result<Process> {
        let data = self.directory.join(number.to_string());
        let first = self.first.as_deref();
        let words = self.program.to_string_lossy();
        let mut words = words.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        let address = first.filter(|_| number == 0).unwrap_or("127.0.0.1:0");
        command.arg(address).arg("--data").arg(data).arg("--first");
        // Where a stamp costs little: it is the messages that count.
        let name = format!("swarm {}", id());
        let secret = self.directory.join("secret");
        command.args(["--network", &name]).arg("--secret").arg(secret);
        if let Some(first) = first.filter(|_| number > 0) {
            command.args(["--peer", first]);
        }
        let piped = [Stdio::piped(), Stdio::piped()];
        let [input, output] = piped;
        command.stdin(input).stdout(output).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(output).lines();
        let listening = lines.next().transpose()?.unwrap_or_default();
        let address = listening.rsplit('/').next().unwrap_or_default();
        self.first.get_or_insert(address.to_string());
        let sender = self.printed.0.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Who does not want it any more has gone.
                let _ = sender.send((number, Instant::now(), line));
            }
        });
        Ok(Process { child, input })
    }
}

/// Lets them talk, and prints how that went.
///
/// # Errors
/// When a process cannot be started, or something was lost.
pub fn run(program: &OsStr, plan: &Plan) -> Result<(), Failure> {
    let directory = env::temp_dir().join(format!("swarm-{}", id()));
    let result = talk(program, plan, &directory);
    // It may not be there.
    let _ = fs::remove_dir_all(&directory);
    result
}

fn talk(program: &OsStr, plan: &Plan, directory: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::new("cannot run the swarm", error);
    fs::create_dir(directory).map_err(failed)?;
    let mut swarm = Swarm {
        program,
        directory: directory.to_path_buf(),
        first: None,
        printed: channel(),
    };
    let mut rng = Rng::with_seed(plan.seed);
    let mut all = Vec::new();
    for number in 0..plan.nodes {
        all.push(swarm.start(number).map_err(failed)?);
    }
    // They find each other.
    thread::sleep(Duration::from_secs(3));
    let before: Vec<Duration> = all.iter().map(processor_time).collect();
    let start = Instant::now();
    let mut said = Vec::new();
    let (mut killed, mut is_stopped) = (0, false);
    let mut next_second = Duration::from_secs(1);
    let half = plan.nodes / 2;
    for number in 0..plan.blocks {
        let due = start + plan.every * number as u32;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let who = if plan.every.is_zero() { 0 } else { rng.usize(0..half) };
        let line = format!("{number} {}", ".".repeat(plan.size));
        let line = &line[..plan.size.max(8).min(line.len())];
        said.push(Instant::now());
        writeln!(all[who].input, "{line}").map_err(failed)?;
        let passed = start.elapsed();
        if plan.partition > Duration::ZERO {
            let is_apart =
                (1..=plan.partition.as_secs()).contains(&passed.as_secs());
            if is_apart != is_stopped {
                let signal = match is_apart {
                    true => Signal::SIGSTOP,
                    false => Signal::SIGCONT,
                };
                all[half..].iter().for_each(|it| send(it, signal));
                is_stopped = is_apart;
            }
        }
        if passed >= next_second {
            next_second += Duration::from_secs(1);
            // Not those who speak: what waits to be said would be lost.
            for (number, it) in all.iter_mut().enumerate().skip(half) {
                if !is_stopped && rng.u8(0..100) < plan.loss {
                    send(it, Signal::SIGKILL);
                    it.child.wait().map_err(failed)?;
                    *it = swarm.start(number).map_err(failed)?;
                    killed += 1;
                }
            }
        }
    }
    all[half..].iter().for_each(|it| send(it, Signal::SIGCONT));
    let mut came: Vec<Vec<Option<Instant>>> =
        vec![vec![None; plan.blocks]; plan.nodes];
    let mut left = plan.nodes * plan.blocks;
    while left > 0 {
        let line = swarm.printed.1.recv_timeout(PATIENCE);
        let Ok((node, at, line)) = line else { break };
        let body = line.split_once(": ").map(|(_, body)| body);
        let number =
            body.and_then(|it| it.split(' ').next()?.parse::<usize>().ok());
        let Some(number) = number.filter(|it| *it < plan.blocks) else {
            continue;
        };
        if came[node][number].replace(at).is_none() {
            left -= 1;
        }
    }
    let used = all.iter().map(processor_time).sum::<Duration>();
    let used = used - before.iter().sum::<Duration>().min(used);
    for process in &mut all {
        send(process, Signal::SIGKILL);
        process.child.wait().map_err(failed)?;
    }
    let of_all = (0..plan.blocks).filter_map(|number| {
        let last = came.iter().map(|it| it[number]).collect::<Option<Vec<_>>>();
        Some(last?.into_iter().max()? - said[number])
    });
    let mut of_all: Vec<Duration> = of_all.collect();
    of_all.sort_unstable();
    let deliveries = (plan.nodes - 1) * plan.blocks;
    let (blocks, nodes) = (plan.blocks, plan.nodes);
    cli::print(format_args!(
        "{nodes} processes, {blocks} blocks, killed: {killed}, lost: {left}"
    ));
    let half = of_all.get(of_all.len() / 2).copied().unwrap_or_default();
    cli::print(format_args!(
        "until all have it: half of them {:.1} ms; processor time for each \
         delivery: {} µs",
        half.as_secs_f64() * 1e3,
        used.as_micros() / deliveries.max(1) as u128
    ));
    match left {
        0 => Ok(()),
        _ => Err(Failure::wrong("blocks were lost")),
    }
}

fn send(process: &Process, signal: Signal) {
    // It is ours, and has not been waited for.
    let _ = kill(Pid::from_raw(process.child.id() as i32), signal);
}

/// How long it has computed, proc(5).
fn processor_time(process: &Process) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.child.id()));
    let tasks = tasks.into_iter().flatten().flatten();
    let times = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(times.sum())
}

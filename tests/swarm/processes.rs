//! A swarm of real processes on this machine.

use std::cmp::Ordering::Equal;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio, id};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;
use shared::cli::{self, Failure};

use super::Plan;

/// How long they have to find each other: gossipsub begins after 5 s.
const SETTLE: Duration = Duration::from_secs(8);

/// They have come to rest when no line has come for so long.
const QUIET: Duration = Duration::from_secs(1);

/// What perf counts; `write` without standard output and standard error.
const CALLS: &str = "sendto sendmsg write writev recvfrom recvmsg read readv \
                     epoll_wait epoll_pwait futex pwrite64 fdatasync";

/// As long as what an author of ours signs.
const SIGNED: [u8; 46] = [7; 46];

/// A link between two processes: the later one first.
pub type Link = (usize, usize);

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    pub links: Vec<Link>,
    /// Of the lines that were to be printed.
    pub lost: usize,
    /// Blocks that came to somebody who is not their author.
    pub deliveries: usize,
    /// Until all have it: since it was typed, and since its author has printed
    /// it, which ours does once it is on the disk. In ms, sorted.
    pub typed: Vec<f64>,
    pub printed: Vec<f64>,
    pub processor: Duration,
    /// Of one `verify_strict` between two lines, when others have computed.
    pub verify: Duration,
    /// KiB that a process has had in memory at most; and its threads.
    pub memory: usize,
    pub threads: usize,
    /// System calls, and frames that came, by name.
    pub counted: BTreeMap<String, usize>,
}

/// A process, and what it is told.
struct Process {
    child: Child,
    input: ChildStdin,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is ours: if it has been waited for, nothing happens.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Swarm<'a> {
    command: &'a str,
    /// That they are given. Else all are told where the first is.
    links: Option<&'a [Link]>,
    counts: bool,
    directory: PathBuf,
    /// Where each listens.
    addresses: Vec<String>,
    /// Which process has printed what, and when.
    printed: (Sender<Line>, Receiver<Line>),
}

type Line = (usize, Instant, String);

impl Swarm<'_> {
    fn start(&mut self, number: usize) -> io::Result<Process> {
        let mut words = self.command.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        let first = self.addresses.first().map(String::as_str);
        command.arg(first.filter(|_| number == 0).unwrap_or("127.0.0.1:0"));
        let mut told = Vec::from_iter((number > 0).then_some(0));
        if let Some(links) = self.links {
            let own = links.iter().filter(|(from, _)| *from == number);
            told = own.map(|(_, to)| *to).collect();
        } else {
            let data = self.directory.join(number.to_string());
            command.arg("--data").arg(data).arg("--first");
            // Where a stamp costs little: it is the messages that count.
            let name = format!("swarm {}", id());
            let secret = self.directory.join("secret");
            command.args(["--network", &name]).arg("--secret").arg(secret);
        }
        for peer in told {
            command.arg("--peer").arg(&self.addresses[peer]);
        }
        let piped = [Stdio::piped(), Stdio::piped()];
        let [input, output] = piped;
        command.stdin(input).stdout(output).stderr(Stdio::null());
        if self.counts {
            command.arg("--trace").stderr(Stdio::piped());
        }
        let mut child = command.spawn()?;
        let input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(output).lines();
        let listening = lines.next().transpose()?.unwrap_or_default();
        let address = listening.rsplit('/').next().unwrap_or_default();
        if number == self.addresses.len() {
            self.addresses.push(address.to_string());
        }
        self.forward(number, lines);
        if let Some(trace) = child.stderr.take() {
            self.forward(number, BufReader::new(trace).lines());
        }
        Ok(Process { child, input })
    }

    /// Has a thread tell when each of these lines came.
    fn forward<R>(&self, number: usize, lines: io::Lines<R>)
    where
        R: BufRead + Send + 'static,
    {
        let sender = self.printed.0.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Who does not want it any more has gone.
                let _ = sender.send((number, Instant::now(), line));
            }
        });
    }

    /// The links that were given, or that the processes tell of.
    fn ask_links(&self) -> io::Result<Vec<Link>> {
        if let Some(links) = self.links {
            return Ok(links.to_vec());
        }
        let mut links = BTreeSet::new();
        for (number, address) in self.addresses.iter().enumerate() {
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(b"/peers\n")?;
            stream.shutdown(Shutdown::Write)?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            let open = text.lines().filter(|line| line.contains(" open "));
            links.extend(open.filter_map(|line| {
                let end = line.rsplit(' ').next()?;
                let end = self.addresses.iter().position(|it| it == end)?;
                Some((number.max(end), number.min(end)))
            }));
        }
        Ok(links.into_iter().collect())
    }
}

/// Lets them talk, and prints how that went.
///
/// # Errors
/// When a process cannot be started, or something was lost.
pub fn run(command: &str, plan: &Plan) -> Result<(), Failure> {
    let outcome = measure(command, None, false, plan)?;
    let Outcome { lost, typed, .. } = &outcome;
    let (blocks, nodes) = (plan.blocks, plan.nodes);
    cli::print(format_args!(
        "{nodes} processes, {blocks} blocks, lost: {lost}"
    ));
    let half = typed.get(typed.len() / 2).copied().unwrap_or_default();
    cli::print(format_args!(
        "until all have it: half of them {half:.1} ms; processor time for each \
         delivery: {} µs",
        outcome.processor.as_micros() / outcome.deliveries.max(1) as u128
    ));
    match lost {
        0 => Ok(()),
        _ => Err(Failure::wrong("blocks were lost")),
    }
}

/// Lets them talk, over these links or those that they find; and counts calls
/// and frames, which costs them time.
///
/// # Errors
/// When a process cannot be started or asked.
pub fn measure(
    command: &str,
    links: Option<&[Link]>,
    counts: bool,
    plan: &Plan,
) -> Result<Outcome, Failure> {
    let directory = env::temp_dir().join(format!("swarm-{}", id()));
    let swarm = Swarm {
        command,
        links,
        counts,
        directory: directory.clone(),
        addresses: Vec::new(),
        printed: channel(),
    };
    let result = talk(swarm, plan);
    // It may not be there.
    let _ = fs::remove_dir_all(&directory);
    let perf = if counts { ", or perf" } else { "" };
    let what = format!("cannot run the swarm{perf}");
    result.map_err(|error| Failure::new(what, error))
}

fn talk(mut swarm: Swarm, plan: &Plan) -> io::Result<Outcome> {
    fs::create_dir(&swarm.directory)?;
    let mut rng = Rng::with_seed(plan.seed);
    let mut all = Vec::new();
    for number in 0..plan.nodes {
        all.push(swarm.start(number)?);
    }
    thread::sleep(SETTLE);
    let links = swarm.ask_links()?;
    let file = swarm.directory.join("calls");
    let perf = swarm.counts.then(|| count_calls(&all, &file)).transpose()?;
    while swarm.printed.1.try_recv().is_ok() {}
    let key = SigningKey::from_bytes(&[7; 32]);
    let signature = (key.verifying_key(), key.sign(&SIGNED));
    let (mut said, mut verified) = (Vec::new(), Vec::new());
    let before: Duration = all.iter().map(processor_time).sum();
    let start = Instant::now();
    let half = plan.nodes / 2;
    for number in 0..plan.blocks {
        let due = start + plan.every * number as u32;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let who = if plan.every.is_zero() { 0 } else { rng.usize(0..half) };
        let line = format!("{number} {}", ".".repeat(plan.size));
        let line = &line[..plan.size.max(8).min(line.len())];
        if !plan.every.is_zero() {
            verified.push(verify_time(&signature));
        }
        said.push((Instant::now(), who));
        writeln!(all[who].input, "{line}")?;
    }
    let mut came = vec![vec![None; plan.blocks]; plan.nodes];
    let mut lost = plan.nodes * plan.blocks;
    let mut counted = BTreeMap::new();
    let mut used = None;
    let mut last = Instant::now();
    loop {
        let wait = if used.is_none() { QUIET } else { plan.patience };
        let wait = (last + wait).saturating_duration_since(Instant::now());
        let Ok((node, at, line)) = swarm.printed.1.recv_timeout(wait) else {
            // With what they still did when all had it.
            let now = || all.iter().map(processor_time).sum::<Duration>();
            if used.replace(used.unwrap_or_else(now)).is_some() || lost == 0 {
                break;
            }
            continue;
        };
        if let Some((_, frame)) = line.split_once("<- ") {
            let kind = frame.split(' ').next().unwrap_or_default();
            *counted.entry(kind.to_string()).or_default() += 1;
            continue;
        }
        let body = line.split_once(": ").map(|(_, body)| body);
        let number =
            body.and_then(|it| it.split(' ').next()?.parse::<usize>().ok());
        let Some(number) = number.filter(|it| *it < plan.blocks) else {
            continue;
        };
        (used, last) = (None, Instant::now());
        if came[node][number].replace(at).is_none() {
            lost -= 1;
        }
    }
    if let Some(perf) = perf {
        counted.extend(calls_of(perf, &file)?);
    }
    let (memory, threads) = all.iter().map(status).unzip();
    drop(all);
    let mut outcome = Outcome {
        links,
        lost,
        processor: used.unwrap_or_default().saturating_sub(before),
        verify: median(verified),
        memory: median(memory),
        threads: median(threads),
        counted,
        ..Outcome::default()
    };
    for (number, (at, who)) in said.into_iter().enumerate() {
        let times: Vec<_> = came.iter().filter_map(|it| it[number]).collect();
        let own = came[who][number];
        outcome.deliveries += times.len() - usize::from(own.is_some());
        let last = times.iter().max().filter(|_| times.len() == plan.nodes);
        if let Some((last, own)) = last.zip(own) {
            outcome.typed.push((*last - at).as_secs_f64() * 1e3);
            outcome.printed.push((*last - own).as_secs_f64() * 1e3);
        }
    }
    outcome.typed.sort_unstable_by(f64::total_cmp);
    outcome.printed.sort_unstable_by(f64::total_cmp);
    Ok(outcome)
}

/// The one in the middle.
fn median<T: PartialOrd + Copy + Default>(mut values: Vec<T>) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// What one `verify_strict` takes of this thread.
fn verify_time((key, signature): &(VerifyingKey, Signature)) -> Duration {
    // This clock cannot fail.
    let now = || ClockId::CLOCK_THREAD_CPUTIME_ID.now().map(Duration::from);
    let before = now().unwrap_or_default();
    // It is valid.
    let _ = black_box(key.verify_strict(&SIGNED, signature));
    now().unwrap_or_default().saturating_sub(before)
}

/// Has perf-stat(1) count what all ask of the kernel.
fn count_calls(all: &[Process], file: &Path) -> io::Result<Child> {
    let pids = all.iter().map(|it| it.child.id().to_string());
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x,", "-p", &pids.collect::<Vec<_>>().join(",")]);
    for call in CALLS.split_whitespace() {
        perf.args(["-e", &format!("syscalls:sys_enter_{call}")]);
        if call == "write" {
            perf.args(["--filter", "fd > 2"]);
        }
    }
    let child = perf.arg("-o").arg(file).stdin(Stdio::null()).spawn()?;
    // It does not say when it has begun.
    thread::sleep(QUIET);
    Ok(child)
}

/// What it has counted.
fn calls_of(mut perf: Child, file: &Path) -> io::Result<Vec<(String, usize)>> {
    // It is ours, and has not been waited for.
    let _ = kill(Pid::from_raw(perf.id() as i32), Signal::SIGINT);
    perf.wait()?;
    let text = fs::read_to_string(file)?;
    let calls = text.lines().filter_map(|line| {
        let (count, rest) = line.split_once(",,syscalls:sys_enter_")?;
        Some((rest.split(',').next()?.to_string(), count.parse().ok()?))
    });
    Ok(calls.collect())
}

/// How long it has computed, clock_getcpuclockid(3): with threads that have
/// ended.
fn processor_time(process: &Process) -> Duration {
    let clock = clock_getcpuclockid(Pid::from_raw(process.child.id() as i32));
    // It has not been waited for: it has a clock.
    clock.and_then(ClockId::now).map(Duration::from).unwrap_or_default()
}

/// Its peak of memory in KiB, and its threads, proc_pid_status(5).
fn status(process: &Process) -> (usize, usize) {
    let text =
        fs::read_to_string(format!("/proc/{}/status", process.child.id()));
    let text = text.unwrap_or_default();
    let value = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.split_whitespace().next()?.parse().ok()
    };
    let of = |name| value(name).unwrap_or_default();
    (of("VmHWM:"), of("Threads:"))
}

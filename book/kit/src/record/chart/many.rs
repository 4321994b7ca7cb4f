//! What clients cost a server that serves many at once: a step is measured
//! with more and more connections, on one target of its site.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use regex::Regex;

use super::{Chart, nagle};
use crate::record::{cargo, process};
use crate::serve::Server;
use crate::{Project, Result};

/// The last of them for the steps that are made for it.
const CONNECTIONS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// What is requested where nothing else is said.
pub const FILE: &str = "/notes.txt";

/// How long.
const SECONDS: u32 = 3;

/// No response takes as long as this.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Requests for `target` a second, by wrk: each connection sends the next
/// request when it has the response.
pub fn requests(
    project: &Project,
    step: u8,
    bound: &str,
    target: &str,
) -> Result<Chart> {
    let title = format!("wrk on {}, for {SECONDS} s each", nagle::machine());
    chart(project, step, bound, &title, "requests a second", |server, count| {
        wrk(server, target, &[&format!("-c{count}")])
    })
}

/// Requests a second with so many connections, of each step that serves the
/// file to so many: from step 08 on, which serves one, and 09, which serves
/// many. Step 10 serves files as 09 does.
pub fn course(project: &Project, connections: usize) -> Result<Chart> {
    raise_descriptors()?;
    let first = if connections == 1 { 8 } else { 9 };
    let mut values = Vec::new();
    for step in &project.steps {
        let bound = match step.number {
            number if number < first || number == 10 => continue,
            9 => "--children 2000",
            11 => "--threads 2000",
            12 => "--workers 2000 --queue 2000",
            _ => "",
        };
        let bound: Vec<_> = bound.split_whitespace().collect();
        let server = server(project, step.number, &bound)?;
        let rate = wrk(&server, FILE, &[&format!("-c{connections}")])?;
        values.push((format!("{:02}", step.number), rate));
    }
    let machine = nagle::machine();
    let who = if connections == 1 { "one client" } else { "many clients" };
    let title =
        format!("The same file for {who} ({connections}), on {machine}");
    Ok(Chart::new(title, ["step", "requests a second"], values))
}

/// Requests a second, each on a connection of its own, one after the other:
/// what a step does for a new client counts each time.
pub fn connections(project: &Project, steps: &[u8]) -> Result<Chart> {
    let mut values = Vec::new();
    for step in steps {
        let server = server(project, *step, &[])?;
        let rate = wrk(&server, FILE, &["-c1", "-H", "Connection: close"])?;
        values.push((format!("{step:02}"), rate));
    }
    let machine = nagle::machine();
    let title = format!("A connection for each request, by wrk on {machine}");
    Ok(Chart::new(title, ["step", "requests a second"], values))
}

fn wrk(server: &Server, target: &str, options: &[&str]) -> Result<f64> {
    ensure!(process::tool("wrk").is_some(), "wrk is missing: apt install wrk");
    let output = Command::new("wrk")
        .args(["-t1", &format!("-d{SECONDS}s"), "--timeout", "10s"])
        .args(options)
        .arg(format!("http://{}{target}", server.address))
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let is_clean = !text.contains("errors:") && !text.contains("Non-2xx");
    ensure!(is_clean, "wrk {options:?}:\n{text}");
    let rate = Regex::new(r"Requests/sec:\s+([\d.]+)")?.captures(&text);
    let rate = rate.with_context(|| format!("wrk said:\n{text}"))?;
    Ok(rate[1].parse::<f64>()?.round())
}

/// Memory for each connection that has had one response and is silent now:
/// the pages that no other process shares, of the server and its children.
pub fn memory(
    project: &Project,
    step: u8,
    bound: &str,
    target: &str,
) -> Result<Chart> {
    let title = "private pages, after one request each, by smaps_rollup";
    chart(project, step, bound, title, "KiB a connection", |server, count| {
        let (parent, _) = private_kib(server)?;
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = TcpStream::connect(server.address)?;
            client.set_read_timeout(Some(TIME_LIMIT))?;
            write!(client, "HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n")?;
            ensure!(client.read(&mut [0; 4096])? > 0, "no response");
            clients.push(client);
        }
        // What the parent alone had, its first child shares with it.
        let (now, children) = private_kib(server)?;
        let sum = (now - parent).max(0.0) + children;
        Ok((sum / count as f64 * 100.0).round() / 100.0)
    })
}

/// Beside how many silent clients one is served.
const NEIGHBOURS: [usize; 4] = [10, 100, 1000, 10_000];

/// How much processor time a request takes, of one client that sends the next
/// when it has the response, beside silent ones; of the two times that
/// proc(5) tells of a process, `what`: `utime`, its own, or `stime`, the
/// kernel's on its behalf.
pub fn neighbours(
    project: &Project,
    steps: &[u8],
    what: &str,
) -> Result<Chart> {
    raise_descriptors()?;
    let mut values = Vec::new();
    for (step, count) in
        steps.iter().flat_map(|step| NEIGHBOURS.map(|count| (*step, count)))
    {
        let server = server(project, step, &[])?;
        let connect = || TcpStream::connect(server.address);
        let silent: io::Result<Vec<_>> =
            (0..count).map(|_| connect()).collect();
        let (mut silent, mut client) = (silent?, connect()?);
        client.set_read_timeout(Some(TIME_LIMIT))?;
        // In one write: pieces would wait for each other (Nagle).
        let head = format!("HEAD {FILE} HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut request = || -> Result<()> {
            client.write_all(head.as_bytes())?;
            ensure!(client.read(&mut [0; 4096])? > 0, "no response");
            Ok(())
        };
        // By the first response all others have been accepted.
        request()?;
        let (start, before, mut requests) =
            (Instant::now(), micros(&server, what)?, 0);
        while start.elapsed().as_secs() < SECONDS.into() {
            request()?;
            requests += 1;
        }
        let micros = (micros(&server, what)? - before) / f64::from(requests);
        for socket in &mut silent {
            socket.set_nonblocking(true)?;
            let closed = "a silent client's connection is closed";
            ensure!(socket.read(&mut [0]).is_err(), closed);
        }
        let name = format!("step {step:02}, {count}");
        values.push((name, (micros * 10.0).round() / 10.0));
    }
    let whose =
        if what == "stime" { "in the kernel" } else { "in the program" };
    let title = format!(
        "Processor time {whose} for a request, of one client beside silent \
         ones, on {}",
        nagle::machine()
    );
    let heads = ["silent clients", "microseconds a request"];
    Ok(Chart::new(title, heads, values))
}

/// Sizes of files, in KiB.
const SIZES: [usize; 5] = [1, 16, 64, 256, 1024];

/// How much processor time a response takes, of files of different sizes, for
/// 64 clients.
pub fn sizes(project: &Project, steps: &[u8]) -> Result<Chart> {
    let root = tempfile::tempdir()?;
    let mut values = Vec::new();
    for step in steps {
        for kib in SIZES {
            fs::write(root.path().join(format!("{kib}")), vec![0; kib << 10])?;
            let path = root.path().to_str().context("no path in UTF-8")?;
            let server = server(project, *step, &["--root", path])?;
            let rate = wrk(&server, &format!("/{kib}"), &["-c64"])?;
            let used = micros(&server, "utime")? + micros(&server, "stime")?;
            let each = used / (rate * f64::from(SECONDS));
            let name = format!("step {step:02}, {kib} KiB");
            values.push((name, (each * 10.0).round() / 10.0));
        }
    }
    let machine = nagle::machine();
    let title = format!("Processor time for a response, by wrk on {machine}");
    Ok(Chart::new(title, ["file", "microseconds a response"], values))
}

fn raise_descriptors() -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

/// A bar for each number of connections; each is measured on a new server.
fn chart(
    project: &Project,
    step: u8,
    bound: &str,
    title: &str,
    y: &str,
    measure: impl Fn(&Server, usize) -> Result<f64>,
) -> Result<Chart> {
    raise_descriptors()?;
    // Step 13 and later have no bound but the descriptors.
    let mut arguments: Vec<_> = bound.split_whitespace().collect();
    if !arguments.is_empty() {
        arguments.push("2000");
    }
    let mut values = Vec::new();
    let counts = &CONNECTIONS[..if step < 14 { 4 } else { 5 }];
    for &count in counts {
        let server = server(project, step, &arguments)?;
        values.push((count.to_string(), measure(&server, count)?));
    }
    let program = project.step(step)?.program();
    let settings = match arguments[..] {
        [] => String::new(),
        _ => format!(", {}", arguments.join(" ")),
    };
    let title = format!("{program}{settings}: {title}");
    Ok(Chart::new(title, ["connections", y], values))
}

/// A step with these arguments, built to be fast.
fn server(project: &Project, step: u8, arguments: &[&str]) -> Result<Server> {
    let step = [project.step(step)?.program()];
    let built = cargo::build_optimised(project, &step)?;
    let mut command = Command::new(cargo::built(&built, &step[0])?);
    command.arg("127.0.0.1:0").args(arguments);
    // What step 10 starts looks for its tools there.
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    Server::of(command)
}

/// `utime` or `stime` so far, in microseconds: of proc_pid_stat(5) the
/// twelfth or the thirteenth field behind the name, in hundredths of a second.
fn micros(server: &Server, what: &str) -> Result<f64> {
    let index = if what == "stime" { 12 } else { 11 };
    let file = format!("/proc/{}/stat", server.pid());
    let ticks = process::stat_field(file, index).context("no such field")?;
    Ok(ticks.parse::<f64>()? * 10_000.0)
}

/// What the process shares with no other, and each of its children.
fn private_kib(server: &Server) -> Result<(f64, f64)> {
    let pid = server.pid();
    let list = format!("/proc/{pid}/task/{pid}/children");
    let list = fs::read_to_string(list)?;
    let children =
        list.split_whitespace().map(|it| process::private_kib(it.parse()?));
    Ok((process::private_kib(pid)?, children.sum::<Result<_>>()?))
}

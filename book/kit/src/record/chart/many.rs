//! What clients cost a server that serves many at once: steps are measured
//! with more and more connections, on one target of their sites.

use std::fs;
use std::io::{self, Read};
use std::net::TcpStream;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};

use super::{Chart, nagle};
use crate::record::cargo;
use crate::record::load::{self, Load, TIME_LIMIT, private_kib};
use crate::serve::Server;
use crate::{Project, Result};

/// The last of them for the steps that are made for it.
const CONNECTIONS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// How long wrk asks.
const SECONDS: u32 = 3;

/// A bar: a step that is run with these arguments, and the number of clients
/// or whatever else it is measured with.
struct Bar {
    name: String,
    step: u8,
    arguments: String,
    number: usize,
}

impl Bar {
    /// With the arguments that a step needs for many clients.
    fn new(name: String, step: u8, number: usize) -> Self {
        Bar { name, step, arguments: bound(step).to_string(), number }
    }
}

/// What is requested of a step: of step 10 a program.
fn target(step: u8) -> &'static str {
    if step == 10 { "/cgi/hello.sh" } else { "/notes.txt" }
}

/// The bound of a step: nobody is to be refused. Step 13 and later have none
/// but the descriptors.
fn bound(step: u8) -> &'static str {
    match step {
        9 | 10 => "--children 2000",
        11 => "--threads 2000",
        12 => "--workers 2000 --queue 2000",
        _ => "",
    }
}

/// Requests a second, by wrk: each connection sends the next request when it
/// has the response.
pub fn requests(project: &Project, step: u8) -> Result<Chart> {
    let title = format!("wrk on {}, for {SECONDS} s each", nagle::machine());
    let y = "requests a second";
    by_connections(project, step, &title, y, |server, count| {
        let options = [&*format!("-c{count}")];
        Ok(wrk(server, target(step), &options)?.rate.round())
    })
}

/// Requests a second with so many connections, of each step that serves the
/// file to so many: from step 08 on, which serves one, and 09, which serves
/// many. Step 10 serves files as 09 does.
pub fn course(project: &Project, connections: usize) -> Result<Chart> {
    let first = if connections == 1 { 8 } else { 9 };
    let steps = project.finished().map(|step| step.number);
    let steps = steps.filter(|step| *step >= first && *step != 10);
    let bar = |step| Bar::new(format!("{step:02}"), step, connections);
    let machine = nagle::machine();
    let who = if connections == 1 { "one client" } else { "many clients" };
    let title =
        format!("The same file for {who} ({connections}), on {machine}");
    let heads = ["step", "requests a second"];
    chart(project, title, heads, steps.map(bar), |server, count| {
        Ok(wrk(server, target(8), &[&format!("-c{count}")])?.rate.round())
    })
}

/// Requests a second, each on a connection of its own, one after the other:
/// what a step does for a new client counts each time.
pub fn connections(project: &Project, steps: &[u8]) -> Result<Chart> {
    let bars = steps.iter().map(|&step| Bar {
        arguments: String::new(),
        ..Bar::new(format!("{step:02}"), step, 1)
    });
    let machine = nagle::machine();
    let title = format!("A connection for each request, by wrk on {machine}");
    let heads = ["step", "requests a second"];
    chart(project, title, heads, bars, |server, _| {
        Ok(wrk(server, target(8), &["-c1", "-H", "Connection: close"])?
            .rate
            .round())
    })
}

/// Memory for each connection that has had one response and is silent now:
/// the pages that no other process shares, of the server and its children.
pub fn memory(project: &Project, step: u8) -> Result<Chart> {
    let title = "private pages, after one request each, by smaps_rollup";
    by_connections(project, step, title, "KiB a connection", |server, count| {
        let parent = private_kib(server.pid())?;
        let _clients = load::silent(server, target(step), count)?;
        // What the parent alone had, its first child shares with it.
        let more = (private_kib(server.pid())? - parent).max(0.0);
        let sum = more + private_kib_of_children(server.pid())?;
        Ok((sum / count as f64 * 100.0).round() / 100.0)
    })
}

/// How much processor time a request takes, of one client that sends the next
/// when it has the response, beside silent ones: in the program, or in the
/// kernel on its behalf.
pub fn neighbours(
    project: &Project,
    steps: &[u8],
    in_kernel: bool,
) -> Result<Chart> {
    let bars = steps.iter().flat_map(|&step| {
        CONNECTIONS[1..].iter().map(move |&number| {
            Bar::new(format!("step {step:02}, {number}"), step, number)
        })
    });
    let title = format!(
        "Processor time in the {} for a request, of one client beside silent \
         ones, on {}",
        if in_kernel { "kernel" } else { "program" },
        nagle::machine()
    );
    let heads = ["silent clients", "microseconds a request"];
    chart(project, title, heads, bars, |server, count| {
        let connect = || TcpStream::connect(server.address);
        let silent: io::Result<Vec<_>> =
            (0..count).map(|_| connect()).collect();
        let (mut silent, mut client) = (silent?, connect()?);
        client.set_read_timeout(Some(TIME_LIMIT))?;
        let head = format!("HEAD {} HTTP/1.1\r\nHost: a\r\n\r\n", target(8));
        // By the first response all others have been accepted.
        load::ask(&mut client, &head)?;
        let micros = || load::cpu(server).map(|it| it[usize::from(in_kernel)]);
        let (start, before, mut requests) = (Instant::now(), micros()?, 0);
        while start.elapsed().as_secs() < SECONDS.into() {
            load::ask(&mut client, &head)?;
            requests += 1;
        }
        let each = (micros()? - before) / f64::from(requests);
        for socket in &mut silent {
            socket.set_nonblocking(true)?;
            let closed = "a silent client's connection is closed";
            ensure!(socket.read(&mut [0]).is_err(), closed);
        }
        Ok((each * 10.0).round() / 10.0)
    })
}

/// Sizes of files, in KiB.
const SIZES: [usize; 5] = [1, 16, 64, 256, 1024];

/// How much processor time a response takes, of files of different sizes, for
/// 64 clients.
pub fn sizes(project: &Project, steps: &[u8]) -> Result<Chart> {
    let root = tempfile::tempdir()?;
    for kib in SIZES {
        fs::write(root.path().join(format!("{kib}")), vec![0; kib << 10])?;
    }
    let bars = steps.iter().flat_map(|&step| {
        let arguments = format!("--root {}", root.path().display());
        SIZES.map(|kib| Bar {
            arguments: arguments.clone(),
            ..Bar::new(format!("step {step:02}, {kib} KiB"), step, kib)
        })
    });
    let machine = nagle::machine();
    let title = format!("Processor time for a response, by wrk on {machine}");
    let heads = ["file", "microseconds a response"];
    chart(project, title, heads, bars, |server, kib| {
        let load = wrk(server, &format!("/{kib}"), &["-c64"])?;
        Ok((load.cpu * 10.0).round() / 10.0)
    })
}

/// A bar for each number of connections to a step.
fn by_connections(
    project: &Project,
    step: u8,
    title: &str,
    y: &str,
    measure: impl Fn(&Server, usize) -> Result<f64>,
) -> Result<Chart> {
    let counts = &CONNECTIONS[..if step < 14 { 4 } else { 5 }];
    let bars =
        counts.iter().map(|&count| Bar::new(count.to_string(), step, count));
    let settings = match bound(step) {
        "" => String::new(),
        bound => format!(", {bound}"),
    };
    let program = project.step(step)?.program();
    let title = format!("{program}{settings}: {title}");
    chart(project, title, ["connections", y], bars, measure)
}

/// Measures each bar on a new server.
fn chart(
    project: &Project,
    title: String,
    heads: [&str; 2],
    bars: impl Iterator<Item = Bar>,
    measure: impl Fn(&Server, usize) -> Result<f64>,
) -> Result<Chart> {
    load::raise_descriptors()?;
    let values = bars.map(|Bar { name, step, arguments, number }| {
        let server = server(project, step, &arguments)?;
        Ok((name, measure(&server, number)?))
    });
    Ok(Chart::new(title, heads, values.collect::<Result<_>>()?))
}

/// A step with these arguments, built to be fast.
fn server(project: &Project, step: u8, arguments: &str) -> Result<Server> {
    let step = [project.step(step)?.program()];
    let built = cargo::build_optimised(project, &step)?;
    let mut command = Command::new(cargo::built(&built, &step[0])?);
    command.arg("127.0.0.1:0").args(arguments.split_whitespace());
    // What step 10 starts looks for its tools there.
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    Server::of(command)
}

fn wrk(server: &Server, target: &str, options: &[&str]) -> Result<Load> {
    let time = format!("-d{SECONDS}s");
    let options = [&[&*time], options].concat();
    load::wrk(Command::new("wrk"), server, target, &options, false)
}

/// What its children share with no other process.
fn private_kib_of_children(pid: u32) -> Result<f64> {
    let list = format!("/proc/{pid}/task/{pid}/children");
    let list = fs::read_to_string(list).context("no list of children")?;
    list.split_whitespace().map(|it| private_kib(it.parse()?)).sum()
}

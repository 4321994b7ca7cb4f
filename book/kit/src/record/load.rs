//! Servers under load: what wrk says of them, and what they use meanwhile.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Error, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::process::{self, stat_field};
use crate::serve::Server;
use crate::{Result, pattern};

/// No response takes as long as this.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What wrk has seen of a server.
pub struct Load {
    /// Requests a second, or GiB.
    pub rate: f64,
    /// Of the server's processor time, microseconds for each of them.
    pub cpu: f64,
    /// Nearly all responses have come within so many microseconds.
    pub p99: f64,
}

/// Has `wrk`, which a command may run in its turn, ask a server: each of its
/// connections sends the next request when it has the response. `leaves` if
/// its time ends in the middle of a response: not requests are counted then,
/// but GiB.
pub fn wrk(
    mut wrk: Command,
    server: &Server,
    target: &str,
    options: &[&str],
    leaves: bool,
) -> Result<Load> {
    ensure!(process::tool("wrk").is_some(), "wrk is missing: apt install wrk");
    let url = format!("http://{}{target}", server.address);
    wrk.args(["-t1", "--latency", "--timeout", "10s"]).args(options).arg(&url);
    let used = || Ok::<f64, Error>(cpu(server)?.iter().sum());
    let before = used()?;
    let output = wrk.output()?;
    let spent = used()? - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let of = format!("wrk {options:?} {url}:\n{text}");
    let is_clean = !text.contains("errors:") && !text.contains("Non-2xx");
    ensure!(is_clean || leaves, of);
    let said = pattern(
        r"(?xs) 99%\s+([\d.]+)(us|ms|s)\s .* \s(\d+)\srequests\sin\s
        ([\d.]+)s,\s ([\d.]+)([KMG])B\sread",
    );
    let said = said.captures(&text).context(of)?;
    let [p99, unit, requests, seconds, read, prefix] = said.extract().1;
    let unit = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        _ => 1e6,
    };
    let gib = match prefix {
        "G" => 1.0,
        "M" => 1.0 / 1024.0,
        _ => 1.0 / 1024.0 / 1024.0,
    };
    let numbers = [p99, requests, seconds, read].map(str::parse::<f64>);
    let [p99, requests, seconds, read] = numbers;
    let count = if leaves { read? * gib } else { requests? };
    Ok(Load { rate: count / seconds?, cpu: spent / count, p99: p99? * unit })
}

/// Clients that have had one response and are silent now.
pub fn silent(
    server: &Server,
    target: &str,
    count: usize,
) -> Result<Vec<TcpStream>> {
    let head = format!("HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let connect = || {
        let mut client = TcpStream::connect(server.address)?;
        client.set_read_timeout(Some(TIME_LIMIT))?;
        ask(&mut client, &head)?;
        Ok(client)
    };
    (0..count).map(|_| connect()).collect()
}

/// Sends a request in one write (pieces would wait for each other, by Nagle's
/// algorithm), and waits for the response.
pub fn ask(client: &mut TcpStream, request: &str) -> Result<()> {
    client.write_all(request.as_bytes())?;
    ensure!(client.read(&mut [0; 4096])? > 0, "no response");
    Ok(())
}

/// Microseconds of processor time so far, of the program and of the kernel on
/// its behalf: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
pub fn cpu(server: &Server) -> Result<[f64; 2]> {
    let file = format!("/proc/{}/stat", server.pid());
    let micros = |index| -> Result<f64> {
        let ticks = stat_field(&file, index).context("no such field")?;
        Ok(ticks.parse::<f64>()? * 1e4)
    };
    Ok([micros(11)?, micros(12)?])
}

/// How much memory a process shares with no other, in KiB.
pub fn private_kib(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let lines = text.lines().filter(|line| line.starts_with("Private_"));
    let numbers = lines.filter_map(|line| line.split_whitespace().nth(1));
    Ok(numbers.map(str::parse::<f64>).sum::<Result<_, _>>()?)
}

/// As many descriptors as there may be: for us, and for whom we start.
pub fn raise_descriptors() -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

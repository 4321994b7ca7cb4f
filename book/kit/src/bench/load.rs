//! What is asked of the servers: by wrk, on the second processor.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use anyhow::{Context, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use regex::Regex;

use super::{Server, Work};
use crate::Result;
use crate::record::process;

/// How many clients are idle in the last work.
const IDLE: usize = 10_000;

/// What a browser sends besides.
pub const BROWSER: [&str; 13] = [
    "-HUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, \
     like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "-HAccept: text/html,application/xhtml+xml,application/xml;q=0.9,\
     image/avif,image/webp,*/*;q=0.8",
    "-HAccept-Encoding: gzip, deflate, br",
    "-HAccept-Language: en-US,en;q=0.5",
    "-HConnection: keep-alive",
    "-HReferer: http://127.0.0.1/index.html",
    "-HCookie: session=0123456789abcdef0123456789abcdef; theme=dark",
    "-HSec-Fetch-Dest: document",
    "-HSec-Fetch-Mode: navigate",
    "-HSec-Fetch-Site: same-origin",
    "-HSec-Fetch-User: ?1",
    "-HUpgrade-Insecure-Requests: 1",
    "-HPragma: no-cache",
];

/// A script of wrk's: sixteen requests at once.
pub const PIPELINE: &str = "pipeline.lua";

/// What stands in it.
pub const SCRIPT: &str = "init = function(args)
  local all = {}
  for i = 1, 16 do all[i] = wrk.format() end
  pipeline = table.concat(all)
end
request = function() return pipeline end
";

/// What one turn of a server has shown.
pub struct Sample {
    /// Requests a second.
    pub rate: f64,
    /// Of the server's processor time, microseconds a request.
    pub cpu: f64,
    /// Nearly all responses have come within so many microseconds.
    pub p99: f64,
}

/// One turn, of a second.
pub fn run(server: &Server, work: &Work) -> Result<Sample> {
    let wrk =
        process::tool("wrk").context("wrk is missing: apt install wrk")?;
    let before = cpu(server)?;
    let output = Command::new("taskset")
        .args(["-c", "1"])
        .arg(wrk)
        .args(["-t1", "-c64", "-d1s", "--latency", "--timeout", "10s"])
        .args(work.options)
        .arg(format!("http://{}/{}", server.address, work.file))
        .current_dir(&server.site)
        .output()?;
    let spent = cpu(server)? - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let of = format!("{}: wrk said:\n{text}", server.name);
    // Of the largest file, wrk leaves in the middle.
    let is_clean = !text.contains("errors") && !text.contains("Non-2xx");
    ensure!(is_clean || work.letter == "d", of);
    let found = |pattern: &str| {
        let found = Regex::new(pattern)?.captures(&text);
        found.with_context(|| of.clone())
    };
    let number =
        |pattern: &str| -> Result<f64> { Ok(found(pattern)?[1].parse()?) };
    let unit = match &found(r"99%\s+[\d.]+(us|ms|s)")?[1] {
        "us" => 1.0,
        "ms" => 1e3,
        _ => 1e6,
    };
    Ok(Sample {
        rate: number(r"Requests/sec:\s+([\d.]+)")?,
        cpu: spent * 1e6 / number(r"(\d+) requests in")?,
        p99: number(r"99%\s+([\d.]+)")? * unit,
    })
}

/// Seconds of processor time so far: fields 14 and 15 of proc_pid_stat(5), in
/// hundredths.
fn cpu(server: &Server) -> Result<f64> {
    let file = format!("/proc/{}/stat", server.pid());
    let field = |index| -> Result<f64> {
        let field = process::stat_field(&file, index);
        Ok(field.context("no such field")?.parse()?)
    };
    Ok((field(11)? + field(12)?) / 100.0)
}

/// Private memory for each idle client, in KiB, and the rate of 64 active ones
/// beside them, compared with theirs alone.
pub fn idle(server: &Server, work: &Work) -> Result<(f64, f64)> {
    let alone = run(server, work)?.rate;
    let before = process::private_kib(server.pid())?;
    let mut clients = Vec::new();
    for _ in 0..IDLE {
        let mut client = TcpStream::connect(server.address)?;
        client.write_all(b"GET /1k.txt HTTP/1.1\r\nHost: a\r\n\r\n")?;
        ensure!(client.read(&mut [0; 4096])? > 0, "no response");
        clients.push(client);
    }
    let each = (process::private_kib(server.pid())? - before) / IDLE as f64;
    Ok((each, run(server, work)?.rate / alone))
}

/// As many descriptors as there may be: for us, and for whom we start.
pub fn raise_descriptors() -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

/// The machine, and the versions of what runs on it.
pub fn machine() -> String {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let linux = read("/proc/sys/kernel/osrelease");
    let mut text = format!("Linux {}, {}", linux.trim(), cpu.unwrap_or(""));
    for program in ["nginx", "lighttpd", "h2o", "webfsd", "wrk"] {
        let Ok(output) = Command::new(program).arg("-v").output() else {
            continue;
        };
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        text += &format!("\n{}", said.lines().next().unwrap_or(program));
    }
    text
}

//! `cargo book bench`: the newest step beside the servers that this machine
//! has, on the same work, with the log and all else that users switch on.
//!
//! Server and load have a processor each. The servers take turns, round by
//! round, so that what disturbs the machine disturbs all of them; a ratio is
//! the median of the ratios of the rounds.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::record::load::{self, Load};
use crate::record::{process, session};
use crate::{Project, Result};

mod servers;

use servers::Server;

/// What `cargo book bench --help` says.
pub const HELP: &str = "\
Measures the newest step beside the servers that this machine has.

Usage: cargo book bench [WORK...]

  a  64 connections that request 1 KB, one after the other
  A  the same, with the fields that a browser sends
  b  the same, in pipelines of 16
  c  100 KB
  d  1 GB, by one client
  e  a connection for each request
  f  the memory of 10,000 idle clients, and 64 that are active beside them

Without a letter: all of them. It needs wrk (apt install wrk) and two
processors; the others are those that it finds of nginx, lighttpd, h2o, webfsd
and static-web-server. The first four write a log, as ours does; `step19` is
ours before there were logs, sites, limits and a sandbox. `floor` is a loop that
makes the system calls and does nothing else: it parses nothing, and sends the
same bytes to all.
";

/// How often each server has its turn.
const ROUNDS: usize = 7;

/// How many clients are idle in the last work.
const IDLE: usize = 10_000;

/// What a browser sends besides.
const BROWSER: [&str; 13] = [
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
const PIPELINE: &str = "pipeline.lua";

/// What stands in it.
const SCRIPT: &str = "init = function(args)
  local all = {}
  for i = 1, 16 do all[i] = wrk.format() end
  pipeline = table.concat(all)
end
request = function() return pipeline end
";

/// A kind of work: its letter, its file, the floor and wrk's options.
pub struct Work {
    letter: &'static str,
    file: &'static str,
    floor: &'static str,
    options: &'static [&'static str],
}

const fn work(
    letter: &'static str,
    file: &'static str,
    floor: &'static str,
    options: &'static [&'static str],
) -> Work {
    Work { letter, file, floor, options }
}

const WORKS: [Work; 7] = [
    work("a", "1k.txt", "constant", &[]),
    work("A", "1k.txt", "constant", &BROWSER),
    work("b", "1k.txt", "constant", &["-s", PIPELINE]),
    work("c", "100k.bin", "file", &[]),
    work("d", "1g.bin", "file", &["-c1"]),
    work("e", "1k.txt", "close", &["-H", "Connection: close"]),
    work("f", "1k.txt", "constant", &[]),
];

/// Measures the works with these letters, or all, and prints a table of each.
///
/// # Errors
/// When a server does not start, or a response is none.
pub fn bench(project: &Project, letters: &[String]) -> Result<()> {
    for letter in letters {
        let mut known = WORKS.iter().map(|work| work.letter);
        known.find(|it| it == letter).context("no such work: try --help")?;
    }
    load::raise_descriptors()?;
    let directory = tempfile::tempdir()?;
    // The logs are beside it.
    let site = directory.path().join("site");
    fill(&site)?;
    let programs = servers::build(project)?;
    println!("{}", machine());
    for work in &WORKS {
        let is_meant = letters.iter().any(|it| it == work.letter);
        if !is_meant && !letters.is_empty() {
            continue;
        }
        let servers = servers::start(&programs, &site, work)?;
        if work.letter == "f" {
            idle(work, &servers)?;
            continue;
        }
        let mut rounds = Vec::new();
        for round in 1..=ROUNDS {
            eprintln!("book: {}, round {round} of {ROUNDS}", work.letter);
            let turns = servers.iter().map(|server| run(server, work));
            rounds.push(turns.collect::<Result<Vec<_>>>()?);
        }
        table(work, &servers, &rounds);
    }
    Ok(())
}

/// The files of all works, an hour old: no server may think that they are
/// being written. Zeros have no blocks on the disk, and need none.
fn fill(site: &Path) -> Result<()> {
    fs::create_dir(site)?;
    for (name, size) in
        [("1k.txt", 1 << 10), ("100k.bin", 100 << 10), ("1g.bin", 1 << 30)]
    {
        let file = File::create(site.join(name))?;
        file.set_len(size)?;
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))?;
        file.set_permissions(Permissions::from_mode(0o644))?;
    }
    Ok(fs::write(site.join(PIPELINE), SCRIPT)?)
}

/// Ours is the first: the others are compared with it.
fn table(work: &Work, servers: &[Server], rounds: &[Vec<Load>]) {
    let (unit, digits) = match work.letter {
        "d" => ("GiB/s", 2),
        _ => ("requests/s", 0),
    };
    let heads = [unit, "CPU µs", "p99 µs", "ours: rate", "ours: CPU"];
    print!("\nwork {:17}", work.letter);
    println!("{}", heads.map(|head| format!("{head:>12}")).concat());
    for (index, server) in servers.iter().enumerate() {
        let of = |value: fn(&Load) -> f64| {
            median(rounds.iter().map(|round| value(&round[index])))
        };
        let ratio = |value: fn(&Load) -> f64| {
            let ratio =
                |round: &Vec<_>| value(&round[0]) / value(&round[index]);
            median(rounds.iter().map(ratio))
        };
        println!(
            "{:22}{:>12.digits$}{:>12.2}{:>12.0}{:>12.2}{:>12.2}",
            server.name,
            of(|it| it.rate),
            of(|it| it.cpu),
            of(|it| it.p99),
            ratio(|it| it.rate),
            ratio(|it| it.cpu),
        );
    }
}

/// One turn, of a second.
fn run(server: &Server, work: &Work) -> Result<Load> {
    let mut wrk = Command::new("taskset");
    wrk.args(["-c", "1", "wrk"]).current_dir(&server.site);
    let options = [&["-c64", "-d1s"], work.options].concat();
    let target = format!("/{}", work.file);
    // Of the largest file, wrk leaves in the middle.
    let leaves = work.letter == "d";
    load::wrk(wrk, &server.running, &target, &options, leaves)
        .with_context(|| server.name.clone())
}

/// Private memory for each idle client, and the rate of 64 active ones beside
/// them, compared with theirs alone.
fn idle(work: &Work, servers: &[Server]) -> Result<()> {
    println!(
        "\nwork {:17}{:>12}{:>14}",
        work.letter, "KiB each", "rate beside"
    );
    for server in servers {
        let alone = run(server, work)?.rate;
        let memory = || load::private_kib(server.running.pid());
        let before = memory()?;
        let _clients = load::silent(&server.running, "/1k.txt", IDLE)?;
        let each = (memory()? - before) / IDLE as f64;
        let beside = run(server, work)?.rate / alone;
        println!("{:22}{each:>12.3}{beside:>14.2}", server.name);
    }
    Ok(())
}

/// The machine, and the versions of what runs on it.
fn machine() -> String {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let linux = read("/proc/sys/kernel/osrelease");
    let mut text = format!("Linux {}, {}", linux.trim(), cpu.unwrap_or(""));
    for program in ["nginx", "lighttpd", "h2o", "webfsd", "wrk"] {
        if process::tool(program).is_some() {
            text += &format!("\n{}", session::version(program, "-v"));
        }
    }
    text
}

/// The middle of the values; of an even number, the higher of the two.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

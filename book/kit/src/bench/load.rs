//! What is asked of the servers: by wrk, on the second processor.

use std::fs;
use std::process::Command;

use anyhow::Context;

use super::{Server, Work};
use crate::Result;
use crate::record::load::{self, Load};
use crate::record::{process, session};

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

/// One turn, of a second.
pub fn run(server: &Server, work: &Work) -> Result<Load> {
    let mut wrk = Command::new("taskset");
    wrk.args(["-c", "1", "wrk"]).current_dir(&server.site);
    let options = [&["-c64", "-d1s"], work.options].concat();
    let target = format!("/{}", work.file);
    // Of the largest file, wrk leaves in the middle.
    let leaves = work.letter == "d";
    load::wrk(wrk, &server.running, &target, &options, leaves)
        .with_context(|| server.name.clone())
}

/// Private memory for each idle client, in KiB, and the rate of 64 active ones
/// beside them, compared with theirs alone.
pub fn idle(server: &Server, work: &Work) -> Result<(f64, f64)> {
    let alone = run(server, work)?.rate;
    let memory = || load::private_kib(server.running.pid());
    let before = memory()?;
    let _clients = load::silent(&server.running, "/1k.txt", IDLE)?;
    let each = (memory()? - before) / IDLE as f64;
    Ok((each, run(server, work)?.rate / alone))
}

/// The machine, and the versions of what runs on it.
pub fn machine() -> String {
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

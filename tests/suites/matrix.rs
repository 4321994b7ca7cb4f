//! The behaviour matrix: what each step claims it does, and that it lacks
//! what a later step brings.

mod many;
mod one;

use crate::cores::listeners;
use crate::files::client::{ask_with, get, site};
use crate::lab::{Outcome, proc};
use crate::steps::{ALL, REQUEST, Step, on_each, ours, steps};

use many::*;
use one::*;

/// What a step may bring, and how to see whether it is there. Nothing is
/// decided by time: a `false` is something that was seen to happen otherwise.
type Probe = (&'static str, fn(&Step) -> Outcome<bool>);

const PROBES: [Probe; 33] = [
    ("greeting", greets),
    ("echo", echoes),
    ("next-client", serves_the_next),
    ("quick-restart", returns_at_once),
    ("client", connects),
    ("http", |it| starts(it, REQUEST, b"HTTP/1.1 ")),
    ("timeouts", ends_silence),
    ("refusals", |it| starts(it, b"nonsense\r\n\r\n", b"HTTP/1.1 400 ")),
    ("keep-alive", keeps_connection),
    ("bodies", takes_bodies),
    ("files", |step| gets(step, "/notes.txt", "", 200)),
    ("concurrency", serves_beside_silence),
    ("processes", |it| has(it, |pid| !proc::children(pid).is_empty())),
    ("busy-503", refuses_when_full),
    ("threads", |it| has(it, |pid| proc::threads(pid).len() == 2)),
    ("pool", has_its_threads_before),
    ("event-loop", serves_all_in_one_thread),
    ("light-clients", keeps_little_for_each),
    ("clean-exit", exits_cleanly),
    ("cgi", |step| gets(step, "/cgi/hello.sh", "", 200)),
    ("drain", finishes_what_it_owes),
    ("ranges", |step| gets(step, "/", "Range: bytes=0-0\r\n", 206)),
    ("ready-responses", sends_what_is_compressed),
    ("cores", has_a_listener_for_each_loop),
    ("late-responses", |step| gets(step, "/api/hash?rounds=1", "", 200)),
    ("sites", lists_directories),
    ("service", |step| Ok(step.launch(&["0", "--log", "-"])?.start().is_ok())),
    ("hardened", |it| Ok(it.launch(&["0", "--rate=9/s"])?.start().is_ok())),
    ("peer", |it| starts(it, b"/known_hosts\n", b"127.0.0.1,\n")),
    ("discovery", |it| Ok(it.launch(&["0", "--network=a"])?.start().is_ok())),
    ("ledger", |it| Ok(it.launch(&["0", "--first"])?.start().is_ok())),
    ("gossip", says_what_it_has),
    ("node", |it| Ok(it.launch(&["0", "--name=a"])?.start().is_ok())),
];

fn is_seen(capability: &str, step: &Step) -> Outcome<bool> {
    let mut probes = PROBES.iter();
    let probe = probes.find(|(name, _)| *name == capability);
    println!("{} {capability}", step.name);
    probe.unwrap_or_else(|| panic!("no probe for {capability}")).1(step)
}

fn on_every_step(suite: impl Fn(&Step) -> Outcome + Sync) -> Outcome {
    on_each(&steps().collect::<Vec<_>>(), suite)
}

/// What a step has from those before it, the other suites see.
#[test]
fn every_step_does_what_it_brings() -> Outcome {
    on_every_step(|step| {
        for claim in &step.brings {
            assert!(is_seen(claim, step)?, "{} {claim}", step.name);
        }
        Ok(())
    })
}

#[test]
fn the_last_step_does_all_that_it_has() -> Outcome {
    let last = ALL.last().expect("a step");
    let Some(last) = ours(&last.name) else { return Ok(()) };
    for claim in last.capabilities() {
        assert!(is_seen(claim, last)?, "{claim}");
    }
    Ok(())
}

#[test]
fn every_step_lacks_what_it_says() -> Outcome {
    on_every_step(|step| {
        for lack in &step.lacks {
            assert!(!is_seen(lack, step)?, "{} {lack}", step.name);
        }
        Ok(())
    })
}

#[test]
fn what_a_step_brings_is_lacking_before() {
    for (index, step) in ALL.iter().enumerate().skip(1) {
        for claim in &step.brings {
            let lacks = |step: &Step| step.lacks.contains(claim);
            let is_lacking = ALL[..index].iter().any(lacks);
            let name = &step.name;
            assert!(is_lacking, "which step before {name} lacks {claim}?");
        }
    }
}

/// Whether a request with these fields gets a response with this status.
fn gets(step: &Step, target: &str, fields: &str, status: u16) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    let response = ask_with(&mut client, "GET", target, fields)?;
    Ok(response.status == status)
}

fn sends_what_is_compressed(step: &Step) -> Outcome<bool> {
    let (tree, _server, mut client) = site(step)?;
    tree.write("file.txt.gz", b"compressed");
    let accepts = "Accept-Encoding: gzip\r\n";
    let response = ask_with(&mut client, "GET", "/file.txt", accepts)?;
    Ok(response.body == b"compressed")
}

fn lists_directories(step: &Step) -> Outcome<bool> {
    let (_tree, _server, mut client) = site(step)?;
    Ok(get(&mut client, "/sub/deeper/")?.status == 200)
}

fn has_a_listener_for_each_loop(step: &Step) -> Outcome<bool> {
    let server = step.launch(&["127.0.0.1:0", "--workers", "2"])?.spawn()?;
    // The flag may be none, or that of a pool.
    let starts = server.await_announcement(1).is_ok();
    Ok(starts && listeners(&server).len() == 2)
}

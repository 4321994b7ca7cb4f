//! The calls that the sandbox leaves: each has its reason.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;
use service::sandbox::calls::{ATTACKS, EXPLAINED, OLDER, RUNTIME};

use super::DIRECTORY;

/// Whoever tries these has got hold of the process.
const WORST: &str =
    "bpf execve execveat mount process_vm_readv process_vm_writev ptrace";

#[test]
fn no_call_without_a_reason() {
    let read = |path| fs::read_to_string(format!("{DIRECTORY}{path}")).unwrap();
    let steps: toml::Table = read("steps/steps.toml").parse().unwrap();
    let steps = steps["step"].as_array().unwrap();
    let calls = steps.iter().flat_map(|it| it["calls"].as_array().unwrap());
    let taught: BTreeSet<_> = calls.filter_map(|it| it.as_str()).collect();
    let explained = EXPLAINED.iter().chain(OLDER).map(|it| it.0);
    let explained: BTreeSet<_> = explained.collect();
    assert_eq!(explained.difference(&taught).next(), None);
    assert!(RUNTIME.iter().all(|(_, reason)| !reason.is_empty()));
    let runtime: BTreeSet<_> = RUNTIME.iter().map(|it| it.0.0).collect();
    let allowed: BTreeSet<_> = explained.union(&runtime).copied().collect();
    let worst: Vec<_> = ATTACKS.iter().map(|it| it.0).collect();
    assert_eq!(worst.join(" "), WORST);
    let never = ["clone3", "connect", "fork", "io_uring_setup", "socket"];
    let mut never = worst.iter().chain(&never);
    assert_eq!(never.find(|it| allowed.contains(*it)), None);
    // What step 22 does in it. The C library tries clone3(2) in vain.
    let trace = read("book/traces/22.json");
    let (_, trace) = trace.rsplit_once("\"seccomp\"").unwrap();
    let call = Regex::new("\"call\": *\"([a-z0-9_]+)\"").unwrap();
    for name in call.captures_iter(trace).map(|it| it.extract::<1>().1[0]) {
        assert!(allowed.contains(name) || name == "clone3", "{name}");
    }
}

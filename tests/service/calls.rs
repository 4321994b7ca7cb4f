//! The calls that the sandbox leaves: each has its reason.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;
use service::sandbox::calls::{ATTACKS, EXPLAINED, OLDER, RUNTIME};
use toml::{Table, Value};

use super::DIRECTORY;

/// Whoever tries these has got hold of the process.
const WORST: &str =
    "bpf execve execveat mount process_vm_readv process_vm_writev ptrace";

#[test]
fn no_call_without_a_reason() {
    let read =
        |path: &str| fs::read_to_string(format!("{DIRECTORY}{path}")).unwrap();
    let steps: Table = read("steps/steps.toml").parse().unwrap();
    let steps = steps["step"].as_array().unwrap();
    let calls = steps.iter().flat_map(|it| it["calls"].as_array().unwrap());
    let taught: BTreeSet<_> = calls.filter_map(|it| it.as_str()).collect();
    let call = Regex::new("\"call\": *\"([a-z0-9_]+)\"").unwrap();
    let all = |trace: &str| -> BTreeSet<String> {
        let all = call.captures_iter(trace).map(|it| it.extract::<1>().1[0]);
        all.map(str::to_string).collect()
    };
    // What step 22 has from others, it does as they do. A trace does not have
    // the end of a process, nor that of a handler.
    let mut seen = ["exit_group", "rt_sigreturn"].map(str::to_string).into();
    let mut number = 22;
    while number > 0 {
        seen = &seen | &all(&read(&format!("book/traces/{number:02}.json")));
        let is_it = |it: &&Value| it["number"].as_integer() == Some(number);
        let after = steps.iter().find(is_it).unwrap().get("after");
        number = after.and_then(Value::as_integer).unwrap_or(number - 1);
    }
    let explained = EXPLAINED.iter().chain(OLDER).map(|it| it.0);
    let explained: BTreeSet<_> = explained.collect();
    assert_eq!(explained.difference(&taught).next(), None);
    assert_eq!(explained.iter().find(|it| !seen.contains(**it)), None);
    assert!(RUNTIME.iter().all(|(_, reason)| !reason.is_empty()));
    let runtime: BTreeSet<_> = RUNTIME.iter().map(|it| it.0.0).collect();
    let allowed: BTreeSet<_> = explained.union(&runtime).copied().collect();
    let worst: Vec<_> = ATTACKS.iter().map(|it| it.0).collect();
    assert_eq!(worst.join(" "), WORST);
    let never = "bind clone3 connect fork io_uring_setup listen socket";
    let mut never = worst.iter().copied().chain(never.split(' '));
    assert_eq!(never.find(|it| allowed.contains(it)), None);
    // What step 22 does in it. The C library tries clone3(2) in vain.
    let trace = read("book/traces/22.json");
    let (_, trace) = trace.rsplit_once("\"seccomp\"").unwrap();
    for name in all(trace) {
        assert!(allowed.contains(&*name) || name == "clone3", "{name}");
    }
}

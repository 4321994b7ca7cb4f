//! The picture of the states in the book, held against the code.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use crate::cases;
use crate::shell::Shell;

/// What the picture draws: `data-edge="Idle Head"`.
fn edges() -> BTreeSet<(String, String)> {
    let picture =
        concat!(env!("CARGO_MANIFEST_DIR"), "/book/src/img/connection.svg");
    let text = fs::read_to_string(picture).unwrap();
    text.split("data-edge=\"")
        .skip(1)
        .map(|rest| {
            let edge = rest.split('"').next().unwrap();
            let (from, to) = edge.split_once(' ').unwrap();
            (from.to_string(), to.to_string())
        })
        .collect()
}

/// Whether edges lead from one state to the other.
fn is_path(edges: &BTreeSet<(String, String)>, from: &str, to: &str) -> bool {
    let mut reached = BTreeSet::from([from]);
    loop {
        let next = edges.iter().filter(|(a, _)| reached.contains(&**a));
        let more: Vec<&str> = next.map(|(_, b)| &**b).collect();
        let before = reached.len();
        reached.extend(more);
        if reached.len() == before {
            return reached.contains(to) && from != to;
        }
    }
}

/// Every case byte by byte; then time passes, or the client ends.
fn seen() -> BTreeSet<(String, String)> {
    let mut seen = BTreeSet::new();
    for case in cases::all().iter().filter(|case| case.bytes.len() < 2000) {
        for waits in [true, false] {
            let mut shell = Shell::default();
            for byte in case.bytes.chunks(1) {
                shell.receive(byte);
            }
            if waits {
                shell.wait(Duration::from_secs(60));
                shell.wait(Duration::from_secs(60));
            } else {
                shell.receive(b"");
            }
            seen.extend(shell.changes);
        }
        // What arrives at once may lie behind a request that says close.
        let mut shell = Shell::default();
        shell.receive(&case.bytes);
        seen.extend(shell.changes);
    }
    seen
}

#[test]
fn the_picture_of_the_states_is_true() {
    let (edges, seen) = (edges(), seen());
    for (from, to) in &seen {
        assert!(is_path(&edges, from, to), "{from} became {to}");
    }
    let missing: Vec<_> = edges.difference(&seen).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}

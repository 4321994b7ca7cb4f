//! The picture of the states in the book, held against the code.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use shared::web::connection::End;

use crate::cases;
use crate::shell::{Shell, late, spooling};

/// What the picture draws: `data-edge="Idle Head"`.
fn edges() -> BTreeSet<(String, String)> {
    let picture =
        concat!(env!("CARGO_MANIFEST_DIR"), "/book/src/img/connection.svg");
    let text = fs::read_to_string(picture).unwrap();
    let drawn = text.split("data-edge=\"").skip(1).map(|rest| {
        let edge = rest.split('"').next().unwrap();
        edge.split_once(' ').unwrap()
    });
    let edges = drawn.chain(LATE);
    edges.map(|(from, to)| (from.to_string(), to.to_string())).collect()
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

/// Those of steps 19 and 20, which the picture does not have.
const LATE: [(&str, &str); 11] = [
    ("Body", "Waiting"),
    ("Waiting", "Idle"),
    ("Waiting", "Last"),
    ("Waiting", "Closing"),
    ("Waiting", "Closed"),
    ("Head", "Upload"),
    ("Upload", "Waiting"),
    ("Waiting", "Upload"),
    ("Upload", "Last"),
    ("Upload", "Closing"),
    ("Upload", "Closed"),
];

/// Every case byte by byte; then time passes, or the client ends.
fn seen() -> BTreeSet<(String, String)> {
    // More than a piece; then it is told to end, and the client ends it.
    let mut long = spooling(true, usize::MAX);
    let head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
    long.receive(&[head.as_bytes(), &[0; 100_000]].concat());
    long.connection.last();
    long.receive(b"");
    let mut seen = long.changes;
    for case in cases::all().iter().filter(|case| case.bytes.len() < 2000) {
        let shells = || {
            let now = [Shell::default(), late(true), spooling(true, 0)];
            now.into_iter().chain([late(false), spooling(false, 0)])
        };
        for (number, mut shell) in shells().chain(shells()).enumerate() {
            for byte in case.bytes.chunks(1) {
                shell.receive(byte);
            }
            if number < 5 {
                shell.wait(Duration::from_secs(60));
                shell.wait(Duration::from_secs(60));
            } else if shell.connection.is_waiting() {
                shell.see(|it| it.connection.close(End::Idle));
            } else {
                shell.receive(b"");
            }
            seen.extend(shell.changes);
        }
        // What arrives at once may lie behind a request that says close.
        for mut shell in shells() {
            shell.receive(&case.bytes);
            seen.extend(shell.changes);
        }
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

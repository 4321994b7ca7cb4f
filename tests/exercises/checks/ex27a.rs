//! 27a Who are you? Links for those on a list, by key.

use std::{env, fs, process::Stdio};

use super::prelude::*;

const ANSWERS: &str = "answers those on its list";
const BY_KEY: &str = "knows them by their key, and tells strangers nothing";

pub const CHECKS: &[Check] = checks![
    ANSWERS, 2, needs [], Passes, read "Who is at the other end?",
        |lab| play(lab, "three messages of Noise, and then questions",
            "1 S 1: fd3384e1, still open");
    BY_KEY, 5, needs [ANSWERS], Fails, read "Who is at the other end?",
        |lab| play(lab, "anybody can say who they are: a handshake proves it",
            "2 S 1: ad8c48c2, still open|3 S 1: closed, not on the list\
            |3 S 3: closed, not on the list|1 8 1: closed, wrong secret");
    "speaks nothing less than its own version", 4, needs [ANSWERS], Fails,
        read "Who is at the other end?",
        |lab| play(lab, "the prologue is both preambles, as they have arrived",
            "1 S 1 d553020000000001/d553020000000001: fd3384e1, still open\
            |1 S 1 d553020000000001/d55302: closed, downgraded\
            |1 S 1 d55301/d55301: closed, downgraded\
            |1 S 1 d5530201/d5530201: closed, downgraded");
    "takes nothing changed, and nothing twice", 4, needs [ANSWERS], Fails,
        read "Who is at the other end?",
        |lab| play(lab, "not even the first part can be read then",
            "1 S 1 flip: closed, played again or changed\
            |1 S 1 twice: fd3384e1, closed, played again or changed\
            |1 S 1 again: fd3384e1, closed, played again or changed");
    "holds its links while strangers come", 3, needs [BY_KEY], Waits,
        read "Who is at the other end?", holds;
    TIDY, 1, needs [], Passes, read "Who is at the other end?", |lab| {
        tidy::check(lab, &node(lab)?, |it| round_trip(it, PREAMBLE, PREAMBLE))
    };
];

const PREAMBLE: &[u8] = b"\xd5\x53\x02\0\0\0\0\0";

/// Those whose private keys are 1 and 2.
const MEMBERS: &str = "\
fd3384e132ad02a56c78f45547ee40038dc79002b90d29ed90e08eee762ae715 # alice\n\
ad8c48c26765aea7adc536289605c1abea95050093dbd218c96abd2481a03565 # bob\n";

fn node(lab: &Lab) -> Outcome<Program> {
    Tree::new(lab).file("members", MEMBERS)?;
    lab.server_with(&["--data", &Tree::new(lab).argument("")])
}

/// Another node that dials it: stranger.rs says how. S is the secret.
fn dial(node: &Program, words: &str) -> Outcome<Program> {
    node.lab().log().event(format!("27a-stranger ADDRESS {words}"));
    let secret = fs::read_to_string(Tree::new(node.lab()).path("secret"));
    let words = format!("{} {words}", node.address()?);
    let words = words.replace('S', secret.unwrap_or_default().trim());
    let words: Vec<&str> = words.split(' ').collect();
    let own = env::current_exe().unwrap_or_default();
    let other = Lab::trusting(own.with_file_name("examples/27a-stranger"))?;
    other.launch(&words).stdin(Stdio::piped()).spawn()
}

/// What it has seen in the end, and why it was refused, if it was.
fn expect(node: &Program, other: &Program, expected: &str) -> Outcome {
    other.end_input();
    let ended = other.wait(3 * time::PATIENCE);
    let ended = ended.map_err(|_| node.failed(expected, "neither, in time"))?;
    let lines = String::from_utf8_lossy(&ended.stdout);
    let mut got = lines.trim_end().replace('\n', ", ");
    if got.ends_with("closed") {
        got = format!("{got}, {}", node.expect_behind("refused: ", "\n")?);
    }
    ensure(got == expected, || node.failed(expected, got))
}

/// Rows, each for a node of its own: who dials, and what is expected.
fn play(lab: &Lab, likely: &str, rows: &str) -> Outcome {
    rows.split('|').try_for_each(|row| {
        let (words, expected) = row.split_once(": ").unwrap_or((row, ""));
        let node = node(lab)?;
        expect(&node, &dial(&node, words)?, expected).likely(likely)
    })
}

fn holds(lab: &Lab) -> Outcome {
    let node = node(lab)?;
    let before = node.resources();
    let other = dial(&node, "1 S 1")?;
    other.expect_line("fd3384e1")?;
    let mut silent = node.connect_many(40)?;
    silent.iter_mut().try_for_each(|it| it.send(PREAMBLE))?;
    for _ in 0..10 {
        expect(&node, &dial(&node, "3 S 1")?, "closed, not on the list")?;
    }
    other.type_in(b"\n")?;
    expect(&node, &other, "fd3384e1, fd3384e1, still open")?;
    drop(silent);
    node.expect_back(&before)
}

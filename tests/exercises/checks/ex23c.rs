//! 23c Ask, and know the answer: replies in any order, twice, late or never.

use std::ops::Range;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};

use super::prelude::*;

const SENDS: &str = "sends what is typed, with a number";
const KNOWS: &str = "knows what each line is a reply to";

pub const CHECKS: &[Check] = checks![
    SENDS, 1, needs [], Passes, read "A header before each frame", sends;
    KNOWS, 4, needs [SENDS], Fails, read "A header before each frame", knows;
    "has at most 8 requests open", 4, needs [SENDS], Fails,
        read "A header before each frame", window;
    "gives up a request when its time is over", 4, needs [KNOWS], Waits,
        read "A header before each frame", late;
];

/// Waits so many milliseconds for a reply, and has sent so many requests.
fn start(lab: &Lab, timeout: &str, count: u32) -> Outcome<(Program, Client)> {
    // If the program has ended, typing fails, and does not end the grader.
    let _ = SigSet::from(Signal::SIGPIPE).thread_block();
    let launch = lab.launch(&["127.0.0.1:0", "--timeout", timeout]);
    let program = launch.stdin(Stdio::piped()).start()?;
    let mut client = program.connect()?;
    ask(&program, &mut client, 1..count + 1)?;
    Ok((program, client))
}

/// The program sends requests to its peer, with these numbers.
fn ask(by: &Program, to: &mut Client, numbers: Range<u32>) -> Outcome {
    let lines = numbers.map(|it| (format!("r{it}\n"), format!("{it} r{it}\n")));
    let (typed, sent): (String, String) = lines.unzip();
    by.type_in(typed.as_bytes())?;
    to.expect(sent.as_bytes())
        .likely("numbers begin with 1, and none is given twice")
}

/// Waits until it has said these lines in all, and nothing else.
fn says(program: &Program, lines: &str) -> Outcome {
    let mut said = String::new();
    let is_over = || {
        let all = String::from_utf8_lossy(&program.stdout()).into_owned();
        said = all.split_once('\n').unwrap_or_default().1.to_string();
        (program.ended().is_some() || said.len() >= lines.len()).then_some(())
    };
    time::eventually(program.patience(), program.pid(), is_over);
    ensure(said == lines, || {
        let got = show::difference(lines.as_bytes(), said.as_bytes());
        let expected = format!("on stdout {}", show::bytes(lines.as_bytes()));
        program.failed(expected, got)
    })
}

fn sends(lab: &Lab) -> Outcome {
    let (program, mut client) = start(lab, "60000", 1)?;
    program.end_input();
    client.send(b"1 a\n")?;
    says(&program, "reply 1 a\n")?;
    client.close();
    program.expect_exit(0).map(drop)
}

fn knows(lab: &Lab) -> Outcome {
    let (program, mut client) = start(lab, "60000", 4)?;
    let mut all = String::new();
    for (sent, said, guess) in [
        ("4 b\n2 c\n", "reply 4 b\nreply 2 c\n", "replies come in any order"),
        ("4 c\n2 c\n", "stale 4\nstale 2\n", "these have their reply"),
        ("5 e\n0 e\n-1 e\nno\n\n", &"unknown\n".repeat(5), "no such request"),
        ("1 d e\n3 f\n", "reply 1 d e\nreply 3 f\n", "these wait for one"),
    ] {
        client.send(sent.as_bytes())?;
        all += said;
        says(&program, &all).likely(guess)?;
    }
    Ok(())
}

fn window(lab: &Lab) -> Outcome {
    let (program, mut client) = start(lab, "60000", 8)?;
    program.type_in(b"nine\nten\n")?;
    for (from, next) in [(5, "9 nine\n"), (9, "10 ten\n")] {
        await_sleep(&program)?;
        let is_full = !client.has_something();
        ensure(is_full, || client.failed("8 open requests", "one more"))
            .likely("8 are open: one reply makes room for one more")?;
        let replies = format!("{from} a\n{from} a\n99 a\n");
        round_trip(&mut client, replies.as_bytes(), next.as_bytes())?;
    }
    Ok(())
}

/// Other programs of this machine may make a time longer, but not always.
fn late(lab: &Lab) -> Outcome {
    let (program, mut client) = start(lab, "200", 0)?;
    let (mut all, mut shortest) = (String::new(), Duration::MAX);
    for number in 1..=5 {
        let since = Instant::now();
        ask(&program, &mut client, number..number + 1)?;
        all += &format!("timeout {number}\n");
        says(&program, &all).likely("nobody has replied")?;
        shortest = shortest.min(since.elapsed());
        client.send(format!("{number} late\n").as_bytes())?;
        all += &format!("stale {number}\n");
        says(&program, &all).likely("it has been given up")?;
    }
    ensure(shortest >= Duration::from_millis(200), || {
        program.failed("after 200 ms", format!("sooner: {shortest:?}"))
    })?;
    ask(&program, &mut client, 6..15)
        .likely("what is given up gives its place back")
}

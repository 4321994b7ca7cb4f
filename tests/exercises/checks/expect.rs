//! Observations that several exercises make, on any protocol.

use std::time::Instant;

use crate::lab::client::Client;
use crate::lab::fixtures::letters;
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::lab::tree::Tree;
use crate::lab::{Advice, Lab, Outcome, Peer, Trouble, linger, show};

/// Fails, as `failed` says, unless it is so.
pub fn ensure(is_so: bool, failed: impl FnOnce() -> Trouble) -> Outcome {
    is_so.then_some(()).ok_or_else(failed)
}

/// Sends `bytes`, and receives exactly `response`.
pub fn round_trip(
    client: &mut Client,
    bytes: &[u8],
    response: &[u8],
) -> Outcome {
    client.send(bytes)?;
    client.expect(response)
}

/// What a server says that counts the bytes it gets.
pub fn counted(bytes: &[u8]) -> String {
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    format!("{} bytes, sum {sum}\n", bytes.len())
}

/// Ends one direction, and receives the end of the other.
pub fn end(client: &mut Client) -> Outcome {
    client.finish()?;
    client.expect_eof()
}

/// Sends all and its end, and receives `response` and the end.
pub fn exchange(client: &mut Client, bytes: &[u8], response: &[u8]) -> Outcome {
    client.send(bytes)?;
    client.finish()?;
    client.expect(response)?;
    client.expect_eof()
}

/// One side says all, and ends; then the other responds, and ends.
pub fn end_in_turn(one: &mut Client, other: &mut Client) -> Outcome {
    let bytes = letters(100_000);
    one.send(&bytes)?;
    one.finish()?;
    other.expect(&bytes)?;
    other
        .expect_eof()
        .likely("the end of the stream must be passed on with shutdown")?;
    other
        .send(b"a response")
        .and_then(|()| one.expect(b"a response"))
        .and_then(|()| other.finish())
        .and_then(|()| one.expect_eof())
        .likely("the end of one direction is not the end of the other")
}

/// For a program whose client finds a reset.
pub const UNREAD: &str = "closing while bytes are unread, or \
    on their way, makes the kernel send a reset: end your direction, and read \
    on for a while, as in chapter 04";

/// After this response the program reads on, so that no reset destroys it.
pub fn lingers(program: &Program, bytes: &[u8], response: &[u8]) -> Outcome {
    linger::check(|| {
        let mut client = program.connect()?;
        round_trip(&mut client, bytes, response).map(|()| client)
    })
    .likely(UNREAD)
}

/// Sends what must be refused with `response`, and receives that and the end.
pub fn refused(program: &Program, bytes: &[u8], response: &[u8]) -> Outcome {
    let mut client = program.connect()?;
    round_trip(&mut client, bytes, response)?;
    client.expect_eof().likely(
        "behind what is malformed nobody knows where the next one begins: \
         close",
    )
}

/// For a program that has responded to the first of two parts.
pub const PARTIAL: &str =
    "what is not whole is no mistake: what is missing is on its way";

/// Sends `whole` in two parts; `guess` is for one that responds to the first.
pub fn send_in_two(
    client: &mut Client,
    whole: &[u8],
    cut: usize,
    guess: &str,
) -> Outcome {
    let (start, rest) = whole.split_at(cut);
    client.send(start)?;
    client.expect_nothing().likely(guess)?;
    client.send(rest)
}

/// The same at every cut, each time with the response to the whole.
pub fn at_every_cut(
    lab: &Lab,
    whole: &[u8],
    guess: &str,
    response: impl Fn(&mut Client) -> Outcome,
) -> Outcome {
    let mut client = lab.server()?.connect()?;
    (1..whole.len()).try_for_each(|cut| {
        send_in_two(&mut client, whole, cut, guess)
            .and_then(|()| response(&mut client))
            .about(&format!("cut after {cut} bytes"))
    })
}

/// The program connects to `peer`, says so, and ends when we close. Returns
/// when it came.
pub fn calls(program: &Program, peer: &Peer) -> Outcome<Instant> {
    let client = peer.accept_one(program)?;
    let came = Instant::now();
    program.expect_line(&format!("connected to {}", peer.address()))?;
    client.close();
    program.expect_exit(0)?;
    Ok(came)
}

/// It ends with this exit status, and one line of what it has said on stderr
/// has all of `words`.
pub fn exits_naming(program: &Program, code: i32, words: &[&str]) -> Outcome {
    let ended = program.expect_exit(code)?;
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    let names_all = |line: &str| {
        let line = line.to_lowercase();
        words.iter().all(|word| line.contains(&word.to_lowercase()))
    };
    ensure(stderr.lines().any(names_all), || {
        let expected =
            format!("on stderr a line that names {}", words.join(" and "));
        program.failed(expected, format!("on stderr {stderr:?}"))
    })
}

/// The program, with a file of its own for lines.
pub fn with_file(lab: &Lab) -> Launch {
    let file = Tree::new(lab).argument("lines");
    lab.launch(&["127.0.0.1:0", "--file", &file])
}

/// The sync behind these lines fails, the last of which is not confirmed then:
/// at most `most` bytes come back, and the program ends.
pub fn is_silent(program: &Program, lines: &str, most: usize) -> Outcome {
    let mut client = program.connect()?;
    client.send(lines.as_bytes())?;
    let response = client.receive(most + 8)?.0;
    ensure(response.len() <= most, || {
        let count = lines.lines().count();
        let wanted = format!("no word {count}: its sync has failed");
        client.failed(wanted, show::bytes(&response))
    })
    .likely(
        "write, then fdatasync, and speak when that has returned 0: each time",
    )?;
    program.expect_exit(1).map(drop)
}

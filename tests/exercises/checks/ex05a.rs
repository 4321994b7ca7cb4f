//! 05a One byte at a time: heads out of a stream.

use super::{Check, TIDY};
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Advice, Lab, Outcome, cost, linger, tidy};

mod heads;

use heads::{MALFORMED, Malformed, ODD, Odd};

const RESPONDS: &str = "responds to one head after the other";
const BEGINNINGS: &str = "waits for the rest of a head";
const TELLS: &str = "tells malformed heads from odd ones";
const CUTS: &str = "reads a head however it is cut";
const AT_ONCE: &str = "responds to several heads that come at once";
const LIMIT: &str = "refuses a head of more than 8 KiB";
const ONCE: &str = "looks at each byte once";

const MAX_HEAD: usize = 8 * 1024;

const UNREAD: &str = "closing while bytes are unread resets the connection: \
                      read on for a while, as in chapter 04";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "One byte at a time",
        |lab| talk(&mut lab.server()?.connect()?);
    BEGINNINGS, 2, needs [RESPONDS], Fails, read "The verdict", beginnings;
    TELLS, 3, needs [RESPONDS], Fails, read "One byte at a time", tells;
    CUTS, 2, needs [BEGINNINGS], Waits, read "The verdict", cuts;
    AT_ONCE, 2, needs [RESPONDS], Fails, read "The verdict", at_once;
    LIMIT, 1, needs [BEGINNINGS], Waits, read "What is too long", limit;
    ONCE, 2, needs [CUTS], Waits, read "What the parser remembers", once;
    TIDY, 1, needs [RESPONDS], Passes, read "The verdict",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

/// Two heads, one after the other, each with its response.
fn talk(client: &mut Client) -> Outcome {
    client.send(b"GET /hello HTTP/1.1\r\nHost: example\r\nA: b\r\n\r\n")?;
    client.expect(b"GET /hello 2\n")?;
    client.send(b"POST /other?x=1 HTTP/1.1\r\nHost: example\r\n\r\n")?;
    client.expect(b"POST /other?x=1 1\n")
}

const HEAD: &[u8] =
    b"GET /cut HTTP/1.1\r\nHost: example\r\nX-Some: thing\r\n\r\n";
const RESPONSE: &[u8] = b"GET /cut 2\n";

/// Sends [`HEAD`] in two parts, and nothing may come between them.
fn in_two(client: &mut Client, cut: usize) -> Outcome {
    let (start, rest) = HEAD.split_at(cut);
    client.send(start)?;
    client.expect_nothing().likely(
        "a head that is not whole is no mistake: what is missing is on its \
         way",
    )?;
    client.send(rest)?;
    client.expect(RESPONSE)
}

fn beginnings(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for start in [
        "G",
        "GET",
        "GET ",
        "GET /c",
        "GET /cut",
        "GET /cut ",
        "GET /cut HT",
        "GET /cut HTTP/1",
        "GET /cut HTTP/1.1",
        "GET /cut HTTP/1.1\r",
        "GET /cut HTTP/1.1\r\n",
        "GET /cut HTTP/1.1\r\nHost",
        "GET /cut HTTP/1.1\r\nHost:",
        "GET /cut HTTP/1.1\r\nHost: example\r",
        "GET /cut HTTP/1.1\r\nHost: example\r\n",
        "GET /cut HTTP/1.1\r\nHost: example\r\nX-Some: thing\r\n\r",
    ] {
        let mut client = program.connect()?;
        let row = format!("after \"{}\"", start.escape_default());
        in_two(&mut client, start.len()).about(&row)?;
        client.finish()?;
        client.expect_eof().about(&row)?;
    }
    Ok(())
}

fn tells(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for Odd { name, rfc, head, response } in ODD {
        let row = format!("{name} ({rfc})");
        let mut client = program.connect()?;
        client.send(head)?;
        client.expect(response.as_bytes()).about(&row)?;
    }
    for Malformed { name, rfc, head } in MALFORMED {
        refused(&program, head).about(&format!("{name} ({rfc})"))?;
    }
    Ok(())
}

/// Sends a malformed head and a good one behind it: the response must be 400
/// and the end.
fn refused(program: &Program, head: &[u8]) -> Outcome {
    let mut client = program.connect()?;
    client.send(&[head, HEAD].concat())?;
    client.expect(b"400\n")?;
    client.expect_eof().likely(
        "after a malformed head nobody knows where the next one begins: \
         close",
    )
}

fn cuts(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    for cut in 1..HEAD.len() {
        let row = format!("cut after {cut} bytes");
        in_two(&mut client, cut).about(&row)?;
    }
    Ok(())
}

fn at_once(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    let (start, rest) = HEAD.split_at(20);
    let guess = "what is behind a head is the next head: look at it before \
                 you read again";
    client.send(&[HEAD, HEAD, HEAD, start].concat())?;
    client.expect(&RESPONSE.repeat(3)).likely(guess)?;
    client.send(rest)?;
    client.expect(RESPONSE).likely(guess)?;

    let program = lab.launch(&["127.0.0.1:0"]).shim("r=3").start()?;
    let mut client = program.connect()?;
    let (mut heads, mut responses) = (String::new(), String::new());
    for number in 1..=1000 {
        heads.push_str(&format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"));
        responses.push_str(&format!("GET /{number} 1\n"));
    }
    client.send(heads.as_bytes())?;
    client.expect(responses.as_bytes()).likely(guess)
}

/// A head of `length` bytes with fields of `line` bytes, about.
fn head_of(length: usize, line: usize) -> (Vec<u8>, String) {
    let mut head = b"GET /long HTTP/1.1\r\n".to_vec();
    let mut fields = 0;
    while head.len() + 2 < length {
        let left = length - 2 - head.len();
        let wide = if left < 2 * line { left } else { line };
        let value = "v".repeat(wide - "Name: \r\n".len());
        head.extend_from_slice(format!("Name: {value}\r\n").as_bytes());
        fields += 1;
    }
    head.extend_from_slice(b"\r\n");
    (head, format!("GET /long {fields}\n"))
}

fn limit(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let (head, response) = head_of(MAX_HEAD, 60);
    let guess = "8192 bytes are not too many, blank line included";
    for cut in [MAX_HEAD / 2, MAX_HEAD - 1] {
        let mut client = program.connect()?;
        let (start, rest) = head.split_at(cut);
        client.send(start)?;
        client.expect_nothing().likely(guess)?;
        client.send(rest)?;
        client.expect(response.as_bytes()).likely(guess)?;
    }
    let (head, _) = head_of(MAX_HEAD + 1, 60);
    let endless = [b"GET /".as_slice(), &[b'a'; 2 * MAX_HEAD]].concat();
    for (row, bytes) in [
        ("a head of 8193 bytes", head),
        ("a target without end", endless.clone()),
    ] {
        let mut client = program.connect()?;
        client.send(&bytes)?;
        client.expect(b"431\n").about(row)?;
        client.expect_eof().about(row).likely(UNREAD)?;
    }
    linger::check(|| {
        let mut client = program.connect()?;
        client.send(&endless)?;
        client.expect(b"431\n")?;
        Ok(client)
    })
    .likely(UNREAD)
}

fn once(lab: &Lab) -> Outcome {
    // Many lines, and one long line: each is a reason to look back.
    once_each(lab, 60).and_then(|()| once_each(lab, MAX_HEAD))
}

fn once_each(lab: &Lab, line: usize) -> Outcome {
    let program = lab.launch(&["127.0.0.1:0"]).shim("r=1").start()?;
    let mut client = program.connect()?;
    cost::expect_linear(&program, "a head of four times the length", |size| {
        let (head, response) = head_of(size * MAX_HEAD / 4, line);
        for _ in 0..2 {
            client.send(&head)?;
            client.expect(response.as_bytes())?;
        }
        Ok(())
    })
    .likely(
        "the head, or its last line, is looked at from its beginning after \
         each read: go on from where you stopped",
    )
}

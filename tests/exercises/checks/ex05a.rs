//! 05a One byte at a time: heads out of a stream.

use super::expect::{PARTIAL, at_every_cut, lingers, refused, send_in_two};
use super::http::request;
use super::prelude::*;

mod heads;

use heads::{FIELDS, LINES, ODD_FIELDS, ODD_LINES};

const RESPONDS: &str = "responds to one head after the other";
const CUTS: &str = "reads a head however it is cut";

const MAX_HEAD: usize = 8 * 1024;

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "One byte at a time",
        |lab| talk(&mut lab.server()?.connect()?);
    CUTS, 4, needs [RESPONDS], Fails, read "The verdict",
        |lab| at_every_cut(lab, HEAD, PARTIAL, |c| c.expect(RESPONSE));
    "tells malformed heads from odd ones", 3, needs [RESPONDS], Fails,
        read "One byte at a time", tells;
    "responds to several heads that come at once", 2, needs [RESPONDS], Fails,
        read "The verdict", at_once;
    "refuses a head of more than 8 KiB", 1, needs [CUTS], Waits,
        read "What is too long", limit;
    "looks at each byte once", 2, needs [CUTS], Waits,
        read "What the parser remembers", once;
    TIDY, 1, needs [RESPONDS], Passes, read "The verdict",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

/// Two heads, one after the other, each with its response.
fn talk(client: &mut Client) -> Outcome {
    let hello = b"GET /hello HTTP/1.1\r\nHost: example\r\nA: b\r\n\r\n";
    round_trip(client, hello, b"GET /hello 2\n")?;
    let other = b"POST /other?x=1 HTTP/1.1\r\nHost: example\r\n\r\n";
    round_trip(client, other, b"POST /other?x=1 1\n")
}

const HEAD: &[u8] =
    b"GET /cut HTTP/1.1\r\nHost: example\r\nX-Some: thing\r\n\r\n";
const RESPONSE: &[u8] = b"GET /cut 2\n";

fn tells(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let (start, host) = ("GET / HTTP/1.1\r\n", "\r\nHost: a\r\n\r\n");
    for (rows, before) in [(ODD_LINES, ""), (ODD_FIELDS, start)] {
        for (name, rfc, lines, count) in rows {
            let head = [before.as_bytes(), lines, b"\r\n\r\n"].concat();
            let text = String::from_utf8_lossy(&head);
            let (line, _) =
                text.trim_start().split_once(" HTTP").unwrap_or_default();
            let response = format!("{line} {count}\n");
            round_trip(&mut program.connect()?, &head, response.as_bytes())
                .about(&format!("{name} (RFC {rfc})"))?;
        }
    }
    let tables = [(LINES, "", host), (FIELDS, start, "\r\n\r\n")];
    for (rows, before, behind) in tables {
        for (name, rfc, line) in rows {
            let head = [before.as_bytes(), line, behind.as_bytes()].concat();
            refused(&program, &[head.as_slice(), HEAD].concat(), b"400\n")
                .about(&format!("{name} (RFC {rfc})"))?;
        }
    }
    Ok(())
}

fn at_once(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    let (start, rest) = HEAD.split_at(20);
    let guess = "what is behind a head is the next head: look at it before \
                 you read again";
    let three_and_a_part = [HEAD, HEAD, HEAD, start].concat();
    round_trip(&mut client, &three_and_a_part, &RESPONSE.repeat(3))
        .and_then(|()| round_trip(&mut client, rest, RESPONSE))
        .likely(guess)?;

    let program = lab.launch(&["127.0.0.1:0"]).shim("r=3").start()?;
    let targets = (1..=1000).map(|number| format!("/{number}"));
    let (heads, responses): (String, String) = targets
        .map(|target| (request("GET", &target), format!("GET {target} 1\n")))
        .unzip();
    let mut client = program.connect()?;
    round_trip(&mut client, heads.as_bytes(), responses.as_bytes())
        .likely(guess)
}

/// A head of `length` bytes with one long field, or also many short ones.
fn head_of(length: usize, is_many: bool) -> (Vec<u8>, String) {
    let short = if is_many { length / 16 } else { 0 };
    let start =
        ["GET /long HTTP/1.1\r\n", &"Name: value\r\n".repeat(short)].concat();
    let wide = length - start.len() - "Long: \r\n\r\n".len();
    let head = format!("{start}Long: {:v>wide$}\r\n\r\n", "");
    (head.into_bytes(), format!("GET /long {}\n", short + 1))
}

fn limit(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let (head, response) = head_of(MAX_HEAD, true);
    let guess = "8192 bytes are not too many, blank line included";
    for cut in [MAX_HEAD / 2, MAX_HEAD - 1] {
        let mut client = program.connect()?;
        send_in_two(&mut client, &head, cut, guess)
            .and_then(|()| client.expect(response.as_bytes()))
            .likely(guess)?;
    }
    let (head, _) = head_of(MAX_HEAD + 1, true);
    let endless = [b"GET /".as_slice(), &[b'a'; 2 * MAX_HEAD]].concat();
    for (row, bytes) in
        [("a head of 8193 bytes", &head), ("a target without end", &endless)]
    {
        let mut client = program.connect()?;
        round_trip(&mut client, bytes, b"431\n").about(row)?;
        client.expect_eof().about(row).likely(UNREAD)?;
    }
    lingers(&program, &endless, b"431\n")
}

fn once(lab: &Lab) -> Outcome {
    // Many lines, and one long line: each is a reason to look back.
    [true, false].iter().try_for_each(|is_many| {
        let program = lab.launch(&["127.0.0.1:0"]).shim("r=1").start()?;
        let mut client = program.connect()?;
        let what = "a head of four times the length";
        cost::expect_linear(&program, what, |size| {
            let (head, response) = head_of(size * MAX_HEAD / 4, *is_many);
            round_trip(&mut client, &head, response.as_bytes())?;
            round_trip(&mut client, &head, response.as_bytes())
        })
        .likely(
            "the head, or its last line, is looked at from its beginning \
             after each read: go on from where you stopped",
        )
    })
}

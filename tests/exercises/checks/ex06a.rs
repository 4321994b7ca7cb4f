//! 06a Keep or close: when a connection ends, and how.

use std::time::Duration;

use super::http::{self, ask, request};
use super::prelude::*;
use crate::lab::client::Response;

const RESPONDS: &str = "responds to one request after the other";
const DECIDES: &str = "keeps or closes, as the request says, and says so";
const HEAD: &str = "responds to HEAD without a body";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "The states of a connection",
        |lab| talk(&mut lab.server()?.connect()?);
    DECIDES, 5, needs [RESPONDS], Fails, read "Staying, or not", decides;
    HEAD, 2, needs [RESPONDS], Fails, read "Responses", head;
    "closes after a request that it cannot read, only", 1, needs [RESPONDS],
        Fails, read "Staying, or not", errors;
    "responds to ten requests at once in their order", 2, needs [DECIDES, HEAD],
        Waits, read "The states of a connection", order;
    "lets the client read the last response", 2, needs [DECIDES], Waits,
        read "Staying, or not", readable;
    TIDY, 1, needs [RESPONDS], Passes, read "Staying, or not",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

/// Receives the response to `GET target`.
fn expect(client: &mut Client, target: &str) -> Outcome<Response> {
    http::expect(client, format!("You asked for {target}.\n").as_bytes())
}

fn talk(client: &mut Client) -> Outcome {
    ["/first", "/second?x=1"].iter().try_for_each(|target| {
        ask(client, "GET", target)?;
        expect(client, target).map(drop)
    })
}

/// Version and fields of a request, whether they keep the connection, and the
/// rule for those who decide otherwise.
type Row = (&'static str, &'static str, bool, &'static str);

const NEW: &str = "HTTP/1.1 keeps the connection unless it is told otherwise";
const OLD: &str = "HTTP/1.0 closes the connection unless it is told otherwise";
const ASKED: &str = "HTTP/1.0 keeps the connection if the client asks for it";
const CLOSE: &str = "close ends the connection, whatever else is there";
const CASE: &str = "case does not matter in the options of Connection";
const LIST: &str = "Connection is a list: in one field, or in several";
const WORD: &str = "an option is a whole word: this one is another";

const ROWS: &[Row] = &[
    ("1.1", "", true, NEW),
    ("1.1", "Connection: close\r\n", false, CLOSE),
    ("1.1", "connection:close\r\n", false, CASE),
    ("1.1", "Connection: Close\r\n", false, CASE),
    ("1.1", "Connection: CLOSE\r\n", false, CASE),
    ("1.1", "Connection: foo, close\r\n", false, LIST),
    ("1.1", "Connection: close, foo\r\n", false, LIST),
    ("1.1", "Connection: foo \t,\t close\r\n", false, LIST),
    ("1.1", "Connection: ,,close,\r\n", false, LIST),
    ("1.1", "Connection: foo\r\nConnection: close\r\n", false, LIST),
    ("1.1", "Connection: close\r\nConnection: foo\r\n", false, LIST),
    ("1.1", "Connection: keep-alive\r\n", true, NEW),
    ("1.1", "Connection: keep-alive, close\r\n", false, CLOSE),
    ("1.1", "Connection: closed\r\n", true, WORD),
    ("1.1", "Connection: do-not-close\r\n", true, WORD),
    ("1.1", "Connection:\r\n", true, NEW),
    ("1.1", "X-Connection: close\r\n", true, "the field is another one"),
    ("1.0", "", false, OLD),
    ("1.0", "Connection: keep-alive\r\n", true, ASKED),
    ("1.0", "Connection: Keep-Alive\r\n", true, CASE),
    ("1.0", "Connection: foo, keep-alive\r\n", true, LIST),
    ("1.0", "Connection: foo\r\nConnection: keep-alive\r\n", true, LIST),
    ("1.0", "Connection: close\r\n", false, CLOSE),
    ("1.0", "Connection: keep-alive, close\r\n", false, CLOSE),
    ("1.0", "Connection: close\r\nConnection: keep-alive\r\n", false, CLOSE),
    ("1.0", "Connection: keepalive\r\n", false, WORD),
    ("1.0", "Proxy-Connection: keep-alive\r\n", false, OLD),
];

/// Asks for `target` with the row's fields, and receives the response.
fn get(client: &mut Client, row: &Row, target: &str) -> Outcome<Response> {
    let (version, fields, ..) = row;
    let request =
        format!("GET {target} HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
    client.send(request.as_bytes())?;
    expect(client, target)
}

fn about((version, fields, ..): &Row) -> String {
    let fields = fields.trim_end().replace("\r\n", ", ");
    let comma = if fields.is_empty() { "" } else { ", " };
    format!("HTTP/{version}{comma}{fields} (RFC 9112, 9.3)")
}

fn decides(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for row @ (version, _, keeps, why) in ROWS {
        let mut client = program.connect()?;
        let response = get(&mut client, row, "/one").about(&about(row))?;
        let then = if *keeps {
            get(&mut client, row, "/two")
                .map(drop)
                .expecting("the connection stays, for a second response")
        } else {
            client.expect_eof()
        };
        then.about(&about(row)).likely(why)?;
        let closes = response.says("close");
        let (is_said, wanted) = match (keeps, *version) {
            (false, _) => (closes, "Connection: close"),
            (true, "1.0") => (
                response.says("keep-alive") && !closes,
                "Connection: keep-alive",
            ),
            (true, _) => (!closes, "no `Connection: close`"),
        };
        ensure(is_said, || client.failed(wanted, response.head()))
            .about(&about(row))
            .likely(
                "the client cannot know what becomes of the connection \
                 unless it is told: RFC 9112, 9.6",
            )?;
    }
    Ok(())
}

fn head(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    ["/page", "/missing"]
        .iter()
        .try_for_each(|target| http::same_head(&mut program.connect()?, target))
}

fn errors(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for (method, target, status) in
        [("GET", "/missing", 404), ("PUT", "/thing", 405)]
    {
        let mut client = program.connect()?;
        for _ in 0..2 {
            ask(&mut client, method, target)?;
            let response = http::refused(&mut client, &[status])
                .about(&format!("a {status}"))
                .likely(
                    "the request was understood, so the next one can be: a \
                     404 or 405 is no reason to close",
                )?;
            ensure(!response.says("close"), || {
                let wanted = format!("{status}, and the connection stays");
                client.failed(wanted, response.head())
            })?;
        }
    }
    let mut client = program.connect()?;
    client.send(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")?;
    let response = client.response()?;
    ensure(response.status == 400 && response.says("close"), || {
        client.failed("400, and Connection: close", response.head())
    })
    .likely(
        "nobody knows where the next request would begin, so the connection \
         ends: say so",
    )?;
    client.expect_eof()
}

fn order(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    let method = |number| if number % 3 == 0 { "HEAD" } else { "GET" };
    let numbered = |number| request(method(number), &format!("/{number}"));
    let requests: String = (1..=10).map(numbered).collect();
    let close = "Connection: close\r\n\r\n";
    let last = [requests.trim_end(), "\r\n", close].concat();
    client.send((last + &request("GET", "/behind")).as_bytes())?;
    for number in 1..=10 {
        let outcome = match method(number) {
            "HEAD" => client.response_head(),
            _ => expect(&mut client, &format!("/{number}")),
        };
        outcome.about(&format!("request {number} of ten"))?;
    }
    client.expect_eof().likely(
        "there is no response to what lies behind a request that says close: \
         RFC 9112, 9.6",
    )
}

fn readable(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let last = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let more = request("GET", "/more").repeat(100_000);
    let all = [last.as_slice(), more.as_bytes()].concat();
    let responded = |requests| {
        let mut client = program.connect()?;
        client.send(requests)?;
        expect(&mut client, "/last").map(|_| client)
    };
    let unread = || responded(&all)?.expect_eof();
    for _ in 0..3 {
        linger::within(Duration::from_millis(800), unread).likely(UNREAD)?;
    }
    linger::check(|| responded(last)).likely(UNREAD)
}

//! 06a Keep or close: when a connection ends, and how.

use std::time::Duration;

use super::expect::ensure;
use super::http::{self, ask, request};
use super::{Check, TIDY};
use crate::lab::client::{Client, Response};
use crate::lab::{Advice, Lab, Outcome, linger, tidy};

mod rows;

use rows::{ROWS, Row};

const RESPONDS: &str = "responds to one request after the other";
const DECIDES: &str = "keeps or closes, by version and Connection";
const SAYS: &str = "says what becomes of the connection";
const HEAD: &str = "responds to HEAD without a body";
const ERRORS: &str = "closes after a request that it cannot read, only";
const ORDER: &str = "responds to ten requests at once in their order";
const READABLE: &str = "lets the client read the last response";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "The states of a connection",
        |lab| talk(&mut lab.server()?.connect()?);
    DECIDES, 4, needs [RESPONDS], Fails, read "Staying, or not", decides;
    SAYS, 1, needs [DECIDES], Waits, read "Staying, or not", says;
    HEAD, 2, needs [RESPONDS], Fails, read "Responses", head;
    ERRORS, 1, needs [RESPONDS], Fails, read "Staying, or not", errors;
    ORDER, 2, needs [DECIDES, HEAD], Waits, read "The states of a connection",
        order;
    READABLE, 2, needs [DECIDES], Waits, read "Staying, or not", readable;
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

impl Row {
    /// Asks for `target` with the row's fields, and receives the response.
    fn get(&self, client: &mut Client, target: &str) -> Outcome<Response> {
        let Row { version, fields, .. } = self;
        let request =
            format!("GET {target} HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        client.send(request.as_bytes())?;
        expect(client, target)
    }

    fn about(&self) -> String {
        let Row { version, fields, .. } = self;
        let fields = fields.trim_end().replace("\r\n", ", ");
        match fields.as_str() {
            "" => format!("HTTP/{version} (RFC 9112, 9.3)"),
            _ => format!("HTTP/{version}, {fields} (RFC 9112, 9.3)"),
        }
    }
}

fn decides(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for row in ROWS {
        let mut client = program.connect()?;
        row.get(&mut client, "/one").about(&row.about())?;
        let then = if row.keeps {
            row.get(&mut client, "/two")
                .map(drop)
                .expecting("the connection stays, for a second response")
        } else {
            client.expect_eof()
        };
        then.about(&row.about()).likely(row.why)?;
    }
    Ok(())
}

fn says(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for row in ROWS {
        let mut client = program.connect()?;
        let response = row.get(&mut client, "/one")?;
        let closes = response.says("close");
        let (is_said, wanted) = match (row.keeps, row.version) {
            (false, _) => (closes, "Connection: close"),
            (true, "1.0") => (
                response.says("keep-alive") && !closes,
                "Connection: keep-alive",
            ),
            (true, _) => (!closes, "no `Connection: close`"),
        };
        ensure(is_said, || client.failed(wanted, response.head()))
            .about(&row.about())
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
            let response =
                client.response().about(&format!("a {status}")).likely(
                    "the request was understood, so the next one can be: a \
                     404 or 405 is no reason to close",
                )?;
            let is_right = response.status == status && !response.says("close");
            ensure(is_right, || {
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
    let mut requests = String::new();
    for number in 1..=10 {
        let method = if number % 3 == 0 { "HEAD" } else { "GET" };
        let last = if number == 10 { "Connection: close\r\n" } else { "" };
        requests.push_str(&format!(
            "{method} /{number} HTTP/1.1\r\nHost: a\r\n{last}\r\n"
        ));
    }
    requests.push_str(&request("GET", "/behind"));
    client.send(requests.as_bytes())?;
    for number in 1..=10 {
        let row = format!("request {number} of ten");
        if number % 3 == 0 {
            client.response_head().about(&row)?;
        } else {
            expect(&mut client, &format!("/{number}")).about(&row)?;
        }
    }
    client.expect_eof().likely(
        "there is no response to what lies behind a request that says close: \
         RFC 9112, 9.6",
    )
}

fn readable(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let guess = "closing while bytes are unread resets the connection, and \
                 the response is lost: end your direction, and read on for a \
                 while";
    let last = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let more = request("GET", "/more").repeat(100_000);
    let all = [last.as_slice(), more.as_bytes()].concat();
    let unread = || {
        let mut client = program.connect()?;
        client.send(&all)?;
        expect(&mut client, "/last")?;
        client.expect_eof()
    };
    for _ in 0..3 {
        linger::within(Duration::from_millis(800), unread).likely(guess)?;
    }
    linger::check(|| {
        let mut client = program.connect()?;
        client.send(last)?;
        expect(&mut client, "/last").map(|_| client)
    })
    .likely(guess)
}

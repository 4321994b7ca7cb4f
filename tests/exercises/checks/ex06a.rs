//! 06a Keep or close: when a connection ends, and how.

use std::time::Duration;

use super::{Check, TIDY};
use crate::lab::client::{self, Client};
use crate::lab::{Advice, Lab, Outcome, linger, show, tidy};

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
fn expect(client: &mut Client, target: &str) -> Outcome<client::Response> {
    let response = client.response()?;
    let body = format!("You asked for {target}.\n");
    if response.status == 200 && response.body == body.as_bytes() {
        return Ok(response);
    }
    let got = format!("{} {}", response.status, show::bytes(&response.body));
    Err(client.failed(format!("200 {}", show::bytes(body.as_bytes())), got))
}

fn talk(client: &mut Client) -> Outcome {
    for target in ["/first", "/second?x=1"] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.send(request.as_bytes())?;
        expect(client, target)?;
    }
    Ok(())
}

impl Row {
    fn request(&self, method: &str, target: &str) -> String {
        let Row { version, fields, .. } = self;
        format!("{method} {target} HTTP/{version}\r\nHost: a\r\n{fields}\r\n")
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
        client.send(row.request("GET", "/one").as_bytes())?;
        expect(&mut client, "/one").about(&row.about())?;
        let then = if row.keeps {
            client.send(row.request("GET", "/two").as_bytes()).and_then(|()| {
                expect(&mut client, "/two")
                    .map(drop)
                    .expecting("the connection stays, for a second response")
            })
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
        client.send(row.request("GET", "/one").as_bytes())?;
        let response = expect(&mut client, "/one")?;
        let old = row.version == "1.0";
        let wanted = match (row.keeps, old) {
            (false, _) => "Connection: close",
            (true, true) => "Connection: keep-alive",
            (true, false) => "no `Connection: close`",
        };
        let is_said = match (row.keeps, old) {
            (false, _) => response.says("close"),
            (true, true) => response.says("keep-alive"),
            (true, false) => true,
        };
        if !is_said || row.keeps && response.says("close") {
            let said: Vec<&str> = response.values("Connection").collect();
            let got = match said.as_slice() {
                [] => "no Connection field".to_string(),
                said => format!("Connection: {}", said.join(", ")),
            };
            return Err(client.failed(wanted, got)).about(&row.about()).likely(
                "the client cannot know what becomes of the connection \
                 unless it is told: RFC 9112, 9.6",
            );
        }
    }
    Ok(())
}

fn head(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for target in ["/page", "/missing"] {
        let mut client = program.connect()?;
        let ask = |method: &str| {
            format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n")
        };
        client.send(ask("GET").as_bytes())?;
        let whole = client.response()?;
        client.send(ask("HEAD").as_bytes())?;
        let head = client.response_head()?;
        if (head.status, &head.fields) != (whole.status, &whole.fields) {
            let got = head.head();
            let wanted = format!("the same head as for GET: {}", whole.head());
            return Err(client.failed(wanted, got)).likely(
                "the response to HEAD tells the Content-Length of the body that \
                 GET would get: RFC 9110, 9.3.2",
            );
        }
        client.send(ask("GET").as_bytes())?;
        let again = client.response().expecting("the next response").likely(
            "what follows the head of a response to HEAD is the next response: \
             no body, RFC 9110, 9.3.2",
        )?;
        if again.body != whole.body {
            let got = show::bytes(&again.body);
            return Err(client.failed(show::bytes(&whole.body), got));
        }
    }
    Ok(())
}

fn errors(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for (method, target, status) in
        [("GET", "/missing", 404), ("PUT", "/thing", 405)]
    {
        let mut client = program.connect()?;
        let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        for _ in 0..2 {
            client.send(request.as_bytes())?;
            let response =
                client.response().about(&format!("a {status}")).likely(
                    "the request was understood, so the next one can be: a 404 \
                 or 405 is no reason to close",
                )?;
            if response.status != status || response.says("close") {
                let got = response.head();
                return Err(client.failed(
                    format!("{status}, and the connection stays"),
                    got,
                ));
            }
        }
    }
    let mut client = program.connect()?;
    client.send(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")?;
    let response = client.response()?;
    if response.status != 400 || !response.says("close") {
        let got = response.head();
        return Err(client.failed("400, and Connection: close", got)).likely(
            "nobody knows where the next request would begin, so the \
             connection ends: say so",
        );
    }
    client.expect_eof()
}

fn order(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    let mut requests = String::new();
    for number in 1..=10 {
        let method = if number % 3 == 0 { "HEAD" } else { "GET" };
        let last = if number == 10 { "Connection: close\r\n" } else { "" };
        requests.push_str(&format!(
            "{method} /{number} HTTP/1.1\r\nHost: a\r\n{last}\r\n"
        ));
    }
    requests.push_str("GET /behind HTTP/1.1\r\nHost: a\r\n\r\n");
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
    let request = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let more = b"GET /more HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100_000);
    let all = [request.as_slice(), &more].concat();
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
        client.send(request)?;
        expect(&mut client, "/last")?;
        Ok(client)
    })
    .likely(guess)
}

//! 06a Keep or close: when a connection ends, and how.

use super::{Check, Starter, Table};
use crate::lab::client::{self, Client};
use crate::lab::{Advice, Lab, Outcome, linger, show, tidy};

mod rows;

use rows::{ROWS, Row};

const ANSWERS: &str = "answers one request after the other";
const DECIDES: &str = "keeps or closes, by version and Connection";
const SAYS: &str = "says what becomes of the connection";
const HEAD: &str = "answers HEAD without a body";
const ERRORS: &str = "closes after a request that it cannot read, only";
const ORDER: &str = "answers ten requests at once in their order";
const READABLE: &str = "lets the client read the last answer";
const TIDY: &str = "serves on and leaves nothing behind";

pub const TABLE: Table = Table {
    id: "06a",
    checks: &[
        Check {
            name: ANSWERS,
            points: 1,
            needs: &[],
            read: "The states of a connection",
            starter: Starter::Passes,
            run: |lab| talk(&mut lab.server()?.connect()?),
        },
        Check {
            name: DECIDES,
            points: 4,
            needs: &[ANSWERS],
            read: "Staying, or not",
            starter: Starter::Fails,
            run: decides,
        },
        Check {
            name: SAYS,
            points: 1,
            needs: &[DECIDES],
            read: "Staying, or not",
            starter: Starter::Waits,
            run: says,
        },
        Check {
            name: HEAD,
            points: 2,
            needs: &[ANSWERS],
            read: "Responses",
            starter: Starter::Fails,
            run: head,
        },
        Check {
            name: ERRORS,
            points: 1,
            needs: &[ANSWERS],
            read: "Staying, or not",
            starter: Starter::Fails,
            run: errors,
        },
        Check {
            name: ORDER,
            points: 2,
            needs: &[DECIDES, HEAD],
            read: "The states of a connection",
            starter: Starter::Waits,
            run: order,
        },
        Check {
            name: READABLE,
            points: 2,
            needs: &[DECIDES],
            read: "Staying, or not",
            starter: Starter::Waits,
            run: readable,
        },
        Check {
            name: TIDY,
            points: 1,
            needs: &[ANSWERS],
            read: "Staying, or not",
            starter: Starter::Passes,
            run: |lab| tidy::check(lab, &lab.server()?, talk),
        },
    ],
};

/// Receives the answer to `GET target`.
fn expect(client: &mut Client, target: &str) -> Outcome<client::Answer> {
    let answer = client.answer()?;
    let body = format!("You asked for {target}.\n");
    if answer.status == 200 && answer.body == body.as_bytes() {
        return Ok(answer);
    }
    let got = format!("{} {}", answer.status, show::bytes(&answer.body));
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
                    .expecting("the connection stays, for a second answer")
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
        let answer = expect(&mut client, "/one")?;
        let old = row.version == "1.0";
        let wanted = match (row.keeps, old) {
            (false, _) => "Connection: close",
            (true, true) => "Connection: keep-alive",
            (true, false) => "no `Connection: close`",
        };
        let is_said = match (row.keeps, old) {
            (false, _) => answer.says("close"),
            (true, true) => answer.says("keep-alive"),
            (true, false) => true,
        };
        if !is_said || row.keeps && answer.says("close") {
            let said: Vec<&str> = answer.values("Connection").collect();
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
        let whole = client.answer()?;
        client.send(ask("HEAD").as_bytes())?;
        let head = client.answer_head()?;
        if (head.status, &head.fields) != (whole.status, &whole.fields) {
            let got = head.head();
            let wanted = format!("the same head as for GET: {}", whole.head());
            return Err(client.failed(wanted, got)).likely(
                "the answer to HEAD tells the Content-Length of the body that \
                 GET would get: RFC 9110, 9.3.2",
            );
        }
        client.send(ask("GET").as_bytes())?;
        let again = client.answer().expecting("the next answer").likely(
            "what follows the head of an answer to HEAD is the next answer: \
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
            let answer = client.answer().about(&format!("a {status}")).likely(
                "the request was understood, so the next one can be: a 404 \
                 or 405 is no reason to close",
            )?;
            if answer.status != status || answer.says("close") {
                let got = answer.head();
                return Err(client.failed(
                    format!("{status}, and the connection stays"),
                    got,
                ));
            }
        }
    }
    let mut client = program.connect()?;
    client.send(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")?;
    let answer = client.answer()?;
    if answer.status != 400 || !answer.says("close") {
        let got = answer.head();
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
            client.answer_head().about(&row)?;
        } else {
            expect(&mut client, &format!("/{number}")).about(&row)?;
        }
    }
    client.expect_eof().likely(
        "what lies behind a request that says close is not answered: \
         RFC 9112, 9.6",
    )
}

fn readable(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let guess = "closing while bytes are unread resets the connection, and \
                 the answer is lost: end your direction, and read on for a \
                 while";
    let request = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let more = b"GET /more HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100_000);
    for _ in 0..3 {
        let mut client = program.connect()?;
        client.send(&[request.as_slice(), &more].concat()).likely(guess)?;
        expect(&mut client, "/last").likely(guess)?;
        client.expect_eof().likely(guess)?;
    }
    linger::check(|| {
        let mut client = program.connect()?;
        client.send(request)?;
        expect(&mut client, "/last")?;
        Ok(client)
    })
    .likely(guess)
}

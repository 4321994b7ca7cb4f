//! 07a Where does it end?: bodies, by length and in chunks.

use super::{Check, TIDY};
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Advice, Lab, Outcome, show, tidy};

mod bodies;

use bodies::{AMBIGUOUS, BROKEN, CHUNKED_IN_1_0, CHUNKS, LENGTHS, Row};

const RESPONDS: &str = "responds to requests without a body";
const LENGTH: &str = "reads a body by its length";
const TWO_WAYS: &str = "refuses what could be read in two ways";
const CHUNKED: &str = "reads a body in chunks";
const MALFORMED: &str = "refuses chunks that are malformed";
const PIECES: &str = "finds the end however the bytes come";
const CUT_OFF: &str = "accepts no body that is cut off";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "One rule: refuse",
        |lab| talk(&mut lab.server()?.connect()?);
    LENGTH, 2, needs [RESPONDS], Fails, read "One rule: refuse",
        |lab| understood(lab, LENGTHS);
    TWO_WAYS, 3, needs [RESPONDS], Fails, read "One rule: refuse", two_ways;
    CHUNKED, 3, needs [RESPONDS], Fails, read "Chunks, byte by byte",
        |lab| understood(lab, CHUNKS);
    MALFORMED, 3, needs [CHUNKED], Waits, read "Chunks, byte by byte",
        |lab| {
            let program = lab.server()?;
            BROKEN.iter().try_for_each(|row| refused(&program, "1.1", row))
        };
    PIECES, 2, needs [LENGTH, CHUNKED], Waits, read "Chunks, byte by byte",
        pieces;
    CUT_OFF, 1, needs [CHUNKED], Waits, read "One rule: refuse", cut_off;
    TIDY, 1, needs [RESPONDS], Passes, read "One rule: refuse",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

/// What the server says about `content`.
fn counted(content: &[u8]) -> String {
    let sum: u64 = content.iter().map(|byte| u64::from(*byte)).sum();
    format!("{} bytes, sum {sum}\n", content.len())
}

/// Receives the response 200 about `content`.
fn expect(client: &mut Client, content: &[u8]) -> Outcome {
    let response = client.response()?;
    let said = counted(content);
    if response.status == 200 && response.body == said.as_bytes() {
        return Ok(());
    }
    let got = format!("{} {}", response.status, show::bytes(&response.body));
    Err(client.failed(format!("200 {}", show::bytes(said.as_bytes())), got))
}

fn talk(client: &mut Client) -> Outcome {
    for _ in 0..2 {
        client.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")?;
        expect(client, b"").likely(
            "a request without a word about its body has no body: RFC 9112, \
             6.3",
        )?;
    }
    Ok(())
}

/// The request that comes behind each row.
const NEXT: &[u8] =
    b"POST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nnext";

impl Row {
    fn request(&self, version: &str) -> Vec<u8> {
        let Row { fields, body, .. } = self;
        let head = format!("POST / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        [head.as_bytes(), body].concat()
    }

    fn about(&self) -> String {
        format!("{} ({})", self.name, self.rfc)
    }
}

/// Each request gets its response, and so does the one behind it.
fn understood(lab: &Lab, rows: &[Row]) -> Outcome {
    let program = lab.server()?;
    for row in rows {
        let content = row.content.unwrap_or_default();
        let mut client = program.connect()?;
        client.send(&[&row.request("1.1"), NEXT].concat())?;
        expect(&mut client, content).about(&row.about())?;
        expect(&mut client, b"next").about(&row.about()).likely(
            "the body is right, but the next request begins exactly behind \
             it",
        )?;
    }
    Ok(())
}

/// The request is refused, and the one behind it gets no response.
fn refused(program: &Program, version: &str, row: &Row) -> Outcome {
    let mut client = program.connect()?;
    client.send(&[&row.request(version), NEXT].concat())?;
    let response = client
        .response()
        .expecting("400 and the end of the connection")
        .about(&row.about())?;
    // A better word for a coding, or for a limit, is no mistake.
    if ![400, 413, 431, 501].contains(&response.status) {
        let got =
            format!("{} {}", response.status, show::bytes(&response.body));
        return Err(client.failed("400", got)).about(&row.about()).likely(
            "another server on the way may read this otherwise, and see \
             another request in the same bytes: refuse it",
        );
    }
    client.expect_eof().about(&row.about()).likely(
        "after a refused request nobody knows where the next one begins: \
         close",
    )
}

fn two_ways(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    AMBIGUOUS.iter().try_for_each(|row| refused(&program, "1.1", row))?;
    refused(&program, "1.0", &CHUNKED_IN_1_0)
}

fn pieces(lab: &Lab) -> Outcome {
    let whole = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\
        \r\n\r\n5;x=y\r\nhello\r\n3\r\n...\r\n0\r\nA: b\r\n\r\n";
    let program = lab.server()?;
    let mut client = program.connect()?;
    for cut in 1..whole.len() {
        let row = format!("cut after {cut} bytes");
        let (start, rest) = whole.split_at(cut);
        client.send(start)?;
        client.expect_nothing().about(&row)?;
        client.send(rest)?;
        expect(&mut client, b"hello...").about(&row)?;
    }

    let program = lab.launch(&["127.0.0.1:0"]).shim("r=7,eintr=5").start()?;
    let mut client = program.connect()?;
    let rows = || LENGTHS.iter().chain(CHUNKS);
    let all: Vec<u8> = rows().flat_map(|row| row.request("1.1")).collect();
    client.send(&all)?;
    rows().try_for_each(|row| {
        let content = row.content.unwrap_or_default();
        expect(&mut client, content)
            .about(&format!("seven bytes at a time, {}", row.name))
    })
}

fn cut_off(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for (name, fields, body) in [
        ("half a body", "Content-Length: 10", "hello"),
        ("half a chunk", "Transfer-Encoding: chunked", "a\r\nhello"),
        ("no last chunk", "Transfer-Encoding: chunked", "5\r\nhello\r\n"),
        (
            "no blank line behind the last chunk",
            "Transfer-Encoding: chunked",
            "0\r\n",
        ),
        ("half a head", "Content-", ""),
    ] {
        let end = if fields.ends_with('-') { "" } else { "\r\n\r\n" };
        let request =
            format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}{end}{body}");
        let mut client = program.connect()?;
        client.send(request.as_bytes())?;
        client.finish()?;
        let (got, _) = client.receive(4096)?;
        // A refusal may be said to somebody who has gone; a success not.
        if got.starts_with(b"HTTP/1.1 2") {
            let got = show::bytes(&got);
            return Err(client.failed("no success", got)).about(name).likely(
                "the end of file inside a body means that it is cut off",
            );
        }
    }
    Ok(())
}

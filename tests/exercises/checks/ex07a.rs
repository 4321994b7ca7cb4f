//! 07a Where does it end?: bodies, by length and in chunks.

use super::expect::{PARTIAL, at_every_cut, counted};
use super::http::{self, ask};
use super::prelude::*;

mod bodies;

use bodies::{Case, ambiguous, chunks, lengths, malformed};

const RESPONDS: &str = "responds to requests without a body";
const LENGTH: &str = "reads a body by its length";
const CHUNKED: &str = "reads a body in chunks";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "One rule: refuse",
        |lab| talk(&mut lab.server()?.connect()?);
    LENGTH, 2, needs [RESPONDS], Fails, read "One rule: refuse",
        |lab| understood(lab, lengths());
    "refuses what could be read in two ways", 3, needs [RESPONDS], Fails,
        read "One rule: refuse", |lab| refused(lab, ambiguous());
    CHUNKED, 3, needs [RESPONDS], Fails, read "Chunks, byte by byte",
        |lab| understood(lab, chunks());
    "refuses chunks that are malformed", 3, needs [CHUNKED], Waits,
        read "Chunks, byte by byte", |lab| refused(lab, malformed());
    "finds the end however the bytes come", 2, needs [LENGTH, CHUNKED], Waits,
        read "Chunks, byte by byte", pieces;
    "accepts no body that is cut off", 1, needs [CHUNKED], Waits,
        read "One rule: refuse", cut_off;
    TIDY, 1, needs [RESPONDS], Passes, read "One rule: refuse",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

/// Receives the response 200 about `content`.
fn expect(client: &mut Client, content: &[u8]) -> Outcome {
    http::expect(client, counted(content).as_bytes()).map(drop)
}

fn talk(client: &mut Client) -> Outcome {
    for _ in 0..2 {
        ask(client, "GET", "/hello")?;
        expect(client, b"").likely(
            "a request without a word about its body has no body: RFC 9112, \
             6.3",
        )?;
    }
    Ok(())
}

/// The request that comes behind each case.
const NEXT: &[u8] =
    b"POST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nnext";

/// Each request gets its response, and so does the one behind it.
fn understood(lab: &Lab, cases: impl Iterator<Item = Case>) -> Outcome {
    let program = lab.server()?;
    for Case { about, request, content } in cases {
        let mut client = program.connect()?;
        client.send(&[&request, NEXT].concat())?;
        expect(&mut client, content).about(&about)?;
        expect(&mut client, b"next").about(&about).likely(
            "the body is right, but the next request begins exactly behind \
             it",
        )?;
    }
    Ok(())
}

/// Each request is refused, and the one behind it gets no response.
fn refused(lab: &Lab, cases: impl Iterator<Item = Case>) -> Outcome {
    let program = lab.server()?;
    for Case { about, request, .. } in cases {
        let mut client = program.connect()?;
        client.send(&[&request, NEXT].concat())?;
        // A better word for a coding, or for a limit, is no mistake.
        http::refused(&mut client, &[400, 413, 431, 501])
            .expecting("400 and the end of the connection")
            .about(&about)
            .likely(
                "another server on the way may read this otherwise, and see \
                 another request in the same bytes: refuse it",
            )?;
        client.expect_eof().about(&about).likely(
            "after a refused request nobody knows where the next one begins: \
             close",
        )?;
    }
    Ok(())
}

fn pieces(lab: &Lab) -> Outcome {
    let whole = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\
        \r\n\r\n5;x=y\r\nhello\r\n3\r\n...\r\n0\r\nA: b\r\n\r\n";
    at_every_cut(lab, whole, PARTIAL, |client| expect(client, b"hello..."))?;

    let program = lab.launch(&["127.0.0.1:0"]).shim("r=7,eintr=5").start()?;
    let mut client = program.connect()?;
    let cases: Vec<Case> = lengths().chain(chunks()).collect();
    let requests: Vec<&[u8]> =
        cases.iter().map(|case| case.request.as_slice()).collect();
    client.send(&requests.concat())?;
    cases.iter().try_for_each(|case| {
        expect(&mut client, case.content)
            .about(&format!("seven bytes at a time, {}", case.about))
    })
}

fn cut_off(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for (name, rest) in [
        ("half a body", "Content-Length: 10\r\n\r\nhello"),
        ("half a chunk", "Transfer-Encoding: chunked\r\n\r\na\r\nhello"),
        ("no last chunk", "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n"),
        ("no blank line at the end", "Transfer-Encoding: chunked\r\n\r\n0\r\n"),
        ("half a head", "Content-"),
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{rest}");
        let mut client = program.connect()?;
        client.send(request.as_bytes())?;
        client.finish()?;
        let (got, _) = client.receive(4096)?;
        // A refusal may be said to somebody who has gone; a success not.
        ensure(!got.starts_with(b"HTTP/1.1 2"), || {
            client.failed("no success", show::bytes(&got))
        })
        .about(name)
        .likely("the end of file inside a body means that it is cut off")?;
    }
    Ok(())
}

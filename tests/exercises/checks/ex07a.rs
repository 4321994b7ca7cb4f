//! 07a Where does it end?: bodies, by length and in chunks.

use super::expect::{PARTIAL, at_every_cut, counted};
use super::http::{self, ask};
use super::parts::rows;
use super::prelude::*;

const RESPONDS: &str = "responds to requests without a body";
const LENGTH: &str = "reads a body by its length";
const CHUNKED: &str = "reads a body in chunks";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "One rule: refuse",
        |lab| talk(&mut lab.server()?.connect()?);
    LENGTH, 2, needs [RESPONDS], Fails, read "One rule: refuse",
        |lab| table(&lab.server()?, LENGTHS);
    "refuses what could be read in two ways", 3, needs [RESPONDS], Fails,
        read "One rule: refuse", |lab| table(&lab.server()?, AMBIGUOUS);
    CHUNKED, 3, needs [RESPONDS], Fails, read "Chunks, byte by byte",
        |lab| table(&lab.server()?, CHUNKS);
    "refuses chunks that are malformed", 3, needs [CHUNKED], Waits,
        read "Chunks, byte by byte", |lab| table(&lab.server()?, MALFORMED);
    "finds the end however the bytes come, and only if it comes", 3,
        needs [LENGTH, CHUNKED], Waits, read "Chunks, byte by byte",
        |lab| pieces(lab).and_then(|()| cut_off(lab));
    TIDY, 1, needs [RESPONDS], Passes, read "One rule: refuse",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

/// Rows of a body's content, or 400; what is special about the request; and
/// what follows its Host. `&` is a line's end, and [`in_full`] knows the words
/// in capitals. Behind # is where the rows below it are written.
const LENGTHS: &str = "\
# RFC 9112, 6.3
 | no word about a body | &
LONG | a long body | Content-Length: 99999&&LONG
SMUGGLED | a body that looks like a request | Content-Length: 35&&SMUGGLED
# RFC 9110, 8.6
hello | a length of 5 | Content-Length: 5&&hello
hello | zeros in front | Content-Length: 00005&&hello
# RFC 9110, 5.1
hello | a name in other letters | content-LENGTH:5&&hello
# RFC 9112, 5.1
hello | blanks around it | Content-Length: \t5 \t&&hello
";

const CHUNKS: &str = "\
# RFC 9112, 7
hello | a coding in other letters | transfer-encoding:CHunked&&HELLO
# RFC 9112, 7.1
hello | one chunk | CHUNKED&&HELLO
hello | zeros in front | CHUNKED&&00000000000000000005&hello&000&&
 | no chunk but the last | CHUNKED&&0&&
hello | three chunks | CHUNKED&&2&he&1&l&2&lo&0&&
01234567890123456789a | sizes are hexadecimal, in small and large letters \
| CHUNKED&&a&0123456789&B&0123456789a&0&&
0&& | content like the end | CHUNKED&&5&0&&&0&&
# RFC 9112, 7.1.1
hello | extensions | CHUNKED&&5;a=b;c=\"d\"&hello&0;end&&
# RFC 9112, 7.1.2
hello | trailers, no request | CHUNKED&&5&hello&0&GET: /&X: y&&
";

const AMBIGUOUS: &str = "\
# RFC 9112, 6.3
400 | lengths that differ | Content-Length: 5&Content-Length: 6&&hello
# RFC 9112, 6.3; the task
400 | lengths that agree | Content-Length: 5&Content-Length: 5&&hello
# RFC 9110, 8.6; the task
400 | a list of lengths | Content-Length: 5, 5&&hello
# RFC 9110, 8.6
400 | a plus sign | Content-Length: +5&&hello
400 | a hexadecimal length | Content-Length: 0x5&&hello
400 | no digits | Content-Length: &&hello
400 | 2^64 + 5, which wraps to 5 | Content-Length: 18446744073709551621&&hello
# RFC 9112, 6.3
400 | a coding without an end | Transfer-Encoding: gzip&&HELLO
400 | chunked, but not last | CHUNKED, gzip&&HELLO
# RFC 9112, 6.1
400 | chunked twice | CHUNKED&CHUNKED&&HELLO
400 | chunks and a length | CHUNKED&Content-Length: 15&&HELLO
400 | a length and chunks | Content-Length: 15&CHUNKED&&HELLO
400 | chunks in HTTP/1.0 | HTTP/1.0&CHUNKED&&HELLO
";

const MALFORMED: &str = "\
# RFC 9112, 7.1
400 | a size that is no number | CHUNKED&&zz&&
400 | no size | CHUNKED&&&hello&0&&
400 | a size with a plus sign | CHUNKED&&+5&hello&0&&
400 | a blank before the size | CHUNKED&& 5&hello&0&&
400 | a size of 2^64 + 5 | CHUNKED&&10000000000000005&hello&0&&
400 | a size's line that ends in LF alone | CHUNKED&&5LFhello&0&&
400 | a chunk longer than its size | CHUNKED&&3&hello&0&&
400 | a chunk shorter than its size | CHUNKED&&7&hello&0&&
400 | a chunk that ends in LF alone | CHUNKED&&5&helloLF0&&
# RFC 9112, 7.1.1
400 | an extension without end | CHUNKED&&5;LONG&hello&0&&
# RFC 9112, 7.1.2
400 | a trailer that is no field | CHUNKED&&0&GET / HTTP/1.1&&
400 | trailers without end | CHUNKED&&0&TRAILERS&&
";

/// A row's request as it is sent.
fn request(row: &str) -> String {
    let start = if row.starts_with("HTTP") { "" } else { "HTTP/1.1&Host: a&" };
    in_full(&["POST / ", start, row].concat())
}

/// What the words in capitals stand for.
fn in_full(row: &str) -> String {
    let words = [
        ("HELLO", "5&hello&0&&"),
        ("SMUGGLED", "GET /smuggled HTTP/1.1&Host: a&&"),
        ("CHUNKED", "Transfer-Encoding: chunked"),
        ("LONG", &"l".repeat(99_999)),
        ("TRAILERS", &"T: 45678901234&".repeat(4096)),
        ("LF", "\n"),
        ("&", "\r\n"),
    ];
    let words = words.iter();
    words.fold(row.to_string(), |row, (word, text)| row.replace(word, text))
}

/// The request that comes behind each row's.
const NEXT: &str =
    "POST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nnext";

/// Each request gets its response, and so does the one behind it; or it is
/// refused, and the one behind it gets none.
fn table(program: &Program, table: &str) -> Outcome {
    for (rfc, content, row) in rows(table) {
        let (name, row) = row.split_once(" | ").unwrap_or_default();
        let mut client = program.connect()?;
        client.send([&request(row), NEXT].concat().as_bytes())?;
        let outcome = match content {
            "400" => refused(&mut client),
            _ => understood(&mut client, &in_full(content)),
        };
        outcome.about(&format!("{name} ({rfc})"))?;
    }
    Ok(())
}

fn understood(client: &mut Client, content: &str) -> Outcome {
    expect(client, content)?;
    expect(client, "next").likely(
        "the body is right, but the next request begins exactly behind it",
    )
}

fn refused(client: &mut Client) -> Outcome {
    // A better word for a coding, or for a limit, is no mistake.
    http::refused(client, &[400, 413, 431, 501])
        .expecting("400 and the end of the connection")
        .likely(
            "another server on the way may read this otherwise, and see \
             another request in the same bytes: refuse it",
        )?;
    client.expect_eof().likely(
        "after a refused request nobody knows where the next one begins: \
         close",
    )
}

/// Receives the response 200 about `content`.
fn expect(client: &mut Client, content: &str) -> Outcome {
    let line = counted(content.as_bytes());
    http::expect(client, line.as_bytes()).map(drop)
}

fn talk(client: &mut Client) -> Outcome {
    for _ in 0..2 {
        ask(client, "GET", "/hello")?;
        expect(client, "").likely(
            "a request without a word about its body has no body: RFC 9112, \
             6.3",
        )?;
    }
    Ok(())
}

fn pieces(lab: &Lab) -> Outcome {
    let request = request("CHUNKED&&5;x=y&hello&3&...&0&A: b&&");
    let content = |client: &mut Client| expect(client, "hello...");
    at_every_cut(lab, request.as_bytes(), PARTIAL, content)?;
    let program = lab.launch(&["127.0.0.1:0"]).shim("r=7,eintr=5").start()?;
    table(&program, LENGTHS)
        .and_then(|()| table(&program, CHUNKS))
        .about("seven bytes at a time")
}

fn cut_off(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for (name, rest) in [
        ("half a body", "Content-Length: 10&&hello"),
        ("half a chunk", "CHUNKED&&a&hello"),
        ("no last chunk", "CHUNKED&&1&h&"),
        ("no blank line at the end", "CHUNKED&&0&"),
        ("half a head", "Content-"),
    ] {
        let mut client = program.connect()?;
        client.send(request(rest).as_bytes())?;
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

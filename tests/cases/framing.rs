//! Where a body ends: RFC 9112 section 6.

use super::*;

/// A request that must never get a response when it stands in a body.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

const MAX_BODY: usize = 1024 * 1024;

pub fn cases() -> Vec<Case> {
    let mut cases = good();
    cases.extend(lengths());
    cases.extend(codings());
    cases.extend(cuts());
    cases
}

fn length(length: &str, body: &str) -> Vec<u8> {
    post(format!("Content-Length: {length}\r\n"), body)
}

fn good() -> Vec<Case> {
    let large = "x".repeat(MAX_BODY);
    let next = line("GET / HTTP/1.1");
    vec![
        case("a body", "9112 6.2", length("5", "hello")).echoes(b"hello"),
        case("an empty body", "9112 6.2", length("0", "")).echoes(b""),
        case("no body", "9112 6.3", post("", "")).echoes(b""),
        case("zeros before the length", "9110 8.6", length("0005", "hello"))
            .echoes(b"hello"),
        case(
            "blanks around the length",
            "9112 5.1",
            length(" \t5\t ", "hello"),
        )
        .echoes(b"hello"),
        case(
            "a body of every byte",
            "9112 6.2",
            post("Content-Length: 256\r\n", every_byte()),
        )
        .echoes(&every_byte()),
        case(
            "a body that looks like a request",
            "9112 6.2",
            length(&SMUGGLED.len().to_string(), SMUGGLED),
        )
        .echoes(SMUGGLED.as_bytes()),
        case(
            "a request after a body",
            "9112 6.3",
            join(&[&length("5", "hello"), &next]),
        )
        .echoes(b"hello")
        .accepted(&[200]),
        case(
            "a request after no body",
            "9112 6.3",
            join(&[&post("", ""), &next]),
        )
        .echoes(b"")
        .accepted(&[200]),
        case(
            "an empty line after a body",
            "9112 2.2",
            join(&[&length("5", "hello"), b"\r\n", &next]),
        )
        .echoes(b"hello")
        .accepted(&[200]),
        case(
            "the largest body",
            "9110 15.5.14",
            length(&MAX_BODY.to_string(), &large),
        )
        .echoes(large.as_bytes()),
        case(
            "GET with a body",
            "9110 9.3.1",
            join(&[&get("Content-Length: 5\r\n"), b"hello", &next]),
        )
        .accepted(&[200])
        .accepted(&[200]),
        case(
            "HEAD with a body",
            "9110 9.3.2",
            join(&[
                b"HEAD / HTTP/1.1\r\nHost: a\r\n\
                  Content-Length: 5\r\n\r\nhello",
                &next,
            ]),
        )
        .accepted(&[200])
        .accepted(&[200]),
        case(
            "a body for nowhere",
            "9112 6.3",
            join(&[
                b"POST /nowhere HTTP/1.1\r\nHost: a\r\n\
                  Content-Length: 5\r\n\r\nhello",
                &next,
            ]),
        )
        .accepted(&[404, 405])
        .accepted(&[200]),
        case(
            "a body in HTTP/1.0",
            "9112 6.3",
            b"POST /api/echo HTTP/1.0\r\n\
              Content-Length: 5\r\n\r\nhello",
        )
        .echoes(b"hello")
        .closes(),
        case(
            "an underscore is another field",
            "9110 5.1",
            join(&[&post("Content_Length: 5\r\n", ""), &next]),
        )
        .echoes(b"")
        .accepted(&[200]),
    ]
}

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

/// Whatever is not one number is refused, and what follows is not run.
fn lengths() -> Vec<Case> {
    let values = [
        "+5",
        "-5",
        "-0",
        "5 5",
        "5,5",
        "5, 5",
        "5, 6",
        "5,",
        ",5",
        "0x5",
        "5.0",
        "5e0",
        "",
        "five",
        "５",
        "5;",
        "5x",
        "\"5\"",
        "1_0",
        "0 0",
        "18446744073709551616",
        "36893488147419103237",
        "99999999999999999999999999999999999999",
    ];
    let mut cases: Vec<Case> = values
        .iter()
        .map(|value| {
            let name = format!("the Content-Length '{value}'");
            bad(name, "9112 6.3", length(value, SMUGGLED))
        })
        .collect();
    let two = |a, b| {
        let fields = format!("Content-Length: {a}\r\nContent-Length: {b}\r\n");
        post(fields, SMUGGLED)
    };
    cases.extend([
        bad("two different lengths", "9112 6.3", two(5, 6)),
        bad("two equal lengths", "9110 8.6", two(5, 5)),
        bad("two lengths of 0", "9110 8.6", two(0, 0)),
        bad(
            "two lengths spelt differently",
            "9112 6.3",
            post("Content-Length: 5\r\ncontent-length: 6\r\n", SMUGGLED),
        ),
        bad(
            "a bad length and a good one",
            "9112 6.3",
            post("Content-Length: x\r\nContent-Length: 5\r\n", SMUGGLED),
        ),
        bad("GET with a bad length", "9112 6.3", get("Content-Length: -1\r\n")),
        bad(
            "HTTP/1.0 with a bad length",
            "9112 6.3",
            b"POST /api/echo HTTP/1.0\r\n\
              Content-Length: x\r\n\r\n",
        ),
        no(
            413,
            "a body one byte too large",
            "9110 15.5.14",
            length(&(MAX_BODY + 1).to_string(), SMUGGLED),
        ),
        no(
            413,
            "the largest number",
            "9110 15.5.14",
            length("18446744073709551615", SMUGGLED),
        ),
        no(
            413,
            "a number of 33 bits",
            "9110 15.5.14",
            length("4294967296", SMUGGLED),
        ),
    ]);
    cases
}

/// Transfer-Encoding, before a chunked body and a request after it.
fn codings() -> Vec<Case> {
    let with = |fields: &str| {
        let body = format!("5\r\nhello\r\n0\r\n\r\n{SMUGGLED}");
        post(fields, body)
    };
    let coding = |value: &str| with(&format!("Transfer-Encoding: {value}\r\n"));
    let mut cases = Vec::new();
    for value in [
        "chunked",
        "Chunked",
        "CHUNKED",
        ", chunked",
        "chunked,",
        " , \tchunked ,, ",
    ] {
        let name = format!("the coding '{}'", value.escape_debug());
        cases.push(
            case(name, "9112 6.1", coding(value))
                .echoes(b"hello")
                .accepted(&[404]),
        );
    }
    for value in [
        "identity",
        "gzip",
        "chunked, gzip",
        "chunked, identity",
        "chunked, chunked",
        "chunked;a=b",
        "chunked ;a",
        "chunked x",
        "x chunked",
        "xchunked",
        "chunkedx",
        "\"chunked\"",
        "'chunked'",
        "chunked\u{e4}",
        "",
        ",",
        "chunked, x",
    ] {
        let name = format!("the coding '{value}'");
        cases.push(bad(name, "9112 6.3", coding(value)));
    }
    for value in [
        "gzip, chunked",
        "x, chunked",
        "identity, chunked",
        "chunked;a=b, chunked",
    ] {
        let name = format!("the coding '{value}'");
        cases.push(no(501, name, "9112 6.1", coding(value)));
    }
    cases.extend([
        bad(
            "chunked in two fields",
            "9112 6.1",
            with(
                "Transfer-Encoding: chunked\r\n\
                 Transfer-Encoding: chunked\r\n",
            ),
        ),
        bad(
            "a coding in a field after chunked",
            "9112 6.3",
            with(
                "Transfer-Encoding: chunked\r\n\
                 Transfer-Encoding: gzip\r\n",
            ),
        ),
        no(
            501,
            "a coding in a field before chunked",
            "9112 6.1",
            with(
                "Transfer-Encoding: gzip\r\n\
                 Transfer-Encoding: chunked\r\n",
            ),
        ),
        bad(
            "a length and chunked",
            "9112 6.3",
            with(
                "Content-Length: 5\r\n\
                 Transfer-Encoding: chunked\r\n",
            ),
        ),
        bad(
            "chunked and a length",
            "9112 6.3",
            with(
                "Transfer-Encoding: chunked\r\n\
                 Content-Length: 5\r\n",
            ),
        ),
        bad(
            "chunked and a length of 0",
            "9112 6.3",
            with(
                "Transfer-Encoding: chunked\r\n\
                 Content-Length: 0\r\n",
            ),
        ),
        bad(
            "a length and an unknown coding",
            "9112 6.3",
            with("Content-Length: 5\r\nTransfer-Encoding: x\r\n"),
        ),
        bad(
            "a blank before the coding's colon",
            "9112 5.1",
            with("Transfer-Encoding : chunked\r\n"),
        ),
        bad(
            "a coding on a folded line",
            "9112 5.2",
            with("Transfer-Encoding:\r\n chunked\r\n"),
        ),
        bad(
            "chunked after a vertical tab",
            "9110 5.5",
            with("Transfer-Encoding: \x0bchunked\r\n"),
        ),
        bad(
            "chunked in HTTP/1.0",
            "9112 6.1",
            b"POST /api/echo HTTP/1.0\r\n\
              Transfer-Encoding: chunked\r\n\r\n5\r\n\
              hello\r\n0\r\n\r\n",
        ),
        bad(
            "chunked and a length in HTTP/1.0",
            "9112 6.1",
            b"POST /api/echo HTTP/1.0\r\n\
              Content-Length: 5\r\n\
              Transfer-Encoding: chunked\r\n\r\nhello",
        ),
        case(
            "an underscore is no coding",
            "9110 5.1",
            with("Transfer_Encoding: chunked\r\n"),
        )
        .echoes(b"")
        .refused(&[400]),
    ]);
    cases
}

fn cuts() -> Vec<Case> {
    vec![
        waits("nothing of the body", "9112 6.2", length("5", "")),
        waits("a part of the body", "9112 6.2", length("5", "hell")),
        bad("the end before the body", "9112 8", length("5", "")).finished(),
        bad("the end in the body", "9112 8", length("5", "hell")).finished(),
        case("the end after the body", "9112 8", length("5", "hello"))
            .finished()
            .echoes(b"hello")
            .closes(),
    ]
}

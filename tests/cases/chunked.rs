//! Bodies in chunks: RFC 9112 section 7.1.

use super::*;

const MAX_BODY: usize = 1024 * 1024;

fn chunked(body: impl AsRef<[u8]>) -> Vec<u8> {
    post("Transfer-Encoding: chunked\r\n", body)
}

/// A good body, and the request after it.
fn good(
    name: &str,
    rfc: &'static str,
    body: impl AsRef<[u8]>,
    is: &[u8],
) -> Case {
    let next = line("GET / HTTP/1.1");
    case(name, rfc, join(&[&chunked(body), &next])).echoes(is).accepted(&[200])
}

/// A bad body: the request after it gets no response.
fn broken(name: &str, body: impl AsRef<[u8]>) -> Case {
    let next = line("GET / HTTP/1.1");
    bad(name, "9112 7.1", join(&[&chunked(body), &next]))
}

pub fn cases() -> Vec<Case> {
    let mut cases = accepted();
    cases.extend(sizes());
    cases.extend(data());
    cases.extend(trailers());
    cases.extend(cuts());
    cases
}

fn accepted() -> Vec<Case> {
    let hello = b"hello";
    let large = format!("10000\r\n{}\r\n0\r\n\r\n", "x".repeat(65_536));
    let single = "1\r\nx\r\n".repeat(1000) + "0\r\n\r\n";
    let largest = format!("100000\r\n{}\r\n0\r\n\r\n", "x".repeat(MAX_BODY));
    vec![
        good("one chunk", "9112 7.1", "5\r\nhello\r\n0\r\n\r\n", hello),
        good(
            "two chunks",
            "9112 7.1",
            "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            hello,
        ),
        good("no chunk", "9112 7.1", "0\r\n\r\n", b""),
        good(
            "a lowercase hexadecimal size",
            "9112 7.1",
            "a\r\n0123456789\r\n0\r\n\r\n",
            b"0123456789",
        ),
        good(
            "an uppercase hexadecimal size",
            "9112 7.1",
            "A\r\n0123456789\r\n0\r\n\r\n",
            b"0123456789",
        ),
        good(
            "zeros before the size",
            "9112 7.1",
            "005\r\nhello\r\n0\r\n\r\n",
            hello,
        ),
        good(
            "sixteen digits",
            "9112 7.1",
            "0000000000000005\r\nhello\r\n0\r\n\r\n",
            hello,
        ),
        good(
            "many zeros at the end",
            "9112 7.1",
            "5\r\nhello\r\n0000\r\n\r\n",
            hello,
        ),
        good(
            "CRLF in the data",
            "9112 7.1",
            "4\r\n\r\n\r\n\r\n0\r\n\r\n",
            b"\r\n\r\n",
        ),
        good(
            "a chunk in the data",
            "9112 7.1",
            "a\r\n5\r\nhello\r\n\r\n0\r\n\r\n",
            b"5\r\nhello\r\n",
        ),
        good("an extension", "9112 7.1.1", "5;a\r\nhello\r\n0\r\n\r\n", hello),
        good(
            "an extension with a value",
            "9112 7.1.1",
            "5;a=b\r\nhello\r\n0\r\n\r\n",
            hello,
        ),
        good(
            "an extension in quotes",
            "9112 7.1.1",
            "5;a=\"b; c\"\r\nhello\r\n0\r\n\r\n",
            hello,
        ),
        good(
            "an escaped quotation mark in an extension",
            "9112 7.1.1",
            "5;a=\"b\\\";\" ;c\r\nhello\r\n0\r\n\r\n",
            hello,
        ),
        good(
            "two extensions",
            "9112 7.1.1",
            "5;a;b=c\r\nhello\r\n0\r\n\r\n",
            hello,
        ),
        good(
            "blanks before an extension",
            "9112 7.1.1",
            "5 \t; a = b\r\nhello\r\n0\r\n\r\n",
            hello,
        ),
        good(
            "an extension of the last chunk",
            "9112 7.1.1",
            "5\r\nhello\r\n0;a=b\r\n\r\n",
            hello,
        ),
        good(
            "a trailer",
            "9112 7.1.2",
            "5\r\nhello\r\n0\r\nX: b\r\n\r\n",
            hello,
        ),
        good(
            "two trailers",
            "9112 7.1.2",
            "5\r\nhello\r\n0\r\nX: b\r\nY:\r\n\r\n",
            hello,
        ),
        good(
            "a trailer that must not be one",
            "9110 6.5.1",
            "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\
             Transfer-Encoding: x\r\n\r\n",
            hello,
        ),
        good("a large chunk", "9112 7.1", large, "x".repeat(65_536).as_bytes()),
        good(
            "a thousand chunks",
            "9112 7.1",
            single,
            "x".repeat(1000).as_bytes(),
        ),
        good(
            "the largest chunk",
            "9112 7.1",
            largest,
            "x".repeat(MAX_BODY).as_bytes(),
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let sizes: [(&str, &[u8]); 28] = [
        ("no size", b""),
        ("a size that is a letter", b"g"),
        ("a size with a minus", b"-5"),
        ("a size with a plus", b"+5"),
        ("a size with 0x", b"0x5"),
        ("a blank before the size", b" 5"),
        ("a blank after the size", b"5 "),
        ("a tab after the size", b"5\t"),
        ("a blank in the size", b"0 5"),
        ("an underscore in the size", b"0_5"),
        ("a decimal point in the size", b"5.0"),
        ("a comma after the size", b"5,a"),
        ("an extension without a size", b";a=b"),
        ("a CR after the size", b"5\r"),
        ("a NUL after the size", b"5\0"),
        ("an LF in an extension", b"5;a\nb"),
        ("a CR in an extension", b"5;a\rb"),
        ("a NUL in an extension", b"5;a=\0"),
        ("seventeen digits", b"00000000000000005"),
        ("an extension without a name", b"5;"),
        ("two semicolons", b"5;;a"),
        ("an extension with a bracket", b"5;bad[=x"),
        ("an extension without its value", b"5;a="),
        ("two values of an extension", b"5;a=b=c"),
        ("a word after an extension's value", b"5;a=b c"),
        ("an open quotation mark", b"5;a=\"b"),
        ("a word after a quotation", b"5;a=\"b\"c"),
        ("a blank at the end of an extension", b"5;a "),
    ];
    let mut cases: Vec<Case> = sizes
        .iter()
        .map(|(name, size)| {
            let body = join(&[size, b"\r\nhello\r\n0\r\n\r\n"]);
            broken(name, body)
        })
        .collect();
    let long = "x".repeat(5000);
    let many = format!("1;{}\r\nx\r\n", "y".repeat(200)).repeat(30);
    let mut more = |status: &[u16], name: &str, body: String| {
        let bytes = join(&[&chunked(body), &line("GET / HTTP/1.1")]);
        cases.push(case(name, "9112 7.1", bytes).refused(status));
    };
    more(&[400], "LF after the size", "5\nhello\r\n0\r\n\r\n".into());
    more(
        &[400],
        "sizes that wrap round to 5",
        "10000000000000005\r\nhello\r\n0\r\n\r\n".into(),
    );
    more(
        &[400, 413],
        "the largest size",
        "ffffffffffffffff\r\nhello\r\n0\r\n\r\n".into(),
    );
    more(
        &[413],
        "a chunk one byte too large",
        "100001\r\nhello\r\n0\r\n\r\n".into(),
    );
    more(
        &[413],
        "chunks that are too large together",
        format!("100000\r\n{}\r\n1\r\nx\r\n0\r\n\r\n", "x".repeat(MAX_BODY)),
    );
    more(
        &[400, 413, 431],
        "a long extension",
        format!("5;{long}\r\nhello\r\n0\r\n\r\n"),
    );
    more(&[400, 413, 431], "many long extensions", many + "0\r\n\r\n");
    let short = "1;a\r\nx\r\n".repeat(20_000);
    more(&[400, 413, 431], "many short extensions", short + "0\r\n\r\n");
    more(&[400], "digits without an end", "0".repeat(5000));
    cases
}

fn data() -> Vec<Case> {
    vec![
        broken("no CRLF after the data", "5\r\nhello0\r\n\r\n"),
        broken("data longer than its size", "4\r\nhello\r\n0\r\n\r\n"),
        broken("data shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
        broken("LF after the data", "5\r\nhello\n0\r\n\r\n"),
        broken("CR after the data", "5\r\nhello\r0\r\n\r\n"),
        broken("CR CR LF after the data", "5\r\nhello\r\r\n0\r\n\r\n"),
        broken("an empty line between chunks", "5\r\nhello\r\n\r\n0\r\n\r\n"),
        broken("a request instead of a chunk", ""),
        broken("the same length in bytes", "hello"),
    ]
}

fn trailers() -> Vec<Case> {
    let after = |rest: &[u8]| join(&[b"5\r\nhello\r\n0\r\n", rest]);
    let many = "X: y\r\n".repeat(2000);
    vec![
        broken("LF at the end", after(b"\n")),
        broken("LF after the last size", b"5\r\nhello\r\n0\n\r\n"),
        broken("LF and LF after the last chunk", b"5\r\nhello\r\n0\n\n"),
        broken("CR CR LF after the last chunk", after(b"\r\r\n")),
        broken("a trailer that is folded", after(b"X: y\r\n z\r\n\r\n")),
        broken("a blank before a trailer", after(b" X: y\r\n\r\n")),
        broken(
            "a blank before the colon of a trailer",
            after(b"X : y\r\n\r\n"),
        ),
        broken("a trailer without a name", after(b": y\r\n\r\n")),
        broken("a trailer without a colon", after(b"X\r\n\r\n")),
        broken("a trailer with a NUL", after(b"X: \0\r\n\r\n")),
        broken("a trailer that ends in LF", after(b"X: y\n\r\n")),
        broken("a trailer with a CR", after(b"X: y\rz\r\n\r\n")),
        broken("a request for a trailer", after(b"")),
        case("too many trailers", "6585 5", chunked(after(many.as_bytes())))
            .refused(&[400, 431]),
    ]
}

fn cuts() -> Vec<Case> {
    let pieces: [(&str, &str); 10] = [
        ("the head", ""),
        ("a digit", "5"),
        ("a size", "5\r\n"),
        ("some data", "5\r\nhel"),
        ("all data", "5\r\nhello"),
        ("a chunk", "5\r\nhello\r\n"),
        ("the last digit", "5\r\nhello\r\n0"),
        ("the last size", "5\r\nhello\r\n0\r\n"),
        ("the last CR", "5\r\nhello\r\n0\r\n\r"),
        ("a trailer", "5\r\nhello\r\n0\r\nX: y\r\n"),
    ];
    let mut cases = Vec::new();
    for (after, body) in pieces {
        let bytes = chunked(body);
        cases.push(waits(
            format!("no chunk bytes after {after}"),
            "9112 7.1",
            &bytes,
        ));
        cases.push(
            bad(format!("the end after {after}"), "9112 8", bytes).finished(),
        );
    }
    cases
}

//! Bodies in chunks: RFC 9112 section 7.1.

use super::*;

const MAX_BODY: usize = 1024 * 1024;

pub fn cases(t: &mut Table) {
    accepted(t);
    sizes(t);
    data(t);
    trailers(t);
    cuts(t);
}

fn chunked(body: impl AsRef<[u8]>) -> Vec<u8> {
    post("Transfer-Encoding: chunked", body)
}

/// Refused with one of `statuses`; the request after it gets no response.
fn refused(t: &mut Table, statuses: &[u16], name: &str, body: &str) {
    let bytes = join(&[&chunked(body), &line("GET / HTTP/1.1")]);
    t.case(name, bytes).refused(statuses);
}

/// A chunk whose size's line is this one, and the last chunk.
fn sized(line: &str) -> String {
    format!("{line}\r\nhello\r\n0\r\n\r\n")
}

/// A chunk, and what follows the last chunk's size.
fn ended(end: &str) -> String {
    format!("5\r\nhello\r\n0{end}")
}

fn accepted(t: &mut Table) {
    let extensions = [
        ("an extension", "5;a"),
        ("an extension with a value", "5;a=b"),
        ("an extension in quotes", "5;a=\"b; c\""),
        ("an escaped quotation mark in an extension", "5;a=\"b\\\";\" ;c"),
        ("two extensions", "5;a;b=c"),
        ("blanks before an extension", "5 \t; a = b"),
    ];
    t.rfc = "9112 7.1.1";
    for (name, line) in extensions {
        t.case(name, chunked(sized(line))).echoes("hello").next();
    }
    let two_chunks = "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    let forbidden = "\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\n";
    for (rfc, name, body) in [
        ("9112 7.1", "one chunk", sized("5")),
        ("9112 7.1", "zeros before the size", sized("005")),
        ("9112 7.1", "sixteen digits", sized("0000000000000005")),
        ("9112 7.1", "two chunks", two_chunks.into()),
        ("9112 7.1", "many zeros at the end", ended("000\r\n\r\n")),
        ("9112 7.1.1", "an extension of the last chunk", ended(";a=b\r\n\r\n")),
        ("9112 7.1.2", "a trailer", ended("\r\nX: b\r\n\r\n")),
        ("9112 7.1.2", "two trailers", ended("\r\nX: b\r\nY:\r\n\r\n")),
        ("9110 6.5.1", "a trailer that must not be one", ended(forbidden)),
    ] {
        t.rfc = rfc;
        t.case(name, chunked(body)).echoes("hello").next();
    }

    let digits = "0123456789";
    let large = "x".repeat(65_536);
    let largest = "x".repeat(MAX_BODY);
    let many = "1\r\nx\r\n".repeat(1000) + "0\r\n\r\n";
    let chunk = |data: &str| format!("{:x}\r\n{data}\r\n0\r\n\r\n", data.len());
    t.rfc = "9112 7.1";
    for (name, body, data) in [
        ("no chunk", "0\r\n\r\n".into(), ""),
        ("a lowercase hexadecimal size", chunk(digits), digits),
        (
            "an uppercase hexadecimal size",
            chunk(digits).replacen('a', "A", 1),
            digits,
        ),
        ("CRLF in the data", chunk("\r\n\r\n"), "\r\n\r\n"),
        ("a chunk in the data", chunk("5\r\nhello\r\n"), "5\r\nhello\r\n"),
        ("a large chunk", chunk(&large), &large),
        ("a thousand chunks", many, &"x".repeat(1000)),
        ("the largest chunk", chunk(&largest), &largest),
    ] {
        t.case(name, chunked(body)).echoes(data).next();
    }
}

fn sizes(t: &mut Table) {
    t.rfc = "9112 7.1";
    for (name, line) in [
        ("no size", ""),
        ("a size that is a letter", "g"),
        ("a size with a minus", "-5"),
        ("a size with a plus", "+5"),
        ("a size with 0x", "0x5"),
        ("a blank before the size", " 5"),
        ("a blank after the size", "5 "),
        ("a tab after the size", "5\t"),
        ("a blank in the size", "0 5"),
        ("an underscore in the size", "0_5"),
        ("a decimal point in the size", "5.0"),
        ("a comma after the size", "5,a"),
        ("an extension without a size", ";a=b"),
        ("a CR after the size", "5\r"),
        ("a NUL after the size", "5\0"),
        ("an LF in an extension", "5;a\nb"),
        ("a CR in an extension", "5;a\rb"),
        ("a NUL in an extension", "5;a=\0"),
        ("seventeen digits", "00000000000000005"),
        ("an extension without a name", "5;"),
        ("two semicolons", "5;;a"),
        ("an extension with a bracket", "5;bad[=x"),
        ("an extension without its value", "5;a="),
        ("two values of an extension", "5;a=b=c"),
        ("a word after an extension's value", "5;a=b c"),
        ("an open quotation mark", "5;a=\"b"),
        ("a word after a quotation", "5;a=\"b\"c"),
        ("a blank at the end of an extension", "5;a "),
        ("sizes that wrap round to 5", "10000000000000005"),
    ] {
        refused(t, &[400], name, &sized(line));
    }
    refused(t, &[400], "LF after the size", "5\nhello\r\n0\r\n\r\n");
    refused(t, &[400], "digits without an end", &"0".repeat(5000));
    refused(t, &[413], "a chunk one byte too large", &sized("100001"));
    refused(t, &[400, 413], "the largest size", &sized("ffffffffffffffff"));
    let full = format!("100000\r\n{}\r\n", "x".repeat(MAX_BODY));
    let body = full + "1\r\nx\r\n0\r\n\r\n";
    refused(t, &[413], "chunks that are too large together", &body);

    let too_much = &[400, 413, 431];
    let long = "x".repeat(5000);
    refused(t, too_much, "a long extension", &sized(&format!("5;{long}")));
    let extension = "y".repeat(200);
    for (name, chunk, count) in [
        ("many long extensions", format!("1;{extension}\r\nx\r\n"), 30),
        ("many short extensions", "1;a\r\nx\r\n".to_string(), 20_000),
    ] {
        refused(t, too_much, name, &(chunk.repeat(count) + "0\r\n\r\n"));
    }
}

fn data(t: &mut Table) {
    t.rfc = "9112 7.1";
    for (name, body) in [
        ("no CRLF after the data", "5\r\nhello0\r\n\r\n"),
        ("data longer than its size", "4\r\nhello\r\n0\r\n\r\n"),
        ("data shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
        ("LF after the data", "5\r\nhello\n0\r\n\r\n"),
        ("CR after the data", "5\r\nhello\r0\r\n\r\n"),
        ("CR CR LF after the data", "5\r\nhello\r\r\n0\r\n\r\n"),
        ("an empty line between chunks", "5\r\nhello\r\n\r\n0\r\n\r\n"),
        ("a request instead of a chunk", ""),
        ("the same length in bytes", "hello"),
    ] {
        refused(t, &[400], name, body);
    }
}

fn trailers(t: &mut Table) {
    t.rfc = "9112 7.1";
    for (name, end) in [
        ("LF at the end", "\r\n\n"),
        ("LF after the last size", "\n\r\n"),
        ("LF and LF after the last chunk", "\n\n"),
        ("CR CR LF after the last chunk", "\r\n\r\r\n"),
        ("a trailer that is folded", "\r\nX: y\r\n z\r\n\r\n"),
        ("a blank before a trailer", "\r\n X: y\r\n\r\n"),
        ("a blank before the colon of a trailer", "\r\nX : y\r\n\r\n"),
        ("a trailer without a name", "\r\n: y\r\n\r\n"),
        ("a trailer without a colon", "\r\nX\r\n\r\n"),
        ("a trailer with a NUL", "\r\nX: \0\r\n\r\n"),
        ("a trailer that ends in LF", "\r\nX: y\n\r\n"),
        ("a trailer with a CR", "\r\nX: y\rz\r\n\r\n"),
        ("a request for a trailer", "\r\n"),
    ] {
        refused(t, &[400], name, &ended(end));
    }
    t.rfc = "6585 5";
    let many = ended(&format!("\r\n{}", "X: y\r\n".repeat(2000)));
    t.case("too many trailers", chunked(many)).refused(&[400, 431]);
}

fn cuts(t: &mut Table) {
    for (after, body) in [
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
    ] {
        let bytes = chunked(body);
        t.rfc = "9112 7.1";
        t.case(format!("no chunk bytes after {after}"), &bytes);
        t.rfc = "9112 8";
        t.bad(format!("the end after {after}"), &bytes).finished();
    }
}

//! Request lines: RFC 9112 section 3.

use super::*;

const METHODS: [&str; 6] =
    ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];

pub fn cases() -> Vec<Case> {
    let mut cases = good();
    cases.extend(METHODS.map(|method| {
        let line = line(format!("{method} / HTTP/1.1"));
        case(format!("the method {method}"), "9110 9.1", line)
            .accepted(&[200, 204, 405])
    }));
    cases.extend(malformed());
    cases.extend(endings());
    cases.extend(versions());
    cases.extend(methods());
    cases.extend(prefixes());
    cases
}

fn good() -> Vec<Case> {
    vec![
        ok("a short request", "9112 3", line("GET / HTTP/1.1")),
        ok("HEAD", "9110 9.3.2", line("HEAD / HTTP/1.1")),
        ok("a query", "9112 3.2.1", line("GET /?a=b&c=%20 HTTP/1.1")),
        ok("an empty query", "9112 3.2.1", line("GET /? HTTP/1.1")),
        ok("two question marks", "3986 3.4", line("GET /?a?b HTTP/1.1")),
        ok("a slash in the query", "3986 3.4", line("GET /?/../ HTTP/1.1")),
        ok(
            "what browsers leave raw",
            "9112 3.2",
            line("GET /?{|}\"<>^`\\ HTTP/1.1"),
        ),
        case("nothing there", "9110 15.5.5", line("GET /nowhere HTTP/1.1"))
            .accepted(&[404]),
        ok(
            "one empty line before",
            "9112 2.2",
            b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        ok(
            "three empty lines before",
            "9112 2.2",
            b"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        ok("HTTP/1.0 without fields", "9112 2.3", b"GET / HTTP/1.0\r\n\r\n")
            .closes(),
        ok("HTTP/1.0 with fields", "9112 2.3", line("GET / HTTP/1.0")).closes(),
        ok("the end after the request", "9112 9.6", line("GET / HTTP/1.1"))
            .finished()
            .closes(),
        bad("the end in the request line", "9112 8", b"GET / HT").finished(),
        bad("the end in the fields", "9112 8", b"GET / HTTP/1.1\r\nHost: a")
            .finished(),
        bad(
            "the end before the blank line",
            "9112 8",
            b"GET / HTTP/1.1\r\nHost: a\r\n",
        )
        .finished(),
        bad(
            "the end within the blank line",
            "9112 8",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r",
        )
        .finished(),
        case("nothing at all", "9112 9.6", b"").finished().closes(),
    ]
}

fn malformed() -> Vec<Case> {
    let lines: [(&str, &[u8]); 28] = [
        ("two blanks after the method", b"GET  / HTTP/1.1"),
        ("two blanks after the target", b"GET /  HTTP/1.1"),
        ("a blank before the method", b" GET / HTTP/1.1"),
        ("a tab after the method", b"GET\t/ HTTP/1.1"),
        ("a tab after the target", b"GET /\tHTTP/1.1"),
        ("a blank after the version", b"GET / HTTP/1.1 "),
        ("no version", b"GET /"),
        ("no version, but a blank", b"GET / "),
        ("no target", b"GET HTTP/1.1"),
        ("an empty target", b"GET  HTTP/1.1"),
        ("only a method", b"GET"),
        ("a comma in the method", b"GE,T / HTTP/1.1"),
        ("an at sign in the method", b"G@T / HTTP/1.1"),
        ("a colon in the method", b"GET: / HTTP/1.1"),
        ("quotes around the method", b"\"GET\" / HTTP/1.1"),
        ("brackets around the method", b"(GET) / HTTP/1.1"),
        ("a letter beyond ASCII in the method", b"G\xc3\x89T / HTTP/1.1"),
        ("a NUL in the method", b"GE\0T / HTTP/1.1"),
        ("a blank in the target", b"GET /a b HTTP/1.1"),
        ("a NUL in the target", b"GET /a\0b HTTP/1.1"),
        ("a control character in the target", b"GET /a\x1bb HTTP/1.1"),
        ("a DEL in the target", b"GET /a\x7fb HTTP/1.1"),
        ("a CR in the target", b"GET /a\rb HTTP/1.1"),
        ("a vertical tab for a blank", b"GET\x0b/ HTTP/1.1"),
        ("UTF-8 in the target", b"GET /\xc3\xa9 HTTP/1.1"),
        ("Latin-1 in the target", b"GET /\xe9 HTTP/1.1"),
        ("a field for a request line", b"Host: b"),
        ("a response for a request", b"HTTP/1.1 200 OK"),
    ];
    lines.map(|(name, text)| bad(name, "9112 3", line(text))).into()
}

fn endings() -> Vec<Case> {
    vec![
        bad(
            "LF for CRLF everywhere",
            "9112 2.2",
            b"GET / HTTP/1.1\nHost: a\n\n",
        ),
        bad(
            "LF after the request line",
            "9112 2.2",
            b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        ),
        bad(
            "LF and LF at the end",
            "9112 2.2",
            b"GET / HTTP/1.1\r\nHost: a\n\n",
        ),
        bad(
            "CRLF and LF at the end",
            "9112 2.2",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        ),
        bad("CR for CRLF", "9112 2.2", b"GET / HTTP/1.1\rHost: a\r\r")
            .finished(),
        bad(
            "CR CR LF after the request line",
            "9112 2.2",
            b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
        ),
        bad(
            "CR CR LF at the end",
            "9112 2.2",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n",
        )
        .finished(),
        bad(
            "LF before the request",
            "9112 2.2",
            b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        bad(
            "CR CR before the request",
            "9112 2.2",
            b"\r\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        bad("TLS", "9112 2", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        bad("NUL and nothing else", "9112 2", b"\0\0\0\0"),
        bad("HTML", "9112 3", b"<html>\r\n</html>\r\n\r\n"),
    ]
}

fn versions() -> Vec<Case> {
    let nonsense = [
        "HTTP/1.1xyz",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/.1",
        "HTTP/11",
        "HTTP/1.10",
        "HTTP/01.1",
        "http/1.1",
        "Http/1.1",
        "HTTPS/1.1",
        "HTTP /1.1",
        "HTTP/ 1.1",
        "HTTP/1 .1",
        "HTTP/a.b",
        "HTTP/1,1",
        "HTTP/-1.1",
        "HTTP/+1.1",
        "HTTP-1.1",
        "1.1",
        "FTP/1.1",
    ];
    let mut cases: Vec<Case> = nonsense
        .iter()
        .map(|version| {
            let line = line(format!("GET / {version}"));
            bad(format!("the version '{version}'"), "9112 2.3", line)
        })
        .collect();
    for version in ["HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/9.9"] {
        let line = line(format!("GET / {version}"));
        let name = format!("the version {version}");
        cases.push(no(505, name, "9110 15.6.6", line));
    }
    cases.push(
        case(
            "HTTP/2 without asking",
            "9113 3.4",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        )
        .refused(&[501, 505]),
    );
    for version in ["HTTP/1.2", "HTTP/1.9"] {
        let name = format!("the version {version} is treated as 1.1");
        cases.push(ok(name, "9110 2.5", line(format!("GET / {version}"))));
    }
    cases.push(no(501, "CONNECT", "9110 9.3.6", line("CONNECT a:80 HTTP/1.1")));
    // A ClientHello as openssl sends it begins like this; in its random
    // bytes there may be a line's end.
    cases.push(bad(
        "TLS with a line's end in it",
        "8446 4.1.2",
        b"\x16\x03\x01\x00\xb5\x01\x00\x00\xb1\x03\x03k\n\xc2\r\n\r\n\x9d",
    ));
    cases
}

fn methods() -> Vec<Case> {
    let long = "A".repeat(300);
    let strange = "!#$%&'*+-.^_`|~1";
    ["BREW", "get", "Get", "GETS", "GE", "G", strange, &long]
        .map(|method| {
            let name = &method[..method.len().min(20)];
            let line = line(format!("{method} / HTTP/1.1"));
            no(501, format!("the method {name}"), "9110 15.6.2", line)
        })
        .into()
}

/// Whatever is not whole is waited for.
fn prefixes() -> Vec<Case> {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let ends =
        [1, 3, 4, 5, 6, 7, 11, 13, 14, 15, 16, 18, 20, 21, 22, 23, 24, 25, 26];
    let prefixes = ends.map(|end| {
        let prefix = &request[..end];
        let name = format!("nothing after '{}'", prefix.escape_ascii());
        waits(name, "9112 2.2", prefix)
    });
    let mut cases = Vec::from(prefixes);
    cases.push(waits("nothing after an empty line", "9112 2.2", b"\r\n"));
    cases.push(waits("nothing after a CR", "9112 2.2", b"\r"));
    cases
}

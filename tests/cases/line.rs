//! Request lines: RFC 9112 section 3.

use super::*;

pub fn cases(t: &mut Table) {
    good(t);
    malformed(t);
    endings(t);
    versions(t);
    methods(t);
    prefixes(t);
}

fn good(t: &mut Table) {
    for (rfc, name, text) in [
        ("9112 3", "a short request", "GET / HTTP/1.1"),
        ("9110 9.3.2", "HEAD", "HEAD / HTTP/1.1"),
        ("9112 3.2.1", "a query", "GET /?a=b&c=%20 HTTP/1.1"),
        ("9112 3.2.1", "an empty query", "GET /? HTTP/1.1"),
        ("3986 3.4", "two question marks", "GET /?a?b HTTP/1.1"),
        ("3986 3.4", "a slash in the query", "GET /?/../ HTTP/1.1"),
        ("9112 3.2", "what browsers leave raw", "GET /?{|}\"<>^`\\ HTTP/1.1"),
        ("9112 2.2", "one empty line before", "\r\nGET / HTTP/1.1"),
        ("9112 2.2", "three empty lines before", "\r\n\r\n\r\nGET / HTTP/1.1"),
    ] {
        t.rfc = rfc;
        t.ok(name, line(text));
    }

    t.rfc = "9110 15.5.5";
    t.case("nothing there", line("GET /nowhere HTTP/1.1")).accepted(&[404]);

    t.rfc = "9112 2.3";
    t.ok("HTTP/1.0 without fields", old_get("")).closes();
    t.ok("HTTP/1.0 with fields", old_get("Host: a")).closes();

    t.rfc = "9112 9.6";
    t.ok("the end after the request", get("")).finished().closes();
    t.case("nothing at all", "").finished().closes();

    t.rfc = "9112 8";
    for (name, text) in [
        ("the end in the request line", "GET / HT"),
        ("the end in the fields", "GET / HTTP/1.1\r\nHost: a"),
        ("the end before the blank line", "GET / HTTP/1.1\r\nHost: a\r\n"),
        ("the end within the blank line", "GET / HTTP/1.1\r\nHost: a\r\n\r"),
    ] {
        t.bad(name, text).finished();
    }
}

fn malformed(t: &mut Table) {
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

    t.rfc = "9112 3";
    for (name, text) in lines {
        t.bad(name, line(text));
    }
    t.bad("HTML", "<html>\r\n</html>\r\n\r\n");

    t.rfc = "9112 2";
    t.bad("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    t.bad("NUL and nothing else", b"\0\0\0\0");
    // A ClientHello as openssl sends it begins like this; in its random
    // bytes there may be a line's end.
    let hello =
        b"\x16\x03\x01\x00\xb5\x01\x00\x00\xb1\x03\x03k\n\xc2\r\n\r\n\x9d";

    t.rfc = "8446 4.1.2";
    t.bad("TLS with a line's end in it", hello);
}

fn endings(t: &mut Table) {
    t.rfc = "9112 2.2";
    for (name, text) in [
        ("LF for CRLF everywhere", "GET / HTTP/1.1\nHost: a\n\n"),
        ("LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        ("LF and LF at the end", "GET / HTTP/1.1\r\nHost: a\n\n"),
        ("CRLF and LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        (
            "CR CR LF after the request line",
            "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
        ),
        ("LF before the request", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("CR CR before the request", "\r\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ] {
        t.bad(name, text);
    }
    t.bad("CR for CRLF", "GET / HTTP/1.1\rHost: a\r\r").finished();
    t.bad("CR CR LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n")
        .finished();
}

fn versions(t: &mut Table) {
    let numbers = [
        "1.1xyz", "1", "1.", ".1", "11", "1.10", "01.1", " 1.1", "1 .1", "a.b",
        "1,1", "-1.1", "+1.1",
    ];
    let names = ["http/", "Http/", "HTTPS/", "HTTP /", "HTTP-", "FTP/", ""];
    let of_http = numbers.map(|number| format!("HTTP/{number}"));
    let of_others = names.map(|name| format!("{name}1.1"));
    t.rfc = "9112 2.3";
    for version in of_http.iter().chain(&of_others) {
        let line = line(format!("GET / {version}"));
        t.bad(format!("the version '{version}'"), line);
    }

    t.rfc = "9110 15.6.6";
    for version in ["HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/9.9"] {
        let line = line(format!("GET / {version}"));
        t.no(505, format!("the version {version}"), line);
    }

    t.rfc = "9110 2.5";
    for version in ["HTTP/1.2", "HTTP/1.9"] {
        let line = line(format!("GET / {version}"));
        t.ok(format!("the version {version} is treated as 1.1"), line);
    }

    t.rfc = "9113 3.4";
    t.case("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .refused(&[501, 505]);
}

fn methods(t: &mut Table) {
    t.rfc = "9110 9.1";
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let line = line(format!("{method} / HTTP/1.1"));
        t.case(format!("the method {method}"), line).accepted(&[200, 204, 405]);
    }

    t.rfc = "9110 9.3.6";
    t.no(501, "CONNECT", line("CONNECT a:80 HTTP/1.1"));

    t.rfc = "9110 15.6.2";
    let long = "A".repeat(300);
    let strange = "!#$%&'*+-.^_`|~1";
    for method in ["BREW", "get", "Get", "GETS", "GE", "G", strange, &long] {
        let name = &method[..method.len().min(20)];
        let line = line(format!("{method} / HTTP/1.1"));
        t.no(501, format!("the method {name}"), line);
    }
}

/// Whatever is not whole is waited for.
fn prefixes(t: &mut Table) {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    t.rfc = "9112 2.2";
    for end in
        [1, 3, 4, 5, 6, 7, 11, 13, 14, 15, 16, 18, 20, 21, 22, 23, 24, 25, 26]
    {
        let prefix = &request[..end];
        t.case(format!("nothing after '{}'", prefix.escape_ascii()), prefix);
    }
    t.case("nothing after an empty line", "\r\n");
    t.case("nothing after a CR", "\r");
}

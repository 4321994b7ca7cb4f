//! Clients that wait before they send a body: RFC 9110 section 10.1.1.

use super::*;

pub fn cases() -> Vec<Case> {
    let asks = |expect: &str| {
        post(format!("Expect: {expect}\r\nContent-Length: 5\r\n"), "")
    };
    let sends = |expect: &str| join(&[&asks(expect), b"hello"]);
    vec![
        case("100-continue", "9110 10.1.1", asks("100-continue")).continues(),
        case("100-continue and the body", "9110 10.1.1", sends("100-continue"))
            .continues()
            .echoes(b"hello"),
        case("100-Continue", "9110 10.1.1", asks("100-Continue")).continues(),
        case(
            "100-continue before chunks",
            "9110 10.1.1",
            post(
                "Expect: 100-continue\r\n\
                 Transfer-Encoding: chunked\r\n",
                "5\r\nhello\r\n0\r\n\r\n",
            ),
        )
        .continues()
        .echoes(b"hello"),
        case(
            "100-continue twice",
            "9110 10.1.1",
            join(&[&sends("100-continue"), &sends("100-continue")]),
        )
        .continues()
        .echoes(b"hello")
        .continues()
        .echoes(b"hello"),
        case(
            "100-continue without a body",
            "9110 10.1.1",
            post("Expect: 100-continue\r\n", ""),
        )
        .echoes(b""),
        ok(
            "100-continue and GET",
            "9110 10.1.1",
            get("Expect: 100-continue\r\n"),
        ),
        case(
            "100-continue in HTTP/1.0",
            "9110 10.1.1",
            b"POST /api/echo HTTP/1.0\r\n\
              Expect: 100-continue\r\n\
              Content-Length: 5\r\n\r\nhello",
        )
        .echoes(b"hello")
        .closes(),
        no(417, "another expectation", "9110 15.5.18", asks("200-ok")),
        no(
            417,
            "an expectation in quotes",
            "9110 15.5.18",
            asks("\"100-continue\""),
        ),
        no(
            417,
            "100-continue and another",
            "9110 15.5.18",
            asks("100-continue, x"),
        ),
        case(
            "100-continue in a list",
            "9110 10.1.1",
            sends("100-continue, ,100-continue"),
        )
        .continues()
        .echoes(b"hello"),
        waits("an empty list of expectations", "9110 10.1.1", asks("")),
        case(
            "another expectation in HTTP/1.0",
            "9110 10.1.1",
            b"POST /api/echo HTTP/1.0\r\nExpect: x\r\n\
              Content-Length: 5\r\n\r\nhello",
        )
        .echoes(b"hello")
        .closes(),
        no(
            413,
            "100-continue and too large a body",
            "9110 10.1.1",
            post(
                "Expect: 100-continue\r\n\
                 Content-Length: 9999999\r\n",
                "",
            ),
        ),
        bad(
            "100-continue and a bad length",
            "9110 10.1.1",
            post("Expect: 100-continue\r\nContent-Length: +5\r\n", ""),
        ),
        case(
            "100-continue for nowhere",
            "9110 10.1.1",
            b"POST /nowhere HTTP/1.1\r\nHost: a\r\n\
              Expect: 100-continue\r\n\
              Content-Length: 5\r\n\r\n",
        )
        .accepted(&[404])
        .closes()
        .about_the_site(),
        case(
            "100-continue for GET with a body",
            "9110 10.1.1",
            get("Expect: 100-continue\r\nContent-Length: 5\r\n"),
        )
        .accepted(&[200])
        .closes()
        .about_the_site(),
    ]
}

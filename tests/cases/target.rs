//! The four forms of a target: RFC 9112 section 3.2.

use super::*;

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        ok("absolute-form", "9112 3.2.2", line("GET http://a/ HTTP/1.1")),
        ok(
            "absolute-form with a port",
            "9112 3.2.2",
            line("GET http://a:80/ HTTP/1.1"),
        ),
        ok(
            "absolute-form with an empty port",
            "3986 3.2.3",
            line("GET http://a:/ HTTP/1.1"),
        ),
        ok(
            "absolute-form without a path",
            "9112 3.2.2",
            line("GET http://a HTTP/1.1"),
        ),
        ok(
            "absolute-form with a query",
            "9112 3.2.2",
            line("GET http://a/?b=c HTTP/1.1"),
        ),
        ok(
            "absolute-form with a query and no path",
            "3986 6.2.3",
            line("GET http://a?b HTTP/1.1"),
        ),
        ok(
            "absolute-form with https",
            "9112 3.2.2",
            line("GET https://a/ HTTP/1.1"),
        ),
        ok(
            "absolute-form in capitals",
            "3986 3.1",
            line("GET HTTP://A/ HTTP/1.1"),
        ),
        ok(
            "absolute-form against another Host",
            "9112 3.2.2",
            line("GET http://b/ HTTP/1.1"),
        ),
        ok(
            "absolute-form with IPv4",
            "9112 3.2.2",
            line("GET http://127.0.0.1:8080/ HTTP/1.1"),
        ),
        ok(
            "absolute-form with IPv6",
            "9112 3.2.2",
            line("GET http://[::1]:8080/ HTTP/1.1"),
        ),
        ok(
            "absolute-form in HTTP/1.0",
            "9112 3.2.2",
            b"GET http://a/ HTTP/1.0\r\n\r\n",
        )
        .closes(),
        case(
            "absolute-form to nowhere",
            "9112 3.2.2",
            line("GET http://a/nowhere HTTP/1.1"),
        )
        .accepted(&[404]),
        case("two slashes are a path", "3986 3.3", line("GET //b/c HTTP/1.1"))
            .accepted(&[301, 404]),
        case(
            "a path like an address",
            "3986 3.3",
            line("GET /http://b/c HTTP/1.1"),
        )
        .accepted(&[404]),
        case("asterisk-form", "9112 3.2.4", line("OPTIONS * HTTP/1.1"))
            .accepted(&[200, 204]),
        case(
            "OPTIONS of a whole server",
            "9112 3.2.4",
            line("OPTIONS http://a HTTP/1.1"),
        )
        .accepted(&[200, 204]),
    ];
    cases.extend(refused());
    cases
}

fn refused() -> Vec<Case> {
    [
        ("an asterisk for GET", "GET *"),
        ("an asterisk and more", "OPTIONS *a"),
        ("a path without a slash", "GET index.html"),
        ("a host and no scheme", "GET a"),
        ("a host and a path, no scheme", "GET a/b"),
        ("authority-form for GET", "GET a:80"),
        ("a query and no path", "GET ?a=b"),
        ("a backslash for a slash", "GET \\index.html"),
        ("a scheme and no host", "GET http://"),
        ("a path for a host", "GET http:///a"),
        ("a port and no host", "GET http://:80/"),
        ("one slash after the scheme", "GET http:/a"),
        ("no slash after the scheme", "GET http:a"),
        ("no scheme", "GET ://a/"),
        ("another scheme", "GET ftp://a/"),
        ("a scheme that is a file's", "GET file:///etc/passwd"),
        ("a user in the host", "GET http://b@a/"),
        ("a password in the host", "GET http://b:c@a/"),
        ("a port that is no number", "GET http://a:b/"),
        ("a port that is too large", "GET http://a:65536/"),
        ("a port with a sign", "GET http://a:+80/"),
        ("a host in braces", "GET http://{a}/"),
        ("an open bracket", "GET http://[::1/"),
        ("no address in brackets", "GET http://[g]/"),
        ("IPv6 without brackets", "GET http://::1/"),
        ("a fragment", "GET /#a"),
        ("a fragment after a query", "GET /?a#b"),
    ]
    .map(|(name, text)| bad(name, "9112 3.2", line(format!("{text} HTTP/1.1"))))
    .into()
}

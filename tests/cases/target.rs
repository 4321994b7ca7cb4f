//! The four forms of a target: RFC 9112 section 3.2.

use super::*;

pub fn cases(t: &mut Table) {
    let at = |text| line(format!("{text} HTTP/1.1"));
    for (rfc, name, text) in [
        ("9112 3.2.2", "absolute-form", "GET http://a/"),
        ("9112 3.2.2", "absolute-form with a port", "GET http://a:80/"),
        ("3986 3.2.3", "absolute-form with an empty port", "GET http://a:/"),
        ("9112 3.2.2", "absolute-form without a path", "GET http://a"),
        ("9112 3.2.2", "absolute-form with a query", "GET http://a/?b=c"),
        (
            "3986 6.2.3",
            "absolute-form with a query and no path",
            "GET http://a?b",
        ),
        ("9112 3.2.2", "absolute-form with https", "GET https://a/"),
        ("3986 3.1", "absolute-form in capitals", "GET HTTP://A/"),
        ("9112 3.2.2", "absolute-form against another Host", "GET http://b/"),
        ("9112 3.2.2", "absolute-form with IPv4", "GET http://127.0.0.1:8080/"),
        ("9112 3.2.2", "absolute-form with IPv6", "GET http://[::1]:8080/"),
    ] {
        t.rfc = rfc;
        t.ok(name, at(text));
    }

    t.rfc = "9112 3.2.2";
    let old = "GET http://a/ HTTP/1.0\r\n\r\n";
    t.ok("absolute-form in HTTP/1.0", old).closes();
    t.case("absolute-form to nowhere", at("GET http://a/nowhere"))
        .accepted(&[404]);

    t.rfc = "3986 3.3";
    t.case("two slashes are a path", at("GET //b/c")).accepted(&[301, 404]);
    t.case("a path like an address", at("GET /http://b/c")).accepted(&[404]);

    t.rfc = "9112 3.2.4";
    t.case("asterisk-form", at("OPTIONS *")).accepted(&[200, 204]);
    t.case("OPTIONS of a whole server", at("OPTIONS http://a"))
        .accepted(&[200, 204]);

    t.rfc = "9112 3.2";
    for (name, text) in [
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
    ] {
        t.bad(name, at(text));
    }
}

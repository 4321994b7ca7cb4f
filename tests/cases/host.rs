//! The Host field: RFC 9112 section 3.2.

use super::*;

pub fn cases(t: &mut Table) {
    let only = |fields: &str| head("GET / HTTP/1.1", fields);
    t.rfc = "9112 3.2";
    t.bad("no Host", only(""));
    t.bad("no Host in HTTP/1.2", "GET / HTTP/1.2\r\n\r\n");
    t.bad("no Host, but other fields", only("X: b"));
    t.bad("no Host, but absolute-form", "GET http://a/ HTTP/1.1\r\n\r\n");
    t.bad("two different Hosts", only("Host: a\r\nHost: b"));
    t.bad("two equal Hosts", only("Host: a\r\nHost: a"));
    t.bad("two Hosts spelt differently", only("Host: a\r\nhOST: a"));
    t.bad("two Hosts, one empty", only("Host: a\r\nHost:"));
    t.bad("two Hosts apart", only("Host: a\r\nX: y\r\nHost: a"));
    let absolute = head("GET http://a/ HTTP/1.1", "Host: b c");
    t.bad("a bad Host with absolute-form", absolute);
    t.bad("HTTP/1.0 with two Hosts", old_get("Host: a\r\nHost: a"));
    t.bad("HTTP/1.0 with a bad Host", old_get("Host: a b"));
    for host in [
        "a b", "a, b", "http://a", "a/", "a/b", "a?b", "a#b", "b@a", "b:c@a",
        "a:b", "a:65536", "a:+80", "a:-1", "a:80:80", ":80", "::1", "[::1",
        "[::1]a", "[::1]80", "[a]", "%zz", "a%2", "café",
    ] {
        let shown = host.as_bytes().escape_ascii();
        let bytes = only(&format!("Host: {host}"));
        t.bad(format!("the malformed Host '{shown}'"), bytes);
    }
    t.rfc = "3986 3.2.2";
    let good = "example.org example.org:8080 example.org: EXAMPLE.org \
        127.0.0.1 127.0.0.1:80 [::1] [::1]:8080 [2001:db8::7] \
        [::ffff:1.2.3.4] a_b a-b.c. xn--caf-dma.example caf%C3%A9 \
        a!$&'()*+;=~ ";
    // The last is empty.
    for host in good.split(' ') {
        t.ok(format!("the Host '{host}'"), only(&format!("Host: {host}")));
    }
}

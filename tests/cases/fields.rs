//! Field lines: RFC 9112 section 5, RFC 9110 section 5.

use super::*;

pub fn cases(t: &mut Table) {
    good(t);
    bad_names(t);
    bad_values(t);
}

fn good(t: &mut Table) {
    for (rfc, name, fields) in [
        ("9112 5", "no blank after the colon", "X-Tight:b"),
        ("9112 5.1", "blanks around the value", "X: \t b \t "),
        ("9110 5.1", "a name of one letter", "X: b"),
        ("9110 5.3", "a name twice", "X: a\r\nX: b"),
        ("9110 5.5", "an empty value", "X-Empty:"),
        ("9110 5.5", "a value of blanks", "X-Blank: \t "),
        ("9110 5.5", "colons in the value", "X: a: b:c"),
        ("9110 5.5", "UTF-8 in a value", "X: café"),
        ("9110 5.6.2", "all letters of a name", "!#$%&'*+-.^_`|~09azAZ: b"),
        ("9110 5.6.4", "an open quote", "X: \"abc"),
        (
            "9110 5.5",
            "all letters of a value",
            "X: !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~",
        ),
        (
            "9110 5.6.7",
            "a date with commas",
            "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        ),
        (
            "9112 5",
            "a browser's request",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n\
             Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n\
             Accept-Language: en-US,en;q=0.5\r\n\
             Accept-Encoding: gzip, deflate, br, zstd\r\n\
             DNT: 1\r\nUpgrade-Insecure-Requests: 1\r\n\
             Sec-Fetch-Dest: document\r\nPriority: u=0, i",
        ),
    ] {
        t.rfc = rfc;
        t.ok(name, get(fields));
    }

    t.rfc = "9110 5.1";
    t.ok("a name in capitals", head("GET / HTTP/1.1", "HOST: a"));
    t.ok("a name in small letters", head("GET / HTTP/1.1", "host: a"));

    t.rfc = "9110 5.5";
    t.ok("Latin-1 in a value", get(b"X: caf\xe9 \x80\xff"));
}

fn bad_names(t: &mut Table) {
    let lines: [(&str, &[u8]); 22] = [
        ("a blank before the colon", b"X : b"),
        ("a tab before the colon", b"X\t: b"),
        ("a blank before Host's colon", b"Host : a"),
        ("an empty name", b": b"),
        ("no colon", b"X b"),
        ("a name and no more", b"X"),
        ("a blank in the name", b"X Y: b"),
        ("a bracket in the name", b"X(Y): b"),
        ("a slash in the name", b"X/Y: b"),
        ("an at sign in the name", b"X@Y: b"),
        ("a comma in the name", b"X,Y: b"),
        ("a semicolon in the name", b"X;Y: b"),
        ("an equals sign in the name", b"X=Y: b"),
        ("quotes in the name", b"\"X\": b"),
        ("a backslash in the name", b"X\\Y: b"),
        ("braces in the name", b"{X}: b"),
        ("a NUL in the name", b"X\0Y: b"),
        ("a DEL in the name", b"X\x7f: b"),
        ("a letter beyond ASCII in the name", b"caf\xe9: b"),
        ("a CR in the name", b"X\rY: b"),
        ("only blanks", b"   "),
        ("a blank before the name", b" X: b"),
    ];

    t.rfc = "9112 5.1";
    for (name, text) in lines {
        t.bad(name, get(text));
    }
}

fn bad_values(t: &mut Table) {
    t.rfc = "9112 5";
    for (name, text) in [
        ("a folded line", "X: a\r\n b"),
        ("a line folded with a tab", "X: a\r\n\tb"),
        ("a folded line that is empty", "X: a\r\n "),
        ("a CR in the value", "X: a\rb"),
        ("a CR at the value's end", "X: a\r"),
        ("a CR that hides a field", "X: a\rY: b"),
        ("an LF that hides a field", "X: a\nY: b"),
        ("a NUL in the value", "X: a\0b"),
        ("an escape character in the value", "X: \x1b[31m"),
        ("a DEL in the value", "X: a\x7f"),
        ("a vertical tab in the value", "X: a\x0bb"),
        ("a form feed in the value", "X: a\x0cb"),
    ] {
        t.bad(name, get(text));
    }

    t.rfc = "9112 2.2";
    let fold = head("GET / HTTP/1.1", " X: b\r\nHost: a");
    t.bad("a fold before the first field", fold);
    let fold = head("GET /\r\n HTTP/1.1", "Host: a");
    t.bad("a fold of the request line", fold);
}

//! Field lines: RFC 9112 section 5, RFC 9110 section 5.

use super::*;

pub fn cases() -> Vec<Case> {
    let mut cases = good();
    cases.extend(bad_names());
    cases.extend(bad_values());
    cases
}

fn good() -> Vec<Case> {
    vec![
        ok("an empty value", "9110 5.5", get("X-Empty:\r\n")),
        ok("a value of blanks", "9110 5.5", get("X-Blank: \t \r\n")),
        ok("no blank after the colon", "9112 5", get("X-Tight:b\r\n")),
        ok("blanks around the value", "9112 5.1", get("X: \t b \t \r\n")),
        ok("colons in the value", "9110 5.5", get("X: a: b:c\r\n")),
        ok(
            "all letters of a name",
            "9110 5.6.2",
            get("!#$%&'*+-.^_`|~09azAZ: b\r\n"),
        ),
        ok(
            "all letters of a value",
            "9110 5.5",
            get("X: !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\r\n"),
        ),
        ok("Latin-1 in a value", "9110 5.5", get(b"X: caf\xe9 \x80\xff\r\n")),
        ok("UTF-8 in a value", "9110 5.5", get("X: café\r\n")),
        ok("a name of one letter", "9110 5.1", get("X: b\r\n")),
        ok(
            "a name in capitals",
            "9110 5.1",
            b"GET / HTTP/1.1\r\nHOST: a\r\n\r\n",
        ),
        ok(
            "a name in small letters",
            "9110 5.1",
            b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        ),
        ok("a name twice", "9110 5.3", get("X: a\r\nX: b\r\n")),
        ok(
            "a date with commas",
            "9110 5.6.7",
            get("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        ),
        ok("an open quote", "9110 5.6.4", get("X: \"abc\r\n")),
        ok(
            "a browser's request",
            "9112 5",
            get("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n\
             Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n\
             Accept-Language: en-US,en;q=0.5\r\n\
             Accept-Encoding: gzip, deflate, br, zstd\r\n\
             DNT: 1\r\nUpgrade-Insecure-Requests: 1\r\n\
             Sec-Fetch-Dest: document\r\nPriority: u=0, i\r\n"),
        ),
    ]
}

fn bad_names() -> Vec<Case> {
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
    lines
        .map(|(name, text)| bad(name, "9112 5.1", get(join(&[text, b"\r\n"]))))
        .into()
}

fn bad_values() -> Vec<Case> {
    let lines: [(&str, &[u8]); 12] = [
        ("a folded line", b"X: a\r\n b\r\n"),
        ("a line folded with a tab", b"X: a\r\n\tb\r\n"),
        ("a folded line that is empty", b"X: a\r\n \r\n"),
        ("a CR in the value", b"X: a\rb\r\n"),
        ("a CR at the value's end", b"X: a\r\r\n"),
        ("a CR that hides a field", b"X: a\rY: b\r\n"),
        ("an LF that hides a field", b"X: a\nY: b\r\n"),
        ("a NUL in the value", b"X: a\0b\r\n"),
        ("an escape character in the value", b"X: \x1b[31m\r\n"),
        ("a DEL in the value", b"X: a\x7f\r\n"),
        ("a vertical tab in the value", b"X: a\x0bb\r\n"),
        ("a form feed in the value", b"X: a\x0cb\r\n"),
    ];
    let mut cases: Vec<Case> =
        lines.map(|(name, text)| bad(name, "9112 5", get(text))).into();
    cases.push(bad(
        "a fold before the first field",
        "9112 2.2",
        b"GET / HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n",
    ));
    cases.push(bad(
        "a fold of the request line",
        "9112 2.2",
        b"GET /\r\n HTTP/1.1\r\nHost: a\r\n\r\n",
    ));
    cases
}

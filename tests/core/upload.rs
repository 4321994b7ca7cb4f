//! Bodies that go to a site in pieces.

use shared::web::connection::{HIGH_WATER, Want};

use crate::shell::spooling;

/// A request with a body of this length, in both forms, and one behind it.
fn uploads(length: usize) -> [Vec<u8>; 2] {
    let by_length = format!("Content-Length: {length}\r\n\r\n");
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n");
    [(by_length, ""), (chunked, "\r\n0\r\n\r\n")].map(|(fields, end)| {
        let start = "PUT / HTTP/1.1\r\nHost: a\r\n";
        let body = "x".repeat(length);
        let next = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        [start, &fields, &body, end, next].concat().into_bytes()
    })
}

/// How large the body is, which piece is refused, if any, and how many
/// responses say so, and how many not: behind a piece that is refused there is
/// no request, unless it is the last.
#[test]
fn an_upload_in_pieces() {
    const LARGE: usize = 3 * HIGH_WATER;
    for (length, refused, bad, good) in [
        (9, 0, 2, 0),
        (9, 1, 0, 2),
        (LARGE, 0, 1, 0),
        (LARGE, 1, 1, 0),
        (LARGE, usize::MAX, 0, 2),
    ] {
        for bytes in uploads(length) {
            for cut in (1..bytes.len()).step_by(1 + length / 200) {
                let mut shell = spooling(true, refused);
                shell.receive(&bytes[..cut]);
                shell.receive(&bytes[cut..]);
                let text = String::from_utf8_lossy(&shell.sent);
                let count = |words| text.matches(words).count();
                let is = (count("HTTP/1.1 507 "), count("HTTP/1.1 200 "));
                assert_eq!(is, (bad, good), "{length}, {refused}, at {cut}");
                assert_eq!(count("HTTP/1.1 "), bad + good, "at {cut}");
                assert_eq!(count("Connection: close\r\n"), 1, "at {cut}");
                let is_over = shell.want == Want::Close;
                assert_eq!(is_over, bad + good == 2, "{}", shell.state());
            }
        }
    }
}

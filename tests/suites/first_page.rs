//! Step 04: one page for every request, however the request arrives.

use crate::common::Response;
use crate::common::steps::{KEEPING, step};
use crate::common::tools::assert_same;
use crate::common::{Server, no_shim};

/// The longest head that is read to its end.
const MAX_HEAD: usize = 16 * 1024;

pub fn server() -> Server {
    Server::start(step("step04"))
}

/// The response of `server` to `request`.
fn response(server: &Server, request: &[u8]) -> Response {
    let mut client = server.connect();
    client.send(request);
    let response = Response::read(&mut client);
    // Not a byte more than Content-Length says.
    client.expect_end();
    response
}

#[test]
fn the_page_is_framed_as_it_says() {
    let response = response(&server(), KEEPING);
    response.expect_page();
    assert_eq!(response.field("connection"), Some("close"));
    assert_eq!(response.fields.len(), 3, "{:?}", response.fields);
    let page = include_bytes!("../../steps/04-http/page.html");
    assert_same(&response.body, page);
}

#[test]
fn it_understands_nothing_of_the_request() {
    let server = server();
    let page = response(&server, KEEPING).body;
    for line in [
        "GET /another HTTP/1.1",
        "GET /favicon.ico HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "POST /?a=b HTTP/1.0",
        "BREW coffee SPEAK/9",
        "",
    ] {
        let request = format!("{line}\r\nHost: localhost\r\n\r\n");
        assert_same(&response(&server, request.as_bytes()).body, &page);
    }
    response(&server, b"\r\n\r\n").expect_page();
}

#[test]
fn a_head_byte_by_byte() {
    let server = server();
    let mut client = server.connect();
    // A short one: each byte is waited for, and all have five seconds.
    for byte in b"GET /\r\n\r\n" {
        assert!(!client.has_something(), "a response before the blank line");
        client.send_pieces(&[&[*byte]]);
    }
    Response::read(&mut client).expect_page();
}

#[test]
fn a_head_in_two_pieces_cut_anywhere() {
    let server = server();
    for cut in 1..KEEPING.len() {
        let mut client = server.connect();
        let (first, second) = KEEPING.split_at(cut);
        client.send_pieces(&[first, second]);
        Response::read(&mut client).expect_page();
    }
}

#[test]
fn a_kernel_that_takes_and_gives_little() {
    for what in
        ["w=7", "r=3", "eintr=2", "eintr=3", "w=7,r=3,eintr=5", "r=1,w=1"]
    {
        let Some(server) = Server::start_shim(step("step04"), what) else {
            return no_shim("a_kernel_that_takes_and_gives_little");
        };
        response(&server, KEEPING).expect_page();
        response(&server, KEEPING).expect_page();
    }
}

/// A request whose head is exactly `length` bytes long.
fn padded(length: usize) -> Vec<u8> {
    let mut request = b"GET / HTTP/1.1\r\nPadding: ".to_vec();
    request.resize(length - 4, b'x');
    request.extend_from_slice(b"\r\n\r\n");
    request
}

#[test]
fn the_longest_head() {
    response(&server(), &padded(MAX_HEAD)).expect_page();
}

#[test]
fn a_head_too_long() {
    let server = server();
    for length in [MAX_HEAD + 1, 10 * MAX_HEAD, 100 * MAX_HEAD] {
        let mut client = server.connect();
        client.try_send(&padded(length));
        let (bytes, _) = client.receive_until(|_| false);
        assert!(bytes.is_empty(), "no page: {}", bytes.escape_ascii());
    }
    server.wait_for_note(": no empty line in 16384 bytes\n");
    response(&server, KEEPING).expect_page();
}

#[test]
fn sixteen_kibibytes_without_end() {
    let server = server();
    let mut client = server.connect();
    client.try_send(&[b'x'; MAX_HEAD]);
    // Refused at once, though nothing says that no more will come.
    let (bytes, _) = client.receive_until(|_| false);
    assert!(bytes.is_empty());
    server.wait_for_note(": no empty line in 16384 bytes\n");
}

#[test]
fn the_question_may_be_followed_by_the_end() {
    let server = server();
    let mut client = server.connect();
    client.send(KEEPING);
    client.finish();
    Response::read(&mut client).expect_page();
    client.expect_end();
}

#[test]
fn a_client_gone_in_the_middle_of_the_head() {
    let server = server();
    let mut client = server.connect();
    client.send(b"GET / HTTP/1.1\r\n");
    client.finish();
    client.expect_end();
    let left = format!("{}: closed within a request", client.own_address());
    server.wait_for_note(&left);
    response(&server, KEEPING).expect_page();
}

#[test]
fn a_client_gone_without_a_word() {
    let server = server();
    let mut client = server.connect();
    client.finish();
    client.expect_end();
    let left = format!("{}: closed without a request\n", client.own_address());
    server.wait_for_note(&left);
}

#[test]
fn a_reset_at_any_moment() {
    let server = server();
    for _ in 0..20 {
        let mut client = server.connect();
        client.send(b"GET /");
        client.reset();
        let mut client = server.connect();
        client.send(KEEPING);
        client.reset();
        let mut client = server.connect();
        client.send(KEEPING);
        client.receive(10);
        client.reset();
    }
    response(&server, KEEPING).expect_page();
}

#[test]
fn a_browsers_second_connection_waits_in_silence() {
    // In reserve, opened after the one that asks: the page comes at once.
    let server = server();
    let mut first = server.connect();
    let mut reserve = server.connect();
    first.send(KEEPING);
    Response::read(&mut first).expect_page();
    assert!(!reserve.has_something());
    // Used at last, it gets the next page: the icon that nobody has.
    drop(first);
    reserve.send(b"GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Response::read(&mut reserve).expect_page();
}

#[test]
fn nobody_writes_to_the_operators_terminal() {
    let server = server();
    let mut client = server.connect();
    client.send(b"GET /\x1b[2J\x07\n\xff\"' HTTP/1.1\r\n\r\n");
    Response::read(&mut client).expect_page();
    let line = r#"GET /\x1b[2J\x07\n\xff\"\' HTTP/1.1"#;
    let line = format!("{}: {line}\n", client.own_address());
    server.wait_for_note(&line);
}

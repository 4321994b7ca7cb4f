//! Step 04: one page for every request, however the request arrives.

use crate::lab::Outcome;
use crate::lab::client::Response;
use crate::lab::program::Program;
use crate::lab::show::assert_same;
use crate::steps::{KEEPING, SHIMS, page, step};

/// The longest head that is read to its end.
const MAX_HEAD: usize = 16 * 1024;

/// The page that a server sends to `request`, and not a byte more than
/// Content-Length says.
fn page_for(server: &Program, request: &[u8]) -> Outcome<Response> {
    let mut client = server.connect()?;
    client.send(request)?;
    let response = page(&mut client)?;
    client.expect_eof()?;
    Ok(response)
}

#[test]
fn the_page_is_framed_as_it_says() -> Outcome {
    let response = page_for(&step("step04").server()?, KEEPING)?;
    assert_eq!(response.field("connection"), Some("close"));
    assert_eq!(response.fields.len(), 3, "{:?}", response.fields);
    let page = include_bytes!("../../steps/04-http/page.html");
    assert_same(&response.body, page);
    Ok(())
}

#[test]
fn it_understands_nothing_of_the_request() -> Outcome {
    let server = step("step04").server()?;
    let page = page_for(&server, KEEPING)?.body;
    for request in [
        "GET /another HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /?a=b HTTP/1.0\r\nHost: localhost\r\n\r\n",
        "BREW coffee SPEAK/9\r\nHost: localhost\r\n\r\n",
        "\r\nHost: localhost\r\n\r\n",
        "\r\n\r\n",
    ] {
        assert_same(&page_for(&server, request.as_bytes())?.body, &page);
    }
    Ok(())
}

#[test]
fn a_head_byte_by_byte() -> Outcome {
    let (_server, mut client) = step("step04").connected()?;
    // A short one: each byte is waited for, and all have five seconds.
    for byte in b"GET /\r\n\r\n" {
        assert!(!client.has_something(), "a response before the blank line");
        client.send(&[*byte])?;
        client.wait_until_read()?;
    }
    // Half of the connection ends; the page is still to come.
    client.finish()?;
    page(&mut client)?;
    client.expect_eof()
}

#[test]
fn a_kernel_that_takes_and_gives_little() -> Outcome {
    for shim in SHIMS {
        let server = step("step04").under(shim)?;
        page_for(&server, KEEPING)?;
        page_for(&server, KEEPING)?;
    }
    Ok(())
}

/// A request whose head is exactly `length` bytes long.
fn padded(length: usize) -> Vec<u8> {
    let mut request = b"GET / HTTP/1.1\r\nPadding: ".to_vec();
    request.resize(length - 4, b'x');
    request.extend_from_slice(b"\r\n\r\n");
    request
}

/// Sends what is no head, as far as it is taken: there is no response.
fn is_refused(server: &Program, bytes: &[u8]) -> Outcome {
    let mut client = server.connect()?;
    let _ = client.send(bytes);
    let (received, _) = client.receive(usize::MAX)?;
    assert!(received.is_empty(), "no page: {}", received.escape_ascii());
    let name = client.own_address()?;
    server.expect_note(&format!("{name}: no empty line in 16384 bytes\n"))
}

#[test]
fn the_longest_head_and_longer_ones() -> Outcome {
    let server = step("step04").server()?;
    for length in [MAX_HEAD + 1, 10 * MAX_HEAD, 100 * MAX_HEAD] {
        is_refused(&server, &padded(length))?;
    }
    // Refused at once, though nothing says that no more will come.
    is_refused(&server, &[b'x'; MAX_HEAD])?;
    page_for(&server, &padded(MAX_HEAD)).map(drop)
}

#[test]
fn a_client_gone_before_the_end_of_the_head() -> Outcome {
    let server = step("step04").server()?;
    for (head, note) in [
        ("GET / HTTP/1.1\r\n", "closed within a request"),
        ("", "closed without a request"),
    ] {
        let mut client = server.connect()?;
        client.send(head.as_bytes())?;
        client.finish()?;
        client.expect_eof()?;
        server.expect_note(&format!("{}: {note}\n", client.own_address()?))?;
        page_for(&server, KEEPING)?;
    }
    Ok(())
}

#[test]
fn nobody_writes_to_the_operators_terminal() -> Outcome {
    let (server, mut client) = step("step04").connected()?;
    client.send(b"GET /\x1b[2J\x07\n\xff\"' HTTP/1.1\r\n\r\n")?;
    page(&mut client)?;
    let line = r#"GET /\x1b[2J\x07\n\xff\"\' HTTP/1.1"#;
    let line = format!("{}: {line}\n", client.own_address()?);
    server.expect_note(&line)
}

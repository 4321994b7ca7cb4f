//! Exercise 06a, Keep or close: when a connection ends, and how.
//!
//! Try it: `cargo run --example 06a -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration; //-solution

use nix::sys::socket::{self, sockopt};
use shared::cli::{self, Failure};
use shared::net::buffer::Buffer;
use shared::net::linger::linger; //-solution
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;

//-server

/// Responds to requests until the connection ends.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let mut input = Buffer::new(MAX_HEAD);
    while let Some(request) = next(connection, &mut input)? {
        let response = response(&request);
        stream::write_all(connection, response.as_bytes())?;
        if !request.keeps {
            return linger(connection, Duration::from_secs(1)); //-solution
            //-starter
            // // TODO: closing while bytes of the client's are unread takes the
            // // response away from it.
            // return Ok(());
            //-end
        }
    }
    Ok(())
}

/// What to know of a request when its head is no longer there. The default
/// stands for a head that could not be read.
#[derive(Default)]
struct Request {
    method: String,
    target: String,
    version: Option<u8>, //-solution
    /// Whether the connection stays open after the response.
    keeps: bool,
}

/// Reads up to the end of a head. `None` if the client has no more to ask.
fn next(
    connection: &OwnedFd,
    input: &mut Buffer,
) -> nix::Result<Option<Request>> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut fields);
        match head.parse(input.bytes()) {
            Ok(httparse::Status::Complete(length)) => {
                let request = Request {
                    method: head.method.unwrap_or_default().to_string(),
                    target: head.path.unwrap_or_default().to_string(),
                    version: head.version, //-solution
                    keeps: keeps(&head), //-solution
                    // // TODO: some connections end here. //-starter
                    // keeps: true, //-starter
                };
                input.consume(length);
                return Ok(Some(request));
            }
            Ok(httparse::Status::Partial) if input.bytes().len() < MAX_HEAD => {
            }
            // Nobody knows where the next request would begin.
            _ => return Ok(Some(Request::default())),
        }
        match stream::read(connection, input.space())? {
            0 => return Ok(None),
            count => input.filled(count),
        }
    }
}
//-solution

/// Whether the connection stays open: RFC 9112 section 9.3.
fn keeps(head: &httparse::Request) -> bool {
    let fields = head
        .headers
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("Connection"));
    // Several fields are one list: RFC 9110 section 5.2.
    let options: Vec<&[u8]> = fields
        .flat_map(|field| field.value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect();
    let says = |word: &[u8]| {
        options.iter().any(|option| option.eq_ignore_ascii_case(word))
    };
    match head.version {
        _ if says(b"close") => false,
        Some(0) => says(b"keep-alive"),
        _ => true,
    }
}
//-end

/// The response to a request, and what becomes of the connection.
fn response(request: &Request) -> String {
    let Request { method, target, .. } = request;
    let (status, fields, body) = match (method.as_str(), target.as_str()) {
        ("", _) => ("400 Bad Request", "", "What?\n".to_string()),
        ("GET" | "HEAD", "/missing") => {
            ("404 Not Found", "", "Not here.\n".to_string())
        }
        ("GET" | "HEAD", target) => {
            ("200 OK", "", format!("You asked for {target}.\n"))
        }
        _ => {
            let allow = "Allow: GET, HEAD\r\n";
            ("405 Method Not Allowed", allow, "Not so.\n".to_string())
        }
    };
    let length = body.len();
    //-solution
    let connection = match (request.keeps, request.version) {
        (false, _) => "Connection: close\r\n",
        // Without a word the client would expect the end.
        (true, Some(0)) => "Connection: keep-alive\r\n",
        (true, _) => "",
    };
    // The length of a body that is not there: RFC 9110 section 9.3.2.
    let body = if method == "HEAD" { String::new() } else { body };
    //-starter
    // // TODO: who asks with HEAD wants to know all but the body. And say what
    // // becomes of the connection, to whom would not expect it.
    // let connection = "";
    //-end
    format!(
        "HTTP/1.1 {status}\r\n{fields}{connection}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

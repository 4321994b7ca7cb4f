//! Exercise 06a, Keep or close: when a connection ends, and how.
//!
//! Try it: `cargo run --example 06a -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;

use nix::sys::socket::{self, sockopt};
use shared::cli::{self, Failure};
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 06a [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connection) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Responds to requests until the connection ends.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let mut input = Buffer::new(MAX_HEAD);
    loop {
        let response = match next(connection, &mut input)? {
            Next::Request(request) => response(&request),
            Next::Malformed => malformed(),
            Next::Nothing => return Ok(()),
        };
        // TODO: some connections end here. And closing while bytes
        // of the client's are unread takes the response away from it.
        stream::write_all(connection, response.text.as_bytes())?;
        if response.is_last {
            return Ok(());
        }
    }
}

/// What to know of a request when its head is no longer there.
struct Request {
    method: String,
    target: String,
}

/// What comes next on a connection.
enum Next {
    Request(Request),
    Malformed,
    /// The client has no more to ask.
    Nothing,
}

/// Reads up to the end of a head.
fn next(connection: &OwnedFd, input: &mut Buffer) -> nix::Result<Next> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut fields);
        match head.parse(input.bytes()) {
            Ok(httparse::Status::Complete(length)) => {
                let request = Request::new(&head);
                input.consume(length);
                return Ok(Next::Request(request));
            }
            Ok(httparse::Status::Partial) => {}
            Err(_) => return Ok(Next::Malformed),
        }
        let space = input.space();
        if space.is_empty() {
            return Ok(Next::Malformed);
        }
        match stream::read(connection, space)? {
            0 => return Ok(Next::Nothing),
            count => input.filled(count),
        }
    }
}

impl Request {
    /// Takes out of a head what is needed to respond.
    fn new(head: &httparse::Request) -> Request {
        Request {
            method: head.method.unwrap_or_default().to_string(),
            target: head.path.unwrap_or_default().to_string(),
        }
    }
}

/// A response, and what becomes of the connection.
struct Response {
    text: String,
    is_last: bool,
}

/// The response to a request that we have understood.
fn response(request: &Request) -> Response {
    let Request { method, target, .. } = request;
    let (status, fields, body) = match (method.as_str(), target.as_str()) {
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
    // TODO: who asks with HEAD wants to know all but the body. And say what
    // becomes of the connection, to whom would not expect it.
    let connection = "";
    let text = format!(
        "HTTP/1.1 {status}\r\n{fields}{connection}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    Response { text, is_last: false }
}

/// The last response: nobody knows where the next request would begin.
fn malformed() -> Response {
    let connection = "";
    let text = format!(
        "HTTP/1.1 400 Bad Request\r\n{connection}Content-Length: 5\r\n\r\nWhat?"
    );
    Response { text, is_last: true }
}

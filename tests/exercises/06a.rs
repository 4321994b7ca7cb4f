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
    loop {
        let response = match next(connection, &mut input)? {
            Next::Request(request) => response(&request),
            Next::Malformed => malformed(),
            Next::Nothing => return Ok(()),
        };
        //-solution
        stream::write_all(connection, response.text.as_bytes())?;
        if !response.keeps {
            return linger(connection, Duration::from_secs(1));
        }
        //-starter
        // // TODO: some connections end here. And closing while bytes
        // // of the client's are unread takes the response away from it.
        // stream::write_all(connection, response.text.as_bytes())?;
        // if response.is_last {
        //     return Ok(());
        // }
        //-end
    }
}

/// What to know of a request when its head is no longer there.
struct Request {
    method: String,
    target: String,
    //-solution
    /// The version's second digit.
    version: u8,
    /// What the Connection fields say, in small letters.
    options: Vec<String>,
    //-end
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
        //-solution
        let connection = head
            .headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case("Connection"));
        // Several fields are one list: RFC 9110 section 5.2.
        let options = connection.flat_map(|field| {
            let list = field.value.split(|byte| *byte == b',');
            list.map(|option| {
                let option = option.trim_ascii().to_ascii_lowercase();
                String::from_utf8_lossy(&option).into_owned()
            })
        });
        //-end
        Request {
            method: head.method.unwrap_or_default().to_string(),
            target: head.path.unwrap_or_default().to_string(),
            //-solution
            version: head.version.unwrap_or_default(),
            options: options.collect(),
            //-end
        }
    }
    //-solution

    /// Whether the connection stays open: RFC 9112 section 9.3.
    fn keeps(&self) -> bool {
        let says = |option: &str| self.options.iter().any(|one| one == option);
        match self.version {
            _ if says("close") => false,
            0 => says("keep-alive"),
            _ => true,
        }
    }
    //-end
}

/// A response, and what becomes of the connection.
struct Response {
    text: String,
    keeps: bool, //-solution
    // is_last: bool, //-starter
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
    //-solution
    let keeps = request.keeps();
    let connection = match (keeps, request.version) {
        (false, _) => "Connection: close\r\n",
        // Without a word the client would expect the end.
        (true, 0) => "Connection: keep-alive\r\n",
        (true, _) => "",
    };
    // The length of a body that is not there: RFC 9110 section 9.3.2.
    let body = if method == "HEAD" { String::new() } else { body };
    //-starter
    // // TODO: who asks with HEAD wants to know all but the body. And say what
    // // becomes of the connection, to whom would not expect it.
    // let connection = "";
    //-end
    let text = format!(
        "HTTP/1.1 {status}\r\n{fields}{connection}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    Response { text, keeps } //-solution
    // Response { text, is_last: false } //-starter
}

/// The last response: nobody knows where the next request would begin.
fn malformed() -> Response {
    let connection = "Connection: close\r\n"; //-solution
    // let connection = ""; //-starter
    let text = format!(
        "HTTP/1.1 400 Bad Request\r\n{connection}Content-Length: 5\r\n\r\nWhat?"
    );
    Response { text, keeps: false } //-solution
    // Response { text, is_last: true } //-starter
}

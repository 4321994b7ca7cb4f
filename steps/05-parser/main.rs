//! Step 05: understanding the request.
//!
//! `parser.rs` takes a request's head apart while it arrives. The server
//! shows what it has understood, and has a status for what it has not.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use shared::cli::{self, Failure};
use shared::http::method::Method;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;
use shared::net::deadline::Deadline;
use shared::net::linger::linger;
use shared::net::listener::Listener;

mod parser;

use parser::{Head, Parse, Parser};

const HELP: &str = "\
Step 05: shows what it has understood of a request, one client after the
other.

Usage: step05 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

/// The page, up to the table of fields.
const PAGE: &str = include_str!("page.html");

/// Longer heads are refused: browsers stay below 8 KiB.
const MAX_HEAD: usize = 16 * 1024;

/// For the whole head, however it drips.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// For the kernel to take the response.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to go on reading after the response, so that it arrives.
const LINGERING_TIMEOUT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address(HELP)?;

    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/", "firefox {url}/"],
    );

    loop {
        let (connection, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        // What goes wrong with one client is no reason to end.
        if let Err(lost) = serve(&connection, peer) {
            cli::log(format_args!("{peer}: {lost}"));
        }
    }
}

/// Why a client received no response.
enum Lost {
    /// No request came, as browsers do with connections in reserve.
    Idle,
    /// The response was not taken in time.
    TimedOut,
    /// The connection failed.
    Failed(Errno),
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Idle => f.write_str("no request"),
            Lost::TimedOut => f.write_str("took too long"),
            Lost::Failed(errno) => write!(f, "{}", cli::strerror(*errno)),
        }
    }
}

impl From<Errno> for Lost {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ETIMEDOUT => Lost::TimedOut,
            errno => Lost::Failed(errno),
        }
    }
}

/// One request: its head, a response, and a close that lets it arrive.
fn serve(connection: &OwnedFd, peer: SocketAddr) -> Result<(), Lost> {
    let mut buffer = Buffer::new(MAX_HEAD);
    let response = read_request(connection, &mut buffer)?;
    cli::log(format_args!(
        "{peer}: {} -> {}",
        request_line(buffer.bytes()),
        request_line(&response)
    ));
    Deadline::after(SEND_TIMEOUT).write_all(connection, &response)?;
    Ok(linger(connection, LINGERING_TIMEOUT)?)
}

/// Reads until the parser has a verdict. Returns the response.
fn read_request(
    connection: &OwnedFd,
    buffer: &mut Buffer,
) -> Result<Vec<u8>, Lost> {
    let deadline = Deadline::after(HEADER_TIMEOUT);
    let mut parser = Parser::new();
    let refused = loop {
        match deadline.read(connection, buffer.space()) {
            Ok(0) | Err(Errno::ETIMEDOUT) if parser.is_idle() => {
                return Err(Lost::Idle);
            }
            Ok(0) => break Status::BadRequest,
            Ok(count) => buffer.filled(count),
            Err(Errno::ETIMEDOUT) => break Status::RequestTimeout,
            Err(errno) => return Err(errno.into()),
        }
        match parser.parse(buffer.bytes()) {
            Parse::Complete(head) => return Ok(respond(&head)),
            Parse::Error(status) => break status,
            Parse::Partial if buffer.bytes().len() < MAX_HEAD => {}
            Parse::Partial => break parser.too_long(),
        }
    };
    // RFC 9110 section 9.3.2: no body for HEAD, whatever else is wrong.
    Ok(refuse(refused, parser.method().unwrap_or(Method::Get)))
}

/// The response to a request that we have understood.
fn respond(head: &Head) -> Vec<u8> {
    // What follows the question mark is for programs: we are a page.
    let path = head.target.split(|&byte| byte == b'?').next();
    match (path, head.method) {
        (Some(b"/"), Method::Get | Method::Head) => page(head),
        (Some(b"/"), method) => refuse(Status::MethodNotAllowed, method),
        (_, method) => refuse(Status::NotFound, method),
    }
}

/// The page with the request in it.
fn page(head: &Head) -> Vec<u8> {
    let mut body = PAGE.to_string();
    for (name, value) in &head.fields {
        let (name, value) = (escape_html(name), escape_html(value));
        body.push_str(&format!("<tr><th>{name}<td>{value}\n"));
    }
    body.push_str("</table>\n");
    let mut out = Vec::new();
    Response::new(&mut out, Status::Ok, head.method)
        .field("Content-Type", "text/html; charset=utf-8")
        .field("Connection", "close")
        .body(body.as_bytes());
    out
}

/// The response to what we cannot or will not do.
fn refuse(status: Status, method: Method) -> Vec<u8> {
    let body = format!("{} {}\n", status.code(), status.reason());
    let mut out = Vec::new();
    let mut response = Response::new(&mut out, status, method)
        .field("Content-Type", "text/plain; charset=utf-8")
        .field("Connection", "close");
    if status == Status::MethodNotAllowed {
        response = response.field("Allow", "GET, HEAD");
    }
    response.body(body.as_bytes());
    out
}

/// Text from outside as text of a page: otherwise a field could hold a
/// script, and our page would run it.
fn escape_html(text: &[u8]) -> String {
    let text = text.escape_ascii().to_string();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The first line of a request, for the operator. Control characters are
/// escaped, since only we write to our terminal, and long lines are cut.
fn request_line(head: &[u8]) -> impl Display + '_ {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or(head);
    line[..line.len().min(100)].escape_ascii()
}

//! Step 05: understanding the question.
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
use shared::net::deadline::Deadline;
use shared::net::goodbye::say_goodbye;
use shared::net::listener::Listener;

mod parser;

use parser::{Head, Parse, Parser};

const HELP: &str = "\
Step 05: shows what it has understood of a request, one visitor after the
other.

Usage: step05 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

/// The page, up to the table of fields.
const PAGE: &str = include_str!("page.html");

/// A longer head than this is nobody's: browsers stay below 8 KiB.
const MAX_HEAD: usize = 16 * 1024;

/// The whole head must be here by then, however it drips.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// The kernel must have taken the answer by then.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// How long to go on reading after the answer, so that it arrives.
const LINGER_TIME: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address(HELP)?;
    cli::end_on_interrupt()?;

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
        // What goes wrong with one visitor is no reason to end.
        if let Err(lost) = serve(&connection, peer) {
            cli::note(format_args!("{peer}: {lost}"));
        }
    }
}

/// Why a visitor got no answer.
enum Lost {
    /// Left, or stayed, without a byte, as browsers do with connections in
    /// reserve.
    Nothing,
    /// Did not take the answer in time.
    Late,
    /// The connection failed.
    Failed(Errno),
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Nothing => f.write_str("no request"),
            Lost::Late => f.write_str("took too long"),
            Lost::Failed(errno) => write!(f, "{}", cli::reason(*errno)),
        }
    }
}

impl From<Errno> for Lost {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ETIMEDOUT => Lost::Late,
            errno => Lost::Failed(errno),
        }
    }
}

/// One visit: a request's head, an answer, and a goodbye.
fn serve(connection: &OwnedFd, peer: SocketAddr) -> Result<(), Lost> {
    let mut buffer = [0; MAX_HEAD];
    let (request, answer) = listen_to(connection, &mut buffer)?;
    cli::note(format_args!(
        "{peer}: {} -> {}",
        first_line(request),
        first_line(answer.as_bytes())
    ));
    Deadline::after(WRITE_TIME).write_all(connection, answer.as_bytes())?;
    Ok(say_goodbye(connection, LINGER_TIME)?)
}

/// Reads until the parser has a verdict: what was read, and the answer.
fn listen_to<'a>(
    connection: &OwnedFd,
    buffer: &'a mut [u8],
) -> Result<(&'a [u8], String), Lost> {
    let deadline = Deadline::after(HEAD_TIME);
    let mut parser = Parser::new();
    let mut filled = 0;
    let answer = loop {
        match deadline.read(connection, &mut buffer[filled..]) {
            Ok(0) | Err(Errno::ETIMEDOUT) if filled == 0 => {
                return Err(Lost::Nothing);
            }
            Ok(0) => break refuse(400),
            Ok(count) => filled += count,
            Err(Errno::ETIMEDOUT) => break refuse(408),
            Err(errno) => return Err(errno.into()),
        }
        match parser.parse(&buffer[..filled]) {
            Parse::Complete(head) => break answer(&head),
            Parse::Error(status) => break refuse(status),
            Parse::Partial if filled < buffer.len() => {}
            Parse::Partial => break refuse(parser.too_long()),
        }
    };
    Ok((&buffer[..filled], answer))
}

/// The answer to a question that we have understood.
fn answer(head: &Head) -> String {
    // What follows the question mark is for programs: we are a page.
    let path = head.target.split(|&byte| byte == b'?').next();
    match (path, head.method) {
        (Some(b"/"), b"GET") => page(head, true),
        (Some(b"/"), b"HEAD") => page(head, false),
        (Some(b"/"), _) => response(405, "Allow: GET, HEAD\r\n", "", true),
        (_, method) => response(404, TEXT, "Not here.\n", method != b"HEAD"),
    }
}

/// The page with the question in it.
fn page(head: &Head, with_body: bool) -> String {
    let mut body = PAGE.to_string();
    for (name, value) in &head.fields {
        let (name, value) = (harmless(name), harmless(value));
        body.push_str(&format!("<tr><th>{name}<td>{value}\n"));
    }
    body.push_str("</table>\n");
    response(200, HTML, &body, with_body)
}

/// The answer to what is no question for us.
fn refuse(status: u16) -> String {
    response(status, TEXT, &format!("{status} {}\n", reason(status)), true)
}

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";
const TEXT: &str = "Content-Type: text/plain; charset=utf-8\r\n";

/// An answer as HTTP/1.1 wants it: RFC 9112 section 4. The answer to HEAD
/// tells the length of a body that is not there.
fn response(status: u16, fields: &str, body: &str, with_body: bool) -> String {
    format!(
        "HTTP/1.1 {status} {}\r\n\
         {fields}\
         Content-Length: {}\r\n\
         Connection: close\r\n\
         \r\n\
         {}",
        reason(status),
        body.len(),
        if with_body { body } else { "" }
    )
}

/// RFC 9110 section 15: for people; programs read the number.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        414 => "URI Too Long",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Bad Request",
    }
}

/// Text of a stranger's as text of a page: without this a field could hold
/// a script, and our page would run it.
fn harmless(text: &[u8]) -> String {
    let text = text.escape_ascii().to_string();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What the visitor asks for, for the operator's eyes. Control characters
/// are escaped: nobody writes to our terminal but us, and no novels.
fn first_line(head: &[u8]) -> impl Display + '_ {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or(head);
    line[..line.len().min(100)].escape_ascii()
}

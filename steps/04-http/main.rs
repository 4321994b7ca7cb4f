//! Step 04: the first page.
//!
//! Reads up to the empty line that ends a request's head, whatever it says,
//! and responds with one page. New are a time limit on every wait, and a
//! close that does not destroy the response.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{self, Shutdown, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

const HELP: &str = "\
Step 04: responds to every request with the same page, one client after
the other.

Usage: step04 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

const PAGE: &str = include_str!("page.html");

/// Longer heads are not read: browsers stay below 8 KiB.
const MAX_HEAD: usize = 16 * 1024;

/// For the whole head, however it drips.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// For the kernel to take the page.
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

/// Why a client received no page.
enum Lost {
    /// Closed without a byte, as browsers do with connections in reserve.
    Idle,
    /// Closed before the empty line.
    Truncated,
    /// No empty line in [`MAX_HEAD`] bytes.
    TooLong,
    /// Out of time.
    TimedOut,
    /// The connection failed.
    Failed(Errno),
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Idle => f.write_str("closed without a request"),
            Lost::Truncated => f.write_str("closed within a request"),
            Lost::TooLong => {
                write!(f, "no empty line in {MAX_HEAD} bytes")
            }
            Lost::TimedOut => f.write_str("took too long"),
            Lost::Failed(errno) => write!(f, "{}", cli::strerror(*errno)),
        }
    }
}

impl From<Errno> for Lost {
    fn from(errno: Errno) -> Self {
        match errno {
            // Out of time, read and write say "try again".
            Errno::EAGAIN => Lost::TimedOut,
            errno => Lost::Failed(errno),
        }
    }
}

/// One request: its head, the page, and a close that lets it arrive.
fn serve(connection: &OwnedFd, peer: SocketAddr) -> Result<(), Lost> {
    let mut buffer = [0; MAX_HEAD];
    let head = read_head(connection, &mut buffer)?;
    cli::log(format_args!("{peer}: {}", request_line(head)));

    let limit = time_limit(SEND_TIMEOUT);
    socket::setsockopt(connection, sockopt::SendTimeout, &limit)?;
    // Head and page in one write: two could be two packets.
    stream::write_all(connection, response().as_bytes())?;
    linger(connection)
}

/// Reads up to the empty line that ends a head, and perhaps beyond it.
fn read_head<'a>(
    connection: &OwnedFd,
    buffer: &'a mut [u8],
) -> Result<&'a [u8], Lost> {
    let deadline = Instant::now() + HEADER_TIMEOUT;
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        match read_before(deadline, connection, rest)? {
            0 if filled == 0 => return Err(Lost::Idle),
            0 => return Err(Lost::Truncated),
            count => {
                // The empty line may have begun in what was here before:
                // three of its four bytes. No need to look further back.
                let unseen = filled.saturating_sub(3);
                filled += count;
                if has_empty_line(&buffer[unseen..filled]) {
                    return Ok(&buffer[..filled]);
                }
            }
        }
    }
    Err(Lost::TooLong)
}

/// RFC 9112 section 2.1: an empty line ends the head.
fn has_empty_line(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|window| window == b"\r\n\r\n")
}

/// Reads what there is, and waits for it until `deadline` at most.
fn read_before(
    deadline: Instant,
    connection: &OwnedFd,
    buffer: &mut [u8],
) -> Result<usize, Lost> {
    let left = deadline.saturating_duration_since(Instant::now());
    // The kernel takes a limit of 0 for "no limit": stop before that.
    if left < Duration::from_micros(1) {
        return Err(Lost::TimedOut);
    }
    let limit = time_limit(left);
    socket::setsockopt(connection, sockopt::ReceiveTimeout, &limit)?;
    Ok(stream::read(connection, buffer)?)
}

/// A time as the kernel takes it: seconds and microseconds.
fn time_limit(time: Duration) -> TimeVal {
    // No limit here is longer than seconds: the cast keeps every digit.
    TimeVal::microseconds(time.as_micros() as i64)
}

/// The page as HTTP/1.1 wants it: RFC 9112 section 4.
fn response() -> String {
    format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Connection: close\r\n\
         \r\n\
         {PAGE}",
        PAGE.len()
    )
}

/// Closes our direction, and reads what the client still sends, for a while.
/// If we closed while bytes are unread, the kernel would send a reset: what
/// it had not sent yet is lost then, and the client's kernel may discard
/// what has arrived (RFC 9112 section 9.6).
fn linger(connection: &OwnedFd) -> Result<(), Lost> {
    socket::shutdown(connection.as_raw_fd(), Shutdown::Write)?;
    let deadline = Instant::now() + LINGERING_TIMEOUT;
    let mut unread = [0; 4096];
    loop {
        match read_before(deadline, connection, &mut unread) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Reset or timed out: the response had its chance.
            Err(Lost::TimedOut | Lost::Failed(Errno::ECONNRESET)) => {
                return Ok(());
            }
            Err(lost) => return Err(lost),
        }
    }
}

/// The first line of a request, for the operator. Control characters are
/// escaped: only we write to our terminal.
fn request_line(head: &[u8]) -> impl Display + '_ {
    let end = head.iter().position(|&byte| byte == b'\r');
    head[..end.unwrap_or(head.len())].escape_ascii()
}

//! Step 04: the first page.
//!
//! Reads up to the blank line that ends a request, whatever it says, and
//! answers with one page. New are a time limit on every wait, and a close
//! that does not destroy the answer.

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
Step 04: answers every request with the same page, one visitor after the
other.

Usage: step04 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

const PAGE: &str = include_str!("page.html");

/// A longer head than this is nobody's: browsers stay below 8 KiB.
const MAX_HEAD: usize = 16 * 1024;

/// The whole head must be here by then, however it drips.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// The kernel must have taken the page by then.
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

/// Why a visitor got no page.
enum Lost {
    /// Left without a byte, as browsers do with connections in reserve.
    Nothing,
    /// Left before the blank line.
    Cut,
    /// No blank line in [`MAX_HEAD`] bytes.
    TooLong,
    /// Out of time.
    Late,
    /// The connection failed.
    Failed(Errno),
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Nothing => f.write_str("left without a request"),
            Lost::Cut => f.write_str("left in the middle of a request"),
            Lost::TooLong => {
                write!(f, "no blank line in {MAX_HEAD} bytes")
            }
            Lost::Late => f.write_str("took too long"),
            Lost::Failed(errno) => write!(f, "{}", cli::reason(*errno)),
        }
    }
}

impl From<Errno> for Lost {
    fn from(errno: Errno) -> Self {
        match errno {
            // Out of time, read and write say "try again".
            Errno::EAGAIN => Lost::Late,
            errno => Lost::Failed(errno),
        }
    }
}

/// One visit: a request's head, the page, and a goodbye.
fn serve(connection: &OwnedFd, peer: SocketAddr) -> Result<(), Lost> {
    let mut buffer = [0; MAX_HEAD];
    let head = read_head(connection, &mut buffer)?;
    cli::note(format_args!("{peer}: {}", first_line(head)));

    let limit = time_limit(WRITE_TIME);
    socket::setsockopt(connection, sockopt::SendTimeout, &limit)?;
    // Head and page in one write: two could be two packets.
    stream::write_all(connection, answer().as_bytes())?;
    say_goodbye(connection)
}

/// Reads up to the blank line that ends a head, and perhaps beyond it.
fn read_head<'a>(
    connection: &OwnedFd,
    buffer: &'a mut [u8],
) -> Result<&'a [u8], Lost> {
    let deadline = Instant::now() + HEAD_TIME;
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        match read_before(deadline, connection, rest)? {
            0 if filled == 0 => return Err(Lost::Nothing),
            0 => return Err(Lost::Cut),
            count => {
                // The blank line may have begun in what was here before:
                // three of its four bytes. No need to look further back.
                let unseen = filled.saturating_sub(3);
                filled += count;
                if has_blank_line(&buffer[unseen..filled]) {
                    return Ok(&buffer[..filled]);
                }
            }
        }
    }
    Err(Lost::TooLong)
}

/// RFC 9112 section 2.1: an empty line ends the head.
fn has_blank_line(bytes: &[u8]) -> bool {
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
        return Err(Lost::Late);
    }
    let limit = time_limit(left);
    socket::setsockopt(connection, sockopt::ReceiveTimeout, &limit)?;
    Ok(stream::read(connection, buffer)?)
}

/// A time as the kernel takes it: seconds and microseconds.
fn time_limit(time: Duration) -> TimeVal {
    // No time here is longer than seconds: the cast keeps every digit.
    TimeVal::microseconds(time.as_micros() as i64)
}

/// The page as HTTP/1.1 wants it: RFC 9112 section 4.
fn answer() -> String {
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

/// Ends our direction, and reads what the visitor still sends, for a while.
/// If we closed while bytes lie unread, the kernel would send a reset: what
/// it had not sent yet is lost then, and the visitor's kernel may throw away
/// what has arrived (RFC 9112 section 9.6).
fn say_goodbye(connection: &OwnedFd) -> Result<(), Lost> {
    socket::shutdown(connection.as_raw_fd(), Shutdown::Write)?;
    let deadline = Instant::now() + LINGER_TIME;
    let mut unread = [0; 4096];
    loop {
        match read_before(deadline, connection, &mut unread) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Still here, or gone with a bang: the answer had its time.
            Err(Lost::Late | Lost::Failed(Errno::ECONNRESET)) => {
                return Ok(());
            }
            Err(lost) => return Err(lost),
        }
    }
}

/// What the visitor asks for, for the operator's eyes. Control characters
/// are escaped: nobody writes to our terminal but us.
fn first_line(head: &[u8]) -> impl Display + '_ {
    let end = head.iter().position(|&byte| byte == b'\r');
    head[..end.unwrap_or(head.len())].escape_ascii()
}

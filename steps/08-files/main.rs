//! Step 08: files.
//!
//! What a request names is opened beneath a root that no name leads out of
//! (`root.rs`), and sent piece by piece (`transmit`). Its length is promised
//! before the first byte, and may be another by the last.

use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{self, Shutdown, sockopt};
use nix::sys::uio;
use shared::cli::{self, Failure};
use shared::http::date::{Date, DateCache};
use shared::net::deadline::Deadline;
use shared::net::listener::Listener;
use shared::web::connection::{self, End, HIGH_WATER, Want};
use shared::web::site::{Limits, Time};

mod root;
mod site;

use root::Root;
use site::Files;

type Connection = connection::Connection<Files>;

const HELP: &str = "\
Step 08: serves the files beneath a directory, one client after the other.
And GET /api/, POST /api/echo.

Usage: step08 [ADDRESS] [--root DIR]

  ADDRESS     IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
              127.0.0.1:8080); port 0 takes a free one
  --root DIR  the directory (default: a small site that comes with the step)
  -h, --help
";

/// The site that comes with the step, wherever it is started.
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/steps/08-files/site");

/// Short, because the next client waits.
static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(2),
    header: Duration::from_secs(5),
    body: Duration::from_secs(10),
    send: Duration::from_secs(5),
    lingering: Duration::from_secs(1),
    min_rate: 1024 * 1024,
};

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root]) = cli::server_arguments(HELP, ["root"])?;
    let root = open_root(root.map_or_else(|| SITE.into(), PathBuf::from))?;
    let site = Files { root };
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/", "firefox {url}/"],
    );

    let mut time = Time { now: Instant::now(), date: DateCache::new(today()) };
    loop {
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let mut connection = Connection::new(&LIMITS, Instant::now());
        serve(&socket, &mut connection, &site, &mut time);
        let (requests, end) = (connection.requests(), connection.end());
        cli::log(format_args!("{peer}: {requests} requests, {end}"));
    }
}

/// Opens the directory whose files are served.
fn open_root(path: PathBuf) -> Result<Root, Failure> {
    Root::open(&path).map_err(|errno| {
        let hint = match errno {
            Errno::ENOSYS => ": openat2(2) came with Linux 5.6",
            Errno::EPERM => ": openat2(2) is forbidden, by a container perhaps",
            _ => "",
        };
        let path = path.display();
        Failure::new(format_args!("cannot open the root {path}{hint}"), errno)
    })
}

/// Looks at both clocks.
fn look(time: &mut Time) {
    time.now = Instant::now();
    time.date.set(today());
}

fn today() -> Date {
    Date::from_system_time(SystemTime::now())
}

/// The waiting shell: does what the connection wants, until it is closed.
fn serve(
    socket: &OwnedFd,
    connection: &mut Connection,
    site: &Files,
    time: &mut Time,
) {
    // Ask the kernel not to hold back a small segment until the one before
    // has been acknowledged (Nagle): what we write is complete.
    let mut result = socket::setsockopt(socket, sockopt::TcpNoDelay, &true);
    loop {
        look(time);
        match result {
            Ok(()) => {}
            Err(Errno::ETIMEDOUT) => connection.timed_out(time),
            // What goes wrong with one client is no reason to end.
            Err(errno) => connection.close(End::Failed(errno)),
        }
        result = match connection.advance(time, site) {
            Want::Read => receive(socket, connection, time),
            Want::Write => transmit(socket, connection, time),
            // Our direction only: the client can still send.
            Want::Shutdown => {
                socket::shutdown(socket.as_raw_fd(), Shutdown::Write)
            }
            Want::Close => return,
        };
    }
}

fn receive(
    socket: &OwnedFd,
    connection: &mut Connection,
    time: &mut Time,
) -> nix::Result<()> {
    let deadline = Deadline::at(connection.deadline());
    let count = deadline.read(socket, connection.space())?;
    look(time);
    connection.received(count, time);
    Ok(())
}

/// Sends what is ready: heads and small bodies, and behind them, in the same
/// write, a piece of a file.
fn transmit(
    socket: &OwnedFd,
    connection: &mut Connection,
    time: &mut Time,
) -> nix::Result<()> {
    let deadline = Deadline::at(connection.deadline());
    let (output, file) = connection.output();
    let length = output.len();
    let with_piece;
    let bytes = match file {
        None => output,
        Some((file, range)) => {
            with_piece = [output, &read_piece(file, range)?].concat();
            &with_piece
        }
    };
    if bytes.is_empty() {
        // Its length is promised: the client would wait for the rest.
        connection.close(End::Truncated("the file has shrunk"));
        return Ok(());
    }
    let sent = deadline.write(socket, bytes)?;
    look(time);
    let of_file = sent.saturating_sub(length);
    connection.sent(sent - of_file, of_file as u64, time);
    Ok(())
}

/// The first bytes in `range` of a file; none if it ends before.
fn read_piece(file: BorrowedFd, range: Range<u64>) -> nix::Result<Vec<u8>> {
    let left = usize::try_from(range.end - range.start);
    let mut piece = vec![0; left.unwrap_or(HIGH_WATER).min(HIGH_WATER)];
    loop {
        // Ask for bytes at an offset: there is no position to keep. It fails
        // if the disk does.
        match uio::pread(file, &mut piece, range.start as libc::off_t) {
            Err(Errno::EINTR) => {}
            result => {
                piece.truncate(result?);
                return Ok(piece);
            }
        }
    }
}

//! Exercise 22a, Enough is enough: limits, and who is told of them.
//!
//! Try it: `cargo run --example 22a -- 127.0.0.1:8080`

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock}; //-solution
use std::thread;
use std::time::Duration; //-solution

use nix::errno::Errno;
use shared::cli::{self, Failure};
use shared::net::deadline::Deadline; //-solution
use shared::net::linger::linger; //-solution
use shared::net::listener::Listener;
use shared::net::stream;

//-solution
/// What there may be of a request, in bytes; and how long its head may take.
const TARGET: usize = 4 * 1024;
const HEAD: usize = 8 * 1024;
const BODY: usize = 64 * 1024;
const TIME: Duration = Duration::from_secs(1);
/// As many again may be told that they are not served, and when to come again.
const CLIENTS: usize = 100;
const FULL: &str = "503 Service Unavailable\r\nRetry-After: 1";

//-end
/// How long the body of a request is, or the status with which it is refused.
type Length = Result<usize, &'static str>;

//-server

fn serve(connection: &OwnedFd) -> io::Result<()> {
    let connection = connection.try_clone()?;
    //-solution
    // Each thread has one of these, however it ends.
    static ALL: LazyLock<Arc<()>> = LazyLock::new(Arc::default);
    let (one, count) = (Arc::clone(&ALL), Arc::strong_count(&ALL) - 1);
    if count > 2 * CLIENTS {
        return Ok(());
    }
    //-end
    let work = move || {
        //-solution
        let is_full = count > CLIENTS;
        let length = if is_full { Err(FULL) } else { request(&connection) };
        //-starter
        // let length = request(&connection); // TODO: how many are there?
        //-end
        // Who has left does not need it.
        let _ = respond(&connection, length);
        drop(one); //-solution
    };
    thread::Builder::new().spawn(work).map(drop)
}

fn respond(connection: &OwnedFd, length: Length) -> nix::Result<()> {
    let (status, body) = match length {
        Ok(length) => ("200 OK", format!("{length} bytes\n")),
        Err(status) => (status, "refused\n".to_string()),
    };
    let response = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream::write_all(connection, response.as_bytes())?;
    // Closed before all is read, it could not be read itself. //-solution
    linger(connection, TIME) //-solution
    // Ok(()) //-starter
}

fn request(connection: &OwnedFd) -> Length {
    let (mut head, mut chunk) = (Vec::new(), [0; 4096]);
    let deadline = Deadline::after(TIME); //-solution
    let end = loop {
        let end = head.windows(4).position(|it| it == b"\r\n\r\n");
        //-solution
        let target = head.split(|byte| *byte == b' ').nth(1);
        if target.is_some_and(|target| target.len() > TARGET) {
            return Err("414 URI Too Long");
        }
        if end.map_or(head.len(), |end| end + 4) > HEAD {
            return Err("431 Request Header Fields Too Large");
        }
        //-end
        if let Some(end) = end {
            break end + 4;
        }
        match deadline.read(connection, &mut chunk) { //-solution
        // match stream::read(connection, &mut chunk) { //-starter
            Ok(count @ 1..) => head.extend(&chunk[..count]),
            Err(Errno::ETIMEDOUT) => return Err("408 Request Timeout"),
            _ => return Err("400 Bad Request"),
        }
    };
    let length = length(&head[..end]);
    if length > BODY { //-solution
        return Err("413 Content Too Large"); //-solution
    } //-solution
    let mut count = head.len() - end;
    while count < length {
        match stream::read(connection, &mut chunk) {
            Ok(more @ 1..) => count += more,
            _ => return Err("400 Bad Request"),
        }
    }
    Ok(length)
}

/// What Content-Length says: what is no number is too much.
fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields
        .find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap_or(usize::MAX))
}

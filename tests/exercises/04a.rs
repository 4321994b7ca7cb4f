//! Exercise 04a, The last word: a response that arrives.
//!
//! Try it: `cargo run --example 04a -- 127.0.0.1:8080`

use std::os::fd::AsRawFd; //-solution
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::{Duration, Instant}; //-solution

use nix::sys::socket::{self, Shutdown, sockopt}; //-solution
use nix::sys::time::{TimeVal, TimeValLike}; //-solution
use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// Who sends more is told so.
const MOST: u64 = 1024 * 1024;

//-server

/// Counts what the client sends and says so.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; 16 * 1024];
    let mut total: u64 = 0;
    let mut sum: u64 = 0;
    //-solution
    let response = loop {
        let count = stream::read(connection, &mut buffer)?;
        if count == 0 {
            break format!("{total} bytes, sum {sum}\n");
        }
        total += count as u64;
        sum += buffer[..count].iter().map(|byte| u64::from(*byte)).sum::<u64>();
        if total > MOST {
            break "too long\n".to_string();
        }
    };
    stream::write_all(connection, response.as_bytes())?;
    linger(connection)
    //-starter
    // // TODO: this responds to the first piece, and closes while others are on
    // // their way: then the client's kernel may throw the response away.
    // // Count up to the end of file; refuse what is longer than MOST at
    // // once; and either way let the client read the response.
    // let count = stream::read(connection, &mut buffer)?;
    // total += count as u64;
    // sum += buffer[..count].iter().map(|byte| u64::from(*byte)).sum::<u64>();
    // let response = if total > MOST {
    //     "too long\n".to_string()
    // } else {
    //     format!("{total} bytes, sum {sum}\n")
    // };
    // stream::write_all(connection, response.as_bytes())
    //-end
}
//-solution

/// Ends our direction, then reads what is still on its way, for two seconds
/// at most: closing while bytes are unread would reset the connection.
fn linger(connection: &OwnedFd) -> nix::Result<()> {
    socket::shutdown(connection.as_raw_fd(), Shutdown::Write)?;
    let deadline = Instant::now() + Duration::from_secs(2);
    let mut unread = [0; 16 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.as_millis() == 0 {
            return Ok(());
        }
        let limit = TimeVal::milliseconds(left.as_millis() as i64);
        socket::setsockopt(connection, sockopt::ReceiveTimeout, &limit)?;
        // Out of time, or gone: the response has had its chance.
        match stream::read(connection, &mut unread) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}
//-end

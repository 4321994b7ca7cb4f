//! Enters in step 10: telling a client that there is no room.

use std::fmt::Display;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;

use super::site::{Responder, Time};
use crate::cli;
use crate::http::method::Method;
use crate::http::persistence::Persistence;
use crate::http::status::Status;
use crate::net::stream;

/// How long the server waits for the request of a client that it refuses,
/// in seconds and microseconds.
const REFUSAL_TIMEOUT: TimeVal = TimeVal::new(0, 10_000);

/// Tells a client that it cannot be served now. Its request is read first, if
/// it comes at once: what is unread would make the closing a reset. Others
/// wait to be accepted, so it waits no longer.
pub fn refuse(socket: &OwnedFd, peer: SocketAddr, why: impl Display) {
    let mut request = [0; 16 * 1024];
    // With this limit read(2) waits that long, but takes what is there
    // however late it is called. Who sends nothing is told as well.
    let _ = setsockopt(socket, sockopt::ReceiveTimeout, &REFUSAL_TIMEOUT)
        .and_then(|()| stream::read(socket, &mut request));
    let is_head = request.starts_with(b"HEAD ");
    let method = if is_head { Method::Head } else { Method::Get };
    let mut out = Vec::new();
    let (date, persistence) = (&Time::now().date, Persistence::Close);
    Responder { out: &mut out, method, persistence, date }
        .start(Status::ServiceUnavailable)
        .field("Retry-After", "1")
        .field("Content-Type", "text/plain; charset=utf-8")
        .body(b"Too many clients at once. Try again in a second.\n");
    // The buffer of a fresh socket has room for it. If the client has gone,
    // there is no one to tell.
    let _ = stream::write_all(socket, &out);
    cli::log(format_args!("{peer}: refused: {why}"));
}

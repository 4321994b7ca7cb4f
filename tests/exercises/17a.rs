//! Exercise 17a, No copies: a file goes into the socket, not through us.
//!
//! Try it: `cargo run --example 17a -- 127.0.0.1:8080`

use std::fs::File;
use std::io;
// use std::io::Read; //-starter
// use std::os::fd::OwnedFd; //-starter
use std::os::fd::{AsRawFd, OwnedFd}; //-solution
use std::process::ExitCode;

use httparse::Request;
use nix::errno::Errno; //-solution
use nix::libc; //-solution
use nix::sys::sendfile::sendfile; //-solution
use nix::sys::socket::{MsgFlags, send}; //-solution
use shared::cli::{self, Failure};
use shared::http::method::Method;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

//-server

//-requests

/// Sends the response to GET or HEAD.
fn respond(connection: &OwnedFd, request: &Request) -> io::Result<()> {
    let is_head = request.method == Some("HEAD");
    let file = File::open("README.md")?;
    let size = file.metadata()?.len();
    let mut head = Vec::new();
    Response::new(&mut head, Status::Ok, Method::Get)
        .field("Content-Type", "text/markdown; charset=utf-8")
        .length(size);
    let body = if is_head { 0 } else { size };
    //-solution
    // Without a body the head would wait for nothing.
    let more = if body > 0 { libc::MSG_MORE } else { 0 };
    send_all(connection, &head, MsgFlags::from_bits_retain(more))?;
    send_file(connection, &file, body)
    //-starter
    // stream::write_all(connection, &head)?;
    // // TODO: this copies the file into our memory, and out of it again.
    // let mut content = Vec::new();
    // file.take(body).read_to_end(&mut content)?;
    // Ok(stream::write_all(connection, &content)?)
    //-end
}
//-solution

/// Sends all of `bytes`, in as many send(2) calls as the kernel wants.
fn send_all(
    connection: &OwnedFd,
    mut bytes: &[u8],
    flags: MsgFlags,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match send(connection.as_raw_fd(), bytes, flags) {
            Err(Errno::EINTR) => {}
            sent => bytes = &bytes[sent?..],
        }
    }
    Ok(())
}

/// Sends the first `size` bytes of a file, in as many sendfile(2) calls as
/// the kernel wants.
fn send_file(connection: &OwnedFd, file: &File, size: u64) -> io::Result<()> {
    // The kernel moves it on.
    let mut offset = 0;
    while (offset as u64) < size {
        let rest = (size - offset as u64) as usize;
        match sendfile(connection, file, Some(&mut offset), rest) {
            Err(Errno::EINTR) => {}
            // The length is promised: no other response can follow.
            Ok(0) => return Err(io::Error::other("the file has shrunk")),
            sent => drop(sent?),
        }
    }
    Ok(())
}
//-end

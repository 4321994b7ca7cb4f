//! Exercise 06b, A pipeline without memory: responses for a client that
//! asks faster than it reads.
//!
//! Try it: `cargo run --example 06b -- 127.0.0.1:8080`

// use std::os::fd::AsRawFd; //-starter
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

// use nix::errno::Errno; //-starter
use nix::sys::socket::{self, sockopt};
use shared::cli::{self, Failure};
use shared::net::buffer::Buffer;
use shared::net::linger::linger;
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;
//-solution

/// This many bytes of responses are sent at once, and about as many are kept.
const ENOUGH: usize = 16 * 1024;
//-end

//-server

/// Numbers the requests of a connection, until there are no more.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let mut input = Buffer::new(MAX_HEAD);
    let mut output = Vec::new();
    let mut number = 0;
    loop {
        let next = head(input.bytes());
        if let Ok(Some(length)) = next {
            input.consume(length);
            number += 1;
            output.extend_from_slice(response(number).as_bytes());
            //-solution
            if output.len() < ENOUGH {
                continue;
            }
            //-starter
            // continue;
            //-end
        }
        //-solution
        // A client that waits for these very responses sends no more: they
        // must be on their way before we wait for it. And while it does
        // not read, this waits, and what it sends stays with it.
        stream::write_all(connection, &output)?;
        output.clear();
        //-starter
        // // TODO: nobody is kept waiting here: what the kernel does not take
        // // now, it will take later. How much can that become, and when is
        // // "later" if the client has nothing more to ask?
        // let now = socket::MsgFlags::MSG_DONTWAIT;
        // match socket::send(connection.as_raw_fd(), &output, now) {
        //     Ok(taken) => {
        //         output.drain(..taken);
        //     }
        //     Err(Errno::EAGAIN) => {}
        //     Err(errno) => return Err(errno),
        // }
        //-end
        match next {
            Ok(Some(_)) => continue, //-solution
            Ok(None) if input.bytes().len() < MAX_HEAD => {}
            // Malformed, or too long.
            _ => return linger(connection, Duration::from_secs(1)),
        }
        match stream::read(connection, input.space())? {
            0 => return Ok(()),
            count => input.filled(count),
        }
    }
}

/// The length of the head at the beginning of `bytes`, if it is whole.
fn head(bytes: &[u8]) -> Result<Option<usize>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    match httparse::Request::new(&mut fields).parse(bytes)? {
        httparse::Status::Complete(length) => Ok(Some(length)),
        httparse::Status::Partial => Ok(None),
    }
}

/// A number in a line of a hundred bytes, and how to send it.
fn response(number: u64) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{number:.<99}\n")
}

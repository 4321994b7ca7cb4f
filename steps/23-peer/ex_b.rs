//! Exercise 23b, Frames: messages in a stream, in whatever pieces they come.
//!
//! Try it: `cargo run --example 23b -- 127.0.0.1:8080`

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// What each side sends first: a magic, and the version as a u16.
const HELLO: [u8; 6] = *b"SWRM\0\x01";

/// In front of each payload: its length as a u32, and the type.
const HEADER: usize = 5;

/// The types of frames.
const PING: u8 = 1;
const PONG: u8 = 2;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 23b [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connection) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Talks to one more peer.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    Ok(talk(connection)?) // TODO: and the other peers?
}

/// Responds to what a peer sends, to the end.
fn talk(connection: &OwnedFd) -> nix::Result<()> {
    stream::write_all(connection, &HELLO)?;
    let mut space = [0; 64 * 1024];
    // TODO: is this HELLO?
    stream::read(connection, &mut space)?;
    loop {
        // TODO: is this all of a frame, and is there only one?
        let count = stream::read(connection, &mut space)?;
        let Some((head, rest)) = space[..count].split_first_chunk() else {
            return Ok(());
        };
        let [a, b, c, d, kind]: [u8; HEADER] = *head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if kind == PING {
            send(connection, PONG, &rest[..length.min(rest.len())])?;
        }
    }
}

/// Sends a frame, whose payload is shorter than 4 GiB.
fn send(connection: &OwnedFd, kind: u8, payload: &[u8]) -> nix::Result<()> {
    let length = (payload.len() as u32).to_le_bytes();
    let frame = [&length[..], &[kind], payload].concat();
    stream::write_all(connection, &frame)
}

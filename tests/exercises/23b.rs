//! Exercise 23b, Frames: messages in a stream, in whatever pieces they come.
//!
//! Try it: `cargo run --example 23b -- 127.0.0.1:8080`

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::thread; //-solution
use std::time::Duration; //-solution

use shared::cli::{self, Failure};
use shared::net::buffer::Buffer; //-solution
use shared::net::linger::linger; //-solution
use shared::net::listener::Listener;
use shared::net::stream;

/// What each side sends first: a magic, and the version as a u16.
const HELLO: [u8; 6] = *b"SWRM\0\x01";

/// In front of each payload: its length as a u32, and the type.
const HEADER: usize = 5;
const MAX_PAYLOAD: usize = 1 << 20; //-solution

/// The types of frames.
const PING: u8 = 1;
const PONG: u8 = 2;
const ERROR: u8 = 3; //-solution

//-server

/// Talks to one more peer.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    //-solution
    let connection = connection.try_clone()?;
    let lost = |errno| cli::log(format_args!("peer lost: {errno}"));
    let work = move || talk(&connection).unwrap_or_else(lost);
    thread::Builder::new().spawn(work).map(drop)
    //-starter
    // Ok(talk(connection)?) // TODO: and the other peers?
    //-end
}

/// Responds to what a peer sends, to the end.
fn talk(connection: &OwnedFd) -> nix::Result<()> {
    stream::write_all(connection, &HELLO)?;
    //-solution
    // As much as the longest frame has, whatever peers say of theirs.
    let mut input = Buffer::new(HEADER + MAX_PAYLOAD);
    let mut parse: fn(&[u8]) -> Parsed<'_> = hello;
    loop {
        match parse(input.bytes()) {
            Ok(Some((response, length))) => {
                if let Some(payload) = response {
                    send(connection, PONG, payload)?;
                }
                input.consume(length);
                parse = frame;
            }
            Ok(None) => match stream::read(connection, input.space())? {
                0 => return Ok(()),
                count => input.filled(count),
            },
            Err(reason) => {
                send(connection, ERROR, reason.as_bytes())?;
                // Closed at once, it could be lost by a reset.
                return linger(connection, Duration::from_secs(1));
            }
        }
    }
    //-starter
    // let mut space = [0; 64 * 1024];
    // // TODO: is this HELLO?
    // stream::read(connection, &mut space)?;
    // loop {
    //     // TODO: is this all of a frame, and is there only one?
    //     let count = stream::read(connection, &mut space)?;
    //     let Some((head, rest)) = space[..count].split_first_chunk() else {
    //         return Ok(());
    //     };
    //     let [a, b, c, d, kind]: [u8; HEADER] = *head;
    //     let length = u32::from_le_bytes([a, b, c, d]) as usize;
    //     if kind == PING {
    //         send(connection, PONG, &rest[..length.min(rest.len())])?;
    //     }
    // }
    //-end
}

/// Sends a frame, whose payload is shorter than 4 GiB.
fn send(connection: &OwnedFd, kind: u8, payload: &[u8]) -> nix::Result<()> {
    let length = (payload.len() as u32).to_be_bytes(); //-solution
    // let length = (payload.len() as u32).to_le_bytes(); //-starter
    let frame = [&length[..], &[kind], payload].concat();
    stream::write_all(connection, &frame)
}
//-solution

/// What comes first, if all of it is here: a payload to send back, if there is
/// one, and the length of all. The error is why the peer is refused.
type Parsed<'a> = Result<Option<(Option<&'a [u8]>, usize)>, &'static str>;

fn hello(bytes: &[u8]) -> Parsed<'_> {
    match bytes.first_chunk() {
        None => Ok(None),
        Some(hello) if *hello == HELLO => Ok(Some((None, HELLO.len()))),
        Some(hello) if hello[..4] == HELLO[..4] => Err("version"),
        Some(_) => Err("magic"),
    }
}

fn frame(bytes: &[u8]) -> Parsed<'_> {
    let Some((head, rest)) = bytes.split_first_chunk() else { return Ok(None) };
    let [a, b, c, d, kind]: [u8; HEADER] = *head;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length > MAX_PAYLOAD {
        return Err("length");
    }
    let Some(payload) = rest.get(..length) else { return Ok(None) };
    Ok(Some(((kind == PING).then_some(payload), HEADER + length)))
}
//-end

//! Exercise 27a, Who are you? Links for those on a list, by key.
//!
//! Try it: `cargo run --example 27a -- 127.0.0.1:8000 --data /tmp/27a`

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::{path::PathBuf, process::ExitCode, thread, time::Instant};

use peer::{hello::PeerId, key, members::Members};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use snow::{Builder, TransportState};

/// What both ends say first, in clear: magic, version 2, type 0, four flags.
const PREAMBLE: [u8; 8] = [0xd5, 0x53, 2, 0, 0, 0, 0, 0];

struct Node {
    private: [u8; 32],
    /// What all nodes of the network know.
    secret: [u8; 32],
    members: Members,
}

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let usage = "usage: 27a [ADDRESS] --data DIRECTORY";
    let (address, [data]) = cli::server_arguments(usage, ["data"])?;
    let data = PathBuf::from(data.ok_or_else(|| Failure::usage("no --data"))?);
    let node: &Node = Box::leak(Box::new(Node {
        private: key::secret(&data, "noise")?.0,
        secret: key::secret(&data, "secret")?.0,
        members: Members::read(&data.join("members"))?,
    }));
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let accepted = listener.accept();
        let (socket, peer) =
            accepted.map_err(|errno| Failure::new("cannot accept", errno))?;
        let over = move |error| cli::log(format_args!("{peer}: {error}"));
        let work = move || serve(&socket.into(), node).unwrap_or_else(over);
        thread::Builder::new().spawn(work).map(drop).unwrap_or_else(over);
    }
}

/// Tells a peer who it is, each time that it asks.
fn serve(mut stream: &TcpStream, node: &Node) -> io::Result<()> {
    let (who, mut link) = meet(stream, node)?;
    let mut sealed = [0; 8 + 16];
    loop {
        stream.read_exact(&mut sealed)?;
        link.read_message(&sealed, &mut [0; 24])
            .map_err(|_| refused("played again or changed"))?;
        link.write_message(who.to_string().as_bytes(), &mut sealed)
            .map_err(io::Error::other)?;
        stream.write_all(&sealed)?;
    }
}

/// Agrees on keys with a peer, and finds out who it is.
fn meet(
    mut stream: &TcpStream,
    node: &Node,
) -> io::Result<(PeerId, TransportState)> {
    stream.write_all(&PREAMBLE)?;
    let (mut theirs, mut text) = (PREAMBLE, [0; 96]);
    stream.read_exact(&mut theirs)?;
    // TODO: what do they speak? And is this what they have said?
    let prologue = [PREAMBLE, PREAMBLE].concat();
    let pattern = "Noise_XXpsk3_25519_ChaChaPoly_SHA256".parse();
    let mut noise = Builder::new(pattern.map_err(io::Error::other)?)
        .local_private_key(&node.private)
        .and_then(|it| it.psk(3, &node.secret))
        .and_then(|it| it.prologue(&prologue))
        .and_then(Builder::build_responder)
        .map_err(io::Error::other)?;
    let (mut first, mut second, mut third) = ([0; 48], [0; 96], [0; 96]);
    stream.read_exact(&mut first)?;
    noise.read_message(&first, &mut text).map_err(|_| refused("downgraded"))?;
    noise.write_message(&[], &mut second).map_err(io::Error::other)?;
    stream.write_all(&second)?;
    stream.read_exact(&mut third)?;
    let result = noise.read_message(&third, &mut text);
    // TODO: this is what they say. But who are they?
    let who = *text.first_chunk().unwrap_or(&[0; 32]);
    result.map_err(|_| refused("wrong secret"))?;
    if !node.members.admits(PeerId(who), Instant::now()) {
        stream.write_all(b"you are not on the list\n")?;
        return Err(refused("not on the list"));
    }
    let link = noise.into_transport_mode().map_err(io::Error::other)?;
    Ok((PeerId(who), link))
}

/// What is logged of somebody who gets no link.
fn refused(why: &str) -> io::Error {
    io::Error::other(format!("refused: {why}"))
}

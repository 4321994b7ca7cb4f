//! The command `hello HOST:PORT`: greets a node, and shows what it says.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use nix::errno::Errno;
use peer::frame::{self, Decoder};
use peer::hello::{self, Greeting};
use peer::kind::Kind;
use peer::random::random;
use peer::violation::{Reason, Violation};
use peer::wire::annotate;
use shared::cli::{self, Failure};
use shared::net::deadline::Deadline;

use super::dial::resolve;
use super::identity;
use super::links::clock;

/// For all of it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Greets the node at `name`, and prints each of its frames until it is ready
/// or has refused us.
pub fn run(name: &str, network: [u8; 32]) -> Result<(), Failure> {
    let deadline = Deadline::after(TIMEOUT);
    let cannot =
        |why: io::Error| Failure::new(format_args!("cannot greet {name}"), why);
    let mut last = io::Error::from(Errno::EADDRNOTAVAIL);
    for address in resolve(name)? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                return greet(&stream, network, deadline).map_err(cannot);
            }
            Err(error) => last = error,
        }
    }
    Err(cannot(last))
}

fn greet(
    stream: &TcpStream,
    network: [u8; 32],
    deadline: Deadline,
) -> io::Result<()> {
    let peer = stream.peer_addr()?;
    let greeting = Greeting {
        session: u64::from_be_bytes(random()?),
        node: identity::new().map_err(|it| io::Error::other(it.to_string()))?,
        // Nobody can dial us.
        port: 0,
        network,
    };
    let mut out = Vec::new();
    let hello = greeting.hello(peer, clock());
    frame::encode(Kind::Hello, &hello.encode(), &mut out);
    deadline.write_all(stream, &out)?;
    let mut decoder = Decoder::default();
    loop {
        let count = deadline.read(stream, decoder.space())?;
        if count == 0 {
            return Err(io::Error::other("it has closed the connection"));
        }
        decoder.received(count);
        let wrong = |it: Violation| io::Error::other(it.to_string());
        while let Some(frame) = decoder.next_frame().map_err(wrong)? {
            let Some(kind) = frame.kind else { continue };
            show(kind, &frame.payload);
            if matches!(kind, Kind::Ready | Kind::Bye) {
                out.clear();
                let bye = [Reason::Shutdown as u8, 0, 0];
                frame::encode(Kind::Bye, &bye, &mut out);
                // If it is gone, it does not have to be told.
                let _ = deadline.write_all(stream, &out);
                return Ok(());
            }
        }
    }
}

/// Prints a frame, and what each of its bytes is.
fn show(kind: Kind, payload: &[u8]) {
    let mut header = Vec::new();
    frame::encode(kind, payload, &mut header);
    header.truncate(frame::HEADER);
    let header = annotate(&frame::FIELDS, &header);
    let payload = match (kind, payload) {
        (Kind::Hello, payload) => annotate(&hello::FIELDS, payload),
        (Kind::Bye, [reason, ..]) => match Reason::from_byte(*reason) {
            Some(reason) => format!("{}\n", reason.text()),
            None => format!("reason {reason}\n"),
        },
        _ => String::new(),
    };
    cli::print(format!("{kind}\n{header}{payload}").trim_end());
}

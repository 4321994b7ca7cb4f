//! The command `hello HOST:PORT`: greets a node, and shows what it says, and
//! who proves to be there.

use std::io;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use peer::clock::clock;
use peer::frame::{self, Decoder};
use peer::hello::{self, Greeting};
use peer::key;
use peer::kind::Kind;
use peer::network::Network;
use peer::random::random;
use peer::secure::{Handshake, Keys, Secured};
use peer::violation::{Reason, Violation};
use peer::vouch;
use peer::wire::annotate;
use shared::cli::{self, Failure};
use shared::net::deadline::Deadline;
use shared::net::resolve::resolve;

/// For all of it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Greets the node at `name`, which is in the network of this code, or else in
/// that of nodes that were told of none.
pub fn run(name: &str, code: Option<&str>) -> Result<(), Failure> {
    let network = Network::read(None, None, code.map(Into::into))?;
    let deadline = Deadline::after(TIMEOUT);
    let cannot =
        |why: io::Error| Failure::new(format_args!("cannot greet {name}"), why);
    let mut last = io::Error::from(Errno::EADDRNOTAVAIL);
    for address in resolve(name)? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                return greet(&stream, &network, deadline).map_err(cannot);
            }
            Err(error) => last = error,
        }
    }
    Err(cannot(last))
}

fn greet(
    stream: &TcpStream,
    network: &Network,
    deadline: Deadline,
) -> io::Result<()> {
    let other = |it: &dyn ToString| io::Error::other(it.to_string());
    let (author, _) = key::new().map_err(|it| other(&it))?;
    let private = author.to_bytes();
    let keys = Keys { private, shared: network.shared_key() };
    let greeting = Greeting {
        session: u64::from_be_bytes(random()?),
        node: keys.node(),
        // Nobody can dial us.
        port: 0,
        network: network.said(),
    };
    let mut secured = secure(stream, keys, deadline)?;
    let cipher = &mut secured.cipher;
    let mut hello = greeting.hello(stream.peer_addr()?, clock());
    let binding = cipher.channel_binding();
    hello.proof = vouch::sign(&author, binding, greeting.node, "hello");
    let mut out = secured.output;
    cipher.seal(Kind::Hello, &hello.encode(), &mut out);
    deadline.write_all(stream, &out)?;
    let mut decoder = Decoder::default();
    decoder.space()[..secured.rest.len()].copy_from_slice(&secured.rest);
    decoder.received(secured.rest.len());
    loop {
        let frame = cipher.unseal(&mut decoder);
        let Some(frame) = frame.map_err(|it: Violation| other(&it))? else {
            let count = deadline.read(stream, decoder.space())?;
            if count == 0 {
                return Err(other(&"it has closed the connection"));
            }
            decoder.received(count);
            continue;
        };
        let Some(kind) = frame.kind else { continue };
        show(kind, &frame.payload);
        if matches!(kind, Kind::Ready | Kind::Bye) {
            cli::print(format_args!("node {}", cipher.node().digits()));
            out.clear();
            cipher.seal(Kind::Bye, &[Reason::Shutdown as u8, 0, 0], &mut out);
            // If it is gone, it does not have to be told.
            let _ = deadline.write_all(stream, &out);
            return Ok(());
        }
    }
}

/// Makes the connection one that nobody else can read.
fn secure(
    stream: &TcpStream,
    keys: Keys,
    deadline: Deadline,
) -> io::Result<Secured> {
    let mut it = Handshake::new(Rc::new(keys), true, Instant::now());
    loop {
        let is_over = it.advance();
        deadline.write_all(stream, it.output())?;
        it.sent(it.output().len());
        if is_over {
            let outcome =
                it.outcome().unwrap_or(Err(peer::secure::Fault::Ended));
            return outcome.map_err(|it| io::Error::other(it.to_string()));
        }
        let count = deadline.read(stream, it.space())?;
        it.received(count);
    }
}

/// Prints a frame, and what each of its bytes is.
fn show(kind: Kind, payload: &[u8]) {
    let mut header = Vec::new();
    frame::encode(kind, payload, &mut header);
    header.truncate(frame::HEADER);
    let header = annotate(&frame::FIELDS, &header);
    let payload = match (kind, payload) {
        (Kind::Hello, payload) => {
            let (hello, proof) = payload.split_at(payload.len().min(108));
            annotate(&hello::FIELDS[..11], hello)
                + &annotate(&vouch::FIELDS, proof)
        }
        (Kind::Bye, [reason, ..]) => match Reason::from_byte(*reason) {
            Some(reason) => format!("{}\n", reason.text()),
            None => format!("reason {reason}\n"),
        },
        _ => String::new(),
    };
    cli::print(format!("{kind}\n{header}{payload}").trim_end());
}

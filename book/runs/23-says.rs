//! What a node would say over a connection: HELLO, READY, and then a LINE for
//! each line of standard input. It does not wait for what the other end says.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use peer::frame;
use peer::hello::{Greeting, PeerId, network_id};
use peer::kind::Kind;

fn main() -> io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let digit = u8::from_str_radix(&name, 16).unwrap_or(0x0f);
    let greeting = Greeting {
        session: digit.into(),
        node: PeerId([digit * 0x11; 32]),
        port: 0,
        network: network_id("step23", 16, None),
    };
    let seen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
    let hello = greeting.hello(seen, 0).encode();
    say(Kind::Hello, &hello)?;
    say(Kind::Ready, &[])?;
    for line in io::stdin().lines() {
        say(Kind::Line, line?.as_bytes())?;
    }
    Ok(())
}

fn say(kind: Kind, payload: &[u8]) -> io::Result<()> {
    let mut frame = Vec::new();
    frame::encode(kind, payload, &mut frame);
    io::stdout().write_all(&frame)
}

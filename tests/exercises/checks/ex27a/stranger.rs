//! Another node for exercise 27a: it dials, asks who it is, and prints what it
//! is told. For each line of its standard input it asks again.
//!
//! KEY is its private key, in hexadecimal; it says that it has that of SAYS. Of
//! two preambles SENT/MEANT, somebody has made the first of the second. `flip`
//! changes a bit of the third message, `twice` asks with the same bytes again,
//! and `again` plays all that was sent to another connection.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use peer::{hello::PeerId, secure::Keys};
use shared::cli;
use snow::Builder;

const USAGE: &str = "27a-stranger ADDRESS KEY SECRET SAYS [TRICK]";

type Result = std::result::Result<(), Box<dyn Error>>;

fn main() -> Result {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, key, secret, says, trick @ ..] = &*words else { Err(USAGE)? };
    let id = |it| PeerId::from_digits(&format!("{it:0>64}")).ok_or(USAGE);
    let shared = id(secret)?.0;
    let keys = Keys { private: id(key)?.0, shared };
    let says = Keys { private: id(says)?.0, shared }.node();
    cli::log(format_args!("my key is {}", keys.node().digits()));
    match talk(address, &keys, &says, trick.first().map_or("", |it| it)) {
        Ok(()) => cli::print("still open"),
        // However they have ended it.
        Err(error) if error.is::<io::Error>() => cli::print("closed"),
        Err(error) => cli::print(format_args!("not to be read: {error}")),
    }
    Ok(())
}

fn talk(at: &str, keys: &Keys, says: &PeerId, trick: &str) -> Result {
    let (sent, meant) = trick.split_once('/').unwrap_or(("d55302", "d55302"));
    let bytes = |it| u64::from_str_radix(&format!("{it:0<16}"), 16);
    let [sent, meant] = [bytes(sent)?, bytes(meant)?].map(u64::to_be_bytes);
    let (mut stream, mut theirs) = (TcpStream::connect(at)?, [0; 8]);
    stream.write_all(&sent)?;
    stream.read_exact(&mut theirs)?;
    let pattern = "Noise_XXpsk3_25519_ChaChaPoly_SHA256".parse()?;
    let mut noise = Builder::new(pattern)
        .local_private_key(&keys.private)?
        .psk(3, &keys.shared)?
        .prologue(&[meant, theirs].concat())?
        .build_initiator()?;
    let (mut first, mut third) = ([0; 48], [0; 96]);
    noise.write_message(&[], &mut first)?;
    stream.write_all(&first)?;
    noise.read_message(&receive(&stream, 96)?, &mut [0; 96])?;
    noise.write_message(&says.0, &mut third)?;
    third[0] ^= u8::from(trick == "flip");
    stream.write_all(&third)?;
    let (mut link, mut sealed) = (noise.into_transport_mode()?, [0; 24]);
    let mut lines = io::stdin().lines();
    loop {
        link.write_message(b"who am I", &mut sealed)?;
        let count = if trick == "twice" { 2 } else { 1 };
        // Who is refused finds that out here, or below.
        let _ = stream.write_all(&sealed.repeat(count));
        for _ in 0..count {
            let mut text = [0; 24];
            let length =
                link.read_message(&receive(&stream, 24)?, &mut text)?;
            cli::print(String::from_utf8_lossy(&text[..length]));
        }
        let Some(_) = lines.next() else { break };
    }
    if trick == "again" {
        stream = TcpStream::connect(at)?;
        stream.write_all(&[&sent[..], &first].concat())?;
        receive(&stream, 8 + 96)?;
        stream.write_all(&[&third[..], &sealed].concat())?;
        receive(&stream, 24)?;
    }
    Ok(())
}

/// Receives so many bytes, or what there was before the end.
fn receive(stream: &TcpStream, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = stream.take(count).read_to_end(&mut bytes);
    (!bytes.is_empty()).then_some(bytes).ok_or(ErrorKind::UnexpectedEof.into())
}

//! Somebody between two nodes: `27-between HERE THERE` passes on what they say,
//! and shows what can be read of it.
//!
//! `change N` changes the dialler's byte with this number on its way (and lets
//! everything pass on later connections), `again` dials once more when all is
//! over and says what the dialler has said.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{env, thread};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [here, there, rest @ ..] = &words[..] else {
        return Err("27-between HERE THERE [change N | again]".into());
    };
    let mut change = match rest {
        [word, number] if word == "change" => Some(number.parse()?),
        _ => None,
    };
    for socket in TcpListener::bind(here)?.incoming() {
        let (dialler, node) = (socket?, TcpStream::connect(there)?);
        let (from, to) = (node.try_clone()?, dialler.try_clone()?);
        let back = thread::spawn(move || pass(from, to, "<-", None));
        let said = pass(dialler, node, "->", change.take())?;
        // It ends with the connection, however that ends.
        let _ = back.join();
        if rest.first().is_some_and(|it| it == "again") {
            println!("the same {} bytes again:", said.len());
            let mut node = TcpStream::connect(there)?;
            node.write_all(&said)?;
            pass(node, TcpStream::connect(there)?, "<-", None)?;
            return Ok(());
        }
    }
    Ok(())
}

/// Passes on what one end says, until it says no more. Returns it.
fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    arrow: &str,
    change: Option<usize>,
) -> io::Result<Vec<u8>> {
    let (mut said, mut space) = (Vec::new(), [0; 65_536]);
    loop {
        let count = match from.read(&mut space) {
            // Who closes a socket in which something is unread resets it.
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        let bytes = &mut space[..count];
        println!("{arrow} {count:4} bytes  {}", readable(bytes));
        if let Some(at) = change.and_then(|it| it.checked_sub(said.len()))
            && let Some(byte) = bytes.get_mut(at)
        {
            *byte ^= 1;
            println!("   byte {} changed", said.len() + at);
        }
        said.extend_from_slice(bytes);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    // It may be gone already.
    let _ = to.shutdown(Shutdown::Write);
    Ok(said)
}

/// What people can read of it: where twelve letters stand side by side.
fn readable(bytes: &[u8]) -> String {
    let is_text = |it: &u8| it.is_ascii_graphic() || *it == b' ';
    let pieces = bytes.split(|it| !is_text(it)).filter(|it| it.len() >= 12);
    let pieces: Vec<_> = pieces.map(String::from_utf8_lossy).collect();
    pieces.join(" | ")
}

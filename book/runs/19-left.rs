//! Eight clients ask for something that takes long, and leave. A ninth asks for
//! something that does not.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("which ADDRESS?")?;
    for (how, resets) in [("reset", true), ("close", false)] {
        for _ in 0..8 {
            let client = ask(&address, 2_000_000)?;
            thread::sleep(Duration::from_millis(10));
            if resets {
                let now = linger { l_onoff: 1, l_linger: 0 };
                setsockopt(&client, sockopt::Linger, &now)?;
            }
            // Dropped here, and so closed.
        }
        let start = Instant::now();
        ask(&address, 1)?.read_to_end(&mut Vec::new())?;
        println!("eight {how}: the ninth waits {:.2?}", start.elapsed());
    }
    Ok(())
}

/// Sends a request.
fn ask(address: &str, rounds: u32) -> std::io::Result<TcpStream> {
    let mut client = TcpStream::connect(address)?;
    write!(client, "GET /api/hash?rounds={rounds} HTTP/1.1\r\n")?;
    write!(client, "Host: a\r\nConnection: close\r\n\r\n")?;
    Ok(client)
}

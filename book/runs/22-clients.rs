//! One client with many connections at a time: what each of them gets.

use std::env;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().ok_or("which ADDRESS?")?;
    let count: usize = arguments.next().ok_or("how many?")?.parse()?;
    let mut clients = Vec::new();
    let mut outcomes = Vec::new();
    for _ in 0..count {
        let mut client = TcpStream::connect(&address)?;
        outcomes.push(ask(&mut client));
        clients.push(client);
    }
    tell(&outcomes);
    thread::sleep(Duration::from_millis(200));
    println!("a moment later");
    let states: Vec<_> = clients.iter_mut().map(state).collect();
    tell(&states);
    Ok(())
}

/// Sends a request, and returns the first line of the response.
fn ask(client: &mut TcpStream) -> String {
    let mut bytes = [0; 1024];
    let mut exchange = || {
        client.set_read_timeout(Some(Duration::from_millis(500)))?;
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
        client.read(&mut bytes)
    };
    match exchange() {
        Ok(count @ 1..) => {
            let text = String::from_utf8_lossy(&bytes[..count]);
            text.lines().next().unwrap_or_default().to_string()
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            "nothing".to_string()
        }
        // The end, or a reset.
        Ok(0) | Err(_) => "closed, and no response".to_string(),
    }
}

/// Whether the connection is still there.
fn state(client: &mut TcpStream) -> String {
    let mut bytes = [0; 1024];
    let mut peek = || {
        client.set_nonblocking(true)?;
        client.read(&mut bytes)
    };
    match peek() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => "open",
        Ok(1..) => "open",
        Ok(0) | Err(_) => "closed",
    }
    .to_string()
}

/// Says what is the same for several of them in one line.
fn tell(outcomes: &[String]) {
    let mut first = 1;
    for same in outcomes.chunk_by(|one, other| one == other) {
        let last = first + same.len() - 1;
        println!("  {first:>3} to {last:>3}: {}", same[0]);
        first = last + 1;
    }
}

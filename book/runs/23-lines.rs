use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut ada = TcpStream::connect(listener.local_addr()?)?;
    let (mut bob, _) = listener.accept()?;
    thread::spawn(move || {
        // One message for each write...
        ada.write_all(b"hello")?;
        ada.write_all(b"is anybody there?")?;
        thread::sleep(Duration::from_millis(450));
        ada.write_all(&[b'x'; 100_000])
    });
    // ...and one for each read, now and then.
    let mut message = [0; 65_536];
    loop {
        thread::sleep(Duration::from_millis(300));
        match bob.read(&mut message)? {
            0 => return Ok(()),
            n if n < 99 => println!("{}", message[..n].escape_ascii()),
            n => println!("{n} bytes"),
        }
    }
}

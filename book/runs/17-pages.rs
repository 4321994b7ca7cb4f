//! A file is sent, and overwritten before the client reads: once written
//! from a copy in memory, once sent from the file.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use nix::sys::sendfile::sendfile;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    for call in ["write", "sendfile"] {
        fs::write("page", "old old old")?;
        let file = File::open("page")?;
        let mut client = TcpStream::connect(listener.local_addr()?)?;
        let (mut server, _) = listener.accept()?;
        match call {
            "write" => server.write_all(&fs::read("page")?)?,
            _ => assert_eq!(sendfile(&server, &file, None, 11)?, 11),
        }
        // In place: the same file, with other bytes.
        fs::OpenOptions::new().write(true).open("page")?.write_all(b"new")?;
        drop(server);
        let mut received = String::new();
        client.read_to_string(&mut received)?;
        println!("{call}: {received}");
    }
    Ok(())
}

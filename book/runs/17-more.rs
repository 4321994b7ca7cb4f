//! A head, and a file of 16 KiB behind it, on one connection: how many
//! packets that makes, and when the client has all of it.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::thread;
use std::time::Instant;

use nix::libc::MSG_MORE;
use nix::sys::sendfile::sendfile;
use nix::sys::socket::{MsgFlags, send};

const HEAD: [u8; 250] = [b'h'; 250];
const BODY: [u8; 16 << 10] = [b'x'; 16 << 10];

/// The first packets of a connection are acknowledged at once: more than
/// those.
const RESPONSES: usize = 41;

fn main() -> Result<(), Box<dyn Error>> {
    let name = "16-kib";
    std::fs::write(name, BODY)?;
    let file = File::open(name)?;
    println!("{:<25}{:>8}{:>10}", "", "packets", "median");
    let none = MsgFlags::empty();
    let more = MsgFlags::from_bits_retain(MSG_MORE);
    tell("head, file", &file, false, none, BODY.len())?;
    tell("head, file; NODELAY", &file, true, none, BODY.len())?;
    tell("head + MSG_MORE, file", &file, true, more, BODY.len())?;
    tell("head + MSG_MORE, nothing", &file, true, more, 0)?;
    Ok(())
}

fn tell(
    what: &str,
    file: &File,
    no_delay: bool,
    flags: MsgFlags,
    length: usize,
) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    server.set_nodelay(no_delay)?;
    let reader = thread::spawn(move || -> std::io::Result<_> {
        let mut micros = Vec::new();
        let mut response = vec![0; HEAD.len() + length];
        for _ in 0..RESPONSES {
            let begin = Instant::now();
            client.write_all(b"?")?;
            client.read_exact(&mut response)?;
            micros.push(begin.elapsed().as_micros());
        }
        micros.sort();
        Ok((client, micros[RESPONSES / 2] as f64))
    });
    for _ in 0..RESPONSES {
        server.read_exact(&mut [0])?;
        send(server.as_raw_fd(), &HEAD, flags)?;
        if length > 0 {
            sendfile(&server, file, Some(&mut 0), length)?;
        }
    }
    let (_client, micros) =
        reader.join().map_err(|_| "the reader panicked")??;
    let packets = packets(listener.local_addr()?.port())?;
    let packets = f64::from(packets) / RESPONSES as f64;
    println!("{what:<25}{packets:>8.1}{:>7.2} ms", micros / 1000.0);
    Ok(())
}

/// How many packets with data the server's end has sent, as ss says.
fn packets(port: u16) -> Result<u32, Box<dyn Error>> {
    let source = format!("sport = :{port}");
    let output = Command::new("ss").args(["-tinH", &source]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let count = text.split("data_segs_out:").nth(1).unwrap_or_default();
    Ok(count.split(' ').next().unwrap_or_default().parse()?)
}

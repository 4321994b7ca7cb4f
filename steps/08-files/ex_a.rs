//! Exercise 08a, Stay inside: a directory that no name leads out of.
//!
//! Try it: `cargo run --example 08a -- 127.0.0.1:8080 steps/08-files/site`

use std::os::fd::OwnedFd;
use std::process;
use std::{fs, io};

use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;

/// The directory whose files are given away, by its name.
type Root = String;

fn main() {
    if let Err(message) = run() {
        eprintln!("{message}");
        process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let usage = "usage: 08a ADDRESS DIRECTORY";
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or(usage)?;
    let directory = arguments.next().ok_or(usage)?;
    let parsed =
        address.parse().map_err(|_| format!("{address} is no address"))?;
    // TODO: by tomorrow this name may be another directory's. Open it now.
    let root = directory;
    let listener = Listener::open(parsed)
        .map_err(|errno| format!("cannot listen on {address}: {errno}"))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| format!("cannot accept: {errno}"))?;
        if let Err(error) = serve(&connection, &root) {
            eprintln!("client lost: {error}");
        }
    }
}

/// One request, one response.
fn serve(connection: &OwnedFd, root: &Root) -> io::Result<()> {
    let Some(target) = read_target(connection)? else { return Ok(()) };
    // The query is for programs, and there are none here.
    let path = target.split('?').next().unwrap_or_default();
    // TODO: %20 is a blank, and a name that is no file beneath the root is
    // no client's business; nor is where the root is.
    let name = format!("{root}{path}");
    let (status, content) = match fs::read(&name) {
        Ok(content) => ("200 OK", content),
        Err(error) => {
            let sorry = format!("cannot read {name}: {error}\n");
            ("404 Not Found", sorry.into_bytes())
        }
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    stream::write_all(connection, head.as_bytes())?;
    stream::write_all(connection, &content)?;
    Ok(())
}

/// The target of the request that comes in, if one comes.
fn read_target(connection: &OwnedFd) -> nix::Result<Option<String>> {
    let mut input = Buffer::new(MAX_HEAD);
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut fields);
        match head.parse(input.bytes()) {
            Ok(httparse::Status::Complete(_)) => {
                return Ok(head.path.map(str::to_string));
            }
            Ok(httparse::Status::Partial) => {}
            Err(_) => return Ok(None),
        }
        match stream::read(connection, input.space())? {
            0 => return Ok(None),
            count => input.filled(count),
        }
    }
}

//! Exercise 20b, All or nothing: notes that are on the disk, as a whole.
//!
//! Try it: `cargo run --example 20b -- 127.0.0.1:8080 --root /tmp`

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::Mode;
use shared::cli::{self, Failure};
use shared::files::root::{Entry, Root};
use shared::net::listener::Listener;
use shared::net::stream;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let usage = "usage: 20b [ADDRESS] [--root DIRECTORY]";
    let (address, [root]) = cli::server_arguments(usage, ["root"])?;
    let path = root.map_or(".".into(), PathBuf::from);
    let root = Root::open(&path).map_err(|errno| {
        Failure::new(format_args!("cannot open {}", path.display()), errno)
    })?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connection, &root) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Responds to each line.
fn serve(connection: &OwnedFd, root: &Root) -> io::Result<()> {
    let mut input = BufReader::new(TcpStream::from(connection.try_clone()?));
    let mut line = Vec::new();
    // Half a line, and then the end, asks for nothing.
    while input.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        let response = respond(root, &line[..line.len() - 1]);
        let mut response = response.unwrap_or_else(|error| {
            eprintln!("request refused: {}", cli::strerror(error));
            b"error".to_vec()
        });
        response.push(b'\n');
        stream::write_all(connection, &response)?;
        line.clear();
    }
    Ok(())
}

/// Does what a line asks for: `set NAME TEXT` or `get NAME`.
fn respond(root: &Root, line: &[u8]) -> io::Result<Vec<u8>> {
    let words: Vec<&[u8]> = line.splitn(3, |byte| *byte == b' ').collect();
    match words[..] {
        [b"set", name, text] => set(root, name, text).map(|()| b"ok".into()),
        [b"get", name] => get(root, name),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// The response with the text of a note.
fn get(root: &Root, name: &[u8]) -> io::Result<Vec<u8>> {
    let Entry::File(file) = root.open_entry(name)? else {
        return Err(Errno::ENOENT.into());
    };
    let mut response = b"ok ".to_vec();
    fs::File::from(file.descriptor.try_clone()?).read_to_end(&mut response)?;
    Ok(response)
}

/// Gives a note this text.
fn set(root: &Root, name: &[u8], text: &[u8]) -> io::Result<()> {
    let flags = OFlag::O_CREAT | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    // TODO: what if the disk is full, or somebody reads it at this moment?
    let file = fcntl::openat(root, name, flags | OFlag::O_TRUNC, mode)?;
    Ok(stream::write_all(&file, text)?)
}

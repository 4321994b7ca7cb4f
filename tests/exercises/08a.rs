//! Exercise 08a, Stay inside: a directory that no name leads out of.
//!
//! Try it: `cargo run --example 08a -- 127.0.0.1:8080 steps/08-files/site`

use std::fs::File; //-solution
use std::io::{self, Read}; //-solution
use std::os::fd::OwnedFd;
use std::process;
// use std::{fs, io}; //-starter

use nix::errno::Errno; //-solution
use nix::fcntl::{self, OFlag, OpenHow, ResolveFlag}; //-solution
use nix::sys::stat::Mode; //-solution
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;

//-solution
/// The directory whose files are given away, open.
type Root = OwnedFd;
//-starter
// /// The directory whose files are given away, by its name.
// type Root = String;
//-end

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
    //-solution
    let root = open_root(&directory)
        .map_err(|errno| format!("cannot open {directory}: {errno}"))?;
    //-starter
    // // TODO: by tomorrow this name may be another directory's. Open it now.
    // let root = directory;
    //-end
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

//-solution
/// The directory whose files are given away: this one, whatever becomes of
/// its name.
fn open_root(path: &str) -> nix::Result<Root> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    fcntl::open(path, flags, Mode::empty())
}

//-end
/// One request, one response.
fn serve(connection: &OwnedFd, root: &Root) -> io::Result<()> {
    let Some(target) = read_target(connection)? else { return Ok(()) };
    // The query is for programs, and there are none here.
    let path = target.split('?').next().unwrap_or_default();
    //-solution
    let (status, content) = match decode(path) {
        None => ("400 Bad Request", b"What?\n".to_vec()),
        Some(name) => match read_file(root, &name) {
            Ok(Some(content)) => ("200 OK", content),
            Ok(None) => ("404 Not Found", b"Not here.\n".to_vec()),
            Err(error) => {
                eprintln!("{}: {error}", name.escape_ascii());
                ("500 Internal Server Error", b"Sorry.\n".to_vec())
            }
        },
    };
    //-starter
    // // TODO: %20 is a blank, and a name that is no file beneath the root is
    // // no client's business; nor is where the root is.
    // let name = format!("{root}{path}");
    // let (status, content) = match fs::read(&name) {
    //     Ok(content) => ("200 OK", content),
    //     Err(error) => {
    //         let sorry = format!("cannot read {name}: {error}\n");
    //         ("404 Not Found", sorry.into_bytes())
    //     }
    // };
    //-end
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
//-solution

/// The name that a path stands for, without the slash at the beginning. The
/// percent signs are decoded once. `None` if there is a wrong one, or a NUL,
/// at which the kernel would cut the name.
fn decode(path: &str) -> Option<Vec<u8>> {
    let mut rest = path.trim_start_matches('/').as_bytes();
    let mut name = Vec::new();
    while let [first, others @ ..] = rest {
        rest = others;
        let byte = if *first == b'%' {
            let [high, low, others @ ..] = rest else { return None };
            rest = others;
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?
        } else {
            *first
        };
        if byte == 0 {
            return None;
        }
        name.push(byte);
    }
    Some(name)
}

/// The content of the file `name` beneath `root`. `None` if there is no such
/// file, or something else than a file, or the way there leads out.
fn read_file(root: &Root, name: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut file = match open_beneath(root, name) {
        Ok(descriptor) => File::from(descriptor),
        Err(
            Errno::ENOENT
            | Errno::ENOTDIR
            | Errno::ENAMETOOLONG
            | Errno::EACCES
            | Errno::EXDEV
            | Errno::ELOOP
            | Errno::ENXIO
            | Errno::ENODEV,
        ) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    // Of what has been opened, not of what has this name now.
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Asks the kernel, which sees every step of the way, to stay beneath
/// `root`; and not to wait for whatever is at the other end of a pipe.
fn open_beneath(root: &Root, name: &[u8]) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let resolve =
        ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(flags).resolve(resolve);
    loop {
        match fcntl::openat2(root, name, how) {
            // A signal, or something on the way was being moved.
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            result => return result,
        }
    }
}
//-end

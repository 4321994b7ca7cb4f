//! Exercise 08a, Stay inside: a directory that no name leads out of.
//!
//! Try it: `cargo run --example 08a -- --root steps/08-files/site`

use std::fs::File; //-solution
use std::io::{self, Read}; //-solution
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
// use std::{fs, io}; //-starter

use httparse::Request;
use nix::errno::Errno; //-solution
use nix::fcntl::{self, OFlag, OpenHow, ResolveFlag}; //-solution
use nix::sys::socket::{self, Shutdown};
use nix::sys::stat::Mode; //-solution
use shared::cli::{self, Failure};
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

/// The directory whose files are given away.
struct Root(OwnedFd); //-solution
// struct Root(PathBuf); //-starter

impl Root {
    //-solution
    /// This directory, whatever becomes of its name.
    fn open(path: &Path) -> nix::Result<Root> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        fcntl::open(path, flags, Mode::empty()).map(Root)
    }
    //-starter
    // fn open(path: &Path) -> nix::Result<Root> {
    //     // TODO: by tomorrow this may be another directory's name. Open it.
    //     Ok(Root(path.to_path_buf()))
    // }
    //-end
}

//-server root

//-requests root

/// Sends the response, and ends the connection.
fn respond(
    connection: &OwnedFd,
    root: &Root,
    request: &Request,
) -> io::Result<()> {
    let target = request.path.unwrap_or_default();
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
    // let name = format!("{}{path}", root.0.display());
    // let (status, content) = match fs::read(&name) {
    //     Ok(content) => ("200 OK", content),
    //     Err(error) => {
    //         let sorry = format!("cannot read {name}: {error}\n");
    //         ("404 Not Found", sorry.into_bytes())
    //     }
    // };
    //-end
    let length = content.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream::write_all(connection, head.as_bytes())?;
    stream::write_all(connection, &content)?;
    Ok(socket::shutdown(connection.as_raw_fd(), Shutdown::Both)?)
}
//-solution

/// The name that a path stands for, without the slash at the beginning. The
/// percent signs are decoded once. `None` if there is a wrong one, or a NUL,
/// at which the kernel would cut the name.
fn decode(path: &str) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    let mut rest = path.trim_start_matches('/').bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        name.push(match byte {
            b'%' => u8::try_from(digit()? * 16 + digit()?).ok()?,
            _ => byte,
        });
    }
    (!name.contains(&0)).then_some(name)
}

/// The content of the file `name` beneath `root`. `None` if there is no such
/// file, or something else than a file, or the way there leads out.
fn read_file(root: &Root, name: &[u8]) -> io::Result<Option<Vec<u8>>> {
    use Errno::{
        EACCES, ELOOP, ENAMETOOLONG, ENODEV, ENOENT, ENOTDIR, ENXIO, EXDEV,
    };
    let mut file = match open_beneath(root, name) {
        Ok(descriptor) => File::from(descriptor),
        Err(
            ENOENT | ENOTDIR | ENAMETOOLONG | EACCES | EXDEV | ELOOP | ENXIO
            | ENODEV,
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
        match fcntl::openat2(&root.0, name, how) {
            // A signal, or something on the way was being moved.
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            result => return result,
        }
    }
}
//-end

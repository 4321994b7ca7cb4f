//! Exercise 08b, The right label: files with a type and a length.
//!
//! Try it: `cargo run --example 08b -- --root steps/08-files/site`

use std::io;
use std::io::ErrorKind; //-solution
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitCode;

use httparse::Request;
use nix::sys::socket::{self, sockopt};
use nix::sys::uio;
use shared::cli::{self, Failure};
use shared::http::path::decode_path;
use shared::http::path::encode_directory; //-solution
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

#[allow(dead_code, reason = "the exercise uses a part of it")]
#[path = "root.rs"]
mod root;

use root::{Entry, File, Root};

//-solution
/// So much of a file is in memory at a time.
const PIECE: usize = 64 * 1024;

//-end
//-server root

//-requests root

/// Responds to GET or HEAD; or fails, if the response could not be sent as
/// promised.
fn respond(
    connection: &OwnedFd,
    root: &Root,
    request: &Request,
) -> io::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let target = request.path.unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let mut name = Vec::new();
    if decode_path(path, &mut name).is_err() {
        return refuse(connection, request);
    }
    //-solution
    if name.is_empty() || name.ends_with(b"/") {
        name.extend_from_slice(b"index.html");
    }
    match root.open_entry(&name)? {
        Entry::File(file) => send_file(connection, request, &name, &file),
        Entry::Directory => redirect(connection, &name),
        Entry::NotFound => refuse(connection, request),
    }
    //-starter
    // // TODO: a directory has an index.html, if its name ends in a slash; and
    // // if it does not, the browser should be sent to the name that does.
    // match root.open_entry(&name)? {
    //     Entry::File(file) => send_file(connection, &file),
    //     Entry::Directory | Entry::NotFound => refuse(connection, request),
    // }
    //-end
}

/// Sends what every response begins with.
fn send_head(
    connection: &OwnedFd,
    status: &str,
    fields: &str,
    length: u64,
) -> nix::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n"
    );
    stream::write_all(connection, head.as_bytes())
}

/// There is no such file.
fn refuse(connection: &OwnedFd, request: &Request) -> io::Result<()> {
    let body = format!("There is no {}.\n", request.path.unwrap_or_default());
    let length = body.len() as u64;
    let fields = "Content-Type: text/plain; charset=utf-8\r\n";
    send_head(connection, "404 Not Found", fields, length)?;
    // // TODO: HEAD asks for all but the body. //-starter
    //-solution
    if request.method == Some("HEAD") {
        return Ok(());
    }
    //-end
    Ok(stream::write_all(connection, body.as_bytes())?)
}
//-solution

/// The same directory, with a slash: or else the links on its page would be
/// taken as links of the directory above.
fn redirect(connection: &OwnedFd, name: &[u8]) -> io::Result<()> {
    let mut location = Vec::new();
    encode_directory(name, None, &mut location);
    let location = String::from_utf8_lossy(&location);
    let fields = format!("Location: {location}\r\n");
    Ok(send_head(connection, "301 Moved Permanently", &fields, 0)?)
}

/// Sends a file piece by piece: as many bytes as it had when it was opened.
fn send_file(
    connection: &OwnedFd,
    request: &Request,
    name: &[u8],
    file: &File,
) -> io::Result<()> {
    let size = file.stat.st_size as u64;
    let fields = format!("Content-Type: {}\r\n", media_type(name));
    send_head(connection, "200 OK", &fields, size)?;
    if request.method == Some("HEAD") {
        return Ok(());
    }
    let mut piece = vec![0; PIECE];
    let mut sent = 0;
    while sent < size {
        let room = usize::try_from(size - sent).unwrap_or(PIECE).min(PIECE);
        let piece = &mut piece[..room];
        match uio::pread(&*file.descriptor, piece, sent as i64)? {
            // It has become shorter. More was promised, and only the end of
            // the connection can tell that it will not come.
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => {
                stream::write_all(connection, &piece[..count])?;
                sent += count as u64;
            }
        }
    }
    Ok(())
}

/// What a file of this name holds.
fn media_type(name: &[u8]) -> &'static str {
    let name = name.to_ascii_lowercase();
    let file = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let mut parts = file.rsplitn(2, |byte| *byte == b'.');
    match (parts.next().unwrap_or_default(), parts.next()) {
        (b"html" | b"htm", Some(_)) => "text/html; charset=utf-8",
        (b"css", Some(_)) => "text/css; charset=utf-8",
        (b"js", Some(_)) => "text/javascript; charset=utf-8",
        (b"txt", Some(_)) => "text/plain; charset=utf-8",
        (b"json", Some(_)) => "application/json",
        (b"svg", Some(_)) => "image/svg+xml",
        (b"png", Some(_)) => "image/png",
        (b"jpg" | b"jpeg", Some(_)) => "image/jpeg",
        _ => "application/octet-stream",
    }
}
//-starter
//
// /// Sends a file.
// fn send_file(connection: &OwnedFd, file: &File) -> io::Result<()> {
//     // TODO: not every file is text, or fits into memory, or stays as long
//     // as it was. And the label should say what is in it.
//     let mut content = vec![0; file.stat.st_size as usize];
//     let count = uio::pread(&*file.descriptor, &mut content, 0)?;
//     let text = String::from_utf8_lossy(&content[..count]);
//     let fields = "Content-Type: text/html\r\n";
//     send_head(connection, "200 OK", fields, text.len() as u64)?;
//     Ok(stream::write_all(connection, text.as_bytes())?)
// }
//-end

//! Exercise 08b, The right label: files with a type and a length.
//!
//! Try it: `cargo run --example 08b -- --root steps/08-files/site`

use std::fs; //-solution
use std::io;
use std::io::{ErrorKind, Read}; //-solution
use std::net::TcpStream; //-solution
use std::os::fd::OwnedFd;
use std::path::Path; //-solution
use std::path::PathBuf;
use std::process::ExitCode;

use httparse::Request;
use nix::sys::socket::{self, sockopt};
// use nix::sys::uio; //-starter
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

const NOT_FOUND: &str = "404 Not Found\r\nContent-Length: 0";

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
        return Ok(send_head(connection, NOT_FOUND)?);
    }
    //-solution
    if name.is_empty() || name.ends_with(b"/") {
        name.extend_from_slice(b"index.html");
    }
    match root.open_entry(&name)? {
        Entry::File(file) => send_file(connection, request, &name, &file),
        Entry::Directory => redirect(connection, &name),
        Entry::NotFound => Ok(send_head(connection, NOT_FOUND)?),
    }
    //-starter
    // // TODO: a directory has an index.html, if its name ends in a slash; and
    // // if it does not, the browser should be sent to the name that does.
    // match root.open_entry(&name)? {
    //     Entry::File(file) => send_file(connection, &file),
    //     _ => Ok(send_head(connection, NOT_FOUND)?),
    // }
    //-end
}

/// Sends what every response begins with.
fn send_head(connection: &OwnedFd, head: &str) -> nix::Result<()> {
    let head = format!("HTTP/1.1 {head}\r\n\r\n");
    stream::write_all(connection, head.as_bytes())
}
//-solution

/// The same directory, with a slash: or else the links on its page would be
/// taken as links of the directory above.
fn redirect(connection: &OwnedFd, name: &[u8]) -> io::Result<()> {
    let mut location = Vec::new();
    encode_directory(name, None, &mut location);
    let location = String::from_utf8_lossy(&location);
    let head = format!(
        "301 Moved Permanently\r\nLocation: {location}\r\nContent-Length: 0"
    );
    Ok(send_head(connection, &head)?)
}

/// Sends a file piece by piece: as many bytes as it had when it was opened.
fn send_file(
    connection: &OwnedFd,
    request: &Request,
    name: &[u8],
    file: &File,
) -> io::Result<()> {
    let size = file.stat.st_size as u64;
    let label = media_type(name);
    let head =
        format!("200 OK\r\nContent-Type: {label}\r\nContent-Length: {size}");
    send_head(connection, &head)?;
    if request.method == Some("HEAD") {
        return Ok(());
    }
    let content = fs::File::from(file.descriptor.try_clone()?);
    let mut stream = TcpStream::from(connection.try_clone()?);
    // Piece by piece, and no more than was promised, should it have grown.
    let sent = io::copy(&mut content.take(size), &mut stream)?;
    if sent < size {
        // It has become shorter. Only the end of the connection can tell that
        // the rest will not come.
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// What a file of this name holds.
fn media_type(name: &[u8]) -> &'static str {
    let name = String::from_utf8_lossy(name).to_lowercase();
    match Path::new(&name).extension().unwrap_or_default().as_encoded_bytes() {
        b"html" | b"htm" => "text/html; charset=utf-8",
        b"css" => "text/css; charset=utf-8",
        b"js" => "text/javascript; charset=utf-8",
        b"txt" => "text/plain; charset=utf-8",
        b"json" => "application/json",
        b"svg" => "image/svg+xml",
        b"png" => "image/png",
        b"jpg" | b"jpeg" => "image/jpeg",
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
//     let (kind, size) = ("text/html", text.len());
//     let head =
//         format!("200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}");
//     send_head(connection, &head)?;
//     Ok(stream::write_all(connection, text.as_bytes())?)
// }
//-end

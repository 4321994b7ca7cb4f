//! Exercise 08b, The right label: files with a type and a length.
//!
//! Try it: `cargo run --example 08b -- 127.0.0.1:8080 steps/08-files/site`

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process;

use nix::sys::socket::{self, sockopt};
use nix::sys::uio;
use shared::http::path::decode_path;
use shared::http::path::encode_directory; //-solution
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

#[allow(dead_code, reason = "the exercise uses a part of it")]
#[path = "root.rs"]
mod root;

use root::{Entry, File, Root};

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;

/// So much of a file is in memory at a time.
const PIECE: usize = 64 * 1024;

fn main() {
    if let Err(message) = run() {
        eprintln!("{message}");
        process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let usage = "usage: 08b ADDRESS DIRECTORY";
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or(usage)?;
    let directory = arguments.next().ok_or(usage)?;
    let parsed =
        address.parse().map_err(|_| format!("{address} is no address"))?;
    let root = Root::open(Path::new(&directory))
        .map_err(|errno| format!("cannot open {directory}: {errno}"))?;
    let listener = Listener::open(parsed)
        .map_err(|errno| format!("cannot listen on {address}: {errno}"))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| format!("cannot accept: {errno}"))?;
        if let Err(errno) = serve(&connection, &root) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Responds to requests until there are no more, or until a response could
/// not be sent as promised.
fn serve(connection: &OwnedFd, root: &Root) -> nix::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let mut input = Buffer::new(MAX_HEAD);
    while let Some(request) = next(connection, &mut input)? {
        if !respond(connection, root, &request)? {
            break;
        }
    }
    Ok(())
}

/// What is asked: GET or HEAD of a path.
struct Request {
    is_head: bool, //-solution
    // // TODO: which of the two? //-starter
    path: String,
}

/// Reads up to the end of a head. `None` when there is no further one.
fn next(
    connection: &OwnedFd,
    input: &mut Buffer,
) -> nix::Result<Option<Request>> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut fields);
        match head.parse(input.bytes()) {
            Ok(httparse::Status::Complete(length)) => {
                let target = head.path.unwrap_or_default();
                let path = target.split('?').next().unwrap_or_default();
                //-solution
                let is_head = head.method == Some("HEAD");
                let request = Request { is_head, path: path.to_string() };
                //-starter
                // let request = Request { path: path.to_string() };
                //-end
                input.consume(length);
                return Ok(Some(request));
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

/// Responds to one request; whether the connection is fit for another.
fn respond(
    connection: &OwnedFd,
    root: &Root,
    request: &Request,
) -> nix::Result<bool> {
    let mut name = Vec::new();
    if decode_path(&request.path, &mut name).is_err() {
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
fn refuse(connection: &OwnedFd, request: &Request) -> nix::Result<bool> {
    let body = format!("There is no {}.\n", request.path);
    let length = body.len() as u64;
    let fields = "Content-Type: text/plain; charset=utf-8\r\n";
    send_head(connection, "404 Not Found", fields, length)?;
    //-solution
    if request.is_head {
        return Ok(true);
    }
    //-end
    stream::write_all(connection, body.as_bytes())?;
    Ok(true)
}
//-solution

/// The same directory, with a slash: or else the links on its page would be
/// taken as links of the directory above.
fn redirect(connection: &OwnedFd, name: &[u8]) -> nix::Result<bool> {
    let mut location = Vec::new();
    encode_directory(name, None, &mut location);
    let location = String::from_utf8_lossy(&location);
    let fields = format!("Location: {location}\r\n");
    send_head(connection, "301 Moved Permanently", &fields, 0)?;
    Ok(true)
}

/// Sends a file piece by piece: as many bytes as it had when it was opened.
fn send_file(
    connection: &OwnedFd,
    request: &Request,
    name: &[u8],
    file: &File,
) -> nix::Result<bool> {
    let size = file.stat.st_size as u64;
    let fields = format!("Content-Type: {}\r\n", media_type(name));
    send_head(connection, "200 OK", &fields, size)?;
    if request.is_head {
        return Ok(true);
    }
    let mut piece = vec![0; PIECE];
    let mut sent = 0;
    while sent < size {
        let left = size - sent;
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let room = left.min(PIECE);
        match read_at(file, sent, &mut piece[..room])? {
            // It has become shorter. More was promised, and only the end of
            // the connection can tell that it will not come.
            0 => return Ok(false),
            count => {
                stream::write_all(connection, &piece[..count])?;
                sent += count as u64;
            }
        }
    }
    Ok(true)
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
// fn send_file(connection: &OwnedFd, file: &File) -> nix::Result<bool> {
//     // TODO: not every file is text, or fits into memory, or stays as long
//     // as it was. And the label should say what is in it.
//     let text = read_text(file)?;
//     let fields = "Content-Type: text/html\r\n";
//     send_head(connection, "200 OK", fields, text.len() as u64)?;
//     stream::write_all(connection, text.as_bytes())?;
//     Ok(true)
// }
//
// /// The whole file, as text.
// fn read_text(file: &File) -> nix::Result<String> {
//     let mut content = Vec::new();
//     let mut piece = vec![0; PIECE];
//     loop {
//         match read_at(file, content.len() as u64, &mut piece)? {
//             0 => break,
//             count => content.extend_from_slice(&piece[..count]),
//         }
//     }
//     Ok(String::from_utf8_lossy(&content).into_owned())
// }
//-end

/// Reads what is at `offset` of a file, at most a buffer full; 0 is its end.
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> nix::Result<usize> {
    uio::pread(&*file.descriptor, buffer, offset as i64)
}

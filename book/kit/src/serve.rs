//! Serves the built book on this machine.
//!
//! A stopgap until step 07: its server, which can be trusted with files,
//! takes this module's place. Until then nothing is looked up on disk by a
//! name that came over the network: only files found in the book's folder
//! when the server started are served, each under exactly one name.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::Result;

/// How much of a request is read before it is refused.
const MAX_HEAD: u64 = 16 * 1024;
/// How long a visitor may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// The files of a folder by the paths under which they are served.
#[derive(Debug)]
pub struct Site(BTreeMap<String, PathBuf>);

impl Site {
    /// All regular files in `folder` and below.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of(folder: &Path) -> Result<Self> {
        let mut site = Site(BTreeMap::new());
        site.add(folder, "/")
            .with_context(|| format!("cannot read {}", folder.display()))?;
        Ok(site)
    }

    fn add(&mut self, folder: &Path, path: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // The type of the entry itself: links are not followed.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.add(&entry.path(), &format!("{path}{name}/"))?;
            } else if kind.is_file() {
                if name == "index.html" {
                    self.0.insert(path.to_string(), entry.path());
                }
                self.0.insert(format!("{path}{name}"), entry.path());
            }
        }
        Ok(())
    }
}

/// A listener on that port of this machine; port 0 takes a free one.
///
/// # Errors
/// When the port is taken.
pub fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!("cannot listen on port {port}; choose one with --port")
    })
}

/// Serves until the program is ended, a thread for each connection.
///
/// # Errors
/// When no more connections can be accepted.
pub fn serve(listener: &TcpListener, site: Site) -> Result<()> {
    let site = Arc::new(site);
    loop {
        let connection = match listener.accept() {
            Ok((connection, _)) => connection,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {
                continue;
            }
            Err(error) => return Err(error).context("cannot accept"),
        };
        let site = Arc::clone(&site);
        // A visitor who leaves early is no failure of ours.
        let visit = move || drop(answer(connection, &site));
        thread::Builder::new().spawn(visit).context("cannot start a thread")?;
    }
}

/// Answers one request, and ends the connection.
fn answer(mut connection: TcpStream, site: &Site) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let mut head = BufReader::new(&connection).take(MAX_HEAD);
    let mut request = String::new();
    head.read_line(&mut request)?;
    // The rest of the head is read, or closing would reset the connection.
    let mut line = Vec::new();
    while head.read_until(b'\n', &mut line)? > 2 {
        line.clear();
    }
    let (status, kind, body) = respond(&request, site);
    let mut response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    if !request.starts_with("HEAD ") {
        response.extend(body);
    }
    connection.write_all(&response)
}

/// Status, media type and body for a request line.
fn respond(
    request: &str,
    site: &Site,
) -> (&'static str, &'static str, Vec<u8>) {
    let text = "text/plain; charset=utf-8";
    let refuse = |status: &'static str| {
        (status, text, format!("{status}\n").into_bytes())
    };
    let mut words = request.split(' ');
    let (method, target) = (words.next(), words.next());
    let Some(target) = target.filter(|target| target.starts_with('/')) else {
        return refuse("400 Bad Request");
    };
    if !matches!(method, Some("GET" | "HEAD")) {
        return refuse("501 Not Implemented");
    }
    let path = target.split('?').next().unwrap_or(target);
    let Some(file) = site.0.get(path) else {
        return refuse("404 Not Found");
    };
    match fs::read(file) {
        Ok(body) => ("200 OK", media_type(file), body),
        Err(_) => refuse("404 Not Found"),
    }
}

/// For the kinds of files that mdBook writes.
fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn site() -> (tempfile::TempDir, Site) {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book");
        fs::create_dir_all(book.join("ex")).unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        fs::write(book.join("index.html"), "<p>Hello").unwrap();
        fs::write(book.join("ex/01a.html"), "<p>Two doors").unwrap();
        let secret = folder.path().join("secret");
        std::os::unix::fs::symlink(secret, book.join("link")).unwrap();
        let site = Site::of(&book).unwrap();
        (folder, site)
    }

    #[test]
    fn serves_what_is_there_and_nothing_else() {
        let (_folder, site) = site();
        for (request, status) in [
            ("GET / HTTP/1.1\r\n", "200"),
            ("GET /index.html?x HTTP/1.1\r\n", "200"),
            ("HEAD /ex/01a.html HTTP/1.1\r\n", "200"),
            ("GET /ex/../index.html HTTP/1.1\r\n", "404"),
            ("GET /../secret HTTP/1.1\r\n", "404"),
            ("GET /%2e%2e/secret HTTP/1.1\r\n", "404"),
            ("GET //index.html HTTP/1.1\r\n", "404"),
            ("GET /link HTTP/1.1\r\n", "404"),
            ("GET /ex HTTP/1.1\r\n", "404"),
            ("POST / HTTP/1.1\r\n", "501"),
            ("GET index.html HTTP/1.1\r\n", "400"),
            ("\r\n", "400"),
            ("", "400"),
        ] {
            let (got, _, body) = respond(request, &site);
            assert!(got.starts_with(status), "{request:?}: {got}");
            assert!(!body.starts_with(b"secret"), "{request:?}");
        }
    }

    #[test]
    fn answers_over_a_socket() {
        let (_folder, site) = site();
        let listener = listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || serve(&listener, site));
        for (method, body) in [("GET", "<p>Hello"), ("HEAD", "")] {
            let mut connection = TcpStream::connect(address).unwrap();
            connection.set_read_timeout(Some(PATIENCE)).unwrap();
            let request = format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n");
            connection.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).unwrap();
            let (head, got) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert!(head.contains("Content-Type: text/html"), "{head}");
            assert!(head.contains("Content-Length: 8"), "{head}");
            assert_eq!(got, body);
        }
    }
}

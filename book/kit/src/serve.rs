//! Serves the built book on this machine, by the server of step 08.
//!
//! Step 08 answers one visitor after the other. A browser comes as six at
//! once, so there is a thread for each connection here, as in step 10.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;

use anyhow::Context;
use shared::files::root::Root;
use shared::http::persistence::Persistence;
use shared::net::listener::Listener;
use shared::web::visit::{End, Visit};

use crate::Result;

#[path = "../../../steps/08-files/site.rs"]
mod site;

/// A listener on that port of this machine; port 0 takes a free one.
///
/// # Errors
/// When the port is taken.
pub fn listen(port: u16) -> Result<Listener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Listener::open(address).with_context(|| {
        format!("cannot listen on port {port}; choose one with --port")
    })
}

/// The folder whose files are served.
///
/// # Errors
/// When it cannot be opened, or when the kernel is older than Linux 5.6.
pub fn root(folder: &Path) -> Result<Root> {
    Root::open(folder)
        .with_context(|| format!("cannot open {}", folder.display()))
}

/// Serves until the program is ended, a thread for each connection.
///
/// # Errors
/// When no more connections can be accepted.
pub fn serve(listener: &Listener, root: &Root) -> Result<()> {
    thread::scope(|scope| {
        loop {
            let (connection, _) = listener.accept().context("cannot accept")?;
            thread::Builder::new()
                .spawn_scoped(scope, move || visit(&connection, root))
                .context("cannot start a thread")?;
        }
    })
}

/// A visitor who leaves early is no failure of ours: nobody is told how the
/// visit ended.
fn visit(connection: &OwnedFd, root: &Root) {
    Visit::new(connection).serve(|visit| converse(visit, root));
}

/// As in step 08.
fn converse(visit: &mut Visit, root: &Root) -> Result<End, End> {
    loop {
        let request = visit.read_head(|head| site::Request::new(head, root))?;
        visit.read_body(request.framing, request.expects_continue)?;
        request.answer(visit)?;
        if request.persistence == Persistence::Closes {
            return Ok(End::Closed);
        }
        visit.flush_enough()?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    /// A book, served until the test program ends.
    fn serve_a_book() -> (tempfile::TempDir, SocketAddr) {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book");
        fs::create_dir_all(book.join("ex")).unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        fs::write(book.join("index.html"), "<p>Hello").unwrap();
        fs::write(book.join("ex/01a.html"), "<p>Two doors").unwrap();
        std::os::unix::fs::symlink("../secret", book.join("link")).unwrap();
        let listener = listen(0).unwrap();
        let address = listener.address();
        let root = root(&book).unwrap();
        thread::spawn(move || serve(&listener, &root));
        (folder, address)
    }

    /// Head and body of the answer to one request.
    fn ask(address: SocketAddr, request: &str) -> (String, String) {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_string(), body.to_string())
    }

    #[test]
    fn serves_what_is_there_and_nothing_else() {
        let (_folder, address) = serve_a_book();
        for (line, status) in [
            ("GET /", "200"),
            ("GET /index.html?x", "200"),
            ("HEAD /ex/01a.html", "200"),
            ("GET /ex/../index.html", "200"),
            ("GET /../secret", "400"),
            ("GET /%2e%2e/secret", "400"),
            ("GET /link", "404"),
            ("GET /nothing", "404"),
            ("GET /ex", "301"),
            ("GET /ex/", "404"),
            ("POST /", "405"),
            ("GET index.html", "400"),
        ] {
            let end = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            let (head, body) = ask(address, &format!("{line} {end}"));
            let start = format!("HTTP/1.1 {status} ");
            assert!(head.starts_with(&start), "{line}: {head}");
            assert!(!body.contains("secret"), "{line}: {body}");
        }
    }

    #[test]
    fn labels_what_it_serves() {
        let (_folder, address) = serve_a_book();
        for (method, expected) in [("GET", "<p>Hello"), ("HEAD", "")] {
            let end = "/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            let (head, body) = ask(address, &format!("{method} {end}"));
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert!(head.contains("Content-Type: text/html"), "{head}");
            assert!(head.contains("Content-Length: 8"), "{head}");
            assert_eq!(body, expected);
        }
    }

    /// A browser keeps connections in reserve, and says nothing on them.
    /// They are not sent away before somebody else is served.
    #[test]
    fn a_silent_visitor_keeps_nobody_waiting() {
        let (_folder, address) = serve_a_book();
        let end = "/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let is_still_there = || {
            let silent = TcpStream::connect(address).unwrap();
            let (head, _) = ask(address, &format!("GET {end}"));
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            silent.set_nonblocking(true).unwrap();
            // Nothing to read: not even the end of the stream.
            silent.peek(&mut [0]).is_err()
        };
        // Once is enough; a machine may be too slow for it at times.
        assert!((0..5).any(|_| is_still_there()));
    }
}

//! The book as `cargo book` serves it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::course::Course;
use kit::Project;
use kit::serve::Server;

/// The newest step on a book that is built again all the time: whoever asks
/// finds every page, and what is no longer in the book is gone in the end.
#[test]
fn a_reader_finds_every_page_while_the_book_is_rebuilt() {
    let course = Course::new();
    let project = course.project();
    let directory = kit::build::install(&project).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let steps = Project::open(&root.canonicalize().unwrap()).unwrap();
    let server = Server::start(&steps, &directory, 0).unwrap();
    let address = server.address.to_string();
    // A browser keeps connections in reserve, and is served all the same.
    let reserve = [(); 6].map(|()| TcpStream::connect(&address).unwrap());

    fs::write(directory.join("old.html"), "old").unwrap();
    assert!(get(&address, "/old.html").starts_with("HTTP/1.1 200 "));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..5 {
                let text = format!("Hello {round}");
                course.write("book/theme/extra.txt", &text);
                kit::build::install(&project).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            for page in ["/", "/01-speak.html", "/ex/01a.html"] {
                let page = get(&address, page);
                assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
            }
        }
    });
    assert!(get(&address, "/old.html").starts_with("HTTP/1.1 404 "));
    let page = get(&address, "/01-speak.html");
    assert!(page.contains("id=\"01-speak-main-5\""), "{page}");
    drop(reserve);
}

/// The whole response to a request for `path`.
fn get(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    response
}

//! Steps 11 and 12 in process: a site that panics, which the steps' own sites
//! cannot be made to do; and 11's counter, without anything between requests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Duration;

use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::status::Status;
use shared::net::listener::Listener;
use shared::sync::queue::Queue;
use shared::web::file_site::{Files, Resource};
use shared::web::site::{Body, Request, Responder, Site, Takes, Time};

#[allow(dead_code, reason = "the step uses all of it")]
#[path = "../../steps/11-threads/main.rs"]
mod step11;
#[allow(dead_code, reason = "the step uses all of it")]
#[path = "../../steps/12-pool/main.rs"]
mod step12;

/// Panics at `/panic`.
struct Fragile;

impl Site for Fragile {
    type Resource = bool;

    fn locate(&self, head: &Head, _: &Time) -> bool {
        head.target.path == "/panic"
    }

    fn takes(&self, _: Method, _: &bool) -> Takes {
        Takes::No
    }

    fn respond(&self, it: Request<bool>, _: &[u8], out: Responder) -> Body {
        assert!(!it.resource, "as it must");
        out.start(Status::Ok).body(b"well");
        Body::Written
    }
}

/// The steps with so many threads; they go on until this program ends.
fn servers(most: usize) -> [SocketAddr; 2] {
    let listen = || Listener::open(([127, 0, 0, 1], 0).into()).unwrap();
    let (threads, pool) = (listen(), listen());
    let addresses = [threads.address(), pool.address()];
    thread::spawn(move || step11::serve_all(&threads, Fragile, most));
    let pool = step12::Pool::start(pool, Fragile, most, Queue::new(8));
    assert!(pool.is_ok());
    addresses
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(100))).unwrap();
    client
}

/// The response; nothing, if the connection ends without one.
fn request(client: &mut TcpStream, path: &str) -> String {
    write!(client, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut response = [0; 4096];
    let count = client.read(&mut response).unwrap();
    String::from_utf8_lossy(&response[..count]).into_owned()
}

/// Another client has one of the two places: the next is served if the other
/// one has come back.
#[test]
fn a_panic_takes_only_its_connection() {
    for address in servers(2) {
        let mut other = connect(address);
        for _ in 0..10 {
            assert_eq!(request(&mut connect(address), "/panic"), "");
            assert!(request(&mut other, "/").ends_with("well"));
        }
    }
}

/// No number twice, and none missing. On a busy machine threads seldom run at
/// the same time, so there are many requests, with nothing between them.
#[test]
fn requests_are_numbered_by_all_threads_together() {
    const THREADS: usize = 4;
    const EACH: usize = 50_000;
    let files = Files::open(None).unwrap();
    let site = step11::Numbered { files, requests: AtomicU64::new(0) };
    let (method, persistence) = (Method::Get, Persistence::Close);
    let number = |_| {
        let (date, mut out) = (&Time::now().date, Vec::new());
        let resource = Resource::Api;
        let request = Request { method, resource, number: 1, persistence };
        let out_of = Responder { out: &mut out, method, persistence, date };
        site.respond(request, b"", out_of);
        let text = String::from_utf8(out).unwrap();
        let (_, number) = text.split_once("{\"request\": ").unwrap();
        number.trim_end_matches("}\n").parse::<usize>().unwrap()
    };
    let numbers = || (0..EACH).map(number).collect::<Vec<_>>();
    let mut all = thread::scope(|scope| {
        let threads = [0; THREADS].map(|_| scope.spawn(numbers));
        threads.map(|thread| thread.join().unwrap()).concat()
    });
    all.sort_unstable();
    assert!(all.into_iter().eq(1..=THREADS * EACH));
}

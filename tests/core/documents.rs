//! web/documents.rs: how long a file is taken for what it was. What else is
//! kept, and how much, the tests over the wire see.

use std::fs;
use std::time::{Duration, Instant};

use shared::http::head::{Head, HeaderStorage};
use shared::web::connection::Connection;
use shared::web::documents::{Documents, Resource};
use shared::web::file_site::Files;
use shared::web::site::{Site, Time};

use crate::allocations::{COUNT, serve};
use crate::shell::LIMITS;
use crate::tree::Tree;

/// A small file and a large one.
fn documents() -> (Tree, Documents) {
    let tree = Tree::new();
    tree.write_old("small", &[b'x'; 1000]);
    tree.write_old("large", &[b'x'; 30_000]);
    let files = Files::open(Some(tree.root().into()));
    let files = files.unwrap_or_else(|_| panic!("no root"));
    (tree, Documents::new(files.into(), 1 << 20, 4))
}

/// How large a file is, or was.
fn size(site: &Documents, name: &str, time: &Time) -> Option<u64> {
    let head = format!("GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut bytes, mut storage) =
        (head.into_bytes(), HeaderStorage::default());
    let head = Head::parse(&mut bytes, &mut storage).unwrap();
    match site.locate(&head, time) {
        Resource::Document(_, _, part) => Some(part.end),
        Resource::Other(_) => None,
    }
}

/// The others are for clients.
#[test]
fn one_descriptor_of_four_is_for_files() {
    let (tree, site) = documents();
    tree.write_old("other", &[b'z'; 30_000]);
    let time = Time::now();
    for name in ["large", "other", "large"] {
        assert_eq!(size(&site, name, &time), Some(30_000));
        let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
        let open = open.filter_map(|it| fs::read_link(it.path()).ok());
        let open = open.filter(|it| it.parent() == Some(&tree.root()));
        assert_eq!(open.count(), 1, "{name}");
    }
}

#[test]
fn a_file_is_believed_for_a_second() {
    let (tree, site) = documents();
    let (start, mut time) = (Instant::now(), Time::now());
    let mut size = |millis| {
        time.now = start + Duration::from_millis(millis);
        size(&site, "small", &time)
    };
    assert_eq!(size(0), Some(1000));
    tree.write_old("small", &[b'y'; 500]);
    // That it has been asked for does not make it any newer.
    assert_eq!(size(500), Some(1000));
    assert_eq!(size(999), Some(1000));
    assert_eq!(size(1000), Some(500));
    fs::remove_file(tree.path("small")).unwrap();
    assert_eq!(size(1999), Some(500));
    assert_eq!(size(2000), None);
    tree.write_old("small", &[b'z'; 700]);
    assert_eq!(size(2000), Some(700));
}

const REQUESTS: &[&[u8]] = &[
    b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD /small HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /small HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
    b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
    // As a browser asks.
    b"GET /small HTTP/1.1\r\nHost: localhost:8080\r\n\
      Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n\
      User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101\r\n\
      Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\
      \r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n\
      Accept-Encoding: gzip, deflate, br, zstd\r\n\
      Accept-Language: en-US,en;q=0.5\r\nCookie: a=b; c=d\r\n\
      If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n",
];

#[test]
fn nothing_is_allocated_for_what_is_kept() {
    let (_tree, site) = documents();
    let time = Time::now();
    let mut connection = Connection::new(&LIMITS, time.now);
    serve(&mut connection, &site, REQUESTS, &time);
    let before = COUNT.get();
    serve(&mut connection, &site, REQUESTS, &time);
    assert_eq!(COUNT.get() - before, 0, "allocations");
}

//! web/documents.rs: how long a file is taken for what it was. What else is
//! kept, and how much, the tests over the wire see.

use std::cell::RefCell;
use std::fs;
use std::time::{Duration, Instant};

use nix::sys::uio::pread;
use shared::http::head::{Head, HeaderStorage};
use shared::web::connection::Connection;
use shared::web::documents::compressor::{Compression, Compressor};
use shared::web::documents::{Documents, Resource, tags};
use shared::web::file_site::Files;
use shared::web::site::{Done, Site, Time};

use crate::allocations::serve;
use crate::counting::COUNT;
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
fn nothing_is_allocated_for_what_is_kept_and_logged() {
    let (_tree, site) = documents();
    let time = Time::now();
    let mut connection = Connection::new(&LIMITS, time.now);
    connection.keep_records(None);
    serve(&mut connection, &site, REQUESTS, &time);
    connection.take_records(|_| {});
    let before = COUNT.get();
    serve(&mut connection, &site, REQUESTS, &time);
    assert_eq!(COUNT.get() - before, 0, "allocations");
}

thread_local! {
    /// What was given away, how often something was encoded, and told.
    static GIVEN: RefCell<(Vec<Compression>, u8, u8)> = RefCell::default();
}

/// The sites of two workers. What they send compressed begins at its end.
fn compressing(is_full: bool) -> (Tree, [Documents; 2]) {
    let tree = Tree::new();
    let sizes =
        [5000, 99_999, 1024, 1023, 1_048_577, 5000, 5000, 50, 1_048_576];
    let names = "a.js 9.css b.json c.html d.txt e.png f.txt f.txt.br g.svg";
    for (name, size) in names.split(' ').zip(sizes) {
        tree.write_old(name, &b"0123456789".repeat(200_000)[..size]);
    }
    let encode = |bytes: &[u8]| {
        GIVEN.with_borrow_mut(|it| it.1 += 1);
        Ok(bytes.iter().rev().copied().collect())
    };
    let queue = |it| GIVEN.with_borrow_mut(|given| given.0.push(it));
    let submit = move |it| if is_full { drop(it) } else { queue(it) };
    let compressor = Compressor::new(encode, Box::new(submit));
    let sites = [(); 2].map(|()| {
        let files = Files::open(Some(tree.root().into())).ok().unwrap();
        let mut site = Documents::new(files.into(), 8 << 20, 400);
        site.compresses(compressor.clone());
        site.cache_rules(vec![("/a.js".to_string(), 60)]);
        site
    });
    (tree, sites)
}

/// Asks for gzip, unless the fields say something else.
fn ask(site: &Documents, line: &str, fields: &str) -> Connection<Documents> {
    let time = Time::now();
    let it = ["Accept-Encoding", "A"][fields.contains("Accept") as usize];
    let request = format!("{line} HTTP/1.0\r\n{it}: gzip\r\n{fields}\r\n\r\n");
    let mut client = Connection::new(&LIMITS, time.now);
    client.space()[..request.len()].copy_from_slice(request.as_bytes());
    client.received(request.len(), &time);
    client.advance(&time, site);
    if let Some(register) = client.register() {
        register(Box::new(|| GIVEN.with_borrow_mut(|it| it.2 += 1)));
    }
    client
}

/// Does what has been given away. The head, but for the date, which may be
/// another for the next response; and the body's first byte.
fn response(mut client: Connection<Documents>) -> (String, u8) {
    let jobs = GIVEN.with_borrow_mut(|it| it.0.split_off(0));
    jobs.into_iter().for_each(Compression::run);
    client.complete(Done::Ready, &Time::now());
    let (output, file) = client.output();
    let text = String::from_utf8_lossy(output);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut first = [body.bytes().next().unwrap_or(0)];
    file.map(|(file, _)| pread(file, &mut first, 0).unwrap());
    let is_date = |line: &&str| line.starts_with("Date: ");
    let lines: Vec<_> = head.lines().filter(|it| !is_date(it)).collect();
    (lines.join("\n"), first[0])
}

#[test]
fn who_gets_a_file_compressed() {
    let (tree, [site, _]) = compressing(false);
    let files = Files::open(Some(tree.root().into())).ok().unwrap();
    let tags = tags(&files, &files.file(b"a.js").unwrap(), b"a.js");
    for (line, fields, expected) in [
        ("GET /a.js", "If-None-Match: GZ", "304 -gz1 =60"),
        ("GET /a.js", "If-Match: ID", "412"),
        ("GET /a.js", "If-None-Match: ID", "200 gzip -gz1 =60"),
        ("GET /a.js", "If-Match: GZ", "200 gzip -gz1 =60"),
        ("GET /a.js", "Range: bytes=0-9", "206 =60"),
        ("GET /a.js", "Accept-Encoding: gzip;q=0", "200 =60"),
        ("HEAD /9.css", "B: c", "200 gzip -gz1"),
        ("GET /f.txt", "Accept-Encoding: gzip, br", "200 br"),
        ("GET /b.json", "B: c", "200 gzip -gz1"),
        ("GET /c.html", "B: c", "200"),
        ("GET /d.txt", "B: c", "200"),
        ("GET /g.svg", "B: c", "200 gzip -gz1"),
        ("GET /e.png", "B: c", "200"),
    ] {
        let fields = fields.replace("ID", &tags[0]).replace("GZ", &tags[1]);
        let (head, _) = response(ask(&site, line, &fields));
        let marks = [" gzip", " br", " -gz1", " =60"];
        let said =
            marks.map(|it| if head.contains(&it[1..]) { it } else { "" });
        let said = head[9..12].to_string() + &said.concat();
        assert_eq!(said, expected, "{line} {fields}: {head}");
    }
}

#[test]
fn a_file_is_compressed_once_for_all() {
    for (name, last) in [("a.js", b'9'), ("9.css", b'8')] {
        let (_tree, sites) = compressing(false);
        let line = format!("GET /{name}");
        let clients = (0..100).map(|it| ask(&sites[it % 2], &line, "B: c"));
        let mut clients: Vec<_> = clients.collect();
        let (head, first) = response(clients.swap_remove(0));
        assert!(head.contains("gzip") && first == last, "{head}");
        clients.extend(sites.iter().map(|it| ask(it, &line, "B: c")));
        assert_eq!(clients.iter().filter(|it| it.is_waiting()).count(), 99);
        for client in clients {
            assert_eq!(response(client), (head.clone(), first));
        }
        assert!(matches!(GIVEN.take(), (_, 1, 100)));
    }
}

/// Then it is sent as it is: the pool is full; or it has been changed.
#[test]
fn what_cannot_be_compressed() {
    for is_full in [true, false] {
        let (tree, [site, _]) = compressing(is_full);
        let client = ask(&site, "GET /9.css", "B: c");
        assert_eq!(client.is_waiting(), !is_full);
        tree.write_old("9.css", &[b'0'; 100_000]);
        assert_eq!(response(client).1, b'0');
    }
}

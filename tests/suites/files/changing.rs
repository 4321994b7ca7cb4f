//! Step 08 over the wire: a file that is not at the end of the transfer what
//! it was at the beginning. The length has been promised by then.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::client::{self, Response, ask};
use super::tree::Tree;
use crate::common::proc::{self, Resources};
use crate::common::{Client, Server, eventually};

/// More than the kernel takes for a client who does not read.
const LARGE: u64 = 32 << 20;

/// A file without any blocks on the disk.
fn large_file(tree: &Tree) -> File {
    let file = File::create(tree.root().join("large.bin")).unwrap();
    file.set_len(LARGE).unwrap();
    file
}

/// Asks for the large file, reads its head, and waits until the server is
/// stuck in the middle of the body. Returns what was read.
fn begin(server: &Server, client: &mut Client) -> Vec<u8> {
    client::send(client, "GET", "/large.bin", "");
    let (bytes, error) = client.receive_until(|bytes| bytes.len() > 1000);
    assert!(error.is_none(), "{error:?}");
    eventually("the server waits in write", || {
        proc::sleeps_in(server.pid(), libc::SYS_write).then_some(())
    });
    bytes
}

/// Reads on to the end of the response, or of the stream.
fn go_on(client: &mut Client, mut bytes: Vec<u8>) -> Response {
    let whole = Response::end(&bytes, false).expect("a head");
    let missing = whole - bytes.len();
    bytes.extend(client.receive(missing));
    client::finish(&bytes, "GET").expect("a response")
}

#[test]
fn a_file_that_shrinks() {
    let tree = Tree::new();
    let file = large_file(&tree);
    let server = client::serve(&tree);
    let mut client = server.connect();
    let bytes = begin(&server, &mut client);
    file.set_len(1 << 20).unwrap();
    let response = go_on(&mut client, bytes);
    // No byte is made up for those that are gone: the stream ends early.
    assert_eq!(response.length() as u64, LARGE);
    assert!(response.is_cut, "all of {} bytes came", response.body.len());
    assert!(response.body.iter().all(|&byte| byte == 0));
    client.expect_end();

    let response = ask(&mut server.connect(), "GET", "/large.bin");
    assert_eq!((response.length(), response.is_cut), (1 << 20, false));
    server.interrupt();
}

#[test]
fn a_file_that_grows() {
    let tree = Tree::new();
    let mut file = large_file(&tree);
    let server = client::serve(&tree);
    let mut client = server.connect();
    let bytes = begin(&server, &mut client);
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(&[b'x'; 100_000]).unwrap();
    let grown = go_on(&mut client, bytes);
    // The connection is good for more, at once: it does not last for ever.
    let response = ask(&mut client, "HEAD", "/large.bin");
    assert_eq!(response.length() as u64, LARGE + 100_000);
    assert_eq!(ask(&mut client, "GET", "/file.txt").body, b"a file\n");
    // As long as was promised.
    assert_eq!(grown.length() as u64, LARGE);
    assert!(!grown.is_cut);
    assert!(grown.body.iter().all(|&byte| byte == 0));
    server.interrupt();
}

#[test]
fn a_file_that_is_removed() {
    let tree = Tree::new();
    drop(large_file(&tree));
    let server = client::serve(&tree);
    let mut client = server.connect();
    let bytes = begin(&server, &mut client);
    std::fs::remove_file(tree.root().join("large.bin")).unwrap();
    let response = go_on(&mut client, bytes);
    assert_eq!((response.length() as u64, response.is_cut), (LARGE, false));
    assert_eq!(ask(&mut client, "GET", "/large.bin").status, 404);
    server.interrupt();
}

/// A client who leaves in the middle takes nobody along.
#[test]
fn a_client_that_leaves() {
    let tree = Tree::new();
    drop(large_file(&tree));
    let server = client::serve(&tree);
    let before = Resources::of(server.pid());
    for _ in 0..3 {
        let mut client = server.connect();
        begin(&server, &mut client);
        client.reset();
        let response = ask(&mut server.connect(), "GET", "/file.txt");
        assert_eq!(response.status, 200);
    }
    eventually("everything is given back", || {
        (Resources::of(server.pid()) == before).then_some(())
    });
    server.interrupt();
}

/// A client who stops reading has its time, and then the next has its turn.
#[test]
fn a_client_that_stops_reading() {
    const SEND_TIMEOUT: Duration = Duration::from_secs(5);
    let tree = Tree::new();
    drop(large_file(&tree));
    let server = client::serve(&tree);
    let start = Instant::now();
    let mut client = server.connect();
    begin(&server, &mut client);
    let response = ask(&mut server.connect(), "GET", "/file.txt");
    assert_eq!(response.status, 200);
    assert!(start.elapsed() >= SEND_TIMEOUT, "after {:?}", start.elapsed());
    server.wait_for_note("connection timed out");
    // What had been taken is still delivered, and then the stream ends.
    let (bytes, _) = client.receive_until(|_| false);
    assert!((bytes.len() as u64) < LARGE);
    server.interrupt();
}

//! Step 08 over the wire: a file that is not at the end of the transfer what
//! it was at the beginning. The length has been promised by then.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use crate::client::{self, Answer, ask};
use crate::common::proc::{self, Resources};
use crate::common::{Server, Wire, eventually};
use crate::tree::Tree;

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
fn begin(server: &Server, wire: &mut Wire) -> Vec<u8> {
    client::send(wire, "GET", "/large.bin", "");
    let (bytes, error) = wire.receive_until(|bytes| bytes.len() > 1000);
    assert!(error.is_none(), "{error:?}");
    eventually("the server waits in write", || {
        proc::sleeps_in(server.pid(), libc::SYS_write).then_some(())
    });
    bytes
}

/// Reads on to the end of the answer, or of the stream.
fn go_on(wire: &mut Wire, mut bytes: Vec<u8>) -> Answer {
    let whole = client::whole_length(&bytes).expect("a head");
    let missing = whole - bytes.len();
    bytes.extend(wire.receive(missing));
    client::finish(&bytes, "GET").expect("an answer")
}

#[test]
fn a_file_that_shrinks() {
    let tree = Tree::new();
    let file = large_file(&tree);
    let server = client::serve(&tree);
    let mut wire = server.connect();
    let bytes = begin(&server, &mut wire);
    file.set_len(1 << 20).unwrap();
    let answer = go_on(&mut wire, bytes);
    // No byte is made up for those that are gone: the stream ends early.
    assert_eq!(answer.length() as u64, LARGE);
    assert!(answer.is_cut, "all of {} bytes came", answer.body.len());
    assert!(answer.body.iter().all(|&byte| byte == 0));
    wire.expect_end();

    let answer = ask(&mut server.connect(), "GET", "/large.bin");
    assert_eq!((answer.length(), answer.is_cut), (1 << 20, false));
    server.interrupt();
}

#[test]
fn a_file_that_grows() {
    let tree = Tree::new();
    let mut file = large_file(&tree);
    let server = client::serve(&tree);
    let mut wire = server.connect();
    let bytes = begin(&server, &mut wire);
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(&[b'x'; 100_000]).unwrap();
    let answer = go_on(&mut wire, bytes);
    // As long as was promised, and then the connection is good for more.
    assert_eq!(answer.length() as u64, LARGE);
    assert!(!answer.is_cut);
    assert!(answer.body.iter().all(|&byte| byte == 0));
    let answer = ask(&mut wire, "HEAD", "/large.bin");
    assert_eq!(answer.length() as u64, LARGE + 100_000);
    assert_eq!(ask(&mut wire, "GET", "/file.txt").body, b"a file\n");
    server.interrupt();
}

#[test]
fn a_file_that_is_removed() {
    let tree = Tree::new();
    drop(large_file(&tree));
    let server = client::serve(&tree);
    let mut wire = server.connect();
    let bytes = begin(&server, &mut wire);
    std::fs::remove_file(tree.root().join("large.bin")).unwrap();
    let answer = go_on(&mut wire, bytes);
    assert_eq!((answer.length() as u64, answer.is_cut), (LARGE, false));
    assert_eq!(ask(&mut wire, "GET", "/large.bin").status, 404);
    server.interrupt();
}

/// A client who leaves in the middle takes nobody with him.
#[test]
fn a_client_that_leaves() {
    let tree = Tree::new();
    drop(large_file(&tree));
    let server = client::serve(&tree);
    let before = Resources::of(server.pid());
    for _ in 0..3 {
        let mut wire = server.connect();
        begin(&server, &mut wire);
        wire.reset();
        let answer = ask(&mut server.connect(), "GET", "/file.txt");
        assert_eq!(answer.status, 200);
    }
    eventually("everything is given back", || {
        (Resources::of(server.pid()) == before).then_some(())
    });
    server.interrupt();
}

/// A client who stops reading has its time, and then the next has its turn.
#[test]
fn a_client_that_stops_reading() {
    const WRITE_TIME: Duration = Duration::from_secs(5);
    let tree = Tree::new();
    drop(large_file(&tree));
    let server = client::serve(&tree);
    let start = Instant::now();
    let mut wire = server.connect();
    begin(&server, &mut wire);
    let answer = ask(&mut server.connect(), "GET", "/file.txt");
    assert_eq!(answer.status, 200);
    assert!(start.elapsed() >= WRITE_TIME, "after {:?}", start.elapsed());
    server.wait_for_note("connection timed out");
    // What had been taken is still delivered, and then the stream ends.
    let (bytes, _) = wire.receive_until(|_| false);
    assert!((bytes.len() as u64) < LARGE);
    server.interrupt();
}

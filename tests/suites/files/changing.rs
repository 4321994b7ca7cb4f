//! The steps with files: a file that is not at the end of the transfer what
//! it was at the beginning. The length has been promised by then.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::client::{ask, at, get, request, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::{Client, End};
use crate::lab::program::Program;
use crate::steps::{Step, on_each, on_every, with};

/// More than the kernel takes for a client who does not read.
pub const LARGE: usize = 12 << 20;

/// A file without any blocks on the disk.
pub fn large_file(tree: &Tree) -> File {
    let file = File::create(tree.root().join("large.bin")).unwrap();
    file.set_len(LARGE as u64).unwrap();
    file
}

/// Asks for the large file, and reads the head of the response.
pub fn ask_for_large(client: &mut Client) -> Outcome {
    client.send(request("GET", "/large.bin", "").as_bytes())?;
    assert_eq!(client.response_head()?.length(), Some(LARGE));
    Ok(())
}

/// The same, and waits until the server is stuck in the middle of the body.
fn begin(step: &Step, server: &Program, client: &mut Client) -> Outcome {
    ask_for_large(client)?;
    step.await_stuck(server, client)
}

/// Panics unless that came which was promised, and no byte was made up.
fn assert_zeros((body, end): (Vec<u8>, End)) {
    assert_eq!((body.len(), end), (LARGE, End::Enough));
    assert!(body == vec![0; LARGE]);
}

#[test]
fn a_file_that_shrinks() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let file = large_file(&tree);
        begin(step, &server, &mut client)?;
        file.set_len(1 << 20).unwrap();
        // No byte is made up for those that are gone: the stream ends early.
        let body = client.receive_all()?;
        assert!(body.len() < LARGE, "all of {} bytes came", body.len());
        assert!(body == vec![0; body.len()]);

        let response = get(&mut server.connect()?, "/large.bin")?;
        assert_eq!(response.body.len(), 1 << 20);
        server.interrupt()
    })
}

#[test]
fn a_file_that_grows() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let mut file = large_file(&tree);
        begin(step, &server, &mut client)?;
        file.seek(SeekFrom::End(0)).unwrap();
        file.write_all(&[b'x'; 100_000]).unwrap();
        let grown = client.receive(LARGE)?;
        // The connection is good for more, at once: it does not last for ever.
        let response = ask(&mut client, "HEAD", "/large.bin")?;
        assert_eq!(response.length(), Some(LARGE + 100_000));
        assert_eq!(get(&mut client, "/file.txt")?.body, b"a file\n");
        assert_zeros(grown);
        server.interrupt()
    })
}

#[test]
fn a_file_that_is_replaced_and_removed() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let path = tree.root().join("large.bin");
        drop(large_file(&tree));
        begin(step, &server, &mut client)?;
        fs::rename(tree.root().join("file.txt"), &path).unwrap();
        let replaced = client.receive(LARGE)?;
        assert_eq!(get(&mut client, "/large.bin")?.body, b"a file\n");
        assert_zeros(replaced);

        drop(large_file(&tree));
        begin(step, &server, &mut client)?;
        fs::remove_file(&path).unwrap();
        let removed = client.receive(LARGE)?;
        assert_eq!(get(&mut client, "/large.bin")?.status, 404);
        assert_zeros(removed);
        server.interrupt()
    })
}

/// Clients who leave in the middle take nobody along, and leave nothing.
#[test]
fn a_client_that_leaves() -> Outcome {
    on_every("files", |step| {
        let tree = Tree::new();
        drop(large_file(&tree));
        let server = at(step, &tree.root())?.start()?;
        let before = server.resources();
        let count = if step.does("event-loop") { 100 } else { 1 };
        for _ in 0..3 {
            for number in 1..=count {
                let mut client = server.connect()?;
                ask_for_large(&mut client)?;
                if number == count {
                    step.await_stuck(&server, &mut client)?;
                }
                client.reset()?;
            }
            let response = get(&mut server.connect()?, "/file.txt")?;
            assert_eq!(response.status, 200);
        }
        server.expect_back(&before)?;
        server.interrupt()
    })
}

/// A client who stops reading has its time, and then the next has its turn,
/// where they take turns.
#[test]
fn a_client_that_stops_reading() -> Outcome {
    let steps = with("files").filter(|step| !step.does("concurrency"));
    on_each(&steps.collect::<Vec<_>>(), |step| {
        const SEND_TIMEOUT: Duration = Duration::from_secs(5);
        let start = Instant::now();
        let (tree, server, mut client) = site(step)?;
        drop(large_file(&tree));
        begin(step, &server, &mut client)?;
        let response = get(&mut server.connect()?, "/file.txt")?;
        assert_eq!(response.status, 200);
        assert!(start.elapsed() >= SEND_TIMEOUT, "after {:?}", start.elapsed());
        server.expect_note("connection timed out")?;
        // What had been taken is still delivered, and then the stream ends.
        let (bytes, _) = client.receive(usize::MAX)?;
        assert!(bytes.len() < LARGE);
        server.interrupt()
    })
}

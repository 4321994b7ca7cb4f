//! The steps with files: a file that is not at the end of the transfer what
//! it was at the beginning. The length has been promised by then.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::time::SystemTime;

use nix::errno::Errno;

use super::client::{after_change, ask, at, get, request, site};
use super::tree::Tree;
use super::validators::etag;
use crate::lab::client::{Client, End, F_SETSIG, Response};
use crate::lab::fixtures::{letters, pattern};
use crate::lab::show::assert_same;
use crate::lab::{Outcome, proc, time};
use crate::steps::{on_every, on_new_shells, skip_here};

/// More than the kernel takes for a client who does not read.
pub const LARGE: usize = 12 << 20;

/// A file without any blocks on the disk, which has not changed lately.
pub fn large_file(tree: &Tree) -> File {
    let file = File::create(tree.path("large.bin")).unwrap();
    file.set_len(LARGE as u64).unwrap();
    tree.touch("large.bin", SystemTime::UNIX_EPOCH);
    file
}

/// Asks for the large file, and reads the head of the response.
pub fn ask_for_large(client: &mut Client) -> Outcome<Response> {
    client.send(request("GET", "/large.bin", "").as_bytes())?;
    let head = client.response_head()?;
    assert_eq!(head.length(), Some(LARGE));
    Ok(head)
}

#[test]
fn a_file_that_shrinks() -> Outcome {
    on_new_shells("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let file = large_file(&tree);
        let head = ask_for_large(&mut client)?;
        step.await_stuck(&server, &mut client)?;
        file.set_len(1 << 20).unwrap();
        client.send(request("GET", "/file.txt", "").as_bytes())?;
        // No byte is made up for those that are gone, and no response comes
        // in their place: the stream ends early.
        let body = client.receive_all()?;
        assert!(body.len() < LARGE, "all of {} bytes came", body.len());
        assert!(body == vec![0; body.len()]);
        server.expect_note("the file has shrunk")?;

        let mut client = server.connect()?;
        let now = after_change(step, &server, &head, || {
            ask(&mut client, "HEAD", "/large.bin")
        })?;
        assert_eq!(now.length(), Some(1 << 20));
        assert_eq!(get(&mut client, "/large.bin")?.body.len(), 1 << 20);
        server.interrupt()
    })
}

/// What becomes of a file in the middle of its transfer, which gets it to its
/// end as it was; and the status and the length of the next response.
type Change = (fn(&Tree), u16, usize);

const CHANGES: [Change; 3] = [
    (
        |tree| {
            let path = tree.path("large.bin");
            let mut file = File::options().append(true).open(path).unwrap();
            file.write_all(&[b'x'; 100_000]).unwrap();
        },
        200,
        LARGE + 100_000,
    ),
    (
        |tree| {
            let other = tree.path("sub/page.html");
            fs::rename(other, tree.path("large.bin")).unwrap();
        },
        200,
        "<title>Page</title>".len(),
    ),
    (
        |tree| fs::remove_file(tree.path("large.bin")).unwrap(),
        404,
        "Not Found\n".len(),
    ),
];

#[test]
fn a_file_that_grows_or_is_replaced_or_removed() -> Outcome {
    on_new_shells("files", |step| {
        for (change, status, length) in CHANGES {
            let (tree, server, mut client) = site(step)?;
            drop(large_file(&tree));
            let head = ask_for_large(&mut client)?;
            step.await_stuck(&server, &mut client)?;
            change(&tree);
            let (body, end) = client.receive(LARGE)?;
            // The connection is good for more, at once: it does not last for
            // ever.
            let now = after_change(step, &server, &head, || {
                ask(&mut client, "HEAD", "/large.bin")
            })?;
            assert_eq!((now.status, now.length()), (status, Some(length)));
            assert_eq!(get(&mut client, "/file.txt")?.body, b"a file\n");
            // No byte was made up.
            assert_eq!((body.len(), end), (LARGE, End::Enough));
            assert!(body == vec![0; LARGE]);
            server.interrupt()?;
        }
        Ok(())
    })
}

/// A file that nobody opens while this is there: they wait.
struct Lease(File);

impl Lease {
    /// `None`, after saying so, where there are no leases.
    fn of(tree: &Tree, name: &str) -> Option<Self> {
        let file = File::options().read(true).write(true).open(tree.path(name));
        let lease = Lease(file.unwrap());
        // The kernel tells by a signal that somebody waits: by default by one
        // that ends us.
        lease.control(F_SETSIG, libc::SIGURG);
        // A program that is being started may have it open for a moment, since
        // we had it when that one was forked.
        let set = || match lease.control(libc::F_SETLEASE, libc::F_WRLCK) {
            -1 if Errno::last() == Errno::EAGAIN => None,
            result => Some(result),
        };
        let us = std::process::id().cast_signed();
        if time::eventually(time::PATIENCE, us, set) == Some(0) {
            return Some(lease);
        }
        skip_here("no leases on files", "keep TMPDIR on ext4, xfs or tmpfs");
        None
    }

    fn is_waited_for(&self) -> bool {
        self.control(libc::F_GETLEASE, 0) != libc::F_WRLCK
    }

    fn control(&self, operation: i32, value: i32) -> i32 {
        // SAFETY: these operations of fcntl(2) take a number, or nothing.
        unsafe { libc::fcntl(self.0.as_raw_fd(), operation, value) }
    }
}

/// What becomes of a file between the look at it and its first byte. Size, tag
/// and bytes are those of what was looked at; and what has become longer is
/// not kept.
#[test]
fn a_file_that_changes_while_it_is_opened() -> Outcome {
    const FILES: [(&str, usize); 3] =
        [("small", 9), ("large", 30_000), ("grows", 9)];
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        for (name, size) in FILES {
            tree.write_old(name, &pattern(size));
            let tag = etag(&fs::metadata(tree.path(name)).unwrap());
            let Some(lease) = Lease::of(&tree, name) else { return Ok(()) };
            let target = format!("/{name}");
            client.send(request("GET", &target, "").as_bytes())?;
            let is_found = || lease.is_waited_for().then_some(());
            server.eventually("opens the file", is_found)?;
            if name == "grows" {
                // Who opens it once more waits, and so would we.
                (&lease.0).write_all(&pattern(99)).unwrap();
            } else {
                tree.write_old("other", &letters(99));
                fs::rename(tree.path("other"), tree.path(name)).unwrap();
            }
            drop(lease);
            let response = client.response()?;
            assert_eq!(response.field("etag"), Some(&*tag), "{name}");
            assert_same(&response.body, &pattern(size));
        }
        assert_same(&get(&mut client, "/grows")?.body, &pattern(99));
        server.interrupt()
    })
}

/// The disk gives nothing, and the head has been sent: that is the end, of
/// this connection alone.
#[test]
fn a_file_that_cannot_be_read() -> Outcome {
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        drop(large_file(&tree));
        let server = at(step, &tree.root())?.shim("sendfile=EIO").start()?;
        let mut client = server.connect()?;
        ask_for_large(&mut client)?;
        assert!(client.receive(1)?.0.is_empty());
        // Each end is told, or counted.
        if step.does("cores") {
            server.signal(libc::SIGUSR1);
            server.expect_note("1 requests, 0 refused, 1 failed")?;
        } else if !step.does("peer") {
            server.expect_note("1 requests, I/O error")?;
        }
        let response = get(&mut server.connect()?, "/large.bin")?;
        assert_eq!(response.body.len(), LARGE);
        server.interrupt()
    })
}

/// Clients who leave in the middle take nobody along, and leave nothing.
#[test]
fn a_client_that_leaves() -> Outcome {
    on_new_shells("files", |step| {
        let tree = Tree::new();
        drop(large_file(&tree));
        let launch = at(step, &tree.root())?;
        let server = launch.with(step.in_one_loop()).start()?;
        let has = || {
            let pid = server.pid();
            (proc::socket_count(pid), proc::children(pid).len())
        };
        let had = has();
        // It may stay open.
        ask(&mut server.connect()?, "HEAD", "/large.bin")?;
        server.eventually("closes the connection", || {
            (has() == had).then_some(())
        })?;
        let before = server.resources();
        let count = if step.does("event-loop") { 20 } else { 1 };
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

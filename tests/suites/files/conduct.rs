//! The steps with files: one conversation after the other, whatever it is
//! about.

use std::fs;
use std::sync::mpsc;
use std::thread;

use super::client::{get, request, site};
use crate::lab::Outcome;
use crate::lab::fixtures::pattern;
use crate::lab::proc;
use crate::lab::show::assert_same;
use crate::steps::{on_each, on_every, root, with};

/// Many requests in one piece: the responses come in order, each whole; and
/// parts of a large file, from an offset beyond what a buffer holds.
#[test]
fn pipelined_files() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let large = pattern(300_000);
        tree.write("large.bin", &large);
        let ranges: &[_] = &[
            ("Range: bytes=100000-250000\r\n", 206, 100_000..250_001),
            ("Range: bytes=-10\r\n", 206, 299_990..300_000),
        ];
        let ranges = if step.does("ranges") { ranges } else { &[] };
        let ranges = ranges.iter().map(|(field, status, part)| {
            ("GET", "/large.bin", *field, *status, &large[part.clone()])
        });
        let whole = [
            ("GET", "/file.txt", "", 200, &b"a file\n"[..]),
            ("HEAD", "/large.bin", "", 200, b""),
            ("GET", "/large.bin", "", 200, &large),
            ("GET", "/nothing", "", 404, b"Not Found\n"),
            ("OPTIONS", "/file.txt", "", 200, b""),
            ("GET", "/large.bin", "", 200, &large),
            ("GET", "/file.txt", "Connection: close\r\n", 200, b"a file\n"),
        ];
        let cases: Vec<_> = ranges.chain(whole).collect();
        let requests = cases.iter().map(|it| request(it.0, it.1, it.2));
        client.send(requests.collect::<String>().as_bytes())?;
        for (method, _, _, status, body) in cases {
            let response = client.response_to(method)?;
            assert_eq!(response.status, step.status(method, status));
            assert_same(&response.body, body);
        }
        client.expect_eof()?;
        server.interrupt()
    })
}

/// Without a descriptor there is no file, for the moment; the conversation
/// goes on. (A child has a limit of its own.)
#[test]
fn a_server_short_of_descriptors() -> Outcome {
    let steps = with("files").filter(|step| !step.does("processes"));
    on_each(&steps.collect::<Vec<_>>(), |step| {
        let (_tree, server, mut client) = site(step)?;
        assert_eq!(get(&mut client, "/file.txt")?.status, 200);
        // 0, 1, 2, the root, the listener and this connection. Each loop that
        // is just starting needs some more.
        server.expect_idle()?;
        server.limit_descriptors(6)?;
        // The first may be in memory.
        assert_eq!(get(&mut client, "/sub/page.html")?.status, 503);
        assert_eq!(get(&mut client, "/api/")?.status, 200);
        server.limit_descriptors(100)?;
        assert_eq!(get(&mut client, "/sub/page.html")?.status, 200);
        server.interrupt()
    })
}

/// The site that comes with the step, whatever directory it is started in.
#[test]
fn without_a_root_it_serves_its_own_site() -> Outcome {
    on_every("files", |step| {
        let server = step.launch(&["0"])?.start()?;
        let mut client = server.connect()?;
        let directory = root().join("steps/08-files/site");
        for name in
            ["index.html", "style.css", "echo.js", "pictures/socket.svg"]
        {
            let response = get(&mut client, &format!("/{name}"))?;
            let content = fs::read(directory.join(name)).unwrap();
            assert_eq!(
                (response.status, response.body),
                (200, content),
                "{name}"
            );
        }
        server.interrupt()
    })
}

/// Finding a pipe is not opening it: the program that waits to write into it
/// goes on waiting, until its reader comes.
#[test]
fn a_pipe_with_a_waiting_writer() -> Outcome {
    on_every("files", |step| {
        let (tree, server, _) = site(step)?;
        let path = tree.path("fifo");
        let (tell, told) = mpsc::channel();
        let writer = thread::spawn({
            let path = path.clone();
            move || {
                // SAFETY: gettid(2) takes nothing and cannot fail.
                tell.send(unsafe { libc::gettid() }).unwrap();
                fs::write(path, "for another reader")
            }
        });
        let thread = told.recv().unwrap();
        server.eventually("has a writer that waits for a reader", || {
            proc::waits_in(thread, "openat()").then_some(())
        })?;
        let mut client = server.connect()?;
        for _ in 0..20 {
            assert_eq!(get(&mut client, "/fifo")?.status, 404);
        }
        assert_eq!(fs::read(path).unwrap(), b"for another reader");
        writer.join().unwrap().unwrap();
        server.interrupt()
    })
}

//! The steps with ready responses: how much is kept.

use std::time::SystemTime;

use super::changing::{LARGE, ask_for_large, large_file};
use super::client::{at, request};
use super::tree::Tree;
use crate::lab::client::Client;
use crate::lab::fixtures::pattern;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::steps::on_every;

/// Which files of the tree a server has open.
fn open_files(server: &Program, tree: &Tree) -> Vec<String> {
    let mut open = proc::descriptors(server.pid());
    let root = format!("{}/", tree.root().display());
    open.retain(|path| path.starts_with(&root));
    open
}

fn large_count(server: &Program, tree: &Tree) -> usize {
    let open = open_files(server, tree).into_iter();
    open.filter(|path| path.ends_with("/large.bin")).count()
}

/// Asks for all of them at once.
fn head_all(client: &mut Client, targets: &[String]) -> Outcome {
    for some in targets.chunks(64) {
        let requests = some.iter().map(|target| request("HEAD", target, ""));
        client.send(requests.collect::<String>().as_bytes())?;
        for target in some {
            let status = client.response_head()?.status;
            assert_eq!(status, 200, "{target}");
        }
    }
    Ok(())
}

/// A large file stays open for as long as it is kept. What has it let go that
/// is requested after it?
#[test]
fn what_is_kept_has_bounds() -> Outcome {
    let small = |count| targets("small", count);
    let large = |count| targets("large", count);
    // One file, many paths.
    let path = |number, name| {
        let bits = (0..12).map(|bit| number >> bit & 1);
        let names = bits.map(|bit| if bit == 0 { "/" } else { "/." });
        names.collect::<String>() + name
    };
    let paths = |count, name| {
        (0..count).map(|number| path(number, name)).collect::<Vec<_>>()
    };
    let it = || vec!["/large.bin".to_string()];
    let cases = [
        ("0", vec![], 0),
        ("1", small(40), 1),
        ("1", small(60), 0),
        ("1", [small(60), it()].concat(), 1),
        ("64", paths(4095, "/file.txt"), 1),
        ("64", paths(4096, "/file.txt"), 0),
        // 64 MiB, if nothing else is said: each path has a copy of its own.
        ("", paths(3000, "/small-1"), 1),
        ("", paths(3300, "/small-1"), 0),
        ("64", large(255), 1),
        // One more: the first of the small files has a large neighbour.
        ("64", [large(255), small(1)].concat(), 0),
        ("64", [large(256), it()].concat(), 1),
        // It is not the one that was requested longest ago.
        ("64", [small(1), it(), large(255)].concat(), 1),
    ];
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        drop(large_file(&tree));
        tree.touch("file.txt", SystemTime::UNIX_EPOCH);
        fill(&tree, "small", 60, 20_480);
        tree.write_old("small-0.gz", &pattern(20_481));
        fill(&tree, "large", 256, 20_481);
        for (mib, others, count) in &cases {
            let launch = at(step, &tree.root())?;
            let flag = ["--cache-mib", mib];
            let flag = if mib.is_empty() { &[][..] } else { &flag };
            let server = launch.with(flag).with(step.in_one_loop()).start()?;
            let mut client = server.connect()?;
            head_all(&mut client, &it())?;
            head_all(&mut client, others)?;
            let what = format!("{mib} MiB, {} others", others.len());
            assert_eq!(large_count(&server, &tree), *count, "{what}");
            assert!(open_files(&server, &tree).len() <= 256, "{what}");
        }
        Ok(())
    })
}

/// A file is open once for all whom it is sent to, and for as long.
#[test]
fn downloads_share_a_descriptor() -> Outcome {
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        drop(large_file(&tree));
        fill(&tree, "large", 256, 20_481);
        let launch = at(step, &tree.root())?;
        let server = launch.with(step.in_one_loop()).start()?;
        let mut clients = server.connect_many(2)?;
        for client in &mut clients {
            ask_for_large(client)?;
            step.await_stuck(&server, client)?;
        }
        assert_eq!(large_count(&server, &tree), 1);
        head_all(&mut server.connect()?, &targets("large", 256))?;
        for client in &mut clients {
            assert_eq!(large_count(&server, &tree), 1);
            assert!(client.receive(LARGE)?.0 == vec![0; LARGE]);
        }
        server.eventually("closes the file", || {
            (large_count(&server, &tree) == 0).then_some(())
        })?;
        server.interrupt()
    })
}

/// Files of which [`targets`] are the targets.
fn fill(tree: &Tree, name: &str, count: usize, size: usize) {
    for number in 0..count {
        tree.write_old(&format!("{name}-{number}"), &pattern(size));
    }
}

fn targets(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("/{name}-{number}")).collect()
}

//! The steps with ready responses: what is kept, and for how long.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant, SystemTime};

use super::client::{FRESH, as_user, ask_with, at, get, is_same, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::lab::fixtures::{letters, pattern};
use crate::lab::show::assert_same;
use crate::steps::on_every;

/// A file's size, that of its neighbour, what becomes of them, and how they
/// are sent then.
type Change =
    (&'static str, usize, Option<usize>, fn(&Tree, &str) -> (u16, Vec<u8>));

/// More than is kept in memory.
const BIG: usize = 30_000;

#[rustfmt::skip]
const CHANGES: [Change; 17] = [
    ("replaced", 9, None, |tree, name| replaced(tree, name, 9)),
    ("replaced-by-large", 9, None, |tree, name| replaced(tree, name, BIG)),
    ("large-replaced", BIG, None, |tree, name| replaced(tree, name, 9)),
    ("large-twice", BIG, None, |tree, name| replaced(tree, name, BIG)),
    ("rewritten", 9, None, |tree, name| later(tree, name, 1, &letters(9))),
    ("longer", 9, None, |tree, name| later(tree, name, 0, &pattern(99))),
    ("shorter", 9, None, |tree, name| written(tree, name, &pattern(0))),
    ("grown", BIG, None, |tree, name| written(tree, name, &pattern(BIG + 1))),
    ("restored", 9, None, |tree, name| {
        written(tree, name, &letters(9));
        tree.touch(name, SystemTime::UNIX_EPOCH);
        (200, letters(9))
    }),
    ("removed", 9, None, |tree, name| (404, gone(tree, name))),
    ("led-out", 9, None, |tree, name| {
        gone(tree, name);
        tree.link("../secret.txt", name);
        (404, b"Not Found\n".into())
    }),
    ("closed", 9, None, |tree, name| {
        let nobody = Permissions::from_mode(0o0);
        fs::set_permissions(tree.path(name), nobody).unwrap();
        (403, b"Forbidden\n".into())
    }),
    ("compressed", 9, None, |tree, name| {
        written(tree, &format!("{name}.gz"), &pattern(5))
    }),
    ("compressed-again", 9, Some(5), |tree, name| {
        replaced(tree, &format!("{name}.gz"), BIG)
    }),
    ("uncompressed", 9, Some(5), |tree, name| {
        gone(tree, &format!("{name}.gz"));
        (200, pattern(9))
    }),
    ("outdated", 9, Some(5), |tree, name| {
        written(tree, name, &letters(9))
    }),
    ("orphaned", 9, Some(5), |tree, name| (404, gone(tree, name))),
];

/// Another file takes the name, which has changed at the same time.
fn replaced(tree: &Tree, name: &str, size: usize) -> (u16, Vec<u8>) {
    tree.write("other", &letters(size));
    tree.touch("other", modified(tree, name));
    fs::rename(tree.path("other"), tree.path(name)).unwrap();
    (200, letters(size))
}

/// Is written in its place, so many nanoseconds after the last change.
fn later(
    tree: &Tree,
    name: &str,
    nanoseconds: u64,
    content: &[u8],
) -> (u16, Vec<u8>) {
    let time = modified(tree, name) + Duration::from_nanos(nanoseconds);
    tree.write(name, content);
    tree.touch(name, time);
    (200, content.into())
}

fn modified(tree: &Tree, name: &str) -> SystemTime {
    fs::metadata(tree.path(name)).unwrap().modified().unwrap()
}

fn written(tree: &Tree, name: &str, content: &[u8]) -> (u16, Vec<u8>) {
    tree.write(name, content);
    (200, content.into())
}

/// Removes it; returns what a client gets to read then.
fn gone(tree: &Tree, name: &str) -> Vec<u8> {
    fs::remove_file(tree.path(name)).unwrap();
    b"Not Found\n".into()
}

/// The whole response from before, for a second; and from then on, or from
/// when it has come first, the new one.
#[test]
fn a_change_is_seen_within_a_second() -> Outcome {
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        for (name, size, neighbour, _) in CHANGES {
            tree.write_old(name, &pattern(size));
            if let Some(size) = neighbour {
                tree.write_old(&format!("{name}.gz"), &pattern(size));
            }
        }
        let server = as_user(at(step, &tree.root())?).start()?;
        let mut client = server.connect()?;
        let mut ask = |name: &str| {
            let accepts = "Accept-Encoding: gzip\r\n";
            ask_with(&mut client, "GET", &format!("/{name}"), accepts)
        };
        let before = CHANGES.iter().map(|change| ask(change.0));
        let before = before.collect::<Outcome<Vec<_>>>()?;
        for ((_, size, neighbour, _), response) in CHANGES.iter().zip(&before) {
            assert_same(&response.body, &pattern(neighbour.unwrap_or(*size)));
        }
        let after = CHANGES.map(|(name, .., change)| change(&tree, name));
        let changed = Instant::now();
        let mut is_seen = CHANGES.map(|_| false);
        let mut look = || {
            for (index, (name, ..)) in CHANGES.iter().enumerate() {
                let may_be_old = !is_seen[index] && changed.elapsed() < FRESH;
                let now = ask(name)?;
                if may_be_old && is_same(&now, &before[index]) {
                    continue;
                }
                let (status, body) = &after[index];
                assert_eq!(now.status, *status, "{name}");
                assert_same(&now.body, body);
                let tag = before[index].field("etag");
                assert_ne!(now.field("etag"), tag, "{name}");
                is_seen[index] = true;
            }
            Ok(is_seen.iter().all(|it| *it))
        };
        server.eventually("has seen all changes", || match look() {
            Ok(false) => None,
            result => Some(result.map(drop)),
        })??;
        server.interrupt()
    })
}

/// What may be another at any moment.
#[test]
fn what_is_not_kept() -> Outcome {
    on_every("ready-responses", |step| {
        let (tree, server, mut client) = site(step)?;
        assert_eq!(get(&mut client, "/new")?.status, 404);
        tree.directory("new");
        assert_eq!(get(&mut client, "/new")?.status, 301);
        fs::remove_dir(tree.path("new")).unwrap();
        // Two states that look the same: the clock has not passed them yet.
        let later = SystemTime::now() + Duration::from_secs(3600);
        for body in [b"one", b"two"] {
            tree.write("new", body);
            tree.touch("new", later);
            assert_eq!(get(&mut client, "/new")?.body, body);
        }
        server.interrupt()
    })
}

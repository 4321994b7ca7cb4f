//! files/root.rs: a directory that no name leads out of. What the names
//! of requests lead to, what is said of a file, and which file and which root
//! cannot be opened, the suites see over the wire.

use std::thread;

use nix::errno::Errno;
use nix::fcntl::{self, AT_FDCWD, RenameFlags};
use nix::sys::uio;
use shared::files::root::{Entry, File, Root};

use crate::tree::Tree;

fn content(file: &File) -> String {
    let mut content = vec![0; 4096];
    let count = uio::pread(&*file.descriptor, &mut content, 0).unwrap();
    content.truncate(count);
    String::from_utf8(content).unwrap()
}

/// The content of a file, or `None` for anything else.
fn open(root: &Root, name: &str) -> nix::Result<Option<String>> {
    match root.open_entry(name.as_bytes())? {
        Entry::File(file) => {
            let text = content(&file);
            assert_eq!(text.len() as i64, file.stat.st_size, "{name}");
            Ok(Some(text))
        }
        Entry::Directory | Entry::NotFound => Ok(None),
    }
}

/// The root does not rely on anybody who has looked at the name before.
#[test]
fn names_that_nobody_has_looked_at() {
    let tree = Tree::new();
    let root = Root::open(&tree.root()).unwrap();
    let secret = tree.outside().join("secret.txt");
    let long = format!("sub/{}secret.txt", "../".repeat(4));
    let names = "../secret.txt ../outside/secret.txt sub/../../secret.txt \
        to-sub/../../secret.txt out-directory/../secret.txt \
        ../inside/file.txt .. file.txt/ /etc/passwd //etc/passwd";
    for name in names.split(' ').chain([&*long, secret.to_str().unwrap()]) {
        assert_eq!(open(&root, name), Ok(None), "{name}");
    }
    let long = "a".repeat(300);
    assert_eq!(open(&root, &long), Ok(None));
    assert_eq!(open(&root, &"a/".repeat(5000)), Ok(None));
    assert_eq!(open(&root, "a\0b"), Err(Errno::EINVAL));
}

/// The way to the root is the operator's business.
#[test]
fn a_root_behind_a_link() {
    let tree = Tree::new();
    for name in ["to-sub", "out-directory"] {
        assert!(Root::open(&tree.path(name)).is_ok(), "{name}");
    }
}

/// A directory that is swapped for a link to the outside, thousands of times,
/// while names through it are opened; and a file for another one.
#[test]
fn a_race_with_a_link() {
    let tree = Tree::new();
    tree.write("sub/secret.txt", b"harmless");
    tree.link("../outside", "bait");
    let root = Root::open(&tree.root()).unwrap();
    let (inside, refused) = thread::scope(|scope| {
        let opener = scope.spawn(|| open_while_names_change(&root));
        let pairs = [("sub", "bait"), ("file.txt", "index.html")];
        let pairs = pairs.map(|(a, b)| (tree.path(a), tree.path(b)));
        let exchange = RenameFlags::RENAME_EXCHANGE;
        while !opener.is_finished() {
            for (a, b) in &pairs {
                fcntl::renameat2(AT_FDCWD, a, AT_FDCWD, b, exchange).unwrap();
            }
        }
        opener.join().unwrap()
    });
    assert!(inside > 0 && refused > 0, "{inside} inside, {refused} refused");
}

/// How often a file was found, and how often nothing.
fn open_while_names_change(root: &Root) -> (u32, u32) {
    let (mut inside, mut refused) = (0, 0);
    for round in 0..1_000_000 {
        assert!(open(root, "file.txt").is_ok_and(|it| it.is_some()));
        let name = if round % 2 == 0 {
            "sub/secret.txt"
        } else {
            "sub/deeper/../secret.txt"
        };
        match open(root, name) {
            Ok(Some(text)) => {
                assert_eq!(text, "harmless", "the secret is out");
                inside += 1;
            }
            Ok(None) | Err(Errno::EAGAIN) => refused += 1,
            Err(errno) => panic!("{name}: {errno}"),
        }
        if inside > 1_000 && refused > 1_000 {
            break;
        }
    }
    (inside, refused)
}

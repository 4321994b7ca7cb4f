//! files/root.rs: a directory that no name leads out of. What the names
//! of requests lead to, the suites see over the wire.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::errno::Errno;
use nix::fcntl::{self, AT_FDCWD, RenameFlags};
use nix::sys::uio;
use shared::files::root::{Entry, File, Root};

use crate::tree::Tree;

fn tree_and_root() -> (Tree, Root) {
    let tree = Tree::new();
    let root = Root::open(&tree.root()).unwrap();
    (tree, root)
}

fn content(file: &File) -> String {
    let mut content = vec![0; 4096];
    let count = uio::pread(&*file.descriptor, &mut content, 0).unwrap();
    content.truncate(count);
    String::from_utf8(content).unwrap()
}

/// The content of a file, or `None` for anything else.
fn open(root: &Root, name: &str) -> nix::Result<Option<String>> {
    match root.open_entry(name.as_bytes())? {
        Entry::File(file) => Ok(Some(content(&file))),
        Entry::Directory | Entry::NotFound => Ok(None),
    }
}

/// The root does not rely on anybody who has looked at the name before.
#[test]
fn names_that_nobody_has_looked_at() {
    let (tree, root) = tree_and_root();
    let secret = tree.outside().join("secret.txt");
    let long = format!("sub/{}secret.txt", "../".repeat(4));
    let names = [
        "../secret.txt",
        "../outside/secret.txt",
        "sub/../../secret.txt",
        "to-sub/../../secret.txt",
        "out-directory/../secret.txt",
        "../inside/file.txt",
        "..",
        "file.txt/",
        "/etc/passwd",
        "//etc/passwd",
        long.as_str(),
        secret.to_str().unwrap(),
    ];
    for name in names {
        assert_eq!(open(&root, name), Ok(None), "{name}");
    }
    let long = "a".repeat(300);
    assert_eq!(open(&root, &long), Ok(None));
    assert_eq!(open(&root, &"a/".repeat(5000)), Ok(None));
    assert_eq!(open(&root, "a\0b"), Err(Errno::EINVAL));
}

#[test]
fn directories() {
    let (_tree, root) = tree_and_root();
    for name in ["sub", "sub/", "sub/deeper", "to-sub", ".", "sub/.."] {
        let entry = root.open_entry(name.as_bytes()).unwrap();
        assert!(matches!(entry, Entry::Directory), "{name}");
    }
}

#[test]
fn what_fstat_says() {
    let (tree, root) = tree_and_root();
    let Entry::File(file) = root.open_entry(b"file.txt").unwrap() else {
        panic!("file.txt is a file");
    };
    let proc = fs::metadata(tree.path("file.txt")).unwrap();
    assert_eq!(file.stat.st_size as u64, proc.len());
    assert_eq!(file.stat.st_mtime, proc.mtime());
    assert_eq!(file.stat.st_mtime_nsec, proc.mtime_nsec());
    assert_eq!(file.stat.st_ino, proc.ino());
}

#[test]
fn a_root_that_cannot_be() {
    let tree = Tree::new();
    let open = |name: &str| Root::open(&tree.path(name)).map(drop);
    assert_eq!(open("nothing"), Err(Errno::ENOENT));
    assert_eq!(open("file.txt"), Err(Errno::ENOTDIR));
    assert_eq!(open("fifo"), Err(Errno::ENOTDIR));
    // The way to the root is the operator's business.
    assert_eq!(open("to-sub"), Ok(()));
    assert_eq!(open("out-directory"), Ok(()));
}

#[test]
fn a_file_that_may_not_be_read() {
    const NOBODY: libc::uid_t = 65534;
    let tree = Tree::new();
    let path = tree.path("file.txt");
    fs::set_permissions(path, PermissionsExt::from_mode(0o000)).unwrap();
    let root = Root::open(&tree.root()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Root may read everything, so this thread, if it is root's,
            // stops being that to the file system.
            // SAFETY: setfsuid(2) takes a number and changes this thread.
            unsafe { libc::setfsuid(NOBODY) };
            assert_eq!(open(&root, "file.txt"), Err(Errno::EACCES));
        });
    });
}

/// A directory that is swapped for a link to the outside, thousands of times,
/// while names through it are opened.
#[test]
fn a_race_with_a_link() {
    let tree = Tree::new();
    tree.write("sub/secret.txt", b"harmless");
    tree.link("../outside", "bait");
    let root = Root::open(&tree.root()).unwrap();
    let done = AtomicBool::new(false);
    let (mut inside, mut refused) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let sub = tree.path("sub");
            let bait = tree.path("bait");
            let exchange = RenameFlags::RENAME_EXCHANGE;
            while !done.load(Ordering::Relaxed) {
                fcntl::renameat2(AT_FDCWD, &sub, AT_FDCWD, &bait, exchange)
                    .unwrap();
            }
        });
        for round in 0.. {
            let name = if round % 2 == 0 {
                "sub/secret.txt"
            } else {
                "sub/deeper/../secret.txt"
            };
            match open(&root, name) {
                Ok(Some(text)) => {
                    assert_eq!(text, "harmless", "the secret is out");
                    inside += 1;
                }
                Ok(None) | Err(Errno::EAGAIN) => refused += 1,
                Err(errno) => panic!("{name}: {errno}"),
            }
            let enough = inside > 1_000 && refused > 1_000;
            if enough || round == 1_000_000 {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(inside > 0 && refused > 0, "{inside} inside, {refused} refused");
}

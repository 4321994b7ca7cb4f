//! A directory for one test: a root with files, and a secret beside it.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::sys::stat::Mode;
use nix::unistd;

use super::scratch::Scratch;

/// `inside/` and what lies beside it; it is removed with this value.
#[derive(Debug)]
pub struct Tree {
    directory: Scratch,
    /// Stands in every file outside of the root, and in none inside.
    pub secret: String,
}

impl Tree {
    pub fn new() -> Self {
        let directory = Scratch::new().unwrap();
        let path = directory.path().to_path_buf();
        fs::create_dir_all(path.join("inside/sub/deeper")).unwrap();
        fs::create_dir(path.join("outside")).unwrap();
        let random = fs::read("/proc/sys/kernel/random/uuid").unwrap();
        let secret = String::from_utf8(random).unwrap().trim().to_string();
        let tree = Tree { directory, secret };

        tree.write("index.html", b"<title>Home</title>");
        tree.write("file.txt", b"a file\n");
        tree.write("sub/index.html", b"<title>Sub</title>");
        tree.write("sub/page.html", b"<title>Page</title>");
        tree.write("sub/deeper/last.txt", b"the last\n");
        tree.link("file.txt", "to-file");
        tree.link("sub", "to-sub");
        tree.link("../file.txt", "sub/up");
        tree.link("deeper/../../file.txt", "sub/about");

        fs::write(path.join("secret.txt"), &tree.secret).unwrap();
        let outside = path.join("outside");
        fs::write(outside.join("secret.txt"), &tree.secret).unwrap();
        fs::write(outside.join("index.html"), &tree.secret).unwrap();
        tree.link("../secret.txt", "out");
        tree.link("../outside", "out-directory");
        tree.link("../../secret.txt", "sub/out");
        tree.link("../inside/file.txt", "out-and-in");
        tree.link(path.join("secret.txt"), "out-absolute");
        tree.link(tree.path("file.txt"), "in-absolute");
        tree.link("/etc/passwd", "passwd");
        tree.link("/proc/self/root", "magic");
        tree.link("/", "slash");
        tree.link("out", "out-twice");
        tree.link("loop", "loop");
        tree.link("nothing", "dangling");

        unistd::mkfifo(&tree.path("fifo"), Mode::S_IRWXU).unwrap();
        // The socket stays when nobody listens any more.
        drop(UnixListener::bind(tree.path("socket")).unwrap());
        tree
    }

    pub fn root(&self) -> PathBuf {
        self.directory.path().join("inside")
    }

    /// The whole path of what is in the root.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    /// What lies beside the root.
    pub fn outside(&self) -> PathBuf {
        self.directory.path().join("outside")
    }

    pub fn write(&self, name: impl AsRef<Path>, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A file that has not changed for a minute.
    pub fn write_old(&self, name: &str, content: &[u8]) {
        self.write(name, content);
        self.touch(name, SystemTime::now() - Duration::from_secs(60));
    }

    /// Has a file changed at this time.
    pub fn touch(&self, name: &str, time: SystemTime) {
        let file = fs::File::options().write(true).open(self.path(name));
        file.unwrap().set_modified(time).unwrap();
    }

    pub fn directory(&self, name: &str) {
        fs::create_dir(self.path(name)).unwrap();
    }

    pub fn link(&self, target: impl AsRef<Path>, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }
}

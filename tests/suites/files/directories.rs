//! The steps with files: directories, which end with a slash.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::client::{as_user, at, get};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::steps::on_every;

/// A directory gets its slash; also one that may be entered but not listed, and
/// one whose index is no file. What else becomes of a target, tests/core asks.
#[test]
fn directories() -> Outcome {
    on_every("files", |step| {
        let tree = Tree::new();
        tree.directory("closed");
        tree.write("closed/index.html", b"inside");
        tree.directory("odd");
        tree.directory("odd/index.html");
        let closed = tree.path("closed");
        // The owner too may enter it only, and root is no exception here.
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o311))
            .unwrap();
        let server = as_user(at(step, &tree.root())?).start()?;
        let mut client = server.connect()?;
        let listed = if step.does("sites") { 200 } else { 404 };
        for (target, status, location) in [
            ("/closed", 301, "/closed/"),
            ("/closed/", 200, ""),
            ("//odd?a=\"", 301, "/odd/?a=%22"),
            ("/odd/", listed, ""),
            ("/sub/deeper/", listed, ""),
            ("/odd/index.html", 301, "/odd/index.html/"),
            ("http://other.example/to-sub", 301, "/to-sub/"),
        ] {
            let response = get(&mut client, target)?;
            assert_eq!(response.status, status, "{target}");
            let said = response.field("location").unwrap_or_default();
            assert_eq!(said, location, "{target}");
            assert!(status != 301 || response.body.len() < 100, "{target}");
        }
        // So that it can be removed.
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755))
            .unwrap();
        server.interrupt()
    })
}

//! The steps with files: directories, which end with a slash.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::client::{as_user, at, get, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::steps::on_every;

#[test]
fn a_directory_gets_its_slash() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        for name in ["evil.example", "\\evil", "ä b", "x\r\nX-Evil: yes"] {
            tree.directory(name);
        }
        let cases = [
            ("/sub", "/sub/"),
            ("/sub?a=b&c", "/sub/?a=b&c"),
            ("/sub?", "/sub/?"),
            ("/sub?x=\"<{}|^`&%20%", "/sub/?x=%22%3C%7B%7D%7C%5E%60&%20%"),
            ("/sub/deeper", "/sub/deeper/"),
            ("/to-sub", "/to-sub/"),
            ("/%73ub", "/sub/"),
            ("http://other.example/sub", "/sub/"),
            // No way to another host: RFC 3986 section 4.2.
            ("//evil.example", "/evil.example/"),
            ("/sub/..//evil.example", "/evil.example/"),
            ("/%5cevil", "/%5Cevil/"),
            ("/\\evil", "/%5Cevil/"),
            // Nor to another field.
            ("/x%0d%0aX-Evil:%20yes", "/x%0D%0AX-Evil:%20yes/"),
            ("/%C3%A4%20b", "/%C3%A4%20b/"),
        ];
        for (target, location) in cases {
            let response = get(&mut client, target)?;
            assert_eq!(response.status, 301, "{target}");
            assert_eq!(response.field("location"), Some(location), "{target}");
            assert!(response.values("x-evil").next().is_none(), "{target}");
            assert!(response.body.len() < 100, "{target}");
        }
        server.interrupt()
    })
}

/// A directory that may be entered but not listed, and one whose index is no
/// file.
#[test]
fn directories_that_are_special() -> Outcome {
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
        for (target, status) in [
            ("/closed", 301),
            ("/closed/", 200),
            ("/odd", 301),
            ("/odd/", listed),
            ("/sub/deeper/", listed),
            ("/odd/index.html", 301),
        ] {
            let response = get(&mut client, target)?;
            assert_eq!(response.status, status, "{target}");
        }
        // So that it can be removed.
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755))
            .unwrap();
        server.interrupt()
    })
}

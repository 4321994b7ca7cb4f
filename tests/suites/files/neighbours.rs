//! The steps with ready responses: what lies beside a file and is the same in
//! another coding. What a client likes best, tests/core asks.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd;

use super::client::{as_user, ask_with, at, get, is_same, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::lab::fixtures::pattern;
use crate::lab::show::assert_same;
use crate::steps::on_every;

/// The codings, and how long a file is in each. No length says anything about
/// another: each is sent as it is.
const VARIANTS: [(&str, &str, usize); 4] = [
    ("", "", 10),
    (".zst", "zstd", 30_000),
    (".br", "br", 0),
    (".gz", "gzip", 40),
];

#[test]
fn each_variant_is_a_representation() -> Outcome {
    on_every("ready-responses", |step| {
        let (tree, server, mut client) = site(step)?;
        for (suffix, _, size) in VARIANTS {
            tree.write_old(&format!("page.html{suffix}"), &pattern(size));
        }
        let identity = get(&mut client, "/page.html")?;
        let mut tags = BTreeSet::new();
        for (accepts, coding) in [
            ("", ""),
            ("gzip", "gzip"),
            ("br;q=0.5, gzip;q=0.8", "gzip"),
            ("x-gzip, br;q=0.5\r\nAccept-Encoding: zstd;q=0", "gzip"),
            ("br", "br"),
            ("*", "zstd"),
            ("identity;q=0", ""),
            ("identity;q=0.6, br;q=0.5", ""),
        ] {
            let mut ask = |method, lines: &str| {
                let lines = format!("Accept-Encoding: {accepts}\r\n{lines}");
                ask_with(&mut client, method, "/page.html", &lines)
            };
            let mut whole = ask("GET", "")?;
            let variant = VARIANTS.iter().find(|it| it.1 == coding);
            let (.., size) = *variant.expect("a variant");
            assert_eq!((whole.status, whole.length()), (200, Some(size)));
            assert_same(&whole.body, &pattern(size));
            let says = |name| whole.field(name).unwrap_or_default();
            assert_eq!(says("content-encoding"), coding, "{accepts}");
            assert_eq!(says("content-type"), "text/html; charset=utf-8");
            assert_eq!(says("vary"), "Accept-Encoding", "{accepts}");
            // A part of what is coded is of no use to who asks otherwise.
            let ranges = if coding.is_empty() { "bytes" } else { "" };
            assert_eq!(says("accept-ranges"), ranges, "{accepts}");
            let tag = says("etag").to_string();
            tags.insert(tag.clone());

            let known = ask("GET", &format!("If-None-Match: {tag}\r\n"))?;
            assert_eq!(known.status, 304, "{accepts}");
            assert_eq!(known.field("etag"), Some(&tag[..]), "{accepts}");
            assert_eq!(known.field("vary"), Some("Accept-Encoding"));
            // The condition is for what is sent, and not for another variant.
            let other = identity.field("etag").filter(|it| **it != tag);
            let other = other.unwrap_or("\"other\"");
            let other = ask("GET", &format!("If-Match: {other}\r\n"))?;
            assert_eq!(other.status, 412, "{accepts}");
            whole.body.clear();
            assert!(is_same(&ask("HEAD", "")?, &whole), "{accepts}");

            let part = ask("GET", "Range: bytes=2-3\r\n")?;
            assert_eq!(
                (part.status, &part.body[..]),
                (206, &pattern(10)[2..4])
            );
            for name in ["content-encoding", "vary", "accept-ranges", "etag"] {
                assert_eq!(part.field(name), identity.field(name), "{name}");
            }
            let lines = format!("Range: bytes=2-3\r\nIf-Range: {tag}\r\n");
            let status = if coding.is_empty() { 206 } else { 200 };
            let whole = ask("GET", &lines)?;
            assert_eq!(whole.status, status, "{accepts}");
            assert_eq!(whole.field("content-encoding"), None, "{accepts}");
        }
        assert_eq!(tags.len(), VARIANTS.len(), "each has a tag of its own");
        server.interrupt()
    })
}

/// Names of files, each with something beside it, and whether that is sent in
/// their place.
#[test]
fn what_is_no_neighbour() -> Outcome {
    const FILES: [(&str, bool); 13] = [
        ("same.txt", true),
        ("sub/index.html", true),
        ("linked.txt", true),
        ("changed.txt", false),
        ("led-out.txt", false),
        ("dangling.txt", false),
        ("directory.txt", false),
        ("pipe.txt", false),
        ("closed.txt", false),
        ("alone.txt", false),
        // Compressed already.
        ("x.gz", false),
        ("x.zst", false),
        ("x.svgz", false),
    ];
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        for (name, _) in FILES {
            tree.write_old(name, b"the original");
        }
        let names = ["same.txt", "sub/index.html", "changed.txt", "closed.txt"];
        let compressed = ["x.gz", "x.zst", "x.svgz", "gone.txt"];
        for name in names.into_iter().chain(compressed) {
            tree.write(format!("{name}.gz"), b"the neighbour");
        }
        for (name, older) in [("same.txt", 0), ("changed.txt", 1)] {
            let changed = fs::metadata(tree.path(name)).unwrap().modified();
            let changed = changed.unwrap() - Duration::from_nanos(older);
            tree.touch(&format!("{name}.gz"), changed);
        }
        tree.link("gone.txt.gz", "linked.txt.gz");
        tree.link("../secret.txt", "led-out.txt.gz");
        tree.link("nothing", "dangling.txt.gz");
        tree.directory("directory.txt.gz");
        unistd::mkfifo(&tree.path("pipe.txt.gz"), Mode::S_IRWXU).unwrap();
        let closed = tree.path("closed.txt.gz");
        fs::set_permissions(closed, Permissions::from_mode(0o0)).unwrap();
        let server = as_user(at(step, &tree.root())?).start()?;
        let mut client = server.connect()?;
        let mut ask = |target: &str| {
            let accepts = "Accept-Encoding: gzip\r\n";
            ask_with(&mut client, "GET", target, accepts)
        };
        for (name, is_coded) in FILES {
            let response = ask(&format!("/{name}"))?;
            let body: &[u8] =
                if is_coded { b"the neighbour" } else { b"the original" };
            assert_eq!((response.status, &response.body[..]), (200, body));
            let has_coding = is_coded || name == "x.svgz";
            let coding = response.field("content-encoding");
            assert_eq!(coding, has_coding.then_some("gzip"), "{name}");
        }
        assert_eq!(ask("/sub/")?.body, b"the neighbour");
        assert_eq!(ask("/gone.txt")?.status, 404);
        let itself = ask("/same.txt.gz")?;
        assert_eq!(itself.field("content-type"), Some("application/gzip"));
        assert_eq!(itself.field("content-encoding"), None);
        server.interrupt()
    })
}

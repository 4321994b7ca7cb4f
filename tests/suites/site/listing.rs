//! What is in a directory, as a page.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::files::client::{ask, get, is_same, site};
use crate::lab::Outcome;
use crate::steps::{on_every, on_new_shells};

/// What a directory has, where it leads and what is read there, in order: a
/// name is text to look at, and bytes to ask for.
const NAMES: [(&[u8], &str, &str); 15] = [
    (b"dir", "./dir/", "dir/"),
    (b"link-to-dir", "./link-to-dir/", "link-to-dir/"),
    (b"\n", "./%0A", "\n"),
    (b" ", "./%20", " "),
    (b"\"'", "./%22&#39;", "&#34;&#39;"),
    (b"#?", "./%23%3F", "#?"),
    (b"%41", "./%2541", "%41"),
    (b"&amp;", "./&#38;amp;", "&#38;amp;"),
    (b"<script>", "./%3Cscript%3E", "&#60;script&#62;"),
    (b"\\", "./%5C", "\\"),
    (b"javascript:x", "./javascript:x", "javascript:x"),
    (b"link", "./link", "link"),
    (b"{{name}}", "./%7B%7Bname%7D%7D", "{{name}}"),
    (b"\xC3\xA4", "./%C3%A4", "ä"),
    (b"\xFF", "./%FF", "\u{FFFD}"),
];

/// What stands behind each `mark`, up to the next quote or tag.
fn behind<'p>(page: &'p str, mark: &str) -> Vec<&'p str> {
    let parts = page.split(mark).skip(1);
    parts.map(|it| it.split(['"', '<']).next().unwrap()).collect()
}

#[test]
fn names_of_all_kinds() -> Outcome {
    on_every("sites", |step| {
        let (tree, server, mut client) = site(step)?;
        // The directory's name, too, is only text.
        tree.directory("<a>");
        tree.directory("<a>/dir");
        tree.directory("<a>/.git");
        for (to, name) in [
            ("../file.txt", "link"),
            ("../sub", "link-to-dir"),
            ("../../secret.txt", "out"),
            ("../../outside", "out-directory"),
            ("/", "absolute"),
            ("nothing", "dangling"),
            ("../file.txt", ".hidden"),
        ] {
            tree.link(to, &format!("<a>/{name}"));
        }
        for (name, ..) in NAMES {
            let path = tree.path("<a>").join(OsStr::from_bytes(name));
            if !path.exists() {
                fs::write(path, b"content").unwrap();
            }
        }
        let mut response = get(&mut client, "/%3Ca%3E/")?;
        let page = String::from_utf8(response.body.split_off(0)).unwrap();
        let head = ask(&mut client, "HEAD", "/%3Ca%3E/")?;
        assert!(is_same(&head, &response), "{head:?}");
        assert_eq!(behind(&page, "<h1>"), ["/&#60;a&#62;/"]);
        let links = behind(&page, "href=\"");
        assert_eq!(links[1..], NAMES.map(|(_, link, _)| link));
        for (_, link, text) in NAMES {
            assert!(page.contains(&format!("{link}\">{text}</a>")), "{page}");
            let link = link.replace("&#38;", "&").replace("&#39;", "'");
            let response = get(&mut client, &format!("/%3Ca%3E/{link}"))?;
            assert_eq!(response.status, 200, "{text}");
        }
        server.interrupt()
    })
}

#[test]
fn a_directory_with_very_much_in_it() -> Outcome {
    on_new_shells("sites", |step| {
        let (tree, server, _) = site(step)?;
        tree.directory("list");
        tree.write("list/.hidden", b"");
        for (names, more) in [(0..10_000, ""), (10_000..10_003, "and 3 more")] {
            names.for_each(|it| tree.write(format!("list/{it}"), b""));
            let page = get(&mut server.connect()?, "/list/")?.body;
            let page = String::from_utf8(page).unwrap();
            assert_eq!(behind(&page, "href=\"./").len(), 10_000);
            assert_eq!(behind(&page, "</table>\n<p>"), [more]);
        }
        server.interrupt()
    })
}

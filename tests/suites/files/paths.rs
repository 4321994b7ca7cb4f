//! The steps with files: every way that we know to ask for a file, and what
//! must come of it. Nothing outside of the root is ever on the wire.

use std::mem;

use super::client::{ask, at, get, is_same, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::Response;
use crate::lab::program::Program;
use crate::steps::on_every;

const HOME: &str = "<title>Home</title>";
const SUB: &str = "<title>Sub</title>";
const FILE: &str = "a file\n";

/// Targets, and the bodies of the responses: `Ok` for 200, `Err` for a status
/// alone. More spellings are in tests/core, names.rs.
#[rustfmt::skip]
const TARGETS: &[(&str, Result<&str, u16>)] = &[
    ("/", Ok(HOME)),
    ("/index.html", Ok(HOME)),
    ("/?", Ok(HOME)),
    ("/?a=b&../../c", Ok(HOME)),
    ("/file.txt?x", Ok(FILE)),
    ("/file.txt%3Fx", Err(404)),
    ("/sub/", Ok(SUB)),
    ("/sub", Err(301)),
    ("/api/", Err(200)),
    ("/to-sub/", Ok(SUB)),
    ("/sub/index.html", Ok(SUB)),
    ("/FILE.TXT", Err(404)),
    ("/file.txt.", Err(404)),
    ("/file.txt", Ok(FILE)),
    ("/sub/page.html", Ok("<title>Page</title>")),
    ("/sub/deeper/last.txt", Ok("the last\n")),
    // Links that stay inside.
    ("/to-file", Ok(FILE)),
    ("/to-sub/page.html", Ok("<title>Page</title>")),
    ("/sub/up", Ok(FILE)),
    ("/sub/about", Ok(FILE)),
    // Links that do not, or not all the way.
    ("/out", Err(404)),
    ("/out-twice", Err(404)),
    ("/sub/out", Err(404)),
    ("/out-directory/secret.txt", Err(404)),
    ("/out-directory/index.html", Err(404)),
    ("/out-and-in", Err(404)),
    ("/out-absolute", Err(404)),
    ("/in-absolute", Err(404)),
    ("/passwd", Err(404)),
    ("/magic/etc/passwd", Err(404)),
    ("/slash/etc/passwd", Err(404)),
    ("/loop", Err(404)),
    ("/dangling", Err(404)),
    // What is no regular file.
    ("/fifo", Err(404)),
    ("/fifo/", Err(404)),
    ("/socket", Err(404)),
    ("/socket/", Err(404)),
    // What is not there.
    ("/nothing", Err(404)),
    ("/nothing/at/all", Err(404)),
    ("/file.txt/", Err(404)),
    ("/file.txt/more", Err(404)),
    // One name, many spellings.
    ("//file.txt", Ok(FILE)),
    ("/sub/../file.txt", Ok(FILE)),
    ("/%66ile.txt", Ok(FILE)),
    ("http://localhost/file.txt", Ok(FILE)),
    ("HTTP://other.example:81/file.txt?x", Ok(FILE)),
    ("http://localhost", Ok(HOME)),
    ("http://localhost?x", Ok(HOME)),
    // Upwards.
    ("/..", Err(400)),
    ("/../secret.txt", Err(400)),
    ("http://localhost/../secret.txt", Err(400)),
    ("/out-directory/../secret.txt", Err(404)),
    // Slashes in a name, decoded twice, other systems' habits.
    ("/..%2fsecret.txt", Err(404)),
    ("/sub%2findex.html", Err(404)),
    ("/%c0%ae%c0%ae/secret.txt", Err(404)),
    // Other places.
    ("/etc/passwd", Err(404)),
    ("/proc/self/environ", Err(404)),
    // Escapes that are none, and the end of a C string.
    ("/%", Err(400)),
    ("/file.txt%00.html", Err(400)),
    // Names that no file has.
    ("/a%0d%0aX-Evil:%20yes", Err(404)),
    ("/<script>alert(1)", Err(404)),
];

/// Asks in GET and HEAD on one connection, which goes on whatever there is;
/// panics if anything of the outside is said.
fn look(server: &Program, tree: &Tree, target: &str) -> Outcome<Response> {
    let mut client = server.connect()?;
    let mut response = get(&mut client, target)?;
    let all = format!("{response:?} {}", response.body.escape_ascii());
    for secret in [&tree.secret, "root:x:0", tree.root().to_str().unwrap()] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    let body = mem::take(&mut response.body);
    let head = ask(&mut client, "HEAD", target)?;
    assert!(is_same(&head, &response), "HEAD {target}: {head:?}");
    response.body = body;
    // A 404 says nothing but that: not the target, which may hold a script.
    if response.status == 404 {
        let kind = response.field("content-type");
        assert_eq!(kind, Some("text/plain; charset=utf-8"));
        let body = &response.body;
        assert!(body.len() < 100 && !body.contains(&b'<'), "{response:?}");
        assert!(response.values("etag").next().is_none());
        assert!(response.values("last-modified").next().is_none());
    }
    Ok(response)
}

#[test]
fn every_path() -> Outcome {
    on_every("files", |step| {
        let (tree, server, _) = site(step)?;
        for (target, expected) in TARGETS {
            let response = look(&server, &tree, target)?;
            match expected {
                Ok(body) => {
                    assert_eq!(response.status, 200, "{target}");
                    assert_eq!(response.body, body.as_bytes(), "{target}");
                }
                Err(status) => assert_eq!(response.status, *status, "{target}"),
            }
        }
        server.interrupt()
    })
}

/// Devices, which nobody but root can make, and the links of /proc.
#[test]
fn devices_and_magic_links() -> Outcome {
    on_every("files", |step| {
        let server = at(step, "/dev".as_ref())?.start()?;
        let mut client = server.connect()?;
        for target in ["/null", "/zero", "/full", "/random", "/tty", "/ptmx"] {
            assert_eq!(get(&mut client, target)?.status, 404, "{target}");
        }
        drop(client);
        server.interrupt()?;

        let server = at(step, "/proc".as_ref())?.start()?;
        let mut client = server.connect()?;
        for target in ["/self/exe", "/self/cwd/", "/self/cwd/Cargo.toml"] {
            assert_eq!(get(&mut client, target)?.status, 404, "{target}");
        }
        // A regular file, says fstat, of 0 bytes: so be it.
        let response = get(&mut client, "/self/status")?;
        assert_eq!((response.status, response.length()), (200, Some(0)));
        server.interrupt()
    })
}

//! The steps that a settings file tells what to serve: how they begin, and
//! which site a request gets.

mod running;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::files::client::request;
use crate::files::tree::Tree;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::site::message;
use crate::steps::{REQUEST, Step, on_every, root};

/// What settings begin with, and a site to go on with.
pub const TOP: &str = "listen = '127.0.0.1:0'\nlog = 'log'\n";
pub const SITE: &str = "[[site]]\nroot = '../inside'\n";

/// A settings file with this text, beside the root: paths begin there.
pub fn settings(tree: &Tree, text: &str) -> String {
    let path = tree.outside().join("site.toml");
    fs::write(&path, text).unwrap();
    path.into_os_string().into_string().unwrap()
}

/// A step with this text as its settings.
pub fn on(step: &Step, tree: &Tree, text: &str) -> Outcome<Program> {
    step.launch(&["--settings", &settings(tree, text)])?.start()
}

/// Has it read this instead, which it answers so; FILE is where that is.
pub fn reload(it: &Program, tree: &Tree, text: &str, said: &str) -> Outcome {
    let file = settings(tree, text);
    it.signal(libc::SIGHUP);
    it.expect_note(&said.replace("FILE", &file))
}

/// A request over a socket in the file system, and its response.
pub fn ask_at(socket: &Path) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(REQUEST).unwrap();
    let mut response = [0; 15];
    stream.read_exact(&mut response).unwrap();
    assert_eq!(&response, b"HTTP/1.1 200 OK");
}

#[test]
fn settings_are_looked_at_first() -> Outcome {
    on_every("service", |step| {
        let tree = Tree::new();
        let sample = format!("{}/steps/21-service/site.toml", root().display());
        let bad = settings(&tree, "log = 0\n[[site]]\nroot = 'site.toml'");
        let both = format!(
            "{bad}:1: log: a text is wanted\n\
             {bad}:3: root \"{bad}\": not a directory\n"
        );
        for (arguments, code, said) in [
            (&["--check", &sample][..], 0, "site.toml: fine, 2 sites\n"),
            (&["--check", &bad], 2, &both),
            (&["--settings", &bad], 2, &both),
            (&["--check", "none"], 2, "none: no such file or directory\n"),
            (&["--settings", &bad, "--root", "."], 2, "; try --help\n"),
            (&["--settings", &bad, "--check", &bad], 2, "; try --help\n"),
        ] {
            let ended = step.launch(arguments)?.spawn()?.expect_exit(code)?;
            let text = [ended.stdout, ended.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            assert!(text.ends_with(said), "{arguments:?}: {text}");
        }
        Ok(())
    })
}

/// A socket in the file system instead of an address; and a log that is no
/// file. A full disk keeps nobody from being served.
#[test]
fn other_places() -> Outcome {
    on_every("service", |step| {
        let tree = Tree::new();
        let socket = tree.outside().join("here");
        let text = "listen = ['unix:here', '127.0.0.1:0']\nworkers = 3\n\
            log = '-'\n[[site]]\nroot = '../inside'\n";
        let launch =
            |text| step.launch(&["--settings", &settings(&tree, text)]);
        let is_taken = || -> Outcome<bool> {
            let line = launch(text)?.spawn()?.expect_complaint(1)?;
            Ok(line.ends_with("/here: address already in use"))
        };
        let ask = || ask_at(&socket);
        // What is no socket stays as it is, and whom connecting to fails for
        // another reason than that nobody listens.
        fs::write(&socket, b"mine").unwrap();
        assert!(is_taken()? && fs::read(&socket).unwrap() == b"mine");
        fs::remove_file(&socket).unwrap();
        let other = UnixDatagram::bind(&socket).unwrap();
        assert!(is_taken()? && socket.exists());
        // A program that another test starts may hold a copy for a moment.
        drop(other);
        fs::remove_file(&socket).unwrap();
        let server = launch(text)?.start()?;
        // Of three loops, one is woken for a client at this socket.
        let loops = if step.does("cores") { 3 } else { 1 };
        server.eventually("has EPOLLEXCLUSIVE for each loop", || {
            let infos = proc::list(server.pid(), "fdinfo").into_iter();
            let infos = infos.filter_map(|it| fs::read_to_string(it).ok());
            let all = infos.collect::<String>();
            (all.matches(" events: 1000001").count() == loops).then_some(())
        })?;
        let mode = fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        (0..64).for_each(|_| ask());
        // Who comes second leaves it to the first, unless that is dead.
        assert!(is_taken()?);
        ask();
        server.expect_note("\nunix: - - [")?;
        server.signal(libc::SIGKILL);
        server.wait(server.patience())?;
        let text = text.replace("'-'", "'/dev/full'").replace('3', "1");
        let server = launch(&text)?.start()?;
        (0..10).for_each(|_| ask());
        let notes = server.end_by(libc::SIGINT)?.stderr;
        let notes = String::from_utf8_lossy(&notes);
        // They are said together, unless they took longer than a second.
        let lost = notes.lines().filter_map(|line| {
            let rest = line.strip_prefix("the log has lost ")?;
            let count = rest.strip_suffix(" lines: no space left on device");
            count?.parse::<u32>().ok()
        });
        assert_eq!(lost.sum::<u32>(), 10, "{notes}");
        assert!(!socket.exists());
        Ok(())
    })
}

const SITES: &str = "
[[site]]
hosts = 'me'
root = '../inside'
write = '/sub'
token_file = 'secret.txt'
headers = { X-Site = 'a' }
[[site]]
hosts = '*.b'
root = '../inside/sub'
index = 'page.html'
listing = true
api = true
cache = [{ suffix = '.txt', seconds = 60 }]
headers = { X-Site = 'b' }
[[site]]
hosts = 'c'
root = '../inside'
fallback = '/file.txt'
compress = false
write = '/sub'
upload_max = 0
headers = { X-Site = 'c' }
";

/// Host, method and target, further fields, and the status. Then the site that
/// the response names, and what else is in it.
const REQUESTS: [(&str, &str, &str, u16, &str, &str); 21] = [
    ("b", "GET /", "", 200, "a", "Home"),
    ("x.B.:80", "GET /", "", 200, "b", "<title>Page"),
    ("a", "GET http://y.x.b:8/", "", 200, "b", "<title>Page"),
    ("a", "GET /", "If-None-Match: *\r\n", 304, "a", "no-cache"),
    ("a", "GET /sub/deeper/", "", 404, "a", "Not Found"),
    ("x.b", "GET /deeper/", GZIP, 200, "b", "last.txt"),
    ("a", "GET /api/hash?rounds=1", "", 404, "a", "Not Found"),
    ("x.b", "GET /api/hash?rounds=1", GZIP, 200, "b", "\"hash\": \""),
    ("x.b", "GET /deeper/last.txt", "Range: bytes=0-1\r\n", 206, "b", AGE),
    ("x.b", "GET /deeper/last.txt", "If-None-Match: *\r\n", 304, "b", AGE),
    ("me", "PUT /sub/a", "", 401, "a", "WWW-Authenticate: Bearer"),
    ("me", "PUT /sub/a", "Authorization: Bearer TOKE\r\n", 401, "a", ""),
    ("me", "PUT /sub/a", "Authorization: Bearer TOKEx\r\n", 401, "a", ""),
    ("me", "PUT /sub/a", "Authorization: Bearer TOKENx\r\n", 401, "a", ""),
    ("me", "PUT /sub/a", "Authorization: bearer TOKEN\r\n", 201, "a", ""),
    ("c", "GET /none", "", 200, "c", "a file\n"),
    ("c", "GET /sub/a.txt", GZIP, 200, "c", "\n49999\n"),
    ("me", "GET /sub/a.txt", GZIP, 200, "a", "-gz1\""),
    ("me", "PUT /sub/a.txt", SAME, 204, "a", ""),
    ("me", "PUT /sub/a.txt", SAME, 412, "a", ""),
    ("c", "PUT /sub/b", "", 413, "c", ""),
];

const GZIP: &str = "Accept-Encoding: gzip\r\n";
const AGE: &str = "Cache-Control: max-age=60";
const SAME: &str = "If-Match: TAG\r\nAuthorization: Bearer TOKEN\r\n";

#[test]
fn every_site_for_its_hosts() -> Outcome {
    on_every("service", |step| {
        let tree = Tree::new();
        let text = (0..50_000).map(|it| format!("{it}\n")).collect::<String>();
        tree.write_old("sub/a.txt", text.as_bytes());
        let server = on(step, &tree, &format!("{TOP}{SITES}"))?;
        // All at once, before there is a compressed copy.
        let mut clients = server.connect_many(100)?;
        let get = request("GET", "/sub/a.txt", GZIP);
        clients.iter_mut().try_for_each(|it| it.send(get.as_bytes()))?;
        let (body, mut all) = (clients[0].response()?.body, String::new());
        GzDecoder::new(&*body).read_to_string(&mut all).unwrap();
        assert!(all == text && body.len() < text.len() / 2);
        for client in &mut clients[1..] {
            assert!(client.response()?.body == body);
        }
        let (mut client, token) = (server.connect()?, &*tree.secret);
        let mut tag = String::new();
        for (host, what, fields, status, site, more) in REQUESTS {
            let fields = fields.replace("TAG", &tag).replace("TOKEN", token);
            let fields = fields.replace("TOKE", &token[..token.len() - 1]);
            let (method, target) = what.split_once(' ').unwrap();
            let request = message(method, target, &fields, b"new");
            let request = String::from_utf8_lossy(&request);
            client.send(request.replacen("localhost", host, 1).as_bytes())?;
            let response = client.response()?;
            let said =
                response.head() + &String::from_utf8_lossy(&response.body);
            assert_eq!(response.status, status, "{host} {what} {fields}");
            // A refusal is of no site.
            let of = (status != 413).then_some(site);
            assert_eq!(response.field("x-site"), of, "{host} {what}");
            assert_eq!(response.field("strict-transport-security"), None);
            assert!(said.contains(more), "{host} {what}: {said}");
            let of_it = response.field("etag").filter(|_| status == 200);
            tag = of_it.unwrap_or(&tag).to_string();
        }
        server.interrupt()
    })
}

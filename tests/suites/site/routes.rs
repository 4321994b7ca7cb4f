//! Where a path leads, by which methods; and what may be changed, by whom.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{FORM, names, on, send};
use crate::files::client::{as_user, is_same};
use crate::files::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::Response;
use crate::steps::on_every;

const ALL: &str = "GET HEAD OPTIONS POST PUT DELETE";
const READ: &str = "GET, HEAD, OPTIONS";
const WRITE: &str = "GET, HEAD, PUT, DELETE, OPTIONS";
const POST: &str = "GET, HEAD, POST, OPTIONS";
const SERVER: &str = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
const NEW: &str = "If-None-Match: *\r\n";
const SAME: &str = "If-Match: *\r\n";
const OTHER: &str = "If-Match: \"x\", W/\"y\"\r\n";
const PAGE: &str = "Accept-Encoding: gzip\r\n\
    If-None-Match: *\r\nIf-Match: \"x\"\r\n";
const SINCE: &str = "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
const RANGE: &str = "Range: bytes=0-3\r\n";
const PART: &str = "Content-Range: bytes 0-2/3\r\n";
const CODED: &str = "content-encoding: gzip\r\n";
const LOCAL: &str = "Origin: http://LOCALHOST:1\r\n\
    Origin: https://localhost:1\r\n";
const EVIL: &str = "Origin: http://evil.example\r\n";
const TWO: &str = "origin: http://localhost\r\nOrigin: null\r\n";
const EXPECT: &str = "Expect: 100-continue\r\n";
const LABEL: &str = "Content-Type: Application/X-WWW-form-URLencoded ; a=b\r\n";
const LABELS: &str = "Content-Type: a\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n";
const GONE: &str = "Not Found\n";

/// Methods, targets, further fields, and the status. Then which methods are
/// said to be allowed; or else what PUT and POST bring, or GET finds. Each
/// request comes to what those before it have left.
const ROUTES: &[(&str, &str, &str, u16, &str)] = &[
    // The disk is full, and when all seems to be done once more; the user has
    // no more of it; nobody may write to it. Then there is the name, but
    // nobody knows for how long.
    ("PUT", "/up/old /up/new /up/old", "", 507, "new"),
    ("PUT", "/up/old", "", 403, "new"),
    ("GET", "/up/old", "", 200, "old"),
    ("PUT", "/up/old", "", 500, "other"),
    ("GET", "/up/old", "", 200, "other"),
    ("DELETE", "/up/old", "", 500, ""),
    ("PUT", "/up/old", NEW, 201, "old"),
    ("GET", "/up/old", RANGE, 206, "old"),
    ("GET", "/up/old", NEW, 304, ""),
    ("OPTIONS", "*", "", 204, SERVER),
    ("POST", "/guestbook", FORM, 303, "name=a+%26<%3e\"'&text={{name}}%2b"),
    ("GET", "/guestbook", "", 200, "<h2>a &#38;&#60;&#62;&#34;&#39;</h2>"),
    ("GET HEAD", "/guestbook?a /guestbook/1", "", 200, "<p>{{name}}+</p>"),
    ("POST", "/guestbook?name=x", FORM, 303, "text=1=2&&n%61me==&x=1&x&"),
    ("GET", "/guestbook", "", 200, "<h2>=</h2><p>1=2</p>"),
    ("POST", "/guestbook", FORM, 400, "name=n&text=t&%2"),
    ("POST", "/guestbook", FORM, 400, "name=n&text=t&a=%2x"),
    ("POST", "/guestbook", FORM, 400, "name=n&text=t&%FF"),
    ("POST", "/guestbook", FORM, 400, "name=n&text=t&name=n"),
    ("POST", "/guestbook", FORM, 400, "name=+&text=t"),
    ("POST", "/guestbook?name=n&text=t", FORM, 400, ""),
    ("POST", "/guestbook", FORM, 303, "MANYname=n&text=t"),
    ("POST", "/guestbook", FORM, 400, "MANYx&name=n&text=t"),
    ("POST", "/guestbook", FORM, 303, "LONG&name=n&text=t"),
    ("POST", "/guestbook", FORM, 413, "LONGx&name=n&text=t"),
    ("POST", "/guestbook", LABEL, 303, "name=n&text=t"),
    ("POST", "/guestbook", "", 415, "name=n&text=t"),
    ("POST", "/guestbook", LABELS, 415, "name=n&text=t"),
    ("GET", "/guestbook", "", 200, "Entries: 5<"),
    ("GET", "/guestbook?n%61me=n&x&name=%3d", "", 200, "Entries: 4<"),
    ("GET HEAD", "/guestbook?name=+n /guestbook?name", "", 200, "Entries: 0<"),
    ("GET HEAD", "/guestbook?%2 /guestbook?x=%FF", "", 400, "Bad Request\n"),
    ("OPTIONS", "/guestbook", "", 204, POST),
    ("PUT DELETE", "/guestbook /%67uestbook", "", 405, POST),
    ("GET HEAD", "/guestbook/9 /guestbook/+1 /guestbook/%FF", "", 404, GONE),
    ("GET", "/guestbook/1/a.b /guestbook.html", "", 404, "gone"),
    ("OPTIONS", "/up/old /up/none.a", "", 204, WRITE),
    ("POST", "/up/old", "", 405, WRITE),
    ("GET HEAD", "/up/ /up/sub/ /sub/deeper/", "", 200, "</html>"),
    ("OPTIONS", "/up/ /sub/deeper/ /api/hash /guestbook/9", "", 204, READ),
    ("POST", "/a /up/ /sub/deeper/ /api/hash /guestbook/1", "", 405, READ),
    // What is not there: of a fallback conditions and ranges are meant, and of
    // an error page they are not.
    ("GET HEAD", "/a /a.b/c /a/?b.c /guestbook/", "", 200, "home"),
    ("GET", "/a", RANGE, 206, "home"),
    ("GET", "/a", NEW, 304, ""),
    ("GET HEAD", "/a.js /api/a", "", 404, "gone"),
    ("GET HEAD", "/a.js", PAGE, 404, "gone"),
    ("POST", "/a.js", "", 404, GONE),
    (ALL, "/.git /.git/ /.git/a /%2egit/a /sub/../.git/a", "", 404, GONE),
    (ALL, "/up/.a /up/.b/c /.well-known/.a /sub/.well-known/a", "", 404, GONE),
    ("GET HEAD", "/.well-known/a", "", 200, "known"),
    // Changes.
    ("PUT", "/up/new /up/newer /%75p/.//x/../other", "", 201, "1"),
    ("GET", "/up/new /up/newer /up/other", "", 200, "1"),
    ("PUT", "/up/new /up/new?query", "", 204, "2"),
    ("PUT", "/up/new /up/none", PART, 400, "3"),
    ("PUT", "/up/new", CODED, 415, "3"),
    ("PUT DELETE", "/up/new", OTHER, 412, "3"),
    ("PUT DELETE", "/up/new", SINCE, 412, "3"),
    ("PUT", "/up/new", NEW, 412, "3"),
    ("PUT", "/up/none", SAME, 412, "3"),
    ("PUT", "/up/dangling", NEW, 412, "3"),
    ("GET", "/up/new", "", 200, "2"),
    ("PUT", "/up/newest", NEW, 201, "4"),
    ("PUT", "/up/newest", SAME, 204, "5"),
    ("DELETE", "/up/newest", SAME, 204, ""),
    ("DELETE", "/up/none /up/newest /up%2fold", PART, 404, GONE),
    ("DELETE", "/up/none", SAME, 404, GONE),
    ("DELETE", "/up/dangling", SAME, 412, ""),
    // Where that may not be done, is no directory, or leads elsewhere.
    ("PUT DELETE", "/up/closed/a", "", 403, "6"),
    ("PUT", "/up/no/a /up/old/a /up/outside/a", "", 409, "6"),
    ("DELETE", "/up/outside/secret.txt", "", 409, ""),
    ("DELETE", "/up/no/a /up/old/a", "", 404, GONE),
    ("PUT", "/up/inside/b", "", 201, "6"),
    ("PUT DELETE", "/up/sub /up/sub/ /up/none/ /up/ /up", "", 405, READ),
    // Whatever a condition says that is not.
    ("PUT DELETE", "/up/sub /up/", SAME, 405, READ),
    ("PUT DELETE", "/up/sub /up/", NEW, 405, READ),
    ("PUT", "/up/no/a /up/outside/a", SAME, 409, "6"),
    // A link is a name, and no way.
    ("PUT", "/up/link", "", 204, "7"),
    ("PUT", "/up/out /up/dangling", "", 201, "7"),
    ("DELETE", "/up/outside /up/inside /up/to-old /up/new", "", 204, ""),
    ("DELETE", "/up/new", "", 404, GONE),
    // Elsewhere; and nobody is asked for what is not taken.
    ("PUT DELETE", "/none /upper/a /up/../file.txt", EXPECT, 405, READ),
    ("PUT DELETE", "/.well-known/a /.well-known/b /guestbook/1", "", 405, READ),
    ("PUT", "/up/../../none", "", 400, "8"),
    // Under other names, and by pages of others.
    ("PUT", "http://localhost.evil/up/old http://[::2]/up/old", "", 403, "9"),
    ("PUT DELETE", "/up/old http://evil.example/up/old", EVIL, 403, "9"),
    ("POST", "/guestbook http://evil.example/guestbook", EVIL, 403, "9"),
    ("PUT DELETE", "/up/old", TWO, 403, "9"),
    ("PUT", "/up/old http://localhost:2/up/old", LOCAL, 403, "9"),
    ("GET", "http://evil.example/up/old", EVIL, 200, "old"),
    ("PUT", "http://localhost:1/up/old", LOCAL, 204, "9"),
    ("PUT", "http://127.0.0.1:8/up/old http://[::1]/up/old", "", 204, "9"),
    ("PUT", "http://A.example:8/up/old", "", 204, "9"),
];

/// What becomes of the first writes and syncs of a file, and of the first syncs
/// of a directory.
const DISK: &str = "disk=ENOSPC,fsync=ENOSPC+EDQUOT+EROFS,dirsync=EIO+EIO";

#[test]
fn every_route() -> Outcome {
    on_every("sites", |step| {
        let tree = Tree::new();
        let flags = ["--host", "a.example", "--fallback", "/index.html"];
        let launch = as_user(on(step, &tree)?).with(&flags);
        let launch = launch.with(step.in_one_loop());
        let server = launch.shim(DISK).start()?;
        tree.write_old("up/old", b"old");
        tree.write_old("index.html", b"home");
        tree.write_old("404.html", b"gone");
        tree.write_old("404.html.gz", b"packed");
        for name in [".git", ".well-known", "sub/.well-known", "up/sub"] {
            tree.directory(name);
            tree.write(format!("{name}/a"), b"known");
            tree.write(format!("{name}/.a"), b"known");
        }
        tree.directory("up/closed");
        tree.write("up/closed/a", b"closed");
        let mode = Permissions::from_mode(0o555);
        fs::set_permissions(tree.path("up/closed"), mode).unwrap();
        for (to, name) in [
            ("../file.txt", "link"),
            ("../../secret.txt", "out"),
            ("nothing", "dangling"),
            ("../../outside", "outside"),
            ("sub", "inside"),
            ("old", "to-old"),
        ] {
            tree.link(to, &format!("up/{name}"));
        }
        let mut got: Option<Response> = None;
        for (methods, targets, fields, status, said) in ROUTES {
            // The most that a form may have: 1,000 pairs, and 64 KiB.
            let said = said.replace("MANY", &"x&".repeat(998));
            let said = &*said.replace("LONG", &"x".repeat(65_536 - 14));
            let methods = || methods.split(' ');
            let with = |target| methods().map(move |it| (it, target));
            for (method, target) in targets.split(' ').flat_map(with) {
                let what = format!("{method} {target} {fields}");
                let brings = matches!(method, "PUT" | "POST");
                let body = if brings { said.as_bytes() } else { b"" };
                let mut client = server.connect()?;
                let mut response =
                    send(&mut client, method, target, fields, body)?;
                assert_eq!(response.status, *status, "{what}");
                let is_allow = *status == 405 || said.contains("OPTIONS");
                let allow = is_allow.then_some(said);
                assert_eq!(response.field("allow"), allow, "{what}");
                let text = String::from_utf8_lossy(&response.body);
                assert!(text.contains(said) || method != "GET", "{what}");
                let is_bare = [204, 304].contains(status);
                assert_eq!(response.length().is_none(), is_bare, "{what}");
                let location = (*status == 303).then_some("/guestbook");
                assert_eq!(response.field("location"), location, "{what}");
                // What others have written is no page of this site's.
                let policy = response.field("content-security-policy");
                let is_theirs = target.contains("/up/");
                let is_theirs = is_theirs && [200, 206, 304].contains(status);
                assert_eq!(policy, is_theirs.then_some("sandbox"), "{what}");
                // Of what has been written, and not of what is not there.
                let tag = response.field("etag").map(|it| it.starts_with('"'));
                let is_put = method == "PUT" && *status <= 204;
                assert!(tag == Some(true) || !is_put, "{what}");
                assert!(tag.is_none() || *status < 400, "{what}");
                // HEAD comes after GET, and gets the same without the body.
                response.body.clear();
                let is_get = got.is_some_and(|it| is_same(&it, &response));
                assert!(is_get || method != "HEAD", "{what}");
                got = Some(response);
            }
        }
        let left = "closed dangling link newer old other out sub";
        let names = names(&tree);
        assert!(names.iter().eq(left.split(' ')), "{names:?}");
        assert_eq!(fs::read(tree.path("file.txt")).unwrap(), b"a file\n");
        for secret in ["secret.txt", "../secret.txt"] {
            let secret = fs::read_to_string(tree.outside().join(secret));
            assert_eq!(secret.unwrap(), tree.secret);
        }
        let mode = fs::metadata(tree.path("up/link")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o7777, 0o644);
        server.interrupt()
    })
}

//! Who may have something said over HTTP: pages of the node's own.

use std::net::{IpAddr, SocketAddr};

use ::peer::kind::Kind;

use super::ledger::token;
use super::{Fake, ask, end};
use crate::commands::open_browser;
use crate::files::client::at;
use crate::files::tree::Tree;
use crate::lab::Outcome;
use crate::lab::peer::outward_address;
use crate::steps::{on_every, skip_here};

const POST: &str = "POST /lines HTTP/1.1\r\nHost: HOST\r\n\
    Origin: http://HOST\r\nAuthorization: Bearer TOKEN\r\n\
    Content-Type: application/json\r\n";

/// What of that is replaced, and by what; the body, and the status. In it `S`
/// stands for all that is difficult, and `X` for 1,024 bytes.
const REQUESTS: [(&str, &str, &str, u16); 18] = [
    ("", "", "S", 204),
    ("", "", "\"X\"", 204),
    ("HOST", "localhost:8", "S", 204),
    ("HOST", "[::1]", "S", 204),
    ("HOST", "evil.test", "S", 403),
    ("Host: HOST", "Host: evil.test:80", "S", 403),
    ("http://HOST", "http://127.0.0.1:1", "S", 403),
    ("http://HOST", "null", "S", 403),
    ("Origin: http://HOST\r\n", "", "S", 403),
    ("Authorization: Bearer TOKEN\r\n", "", "S", 401),
    ("TOKEN", "TOKENx", "S", 401),
    ("application/json", "text/plain", "S", 415),
    ("", "", "\"Xx\"", 400),
    ("", "", "\"a\nb\"", 400),
    ("", "", r#""\u001b[2J""#, 400),
    ("", "", r#""\ud83d""#, 400),
    ("", "", "\"XXXXXXX\"", 413),
    ("POST /lines", "GET /board", "", 200),
];

#[test]
fn who_has_something_said() -> Outcome {
    let local = IpAddr::from([127, 0, 0, 1]);
    let other = outward_address().unwrap_or_else(|| {
        skip_here("no network", "give this machine a way to others");
        local
    });
    let (name, long) = (other.to_string(), "x".repeat(1024));
    let strange = r#" "\"\u00e9\ud83d\ude00" "#;
    let named = ["--control", &name];
    on_every("peer", |step| {
        for (flags, ip) in [(&[][..], local), (&[], other), (&named, other)] {
            let may = ip.is_loopback() || !flags.is_empty();
            let node = step.launch(&["0.0.0.0:0"])?.with(flags).start()?;
            let token = token(&node)?;
            let mut fake = Fake::dial(&node, 1, 1)?;
            let at: SocketAddr = (ip, node.address()?.port()).into();
            node.set_addresses(vec![at]);
            for (what, by, body, status) in REQUESTS {
                let status = if may { status } else { 403 };
                let content = body.replace('X', &long).replace('S', strange);
                let head = POST.replace(what, by).replace("TOKEN", &token);
                let head = head.replace("HOST", &at.to_string());
                let length = format!("Content-Length: {}", content.len());
                let request = format!("{head}{length}\r\n\r\n{content}");
                let mut client = node.connect()?;
                client.send(request.as_bytes())?;
                let got = client.response()?.status;
                assert_eq!(got, status, "{flags:?} {what} {by} {body}");
                if status == 204 {
                    let said = if body == "S" { "\"é😀" } else { &long };
                    fake.expect(Kind::Line, said.as_bytes())?;
                }
            }
            let is_told = ask(&node, "/peers\n")? != "only for this machine\n";
            assert_eq!(is_told, may);
            end(&node, vec![fake])?;
        }
        Ok(())
    })
}

#[test]
fn a_browser_lets_no_other_page_say_something() -> Outcome {
    const NAMES: &str = "--host-resolver-rules=MAP evil.test 127.0.0.1";
    on_every("peer", |step| {
        let tree = Tree::new();
        tree.write("page.html", include_bytes!("page.html"));
        let node = at(step, &tree.root())?.start()?;
        let other = at(step, &tree.root())?.start()?;
        let [own, far] = [&node, &other].map(|it| it.address().unwrap().port());
        let page = format!("page.html%23http://127.0.0.1:{own}");
        let target = format!(
            "/page.html?http://127.0.0.1:{far}/{page},\
             http://evil.test:{far}/{page},http://evil.test:{own}/page.html"
        );
        let mut fake = Fake::dial(&node, 1, 1)?;
        let browser = open_browser(&node, &target, NAMES)?;
        let Some(_browser) = browser else { return Ok(()) };
        let mut heard = [(); 5].map(|()| fake.next().unwrap().1);
        heard.sort();
        let no = "no,0,no,0,no";
        let wanted = ["403,403,403,403,no", "framed null", no, no, "well"];
        assert_eq!(heard, wanted.map(str::as_bytes));
        end(&node, vec![fake]).map(drop)
    })
}

//! The whole program: who may have a link, and the page of a room.

use std::fs;
use std::process::Stdio;

use ::peer::cipher::Cipher;
use ::peer::kind::Kind;
use ::peer::secure::Keys;
use service::sandbox::calls::PEER;

use super::discovery::expect_links;
use super::ledger::{command, expect_printed, order};
use super::{Fake, end, node_of, secure};
use crate::calls::{trace_with, traces};
use crate::files::client::{get, request};
use crate::files::tree::Tree;
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::scratch::Scratch;
use crate::lab::{Outcome, proc};
use crate::service::settings;
use crate::steps::{Step, on_every, peer};

/// A handshake that goes well, as this node.
fn handshake(client: &mut Client, id: u8) -> Outcome<Cipher> {
    client.send(b"\xd5")?;
    let (preamble, _) = client.receive(8)?;
    secure(client, &preamble, id)
}

/// It is sealed out as what it is, and told no more than that.
fn expect_refused(node: &Program, id: u8) -> Outcome {
    let mut fake = Fake::new(node.connect()?);
    fake.3 = Some(handshake(&mut fake.0, id)?);
    let (kind, payload) = fake.frame_in()?;
    assert_eq!((kind, payload[0]), (Kind::Bye as u8, 10));
    fake.0.expect_eof()
}

#[test]
fn only_members_have_links() -> Outcome {
    on_every("node", |step| {
        let scratch = Scratch::new().unwrap();
        let file = scratch.path().join("members");
        let list = |ids: &[u8]| {
            let ids = ids.iter().map(|id| node_of(step, *id).digits() + " x\n");
            fs::write(&file, ids.collect::<String>()).unwrap();
        };
        list(&[1, 3]);
        let flags = ["127.0.0.1:0", "--members", file.to_str().unwrap()];
        let node = step.launch(&flags)?.start()?;
        let _first = Fake::dial(&node, 1, 1)?;
        expect_refused(&node, 2)?;
        let digits = node_of(step, 2).digits();
        node.expect_note(&format!(": not admitted: {digits}\n"))?;
        // Who breaks the protocol is not spoken to any more.
        let mut third = Fake::dial(&node, 3, 1)?;
        third.send(Kind::Hello, b"")?;
        third.expect_bye(7)?;
        expect_refused(&node, 3)?;
        // A changed byte may be of somebody in between.
        let mut cut = Fake::dial(&node, 1, 2)?;
        cut.0.send(&[&[0, 24][..], &[0; 24]].concat())?;
        cut.expect_bye(7)?;
        let mut first = Fake::dial(&node, 1, 3)?;
        // Another list: who is not on it any more has to go.
        list(&[2]);
        node.signal(libc::SIGHUP);
        first.expect_bye(10)?;
        expect_refused(&node, 1)?;
        let second = Fake::dial(&node, 2, 1)?;
        fs::write(&file, "nobody\n").unwrap();
        node.signal(libc::SIGHUP);
        node.expect_note(":1: a node has 64 hexadecimal digits\n")?;
        end(&node, vec![second]).map(drop)
    })
}

/// What a stranger sends, and what is said about it.
const STRANGE: [(&[u8], &str); 4] = [
    (b"\xd5\x53\x01\x01\0\0\0\x6c", "it speaks without keys"),
    (b"\xd5\x53\x02\0\0\0\0\0", "it speaks version 2"),
    (b"\xd5\x53\x01\0\0\0\0\0\0\x31", "a handshake of another length"),
    (b"\xd5\x53\x01\0\0\0\0\x01\0\x30", "changed on its way"),
];

#[test]
fn strangers_are_told_nothing() -> Outcome {
    on_every("node", |step| {
        let node = step.server()?;
        let well = Fake::dial(&node, 9, 1)?;
        for (bytes, said) in STRANGE {
            let mut client = node.connect()?;
            client.send(&[bytes, &[0; 48]].concat())?;
            // Its preamble, and then the end.
            let heard = client.receive_all()?;
            assert_eq!(heard, b"\xd5\x53\x01\0\0\0\0\0");
            node.expect_note(said)?;
        }
        // Another secret.
        let mut client = node.connect()?;
        let other = Keys { private: [1; 32], shared: [7; 32] };
        client.send(b"\xd5")?;
        let (preamble, _) = client.receive(8)?;
        super::secure_with(&mut client, &preamble, other)?;
        client.drain_to_eof()?;
        node.expect_note(": another network, or another secret\n")?;
        // On one machine all have the same address.
        end(&node, vec![well, Fake::dial(&node, 1, 1)?]).map(drop)
    })
}

/// Somebody whose page is open.
fn listen(node: &Program) -> Outcome<Client> {
    let mut client = node.connect()?;
    client.send(request("GET", "/board/events", "").as_bytes())?;
    Ok(client)
}

#[test]
fn an_open_page_hears_what_is_said() -> Outcome {
    on_every("node", |step| {
        let scratch = Scratch::new().unwrap();
        let secret = scratch.path().join("secret");
        // In a network where lines cost little.
        let secret = ["--network", "x y", "--secret", secret.to_str().unwrap()];
        let launch = step.launch(&["127.0.0.1:0", "--name", "<Ada>"])?;
        let node = launch.with(&secret).stdin(Stdio::piped()).start()?;
        expect_printed(&node, &["is called <Ada>"])?;
        let mut page = listen(&node)?;
        let head = page.receive_until("event: state\n")?;
        assert!(head.contains("\r\nContent-Type: text/event-stream\r\n"));
        assert!(head.contains("\r\nConnection: close\r\n"), "{head}");
        node.type_in(b"<b>hi</b> #lab & more\n")?;
        let post = page.receive_until("</article>\n")?;
        let text =
            "&#60;b&#62;hi&#60;/b&#62; <a href=\"/board?tag=lab\">#lab</a>";
        assert!(
            post.contains(text) && post.contains("&#60;Ada&#62;"),
            "{post}"
        );
        // Of somebody else, who would like to say what the next event is.
        let mut fake = Fake::dial(&node, 1, 1)?;
        let author = fake.1.as_mut().unwrap();
        let forged =
            author.block(8, b"a\rdata: x\r\revent: state\rdata: forged");
        fake.send(Kind::Block, forged.bytes())?;
        let post = page.receive_until("forged")?;
        let mut lines = post.split(['\r', '\n']);
        let is_data = |it: &str| it.starts_with("data: ");
        let is_fine = |it: &str| is_data(it) || it.starts_with("event: ");
        assert!(lines.all(|it| it.is_empty() || is_fine(it)), "{post}");
        assert!(post.ends_with("data: data: forged"), "{post}");
        // One does not read: it is let go, and the other hears all.
        let mut slow = listen(&node)?;
        slow.receive_until("event: state\n")?;
        slow.take_little()?;
        for number in 0..400 {
            let line = format!("{number} {}\n", "x".repeat(1000));
            node.type_in(line.as_bytes())?;
        }
        page.receive_until("399 xxx")?;
        let kept = slow.receive_all().unwrap_or_default();
        assert!(kept.len() < 600_000, "{}", kept.len());
        let mut late = listen(&node)?;
        late.receive_until("399 xxx")?;
        end(&node, vec![fake])?;
        page.drain_to_eof()
    })
}

#[test]
fn a_page_dials_names_and_counts() -> Outcome {
    on_every("node", |step| {
        let (node, there) = (step.server()?, peer()?);
        let address = there.address().to_string();
        for (what, line, status) in [
            ("POST /name", "Bob", 204),
            ("POST /name", &"x".repeat(33), 400),
            ("PUT /name", "Bob", 405),
            ("POST /peers", "nowhere", 400),
            ("POST /peers", &address, 204),
        ] {
            assert_eq!(order(&node, what, line)?, status, "{what} {line}");
        }
        expect_printed(&node, &["is called Bob"])?;
        let mut fake = Fake::open(&node, there.accept_one(&node)?, 1, 1)?;
        expect_links(&node, 1)?;
        let ask = |target: &str| -> Outcome<String> {
            let response = get(&mut node.connect()?, target)?;
            Ok(String::from_utf8(response.body).unwrap())
        };
        node.eventually("counts", || {
            let text = ask("/metrics").ok()?;
            let has = |it: &&str| text.contains(&format!("\nswarm_{it}\n"));
            ["links 1", "blocks 1"].iter().all(has).then_some(())
        })?;
        assert_eq!(ask("/healthz")?, "ok\n");
        let author = fake.1.as_ref().unwrap().name().to_string();
        node.eventually("shows who it is", || {
            ask("/board").ok()?.contains(&author).then_some(())
        })?;
        assert_eq!(order(&node, "DELETE /peers", &address)?, 204);
        fake.expect_bye(1)?;
        node.eventually("has forgotten it", || {
            (!ask("/board").ok()?.contains(&address)).then_some(())
        })
    })
}

#[test]
fn settings_say_all_of_it() -> Outcome {
    on_every("node", |step| {
        let tree = Tree::new();
        let text = "listen = '127.0.0.1:0'\n[peer]\nnetwork = 'a'\n\
            secret = 'secret'\ndata = 'data'\nname = 'Ada'\ndisk_mib = 9\n\
            [[site]]\nroot = '../inside'\nhosts = ['a.test']\n";
        let file = settings(&tree, text);
        command(step, &["--check", &file], 0)?;
        let node = step.launch(&["--settings", &file])?.start()?;
        expect_printed(&node, &["is called Ada"])?;
        let client = &mut node.connect()?;
        assert_eq!(get(client, "/file.txt")?.status, 200);
        // A host that a site has by name is that site's alone.
        for (host, status) in [("localhost", 200), ("a.test", 404)] {
            let fields = format!("Host: {host}\r\n");
            let request = request("GET", "/board", "");
            let request = request.replace("Host: localhost\r\n", &fields);
            client.send(request.as_bytes())?;
            assert_eq!(client.response()?.status, status, "{host}");
        }
        let data = tree.outside().join("data");
        let data = data.to_str().unwrap();
        end(&node, Vec::new())?;
        let id = command(step, &["id", data], 0)?;
        let author = id.split_once("author ").unwrap().1[..8].to_string();
        let name = command(step, &["get", data, &format!("{author}/0")], 0)?;
        assert_eq!(name, "Ada");
        settings(&tree, &text.replace("network", "networc"));
        let wrong = step.launch(&["--check", &file])?.spawn()?;
        let line = wrong.expect_complaint(1)?;
        let said = ":3: unknown setting \"networc\"; did you mean \"network\"?";
        assert!(line.contains(said), "{line}");
        Ok(())
    })
}

/// What it asks of the kernel in its sandbox is what the chapters explain, and
/// all that they say it needs.
#[test]
fn the_sandbox_has_what_a_node_needs() -> Outcome {
    on_every("node", |step| {
        let scratch = Scratch::new().unwrap();
        let data = scratch.path().join("data");
        // Of no other test.
        let name = format!("sandbox {}", std::process::id());
        let flags = ["--network", &name, "--data", data.to_str().unwrap()];
        let other = step.launch(&["0"])?.with(&flags[..2]).start()?;
        trace_with(step, &flags, |node| {
            expect_links(&other, 1)?;
            assert_eq!(order(node, "POST /lines", "hi")?, 204);
            expect_printed(&other, &["hi"])?;
            let peers = data.join("peers");
            node.eventually("keeps its book", || peers.exists().then_some(()))?;
            proc::kill(proc::newest(node.pid()), libc::SIGINT);
            node.wait(node.patience())?;
            let all: String = traces(node).collect();
            let (_, inside) =
                all.rsplit_once(" seccomp(").unwrap_or(("", &all));
            let _ = inside;
            let names = |text: &str| -> Vec<String> {
                let calls = text.lines().filter_map(|it| it.split_once('('));
                let calls = calls.map(|(call, _)| call.rsplit(' ').next());
                calls.flatten().map(str::to_string).collect()
            };
            let made = names(&all);
            let unmade = PEER.iter().find(|it| !made.iter().any(|m| m == it.0));
            assert_eq!(unmade, None, "nobody needs it");
            let refused = all.lines().filter(|it| it.contains(" = -1 ENOSYS"));
            let refused: Vec<&str> =
                refused.filter(|it| !it.starts_with("clone3(")).collect();
            assert_eq!(refused, Vec::<&str>::new());
            Ok(())
        })
        .map(drop)
    })
}

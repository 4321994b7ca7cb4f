//! While they run: a log of all requests, and other settings.

use std::path::Path;
use std::{fs, thread};

use regex::Regex;

use super::{SITE, TOP, on, reload};
use crate::files::client::{get, request};
use crate::files::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::Client;
use crate::site::{FORM, send};
use crate::steps::on_every;

/// Client, status and bytes of each line of a log, which has all fields.
fn lines(path: impl AsRef<Path>) -> Vec<String> {
    let text = r#"([ !#-\[\]-~]|\\x[0-9A-F]{2})*"#;
    let line = format!(
        "^(.*) - - \\[../[A-Z][a-z]{{2}}/2...:..:..:.. \\+0000\\] \"{text}\" \
         ([0-9]{{3}}) ([0-9]+) \"-\" \"{text}\"\n$"
    );
    let line = Regex::new(&line).unwrap();
    let log = fs::read_to_string(path).unwrap();
    let lines = log.split_inclusive('\n').map(|it| {
        assert!(line.is_match(it), "{it}");
        line.replace(it, "$1 $3 $4").to_string()
    });
    lines.collect()
}

/// What cannot be done is said, and nothing changes. What can be done, changes
/// how the next request is served, and logged.
#[test]
fn signals_one_by_one() -> Outcome {
    const FIELDS: &str = "Connection: close\r\nUser-Agent: a\"b\\c\r\n\
        X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2, 127.0.0.9\r\n";
    on_every("service", |step| {
        let tree = Tree::new();
        let text = TOP.replace("log'\n", "../inside/sub/log'\n") + SITE;
        let server = on(step, &tree, &format!("workers = 1\n{text}"))?;
        let strict = format!("strict_hosts = true\n{text}{SITE}{SITE}");
        let believed = "trusted_proxies = '127.0.0.0/8'\n";
        let ask = || {
            let mut client = server.connect()?;
            client.send(request("GET", "/file.txt", FIELDS).as_bytes())?;
            client.drain_to_eof()
        };
        for (wanted, said) in [
            (text.replace("'../inside'", "'no'"), "stay: FILE:4: root \""),
            (strict.replace("/sub", "/no"), "stay: cannot open the log"),
            (text.replace(":0", ":1"), "FILE: listenLATERFILE: workersLATER"),
            (format!("workers = 1\n{text}{SITE}"), "reloaded: 2 "),
            (strict, "FILE: workersLATERreloaded: 3 "),
            (format!("{believed}{text}{}", SITE.repeat(3)), "reloaded: 4 "),
        ] {
            let failed = "reload failed, the old settings stay";
            let said = said.replace("stay", failed);
            let said =
                said.replace("LATER", ": takes effect at the next start\n");
            reload(&server, &tree, &wanted, &said)?;
            ask()?;
        }
        // As logrotate does it: another name, and then the signal.
        let log = tree.path("sub/log");
        fs::rename(&log, tree.path("sub/old")).unwrap();
        server.signal(libc::SIGUSR1);
        server.eventually("makes it anew", || log.exists().then_some(()))?;
        ask()?;
        // Where none can be begun, the old one goes on.
        fs::rename(tree.path("sub"), tree.path("gone")).unwrap();
        server.signal(libc::SIGUSR1);
        server.expect_note("/log: no such file or directory; the old one")?;
        ask()?;
        let notes = server.end_by(libc::SIGINT)?.stderr;
        let notes = String::from_utf8_lossy(&notes);
        // A port that the kernel has chosen is none that has changed.
        assert_eq!(notes.matches("listen: ").count(), 1, "{notes}");
        let new = lines(tree.path("gone/log"));
        assert!(new.len() >= 2);
        let all = [lines(tree.path("gone/old")), new].concat();
        let (usual, refused) = (["127.0.0.1 200 7"; 4], ["127.0.0.1 421 20"]);
        let expected =
            usual.iter().chain(&refused).chain(&["2.2.2.2 200 7"; 3]);
        assert!(all.iter().eq(expected), "{all:?}");
        Ok(())
    })
}

const ENTRY: &[u8] = b"name=n&text=t";

/// Gets the page: its settings and its directory are of the same site.
fn page(client: &mut Client) -> Outcome<String> {
    let page = get(client, "/")?;
    let text = String::from_utf8_lossy(&page.body).to_string();
    assert_eq!((page.status, page.field("x-site")), (200, Some(&*text)));
    Ok(text)
}

/// A deployment: a link leads to another directory, and then the signal. No
/// client is refused, each response is of one configuration, and neither a
/// confirmed entry is lost nor a line of the log.
#[test]
fn all_at_once_and_for_everybody() -> Outcome {
    on_every("service", |step| {
        let tree = Tree::new();
        tree.directory("other");
        let change = |round: usize| {
            let name = ["sub", "other"][round % 2];
            tree.write(format!("{name}/index.html"), name.as_bytes());
            tree.link(name, "new");
            fs::rename(tree.path("new"), tree.path("link")).unwrap();
            let mut top = TOP.replace("log'\n", &format!("log{round}'\n"));
            if step.does("hardened") {
                // Where the link leads to next, has to be said at the start.
                top += "sandbox.read = ['../inside']\n";
            }
            let text = format!(
                "{top}[[site]]\nroot = '../inside/link'\nguestbook = 'book'\n\
                 headers = {{ X-Site = '{name}' }}\n{}",
                SITE.repeat(round)
            );
            (name, text)
        };
        let server = on(step, &tree, &change(0).1)?;
        // Begins before the first signal, and ends after the last.
        let mut early = server.connect()?;
        let fields =
            format!("{FORM}Expect: 100-continue\r\nContent-Length: 13\r\n");
        early.send(request("POST", "/guestbook", &fields).as_bytes())?;
        early.expect(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        let work = || -> Outcome {
            let client = &mut server.connect()?;
            for _ in 0..100 {
                let post = send(client, "POST", "/guestbook", FORM, ENTRY)?;
                assert_eq!(post.status, 303);
                (0..10).try_for_each(|_| page(client).map(drop))?;
            }
            Ok(())
        };
        thread::scope(|scope| -> Outcome {
            let all = [0; 4].map(|_| scope.spawn(work));
            for round in 1..20 {
                let (name, text) = change(round);
                let said = format!("reloaded: {} site", round + 1);
                reload(&server, &tree, &text, &said)?;
                assert_eq!(page(&mut server.connect()?)?, name);
            }
            all.into_iter().try_for_each(|it| it.join().unwrap())
        })?;
        early.send(ENTRY)?;
        assert_eq!(early.response()?.field("x-site"), Some("sub"));
        server.interrupt()?;
        let place = tree.outside();
        let book = fs::read_to_string(place.join("book")).unwrap();
        assert_eq!(book.lines().count(), 400 + 1);
        let logs =
            (0..20).map(|it| lines(place.join(format!("log{it}"))).len());
        assert_eq!(logs.sum::<usize>(), 400 * 11 + 19 + 1);
        Ok(())
    })
}

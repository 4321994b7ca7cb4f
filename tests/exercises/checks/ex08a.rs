//! 08a Stay inside: a directory that no name leads out of.

use super::{Check, TIDY};
use crate::lab::client::Client;
use crate::lab::fixtures::letters;
use crate::lab::program::Program;
use crate::lab::tree::Tree;
use crate::lab::{Advice, Lab, Outcome, show, tidy};

mod names;

use names::{CLIMBS, LINKS, NAMES, OTHERS, Row, Want};

const SERVES: &str = "serves a file";
const DECODES: &str = "decodes names, and decodes them once";
const INSIDE: &str = "lets no name climb out";
const FOLLOWS: &str = "follows links inside, and none out";
const WAITS: &str = "waits for no file, and serves files only";
const HOLDS: &str = "holds on to its directory, not to its name";
const SILENT: &str = "tells nobody where the directory is";

/// Known to nobody but the file outside.
const SECRET: &str = "the secret that is outside";
/// What a file inside holds.
const HELLO: &str = "hello from inside\n";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The root", serves;
    DECODES, 2, needs [SERVES], Fails, read "From a path to a name",
        |lab| table(lab, NAMES);
    INSIDE, 3, needs [SERVES], Fails, read "The root", |lab| table(lab, CLIMBS);
    FOLLOWS, 3, needs [SERVES], Fails, read "openat2(2)",
        |lab| table(lab, LINKS);
    WAITS, 2, needs [SERVES], Fails, read "openat2(2)",
        |lab| table(lab, OTHERS);
    HOLDS, 2, needs [SERVES], Fails, read "The root", holds;
    SILENT, 1, needs [SERVES], Fails, read "The response", silent;
    TIDY, 1, needs [SERVES], Passes, read "The root",
        |lab| {
            let (_, program) = start(lab)?;
            tidy::check(lab, &program, |client| {
                get(client, "/hello.txt")?;
                expect(client, HELLO)
            })
        };
];

/// A tree with `site`, which is to be served, and much around it.
fn start(lab: &Lab) -> Outcome<(Tree, Program)> {
    let tree = Tree::new(lab);
    tree.file("site/hello.txt", HELLO)?;
    tree.file("site/dir/deep.txt", HELLO)?;
    names::grow(&tree)?;
    tree.file("outside/secret.txt", SECRET)?;
    tree.file("outside/deep.txt", SECRET)?;
    tree.file("site-and-more/secret.txt", SECRET)?;
    let root = tree.argument("site");
    let program = lab.server_with(&[&root])?;
    Ok((tree, program))
}

fn get(client: &mut Client, target: &str) -> Outcome {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send(request.as_bytes())
}

/// Receives this content, then the end.
fn expect(client: &mut Client, content: &str) -> Outcome {
    let response = client.response()?;
    if response.status != 200 || response.body != content.as_bytes() {
        let got =
            format!("{} {}", response.status, show::bytes(&response.body));
        let expected = format!("200 {}", show::bytes(content.as_bytes()));
        return Err(client.failed(expected, got));
    }
    client.expect_eof()
}

/// Receives one of these refusals, and nothing from outside.
fn refused(client: &mut Client, statuses: &[u16]) -> Outcome {
    let response = client.response()?;
    let has_secret = response
        .body
        .windows(SECRET.len())
        .any(|bytes| bytes == SECRET.as_bytes());
    if has_secret {
        let got = show::bytes(&response.body);
        return Err(client.failed("nothing from outside", got)).likely(
            "the way to that file led out of the directory, and the file was \
             read: only the kernel sees every step of a way",
        );
    }
    if !statuses.contains(&response.status) {
        let got =
            format!("{} {}", response.status, show::bytes(&response.body));
        return Err(client.failed(format!("{}", statuses[0]), got));
    }
    client.expect_eof()
}

/// Asks for what each row names.
fn table(lab: &Lab, rows: &[Row]) -> Outcome {
    let (_, program) = start(lab)?;
    for Row { name, target, want, likely } in rows {
        let mut client = program.connect()?;
        get(&mut client, target)?;
        let outcome = match want {
            Want::Content(content) => expect(&mut client, content),
            // What climbs out may be called malformed, or forbidden.
            Want::Nothing => refused(&mut client, &[404, 403, 400]),
            Want::Malformed => refused(&mut client, &[400]),
        };
        outcome.about(name).likely(likely)?;
    }
    Ok(())
}

fn serves(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let long = String::from_utf8_lossy(&letters(100_000)).into_owned();
    tree.file("site/long.txt", &long)?;
    for (target, content) in [
        ("/hello.txt", HELLO),
        ("/dir/deep.txt", HELLO),
        ("/hello.txt?and=a&query", HELLO),
        ("/long.txt", &long),
    ] {
        let mut client = program.connect()?;
        get(&mut client, target)?;
        expect(&mut client, content).about(target)?;
    }
    let mut client = program.connect()?;
    get(&mut client, "/nothing.txt")?;
    refused(&mut client, &[404])
}

fn holds(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let asked = |target: &str| {
        let mut client = program.connect()?;
        get(&mut client, target)?;
        Ok(client)
    };
    expect(&mut asked("/dir/deep.txt")?, HELLO)?;
    lab.log().event("site/dir becomes a link to outside");
    tree.rename("site/dir", "site/old")?;
    tree.link("site/dir", "../outside")?;
    refused(&mut asked("/dir/deep.txt")?, &[404, 403]).likely(
        "what was a directory is a link by now: a server that looks first and \
         opens then opens something else",
    )?;
    lab.log().event("site gets another name, and outside gets its name");
    tree.rename("site", "moved")?;
    tree.rename("outside", "site")?;
    let guess = "the directory has another name now, and is the same: open \
                 it once, and all paths relative to its descriptor";
    refused(&mut asked("/secret.txt")?, &[404]).likely(guess)?;
    expect(&mut asked("/hello.txt")?, HELLO).likely(guess)
}

fn silent(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let secret = tree.argument("");
    let secret = secret.trim_end_matches('/').as_bytes();
    let long = format!("/{}", "n".repeat(3000));
    for target in ["/nothing.txt", "/hello.txt/x", "/../x", "/dir", &long] {
        let mut client = program.connect()?;
        get(&mut client, target)?;
        let response = client.response()?;
        let body = &response.body;
        if body.windows(secret.len()).any(|bytes| bytes == secret) {
            let expected = "a response without the directory's path";
            let got = show::bytes(body);
            return Err(client.failed(expected, got)).likely(
                "where the files are is no client's business: tell your log, \
                 not the client",
            );
        }
        if response.status == 200 || response.status >= 500 {
            let got = format!("{} {}", response.status, show::bytes(body));
            return Err(client.failed("404", got));
        }
    }
    Ok(())
}

//! 08a Stay inside: a directory that no name leads out of.

use super::http::{self, ask, shown};
use super::prelude::*;
use crate::lab::client::Response;

mod names;

use names::{CLIMBS, LINKS, NAMES, OTHERS, Row};

const SERVES: &str = "serves a file";

/// Known to nobody but the file outside.
const SECRET: &str = "the secret that is outside";
/// What a file inside holds.
const HELLO: &str = "hello from inside\n";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The root", serves;
    "decodes names, and decodes them once", 2, needs [SERVES], Fails,
        read "From a path to a name", |lab| table(lab, NAMES);
    "lets no name climb out", 3, needs [SERVES], Fails, read "The root",
        |lab| table(lab, CLIMBS);
    "follows links inside, and none out", 3, needs [SERVES], Fails,
        read "openat2(2)", |lab| table(lab, LINKS);
    "waits for no file, and serves files only", 2, needs [SERVES], Fails,
        read "openat2(2)", |lab| table(lab, OTHERS);
    "holds on to its directory, not to its name", 2, needs [SERVES], Fails,
        read "The root", holds;
    "tells nobody where the directory is", 1, needs [SERVES], Fails,
        read "The response", silent;
    TIDY, 1, needs [SERVES], Passes, read "The root",
        |lab| tidy::check(lab, &start(lab)?.1, |client| {
            ask(client, "GET", "/hello.txt")?;
            expect(client, HELLO)
        });
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
    let program = lab.server_with(&["--root", &tree.argument("site")])?;
    Ok((tree, program))
}

/// Receives this content, then the end.
fn expect(client: &mut Client, content: &str) -> Outcome {
    http::expect(client, content.as_bytes())?;
    client.expect_eof()
}

/// Receives one of these refusals, and nothing from outside.
fn refused(client: &mut Client, statuses: &[u16]) -> Outcome {
    let response = client.response()?;
    ensure(!has(&response, SECRET), || {
        client.failed("nothing from outside", show::bytes(&response.body))
    })
    .likely(
        "the way to that file led out of the directory, and the file was \
         read: only the kernel sees every step of a way",
    )?;
    ensure(statuses.contains(&response.status), || {
        client.failed(statuses[0].to_string(), shown(&response))
    })?;
    client.expect_eof()
}

fn has(response: &Response, secret: &str) -> bool {
    String::from_utf8_lossy(&response.body).contains(secret)
}

/// A client that has asked for `target`.
fn asked(program: &Program, target: &str) -> Outcome<Client> {
    let mut client = program.connect()?;
    ask(&mut client, "GET", target)?;
    Ok(client)
}

/// Asks for what each row names.
fn table(lab: &Lab, rows: &[Row]) -> Outcome {
    let (_, program) = start(lab)?;
    for (name, target, want, likely) in rows {
        let mut client = asked(&program, target)?;
        let outcome = match want {
            Ok(content) => expect(&mut client, content),
            Err(statuses) => refused(&mut client, statuses),
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
        expect(&mut asked(&program, target)?, content).about(target)?;
    }
    refused(&mut asked(&program, "/nothing.txt")?, &[404])
}

fn holds(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    expect(&mut asked(&program, "/dir/deep.txt")?, HELLO)?;
    lab.log().event("site/dir becomes a link to outside");
    tree.rename("site/dir", "site/old")?;
    tree.link("site/dir", "../outside")?;
    refused(&mut asked(&program, "/dir/deep.txt")?, &[404, 403]).likely(
        "what was a directory is a link by now: a server that looks first and \
         opens then opens something else",
    )?;
    lab.log().event("site gets another name, and outside gets its name");
    tree.rename("site", "moved")?;
    tree.rename("outside", "site")?;
    let guess = "the directory has another name now, and is the same: open \
                 it once, and all paths relative to its descriptor";
    refused(&mut asked(&program, "/secret.txt")?, &[404]).likely(guess)?;
    expect(&mut asked(&program, "/hello.txt")?, HELLO).likely(guess)
}

fn silent(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let top = tree.argument("");
    let top = top.trim_end_matches('/');
    let long = format!("/{}", "n".repeat(3000));
    for target in ["/nothing.txt", "/hello.txt/x", "/../x", "/dir", &long] {
        let mut client = asked(&program, target)?;
        let response = client.response()?;
        ensure(!has(&response, top), || {
            let expected = "a response without the directory's path";
            client.failed(expected, show::bytes(&response.body))
        })
        .likely(
            "where the files are is no client's business: tell your log, not \
             the client",
        )?;
        ensure(response.status != 200 && response.status < 500, || {
            client.failed("404", shown(&response))
        })?;
    }
    Ok(())
}

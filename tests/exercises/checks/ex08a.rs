//! 08a Stay inside: a directory that no name leads out of.

use super::http::{self, ask};
use super::parts::rows;
use super::prelude::*;

const SERVES: &str = "serves a file";

/// Known to nobody but the file outside.
const SECRET: &str = "the secret that is outside";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The root", serves;
    "decodes names, and decodes them once", 2, needs [SERVES], Fails,
        read "From a path to a name", |lab| table(lab, NAMES);
    "lets no name climb out", 3, needs [SERVES], Fails, read "The root",
        |lab| table(lab, CLIMBS);
    "follows links inside, and none out", 3, needs [SERVES], Fails,
        read "openat2(2)", |lab| table(lab, LINKS);
    "serves files only, waits for none, and tells nobody where they are", 3,
        needs [SERVES], Fails, read "openat2(2)", |lab| table(lab, OTHERS);
    "holds on to its directory, not to its name", 2, needs [SERVES], Fails,
        read "The root", holds;
    TIDY, 1, needs [SERVES], Passes, read "The root",
        |lab| tidy::check(lab, &start(lab)?.1, |client| {
            ask(client, "GET", "/hello.txt")?;
            expect(client, "hello.txt")
        });
];

/// Rows of what is sent, what is special about the target, and the target; and
/// a link that it needs, and where that leads. Each file holds its own name.
/// With 404 there is no such file, and 400 is for what is no name at all.
/// Behind # is the rule for the rows below it.
const NAMES: &str = "\
# %XX stands for one byte of a name: RFC 3986, 2.1
a name.txt | a blank | /a%20name.txt
hello.txt | a letter | /%68ello%2Etxt
café.txt | a byte above 0x7F | /caf%c3%A9.txt
100%.txt | a percent sign | /100%25.txt
what?.txt | a question mark, no query | /what%3F.txt
# a name is decoded once: what comes out is a name, even if it looks encoded
%41.txt | %41, decoded once | /%2541.txt
A.txt | A, decoded once | /%41.txt
# a plus sign means a blank in queries only, never in a path
a+name.txt | a plus sign, which is one | /a+name.txt
# a percent sign without two hexadecimal digits is no name, and a NUL is part \
of none: 400
400 | no digits | /hello.txt%
400 | one digit | /%4
400 | a sign for a digit | /%+4.txt
400 | a NUL behind a file's name | /hello.txt%00.html
";

const CLIMBS: &str = "\
# two dots lead up, however they are written
404 | two dots | /../outside/secret.txt
404 | two dots, later | /dir/../../outside/secret.txt
404 | dots with %2e | /%2e%2e/outside/secret.txt
404 | a slash with %2f | /..%2foutside%2fsecret.txt
404 | and back in | /../site/../outside/secret.txt
# a name is decoded once: what comes out is a name, even if it looks encoded
404 | encoded twice | /%252e%252e/outside/secret.txt
# the path of a directory beside it begins with the same letters
404 | a directory whose name begins alike | /../site-and-more/secret.txt
# an absolute path is no path of yours: do not join paths
404 | two slashes | //etc/passwd
404 | a slash encoded | /%2fetc/passwd
";

const LINKS: &str = "\
# a link on the way leads out, and O_NOFOLLOW looks at the last step only
404 | a link out | /out.txt | out.txt -> ../outside/secret.txt
404 | an absolute link | /absolute.txt | absolute.txt -> TREE/outside/secret.txt
404 | a directory that is a link out | /up/secret.txt | up -> ../outside
# this link leads out, and what is there is not your file of that name: the \
root is no root of all
404 | a link out to a name inside, too | /same.txt | same.txt -> ../hello.txt
# a relative link that stays inside is followed
dir/deep.txt | a link that stays inside | /in.txt | in.txt -> dir/deep.txt
dir/deep.txt | a directory inside | /alias/deep.txt | alias -> dir
# ELOOP, ENOENT: there is no file
404 | a link to itself | /loop.txt | loop.txt -> loop.txt
404 | a link to nothing | /dangling.txt | dangling.txt -> nothing
";

const OTHERS: &str = "\
# there is no such file, whatever openat2 calls the reason
404 | nothing | /nothing.txt
404 | a file below a file | /hello.txt/x
404 | a name of 3000 letters | /LONG
# only regular files are served: ask fstat what has been opened
404 | a directory | /dir
404 | the root | /
404 | a socket | /socket
404 | a device | /device
# opening a pipe waits until somebody writes to it, unless it is opened with \
O_NONBLOCK
404 | a pipe | /pipe
";

/// Asks for what each row names.
fn table(lab: &Lab, table: &str) -> Outcome {
    let (tree, program) = start(lab)?;
    // Where a device cannot be made there is none, and its row is easy.
    tree.device("site/device");
    tree.socket("site/socket")?;
    tree.pipe("site/pipe")?;
    let long = "n".repeat(3000);
    for (rule, sent, row) in rows(table) {
        let mut row = row.split(" | ");
        let mut next = || row.next().unwrap_or_default();
        let (name, target, link) = (next(), next(), next());
        if let Some((from, to)) = link.split_once(" -> ") {
            let to = to.replace("TREE", &tree.argument(""));
            tree.link(&format!("site/{from}"), to)?;
        }
        if !sent.starts_with('4') {
            tree.file(&format!("site/{sent}"), sent)?;
        }
        let mut client = asked(&program, &target.replace("LONG", &long))?;
        let outcome = match sent {
            // What climbs out may be called malformed, or forbidden.
            "404" => refused(lab, &mut client, &[404, 403, 400, 414]),
            "400" => refused(lab, &mut client, &[400]),
            name => expect(&mut client, name),
        };
        outcome.about(name).likely(rule)?;
    }
    Ok(())
}

/// A tree with `site`, which is to be served, and much around it.
fn start(lab: &Lab) -> Outcome<(Tree, Program)> {
    let tree = Tree::new(lab);
    tree.file("site/hello.txt", "hello.txt")?;
    tree.file("site/dir/deep.txt", "dir/deep.txt")?;
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

/// Receives one of these refusals, and nothing that is no client's business.
fn refused(lab: &Lab, client: &mut Client, statuses: &[u16]) -> Outcome {
    let top = lab.scratch().to_string_lossy();
    let response = http::refused(client, statuses).likely_if(
        SECRET,
        "the way to that file led out of the directory, and the file was \
         read: only the kernel sees every step of a way",
    )?;
    let body = String::from_utf8_lossy(&response.body);
    ensure(!body.contains(SECRET) && !body.contains(&*top), || {
        let expected = "nothing from outside, nor the directory's path";
        client.failed(expected, show::bytes(&response.body))
    })
    .likely(
        "where the files are is no client's business: tell your log, not the \
         client",
    )?;
    client.expect_eof()
}

/// A client that has asked for `target`.
fn asked(program: &Program, target: &str) -> Outcome<Client> {
    let mut client = program.connect()?;
    ask(&mut client, "GET", target)?;
    Ok(client)
}

fn serves(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let long = String::from_utf8_lossy(&letters(100_000)).into_owned();
    tree.file("site/long.txt", &long)?;
    for (target, content) in [
        ("/hello.txt", "hello.txt"),
        ("/hello.txt?and=a&query", "hello.txt"),
        ("/long.txt", &long),
    ] {
        expect(&mut asked(&program, target)?, content).about(target)?;
    }
    http::refused(&mut asked(&program, "/nothing.txt")?, &[404]).map(drop)
}

fn holds(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    expect(&mut asked(&program, "/dir/deep.txt")?, "dir/deep.txt")?;
    lab.log().event("site/dir becomes a link to outside");
    tree.rename("site/dir", "site/old")?;
    tree.link("site/dir", "../outside")?;
    refused(lab, &mut asked(&program, "/dir/deep.txt")?, &[404, 403]).likely(
        "what was a directory is a link by now: a server that looks first and \
         opens then opens something else",
    )?;
    lab.log().event("site gets another name, and outside gets its name");
    tree.rename("site", "moved")?;
    tree.rename("outside", "site")?;
    let guess = "the directory has another name now, and is the same: open \
                 it once, and all paths relative to its descriptor";
    refused(lab, &mut asked(&program, "/secret.txt")?, &[404]).likely(guess)?;
    expect(&mut asked(&program, "/hello.txt")?, "hello.txt").likely(guess)
}

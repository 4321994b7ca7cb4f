//! 08b The right label: types, lengths, and files that change.

use super::http::{self, ask};
use super::prelude::*;
use crate::lab::client::End;

mod names;

use names::{LABELS, REDIRECTS};

const SERVES: &str = "serves one file after the other";
const HEAD: &str = "responds to HEAD without a body";
const PIECES: &str = "sends a long file piece by piece";

/// More than the buffers of two sockets hold, and no number of whole pieces.
const LONG: usize = 16_800 * 1000;
/// In kilobytes.
const MOST_MEMORY: u64 = 8 * 1024;

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The response",
        |lab| talk(&mut start(lab)?.1.connect()?);
    "labels each file by its name", 2, needs [SERVES], Fails,
        read "What a target leads to", types;
    "sends bytes, and counts them", 1, needs [SERVES], Fails,
        read "The response", bytes;
    "has an index.html for a directory with a slash", 1, needs [SERVES], Fails,
        read "What a target leads to", index;
    "sends a directory without a slash to the right place", 2, needs [SERVES],
        Fails, read "What a target leads to", moved;
    HEAD, 1, needs [SERVES], Fails, read "The response", head;
    PIECES, 2, needs [SERVES], Fails, read "A promise about a moving thing",
        pieces;
    "sends no more than it promised", 1, needs [PIECES], Waits,
        read "A promise about a moving thing", grows;
    "closes if it cannot send what it promised", 2, needs [PIECES], Waits,
        read "A promise about a moving thing", shrinks;
    TIDY, 1, needs [SERVES], Passes, read "The response",
        |lab| tidy::check(lab, &start(lab)?.1, talk);
];

const HELLO: &[u8] = b"<h1>hello</h1>\n";

fn start(lab: &Lab) -> Outcome<(Tree, Program)> {
    let tree = Tree::new(lab);
    tree.file("site/hello.html", HELLO)?;
    let program = lab.server_with(&["--root", &tree.argument("site")])?;
    Ok((tree, program))
}

/// Asks for a file, which must have this content; its Content-Type.
fn get(client: &mut Client, target: &str, content: &[u8]) -> Outcome<String> {
    ask(client, "GET", target)?;
    let response = http::expect(client, content).about(target)?;
    let label = response.field("Content-Type").unwrap_or("no Content-Type");
    Ok(label.to_string())
}

/// Asks for a file that there is not.
fn get_none(client: &mut Client, target: &str) -> Outcome {
    ask(client, "GET", target)?;
    http::refused(client, &[404]).map(drop)
}

fn talk(client: &mut Client) -> Outcome {
    get(client, "/hello.html", HELLO)?;
    get(client, "/hello.html?again", HELLO).likely_if(
        "nothing then",
        "the connection stays for the next request: no end of file yet",
    )?;
    get_none(client, "/nothing.html")
}

/// Blanks and case do not matter in a label.
fn normal(label: &str) -> String {
    label.to_ascii_lowercase().replace([' ', '"'], "")
}

fn types(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let mut client = program.connect()?;
    for (name, label, likely) in LABELS {
        tree.file(&format!("site/{name}"), "content")?;
        let target = format!("/{name}");
        let got = get(&mut client, &target, b"content")?;
        ensure(normal(&got) == normal(label), || {
            client.failed(format!("Content-Type: {label}"), got)
        })
        .about(&target)
        .likely(likely)?;
    }
    Ok(())
}

fn bytes(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let all: Vec<u8> = (0..=255).collect();
    let mut client = program.connect()?;
    for (name, content) in [
        ("letters of two bytes.txt", "Grüße, señor".as_bytes()),
        ("all.bin", &all),
        ("empty.txt", b""),
        ("half a letter.txt", b"half a letter: \xC3"),
    ] {
        tree.file(&format!("site/{name}"), content)?;
        let target = format!("/{}", name.replace(' ', "%20"));
        let guess = "a file is bytes, of which Content-Length is the number; \
                     they need not be UTF-8";
        get(&mut client, &target, content).about(name).likely(guess)?;
        // And the next response is where it should be.
        get(&mut client, "/hello.html", HELLO).about(name).likely(guess)?;
    }
    Ok(())
}

fn index(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    tree.file("site/index.html", "the page above")?;
    tree.file("site/dir/index.html", "the page of a directory")?;
    tree.directory("site/empty")?;
    let mut client = program.connect()?;
    for (target, content) in [
        ("/", "the page above"),
        ("/dir/", "the page of a directory"),
        ("/dir/?x=1", "the page of a directory"),
    ] {
        let label = get(&mut client, target, content.as_bytes())?;
        ensure(normal(&label).starts_with("text/html"), || {
            client.failed("Content-Type: text/html; charset=utf-8", label)
        })
        .about(target)?;
    }
    get_none(&mut client, "/empty/").about("a directory without index.html")
}

fn moved(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let mut client = program.connect()?;
    for (name, target, wanted) in REDIRECTS {
        tree.file(&format!("site/{name}/index.html"), "a page")?;
        let response = http::get(&mut client, target).about(target).likely(
            "a name may hold a line's end: in a field it must be encoded",
        )?;
        let location = response.field("Location").unwrap_or_default();
        ensure(response.status == 301 && !location.is_empty(), || {
            client.failed("301 and a Location", response.head())
        })
        .about(target)
        .likely(
            "a page's relative links would be taken for links of the \
             directory above: 301",
        )?;
        // The query may go along.
        let path = location.split('?').next().unwrap_or_default();
        let guess = if path.starts_with("//") || path.contains('\\') {
            "a browser takes this for another host: a Location that anybody \
             can choose is an open redirect"
        } else {
            "the directory's own path, encoded, with a slash at its end"
        };
        ensure(path == *wanted, || {
            client.failed(format!("Location: {wanted}"), location)
        })
        .about(target)
        .likely(guess)?;
        get(&mut client, path, b"a page").about("where it leads to")?;
    }
    Ok(())
}

fn head(lab: &Lab) -> Outcome {
    let (_, program) = start(lab)?;
    let mut client = program.connect()?;
    ["/hello.html", "/nothing.html"].iter().try_for_each(|target| {
        http::same_head(&mut client, target).about(target)
    })
}

/// A long file of which no two parts are alike, asked for by a client that
/// has read its beginning only and waits until the program waits for it.
fn half_way(lab: &Lab) -> Outcome<(Tree, Program, Client, Vec<u8>)> {
    let (tree, program) = start(lab)?;
    let parts = (0..LONG / 1000).map(|number| format!("{number:.<1000}"));
    let content = parts.collect::<String>().into_bytes();
    tree.file("site/long.bin", &content)?;
    let mut client = program.connect()?;
    ask(&mut client, "GET", "/long.bin")?;
    let response = client.response_head()?;
    ensure(response.length() == Some(LONG), || {
        client.failed(format!("Content-Length: {LONG}"), response.head())
    })?;
    client.settle()?;
    Ok((tree, program, client, content))
}

fn pieces(lab: &Lab) -> Outcome {
    let (_tree, program, mut client, content) = half_way(lab)?;
    client.expect(&content)?;
    get(&mut client, "/hello.html", HELLO)?;
    cost::expect_memory(&program, MOST_MEMORY)
        .likely("a file need not be in memory as a whole: a piece is enough")
}

fn grows(lab: &Lab) -> Outcome {
    let (tree, _program, mut client, content) = half_way(lab)?;
    lab.log().event("the file grows by 1 MB");
    tree.file(
        "site/long.bin",
        [content.as_slice(), &[b'+'; 1_000_000]].concat(),
    )?;
    client.expect(&content)?;
    get(&mut client, "/hello.html", HELLO).map(drop).likely(
        "Content-Length was a promise: what the file has grown by since is \
         taken for the next response",
    )
}

fn shrinks(lab: &Lab) -> Outcome {
    let (tree, _program, mut client, content) = half_way(lab)?;
    let left = &content[..12_000_000];
    lab.log().event("the file shrinks to 12 MB");
    tree.file("site/long.bin", left)?;
    let (got, end) = client.receive(LONG)?;
    ensure(content.starts_with(&got) && end != End::Enough, || {
        client.failed(
            "bytes of the file, then the end of the connection",
            show::difference(left, &got),
        )
    })
    .likely("bytes were sent that never were in the file")?;
    ensure(matches!(end, End::Eof | End::Reset), || {
        let got = format!("{}{}", show::count(got.len()), end.words());
        client.failed("the end of the connection", got)
    })
    .likely(
        "more was promised than there is, and only the end of the connection \
         can tell that it will not come",
    )
}

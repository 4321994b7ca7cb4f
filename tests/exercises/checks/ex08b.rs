//! 08b The right label: types, lengths, and files that change.

use super::http::{self, ask};
use super::parts::rows;
use super::prelude::*;
use crate::lab::client::End;

const SERVES: &str = "serves one file after the other";
const PIECES: &str = "sends a long file, and no more than it promised";

/// More than the buffers of two sockets hold, and no number of whole pieces.
const LONG: usize = 16_800 * 1000;

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The response",
        |lab| talk(&mut start(lab)?.1.connect()?);
    "finds each file, labels it by its name, and sends its bytes", 4,
        needs [SERVES], Fails, read "What a target leads to", labels;
    "sends a directory without a slash to the right place", 2, needs [SERVES],
        Fails, read "What a target leads to", moved;
    "responds to HEAD without a body", 1, needs [SERVES], Fails, read "The response", head;
    PIECES, 3, needs [SERVES], Fails, read "A promise about a moving thing",
        grows;
    "closes if it cannot send what it promised", 2, needs [PIECES], Waits,
        read "A promise about a moving thing", shrinks;
    TIDY, 1, needs [SERVES], Passes, read "The response",
        |lab| tidy::check(lab, &start(lab)?.1, talk);
];

const HELLO: &[u8] = b"<h1>hello</h1>\n";

fn start(lab: &Lab) -> Outcome<(Tree, Program)> {
    let tree = Tree::new(lab);
    tree.file("site/hello.html", HELLO)?;
    tree.file("site/empty.html", "")?;
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
    get(client, "/empty.html", b"")?;
    get_none(client, "/nothing.html")
}

/// Rows of a Content-Type and the targets that get it. Behind # is the rule for
/// the rows below it.
const LABELS: &str = "\
# the label is chosen by what follows the last dot
text/html; charset=utf-8 | /page.html /old.htm
text/css; charset=utf-8 | /style.css
text/javascript; charset=utf-8 | /code.js
text/plain; charset=utf-8 | /notes.txt
application/json | /data.json
image/svg+xml | /drawing.svg
image/png | /picture.png /page.html.png
image/jpeg | /photo.jpg /photo.jpeg
# case does not matter in the name's end
text/html; charset=utf-8 | /LOUD.HTML
image/jpeg | /Photo.JpG
# what nobody knows is bytes, which are offered to save: as text a browser \
would show them
application/octet-stream | /archive.png.old /strange.xyz /without /html
# the dot must be in the last segment of the path
application/octet-stream | /dir.html/readme
# a path that ends in a slash stands for the index.html in that directory
text/html; charset=utf-8 | / /dir/ /dir/?x=1
";

fn labels(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    tree.directory("site/empty")?;
    // Blanks and case do not matter in a label.
    let normal = |it: &str| it.to_ascii_lowercase().replace([' ', '"'], "");
    let all: Vec<u8> = "ü".bytes().chain(0..=255).collect();
    let mut client = program.connect()?;
    for (rule, label, targets) in rows(LABELS) {
        for target in targets.split(' ') {
            let path = target.trim_end_matches("?x=1");
            let index = if path.ends_with('/') { "index.html" } else { "" };
            let name = [path, index].concat();
            // What a file holds tells which one it is, and is no text.
            let content = [name.as_bytes(), &all].concat();
            tree.file(&format!("site{name}"), &content)?;
            let got = get(&mut client, target, &content).likely(
                "a file is bytes, of which Content-Length is the number; \
                 they need not be UTF-8",
            )?;
            ensure(normal(&got) == normal(label), || {
                client.failed(format!("Content-Type: {label}"), got)
            })
            .about(target)
            .likely(rule)?;
        }
    }
    get_none(&mut client, "/empty/").about("a directory without index.html")
}

/// A directory, how it is asked for, and where that leads to.
const REDIRECTS: &[(&str, &str, &str)] = &[
    ("dir", "/dir", "/dir/"),
    ("dir", "/dir?x=1", "/dir/"),
    ("dir/below", "/dir/below", "/dir/below/"),
    ("with a blank", "/with%20a%20blank", "/with%20a%20blank/"),
    ("host.example", "//host.example", "/host.example/"),
    ("host.example/a", "///host.example//a", "/host.example/a/"),
    ("\\host.example", "/%5Chost.example", "/%5Chost.example/"),
    ("\\host.example", "/\\host.example", "/%5Chost.example/"),
    ("a\r\nX-Evil: 1", "/a%0D%0AX-Evil:%201", "/a%0D%0AX-Evil:%201/"),
];

fn moved(lab: &Lab) -> Outcome {
    let (tree, program) = start(lab)?;
    let mut client = program.connect()?;
    for (name, target, wanted) in REDIRECTS {
        tree.file(&format!("site/{name}/index.html"), "a page")?;
        let response = http::get(&mut client, target).about(target).likely(
            "a name may hold a line's end: in a field it must be encoded",
        )?;
        // The query may go along.
        let location = response.field("Location").unwrap_or_default();
        let path = location.split('?').next().unwrap_or_default();
        let guess = if response.status != 301 {
            "a page's relative links would be taken for links of the \
             directory above: 301"
        } else if path.starts_with("//") || path.contains('\\') {
            "a browser takes this for another host: a Location that anybody \
             can choose is an open redirect"
        } else {
            "the directory's own path, encoded, with a slash at its end"
        };
        ensure((response.status, path) == (301, wanted), || {
            client.failed(format!("301, Location: {wanted}"), response.head())
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

fn grows(lab: &Lab) -> Outcome {
    let (tree, program, mut client, content) = half_way(lab)?;
    lab.log().event("the file grows by 1 MB");
    let more = [content.as_slice(), &[b'+'; 1_000_000]].concat();
    tree.file("site/long.bin", more)?;
    client.expect(&content)?;
    get(&mut client, "/hello.html", HELLO).likely(
        "Content-Length was a promise: what the file has grown by since is \
         taken for the next response",
    )?;
    cost::expect_memory(&program, 8 * 1024)
        .likely("a file need not be in memory as a whole: a piece is enough")
}

fn shrinks(lab: &Lab) -> Outcome {
    let (tree, _program, mut client, content) = half_way(lab)?;
    let left = &content[..12_000_000];
    lab.log().event("the file shrinks to 12 MB");
    tree.file("site/long.bin", left)?;
    let (got, end) = client.receive(LONG)?;
    let is_end = matches!(end, End::Eof | End::Reset);
    ensure(content.starts_with(&got) && is_end, || {
        let expected = "bytes of the file, then the end of the connection";
        client.failed(expected, end.after(&got))
    })
    .likely(
        "more was promised than there is, and only the end of the connection \
         can tell that it will not come",
    )
}

//! Names of files inside, outside, and of what is no file.

use super::HELLO;
use crate::lab::Outcome;
use crate::lab::tree::Tree;

/// What a target names, the target, the response, and what to know of those
/// who get another.
pub type Row = (&'static str, &'static str, Want, &'static str);

/// This file; or a refusal, with one of these statuses.
pub type Want = Result<&'static str, &'static [u16]>;

/// No file. What climbs out may be called malformed, or forbidden.
const NOTHING: Want = Err(&[404, 403, 400]);
/// No name.
const MALFORMED: Want = Err(&[400]);

const DECODE: &str = "%XX stands for one byte of a name: RFC 3986, 2.1";
const ONCE: &str = "a name is decoded once: what comes out is a name, even \
                    if it looks encoded";
const PLUS: &str = "a plus sign means a blank in queries only, never in a path";
const BAD: &str = "a percent sign without two hexadecimal digits is no name, \
                   and a NUL is part of none: 400";

pub const NAMES: &[Row] = &[
    ("a blank", "/a%20name.txt", Ok("a name.txt"), DECODE),
    ("a letter", "/%68ello%2Etxt", Ok(HELLO), DECODE),
    ("a byte above 0x7F", "/caf%c3%A9.txt", Ok("café.txt"), DECODE),
    ("a percent sign", "/100%25.txt", Ok("100%.txt"), DECODE),
    ("a question mark, no query", "/what%3F.txt", Ok("what?.txt"), DECODE),
    ("%41, decoded once", "/%2541.txt", Ok("%41.txt"), ONCE),
    ("A, decoded once", "/%41.txt", Ok("A.txt"), ONCE),
    ("a plus sign, which is one", "/a+name.txt", Ok("a+name.txt"), PLUS),
    ("no digits", "/hello.txt%", MALFORMED, BAD),
    ("one digit", "/%4", MALFORMED, BAD),
    ("digits that are none", "/%zz.txt", MALFORMED, BAD),
    ("a sign for a digit", "/%+4.txt", MALFORMED, BAD),
    ("a NUL behind a file's name", "/hello.txt%00.html", MALFORMED, BAD),
    ("a NUL alone", "/%00", MALFORMED, BAD),
];

const UP: &str = "two dots lead up, however they are written";

pub const CLIMBS: &[Row] = &[
    ("two dots", "/../outside/secret.txt", NOTHING, UP),
    ("two dots, later", "/dir/../../outside/secret.txt", NOTHING, UP),
    ("dots with %2e", "/%2e%2e/outside/secret.txt", NOTHING, UP),
    ("one dot with %2E", "/.%2E/outside/secret.txt", NOTHING, UP),
    ("a slash with %2f", "/..%2foutside%2fsecret.txt", NOTHING, UP),
    ("all of it encoded", "/%2e%2e%2foutside/secret.txt", NOTHING, UP),
    ("encoded twice", "/%252e%252e/outside/secret.txt", NOTHING, ONCE),
    ("and back in", "/../site/../outside/secret.txt", NOTHING, UP),
    (
        "a directory whose name begins alike",
        "/../site-and-more/secret.txt",
        NOTHING,
        "the path of a directory beside it begins with the same letters",
    ),
    ("two slashes", "//etc/passwd", NOTHING, "this is no path of yours"),
    ("an absolute path", "/etc/passwd", NOTHING, "this is no path of yours"),
    ("a slash encoded", "/%2fetc/passwd", NOTHING, "do not join paths"),
];

const OUT: &str = "a link on the way leads out, and O_NOFOLLOW looks at the \
                   last step only";
const NAMESAKE: &str = "this link leads out, and what is there is not your \
                        file of that name: the root is no root of all";
const IN: &str = "a relative link that stays inside is followed";

pub const LINKS: &[Row] = &[
    ("a link out", "/out.txt", NOTHING, OUT),
    ("a link out by an absolute path", "/absolute.txt", NOTHING, OUT),
    ("a directory that is a link out", "/up/secret.txt", NOTHING, OUT),
    ("a link to a link out", "/far.txt", NOTHING, OUT),
    ("a link out to a name inside, too", "/namesake.txt", NOTHING, NAMESAKE),
    ("the same by an absolute path", "/root-namesake.txt", NOTHING, NAMESAKE),
    ("a link that stays inside", "/inside.txt", Ok(HELLO), IN),
    ("a link to a directory inside", "/alias/deep.txt", Ok(HELLO), IN),
    ("a link to a link that stays inside", "/again.txt", Ok(HELLO), IN),
    ("a link to itself", "/loop.txt", NOTHING, "ELOOP: there is no file"),
    ("a link to nothing", "/dangling.txt", NOTHING, "there is no file"),
];

const NO_FILE: &str = "only regular files are served: ask fstat what has \
                       been opened";
const WAITS: &str = "opening a pipe waits until somebody writes to it, unless \
                     it is opened with O_NONBLOCK";

pub const OTHERS: &[Row] = &[
    ("a directory", "/dir", NOTHING, NO_FILE),
    ("a directory with a slash", "/dir/", NOTHING, NO_FILE),
    ("the root", "/", NOTHING, NO_FILE),
    ("a pipe", "/pipe", NOTHING, WAITS),
    ("a link to a pipe", "/link-to-pipe", NOTHING, WAITS),
    ("a socket", "/socket", NOTHING, NO_FILE),
    ("a device", "/device", NOTHING, NO_FILE),
];

/// All the rows' files. Where a device cannot be made there is none, and
/// the row is easy.
pub fn grow(tree: &Tree) -> Outcome {
    let found = NAMES.iter().filter_map(|(_, _, want, _)| want.ok());
    for name in found.filter(|name| *name != HELLO) {
        // What it holds tells which one was read.
        tree.file(&format!("site/{name}"), name)?;
    }
    tree.link("site/inside.txt", "dir/deep.txt")?;
    tree.link("site/alias", "dir")?;
    tree.link("site/again.txt", "inside.txt")?;
    tree.link("site/out.txt", "../outside/secret.txt")?;
    tree.link("site/absolute.txt", tree.path("outside/secret.txt"))?;
    tree.link("site/up", "../outside")?;
    tree.link("site/namesake.txt", "../hello.txt")?;
    tree.link("site/root-namesake.txt", "/hello.txt")?;
    tree.link("site/far.txt", "out.txt")?;
    tree.link("site/loop.txt", "loop.txt")?;
    tree.link("site/dangling.txt", "nothing")?;
    tree.pipe("site/pipe")?;
    tree.link("site/link-to-pipe", "pipe")?;
    tree.socket("site/socket")?;
    tree.device("site/device");
    Ok(())
}

//! A file that is served whole, in part, and in several parts.

use std::fs::File;
use std::time::{Duration, UNIX_EPOCH};

use super::expect::ensure;
use crate::lab::client::{Client, Response};
use crate::lab::fixtures::letters;
use crate::lab::program::Program;
use crate::lab::tree::Tree;
use crate::lab::{Advice, Lab, Outcome, Trouble, show};

/// What the file is, and what each of several parts says that it is.
pub const TYPE: &str = "text/markdown; charset=utf-8";

const END: &str = "a boundary begins with a line end, and the last one ends in \
                   `--`: Content-Length counts all of that";

/// A field of a request for all of the file.
const PLAIN: &str = "Accept: */*";

/// What is in the file: a thousand letters.
pub fn content() -> String {
    String::from_utf8_lossy(&letters(1000)).into_owned()
}

/// The program with a file that is of 1994.
pub fn start(lab: &Lab, content: &str) -> Outcome<Program> {
    let tree = Tree::new(lab);
    tree.file("README.md", content)?;
    let file = File::options().write(true).open(tree.path("README.md"));
    let modified = UNIX_EPOCH + Duration::from_millis(784_111_777_500);
    file.and_then(|file| file.set_modified(modified))
        .map_err(|error| Trouble::blocked(format!("README.md: {error}")))?;
    lab.server()
}

/// HEAD, and GET: no body is between their responses.
pub fn talk(client: &mut Client) -> Outcome {
    ask(client, "HEAD", "Range: bytes=0-9")?;
    let head = client.response_head()?;
    ensure((head.status, head.length()) == (200, Some(1000)), || {
        client.failed("to HEAD a 200, and the length of all", head.head())
    })?;
    get(client, &content(), "200", PLAIN).map(drop)
}

/// Rows of what is wanted, as for [`get`], and the fields of the request, where
/// TAG is the file's without its quotes. Behind # is the rule for the rows
/// below it.
pub fn table(lab: &Lab, content: &str, table: &str) -> Outcome {
    let mut client = start(lab, content)?.connect()?;
    let first = get(&mut client, content, "200", PLAIN)?;
    let tag = first.field("ETag").unwrap_or("\"TAG\"").trim_matches('"');
    for (rule, wanted, fields) in rows(table) {
        let fields = fields.replace("TAG", tag);
        let row = get(&mut client, content, wanted, &fields);
        let same = row.and_then(|response| {
            // Where it ends, the next one begins.
            get(&mut client, content, "200", PLAIN)?;
            let is_same = response.field("ETag") == first.field("ETag");
            ensure(is_same || response.status == 416, || {
                client.failed("the ETag of a 200", response.head())
            })
        });
        same.about(&fields).likely(rule)?;
    }
    Ok(())
}

/// Each row with the rule above it.
pub fn rows(table: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let mut rule = "";
    table.lines().filter_map(move |line| {
        let row = line.split_once(" | ");
        if row.is_none() {
            rule = line.trim_start_matches("# ");
        }
        row.map(|(wanted, fields)| (rule, wanted.trim(), fields))
    })
}

/// Sends GET with these fields, between which & is, and receives a status and,
/// with 206, the bytes of these ranges: `206 0-9 20-29`.
pub fn get(
    client: &mut Client,
    content: &str,
    wanted: &str,
    fields: &str,
) -> Outcome<Response> {
    ask(client, "GET", fields)?;
    let response = client.response()?;
    let got = describe(&response).ok_or_else(|| {
        let body = &response.body;
        let end = show::bytes(&body[body.len().saturating_sub(40)..]);
        client.failed("parts, and a last line behind them", format!("… {end}"))
    });
    let (got, wanted) = (got.likely(END)?, expected(content, wanted));
    ensure(got == wanted, || {
        let (wanted, got) = (wanted.as_bytes(), got.as_bytes());
        let difference = match wanted.first_chunk::<3>() == got.first_chunk() {
            true => show::difference(wanted, got),
            false => show::bytes(got),
        };
        client.failed(show::bytes(wanted), difference)
    })?;
    Ok(response)
}

fn ask(client: &mut Client, method: &str, fields: &str) -> Outcome {
    let head = format!("{method} / HTTP/1.1&{fields}&Host: a&&");
    client.send(head.replace('&', "\r\n").as_bytes())
}

/// What a response should be, in words.
fn expected(content: &str, wanted: &str) -> String {
    let size = content.len();
    let (status, ranges) = wanted.split_once(' ').unwrap_or((wanted, ""));
    let parts = ranges.split(' ').filter_map(|range| {
        let (first, last) = range.split_once('-')?;
        let bytes = first.parse().ok()?..=last.parse().ok()?;
        Some(format!("bytes {range}/{size}: {}", content.get(bytes)?))
    });
    let parts: Vec<String> = parts.collect();
    match (status, &parts[..]) {
        ("200", _) => format!("200: {content}"),
        ("416", _) => format!("416 bytes */{size}"),
        (_, [part]) => format!("{status} {part}"),
        (_, parts) => parts.iter().fold(status.to_string(), |text, part| {
            format!("{text} | {TYPE}, {part}")
        }),
    }
}

/// What a response is, in the same words; `None` if its parts have no end.
fn describe(response: &Response) -> Option<String> {
    let body = String::from_utf8_lossy(&response.body);
    let range = response.field("Content-Range").unwrap_or_default();
    let head = format!("{} {range}", response.status);
    let head = head.trim_end();
    Some(match (boundary(response), response.status) {
        (Some(boundary), _) => format!("{head}{}", parts(&body, boundary)?),
        (None, 304 | 416) => head.to_string(),
        (None, _) => format!("{head}: {body}"),
    })
}

/// What is between the parts of a response, if it has several.
pub fn boundary(response: &Response) -> Option<&str> {
    let kind = response.field("Content-Type")?;
    let (kind, boundary) = kind.split_once("boundary=")?;
    let kind = kind.trim_end_matches([';', ' ']);
    let boundary = boundary.trim_matches('"');
    let is_several = kind.eq_ignore_ascii_case("multipart/byteranges");
    // RFC 2046 section 5.1.1.
    let is_boundary = (1..=70).contains(&boundary.len());
    (is_several && is_boundary).then_some(boundary)
}

/// Type, range and content of all parts.
fn parts(body: &str, boundary: &str) -> Option<String> {
    let mut parts = String::new();
    // The line end before a boundary belongs to it.
    let body = format!("\r\n{body}");
    for part in body.split(&format!("\r\n--{boundary}")).skip(1) {
        if part.starts_with("--") {
            return Some(parts);
        }
        let (head, content) =
            part.strip_prefix("\r\n")?.split_once("\r\n\r\n")?;
        let [kind, range] = ["Content-Type", "Content-Range"].map(|name| {
            let mut fields = head.lines().filter_map(|it| it.split_once(':'));
            let field = fields.find(|(it, _)| it.eq_ignore_ascii_case(name));
            field.unwrap_or_default().1.trim()
        });
        parts.push_str(&format!(" | {kind}, {range}: {content}"));
    }
    None
}

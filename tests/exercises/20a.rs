//! Exercise 20a, Mind the braces: pages with values, conditions and lists.
//!
//! Try it: `cargo run --example 20a -- 127.0.0.1:8080`

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// The template, in the current directory.
const FILE: &str = "page.html";

//-server

/// Reads values, each of them a line, and responds with the page.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    let mut input = Vec::new();
    TcpStream::from(connection.try_clone()?).read_to_end(&mut input)?;
    // What is not UTF-8 becomes U+FFFD.
    let input = String::from_utf8_lossy(&input);
    let mut values = Values::new();
    for (name, value) in input.lines().filter_map(|it| it.split_once('=')) {
        values.entry(name).or_default().push(value);
    }
    let template = fs::read_to_string(FILE)?;
    let page = page(&template, &mut values).unwrap_or_else(|(rest, what)| {
        let before = &template[..template.len() - rest.len()];
        let line = 1 + before.matches('\n').count();
        eprintln!("{FILE}:{line}: {what}");
        "error\n".to_string()
    });
    Ok(stream::write_all(connection, page.as_bytes())?)
}

/// The values of each name, in their order.
type Values<'v> = HashMap<&'v str, Vec<&'v str>>;

/// The rest of a template, from where something is wrong, and what it is.
type Fault<'t> = (&'t str, &'static str);

/// The page that a template becomes.
fn page<'t>(
    template: &'t str,
    values: &mut Values<'t>,
) -> Result<String, Fault<'t>> {
    //-solution
    let (mut rest, mut page) = (template, String::new());
    render(&parse(&mut rest, None)?, values, &mut page)?;
    //-starter
    // let mut page = template.to_string();
    // for (name, values) in values {
    //     // TODO: a value is neither HTML nor a template.
    //     page = page.replace(&format!("{{{{{name}}}}}"), values[0]);
    // }
    //-end
    Ok(page)
}
//-solution

/// A part of a template.
enum Piece<'t> {
    Text(&'t str),
    /// The value of this name; and where to look if there is none.
    Value(&'t str, &'t str),
    If(&'t str, Vec<Piece<'t>>),
    Each(&'t str, Vec<Piece<'t>>),
}

/// Takes apart the rest of a page, or of the block that begins at `block`.
fn parse<'t>(
    rest: &mut &'t str,
    block: Option<&'t str>,
) -> Result<Vec<Piece<'t>>, Fault<'t>> {
    let mut pieces = Vec::new();
    while let Some((text, at)) = rest.split_once("{{") {
        pieces.push(Piece::Text(text));
        let (tag, behind) = at.split_once("}}").ok_or((at, "no }}"))?;
        *rest = behind;
        let words: Vec<&str> = tag.split_whitespace().collect();
        pieces.push(match words[..] {
            ["end"] if block.is_some() => return Ok(pieces),
            ["if", name] => Piece::If(name, parse(rest, Some(at))?),
            ["each", name] => Piece::Each(name, parse(rest, Some(at))?),
            [name] if name != "end" => Piece::Value(name, at),
            _ => return Err((at, "no such tag")),
        });
    }
    pieces.push(Piece::Text(rest));
    block.map_or(Ok(pieces), |at| Err((at, "no {{end}}")))
}

/// Writes the pieces. No value is looked into for tags.
fn render<'t>(
    pieces: &[Piece<'t>],
    values: &mut Values<'t>,
    page: &mut String,
) -> Result<(), Fault<'t>> {
    for piece in pieces {
        let get = |name| values.get(name).and_then(|all| all.first());
        match piece {
            Piece::Text(text) => page.push_str(text),
            Piece::Value(name, at) => {
                page.push_str(&escape(get(name).ok_or((*at, "no value"))?));
            }
            Piece::If(name, _) if get(name).is_none_or(|it| it.is_empty()) => {}
            Piece::If(_, block) => render(block, values, page)?,
            Piece::Each(name, block) => {
                let all = values.remove(name).unwrap_or_default();
                for value in &all {
                    values.insert(name, vec![value]);
                    render(block, values, page)?;
                }
                values.insert(name, all);
            }
        }
    }
    Ok(())
}

/// Text as it is between tags, and between the quotes of an attribute.
fn escape(text: &str) -> String {
    // The others bring more of the first one.
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
//-end

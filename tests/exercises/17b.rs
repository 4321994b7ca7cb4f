//! Exercise 17b, Accepted codings: the same file, smaller.
//!
//! Try it: `cargo run --example 17b -- 127.0.0.1:8080`

use std::collections::HashMap; //-solution
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use httparse::Request;
use shared::cli::{self, Failure};
use shared::http::entity_tag::{EntityTag, any_matches};
use shared::http::fields; //-solution
use shared::http::method::Method;
use shared::http::range::{Selection, select};
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

//-solution
/// The same file in other codings. If a client likes two equally, it gets the
/// last.
const CODINGS: [(&str, &str); 2] =
    [("README.md.gz", "gzip"), ("README.md.br", "br")];

//-end
//-server

/// What there is, whatever the target says.
const FILE: &str = "README.md";

//-requests

/// Sends the response to GET or HEAD.
fn respond(connection: &OwnedFd, request: &Request) -> io::Result<()> {
    let fields = &*request.headers;
    let is_get = request.method == Some("GET");
    let method = if is_get { Method::Get } else { Method::Head };
    let (name, coding) = best(fields); //-solution
    // // TODO: README.md.gz and README.md.br: the same, coded. //-starter
    // let (name, coding) = (FILE, None::<&str>); //-starter
    let body = fs::read(name)?;
    let size = body.len();
    // Other bytes, another tag.
    let mut hasher = DefaultHasher::new();
    hasher.write(&body);
    let tag = format!("\"{:x}\"", hasher.finish());
    let is_had = |it: &EntityTag| it.weak_eq(&EntityTag::new(&tag));
    let is_had = any_matches(fields, "If-None-Match", is_had) == Some(true);
    let (status, part) = match select(fields, size as u64) {
        _ if is_had => (Status::NotModified, 0..0),
        Selection::Part(part) if is_get => (Status::PartialContent, part),
        _ => (Status::Ok, 0..size as u64),
    };
    let mut out = Vec::new();
    let mut response = Response::new(&mut out, status, method);
    response = response.field("Vary", "Accept-Encoding"); //-solution
    response = response.field("ETag", &tag);
    if status == Status::NotModified {
        response.end();
        return Ok(stream::write_all(connection, &out)?);
    }
    if let Some(coding) = coding {
        response = response.field("Content-Encoding", coding);
    }
    if status == Status::PartialContent {
        let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        response = response.field("Content-Range", range);
    }
    response
        .field("Content-Type", "text/markdown; charset=utf-8")
        .body(&body[part.start as usize..part.end as usize]);
    Ok(stream::write_all(connection, &out)?)
}
//-solution

/// The file that the client likes best, and its coding.
fn best(fields: &[httparse::Header]) -> (&'static str, Option<&'static str>) {
    let lines = fields::lines(fields, "Accept-Encoding");
    let weights: HashMap<String, u16> =
        lines.flat_map(fields::list).filter_map(member).collect();
    let others = weights.get("*").copied().unwrap_or(0);
    let weight = |name| weights.get(name).copied().unwrap_or(others);
    // The parts of two codings do not fit together.
    let is_part = fields::lines(fields, "Range").next().is_some();
    let mut best = (weight("identity"), (FILE, None));
    for (file, coding) in CODINGS {
        let weight = weight(coding);
        if weight > 0 && weight >= best.0 && !is_part {
            best = (weight, (file, Some(coding)));
        }
    }
    best.1
}

/// A member of the list: the name, and its weight in thousandths.
fn member(text: &[u8]) -> Option<(String, u16)> {
    let text = str::from_utf8(text).ok()?.to_ascii_lowercase();
    let (name, weight) = text.split_once(';').unwrap_or((&text, "q=1"));
    let weight = weight.trim().strip_prefix("q=")?;
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{whole}{decimals:0<3}");
    let is_weight = whole.len() == 1
        && digits.len() == 4
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let weight = digits.parse().ok().filter(|it| is_weight && *it <= 1000)?;
    let name = name.trim();
    Some((if name == "x-gzip" { "gzip" } else { name }.to_string(), weight))
}
//-end

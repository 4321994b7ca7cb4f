//! Exercise 16a, A part of it: a file whole, in part, or not again.
//!
//! Try it: `cargo run --example 16a -- 127.0.0.1:8080`

use std::fs;
use std::io;
use std::ops::Range; //-solution
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;
use std::time::SystemTime;

use httparse::{Header, Request}; //-solution
// use httparse::Request; //-starter
use shared::cli::{self, Failure};
use shared::http::date::Date;
use shared::http::fields; //-solution
use shared::http::method::Method;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::http::validators::Validators;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

//-server

/// What there is, whatever the target says.
const FILE: &str = "README.md";

//-requests

/// Sends the response to GET or HEAD.
fn respond(connection: &OwnedFd, request: &Request) -> io::Result<()> {
    let (file, metadata) = (fs::read(FILE)?, fs::metadata(FILE)?);
    let size = file.len();
    let state = Validators {
        seconds: metadata.mtime(),
        nanoseconds: metadata.mtime_nsec() as u32,
        size: metadata.size(),
        inode: metadata.ino(),
    };
    let time = SystemTime::now();
    let now = Date::from_system_time(time);
    let (tag, modified) = (state.entity_tag(time), state.last_modified(now));
    let is_head = request.method == Some("HEAD");
    let method = if is_head { Method::Head } else { Method::Get };
    let all = (Status::Ok, 0..size);
    //-solution
    let fields = &*request.headers;
    let (status, part) = match fields::only(fields, "Range") {
        _ if is_had(fields, &tag, modified, now) => (Status::NotModified, 0..0),
        Some(value) if !is_head && is_same(fields, &tag, modified, now) => {
            select(value, size).unwrap_or(all)
        }
        _ => all,
    };
    //-starter
    // // TODO: some clients have it already, and some want a part of it.
    // let (status, part) = all;
    //-end
    let mut out = Vec::new();
    let response = Response::new(&mut out, status, method)
        .field("Date", now.imf_fixdate())
        .field("ETag", &tag);
    //-solution
    let response = match status {
        Status::NotModified => {
            response.end();
            return Ok(stream::write_all(connection, &out)?);
        }
        Status::Ok => response,
        Status::PartialContent => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            response.field("Content-Range", range)
        }
        _ => response.field("Content-Range", format!("bytes */{size}")),
    };
    //-end
    response
        .field("Content-Type", "text/markdown; charset=utf-8")
        .field("Last-Modified", modified.imf_fixdate())
        .body(&file[part]);
    Ok(stream::write_all(connection, &out)?)
}
//-solution

/// Whether the client has it already.
fn is_had(fields: &[Header], tag: &str, modified: Date, now: Date) -> bool {
    let mut lists = fields::lines(fields, "If-None-Match").peekable();
    if lists.peek().is_some() {
        // What is between two quotes: for a copy a weak tag is as good.
        let opaque = tag.trim_start_matches("W/").trim_matches('"');
        return lists.any(|list| {
            let mut tags = list.split(|b| *b == b'"').skip(1).step_by(2);
            list == b"*" || tags.any(|tag| tag == opaque.as_bytes())
        });
    }
    let date = fields::only(fields, "If-Modified-Since");
    let date = date.and_then(|text| Date::parse(text, now));
    date.is_some_and(|date| modified <= date)
}

/// Whether a part of it goes with what the client has.
fn is_same(fields: &[Header], tag: &str, modified: Date, now: Date) -> bool {
    let mut lines = fields::lines(fields, "If-Range");
    lines.all(|value| match Date::parse(value, now) {
        // In a second that is not over it may change again.
        Some(date) => date == modified && modified < now,
        // Bytes of two states do not go together: no weak tag will do.
        None => value == tag.as_bytes() && !tag.starts_with("W/"),
    })
}

/// What `bytes=2-5`, `bytes=2-` or `bytes=-5` selects; `None` if it is none of
/// these, or if there are no bytes that a 206 could name.
fn select(value: &[u8], size: usize) -> Option<(Status, Range<usize>)> {
    let text = str::from_utf8(value).ok()?.to_ascii_lowercase();
    let part = match text.strip_prefix("bytes=")?.split_once('-')? {
        _ if size == 0 => return None,
        ("", length) => size.saturating_sub(number(length)?)..size,
        (first, "") => number(first)?..size,
        (first, last) if number(first)? <= number(last)? => {
            number(first)?..number(last)?.saturating_add(1).min(size)
        }
        _ => return None,
    };
    Some(match part.is_empty() {
        true => (Status::RangeNotSatisfiable, 0..0),
        false => (Status::PartialContent, part),
    })
}

/// Digits, and nothing else. Beyond all sizes, one is as large as another.
fn number(digits: &str) -> Option<usize> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().unwrap_or(usize::MAX);
    (is_number && !digits.is_empty()).then_some(number)
}
//-end

//! Exercise 16b, Several parts: one response for many ranges.
//!
//! Try it: `cargo run --example 16b -- 127.0.0.1:8080`

use std::fs;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use httparse::Request;
use memchr::memmem; //-solution
use shared::cli::{self, Failure};
use shared::http::fields;
use shared::http::method::Method;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

/// What the file is.
const TYPE: &str = "text/markdown; charset=utf-8";

//-server

/// What there is, whatever the target says.
const FILE: &str = "README.md";

//-requests

/// Sends the response to GET or HEAD.
fn respond(connection: &OwnedFd, request: &Request) -> io::Result<()> {
    let file = fs::read(FILE)?;
    let size = file.len();
    let is_head = request.method == Some("HEAD");
    let method = if is_head { Method::Head } else { Method::Get };
    let value = fields::only(request.headers, "Range");
    let value = value.filter(|_| !is_head && size > 0);
    let parts = value.and_then(|value| ranges(value, size));
    let parts = parts.map(join); //-solution
    // // TODO: several parts are one response, too. //-starter
    // let parts = parts.filter(|parts| parts.len() < 2); //-starter
    let status = match parts.as_deref() {
        Some([]) => Status::RangeNotSatisfiable,
        Some(_) => Status::PartialContent,
        None => Status::Ok,
    };
    let mut out = Vec::new();
    let response = Response::new(&mut out, status, method);
    match parts.as_deref() {
        Some([]) => {
            response.field("Content-Range", format!("bytes */{size}")).body(b"")
        }
        Some([part]) => response
            .field("Content-Type", TYPE)
            .field("Content-Range", content_range(part, size))
            .body(&file[part.clone()]),
        //-solution
        Some(parts) => {
            let (boundary, body) = multipart(&file, parts);
            let kind = format!("multipart/byteranges; boundary={boundary}");
            response.field("Content-Type", kind).body(&body);
        }
        //-end
        _ => response.field("Content-Type", TYPE).body(&file),
    }
    Ok(stream::write_all(connection, &out)?)
}

/// How a Content-Range field names a part.
fn content_range(part: &Range<usize>, size: usize) -> String {
    format!("bytes {}-{}/{size}", part.start, part.end - 1)
}

/// The ranges that the value of a Range field asks for, without those that are
/// not there; `None` if it is malformed.
fn ranges(value: &[u8], size: usize) -> Option<Vec<Range<usize>>> {
    let set = str::from_utf8(value).ok()?.strip_prefix("bytes=")?;
    if set.split(',').count() > 16 { //-solution
        return None; //-solution
    } //-solution
    let mut ranges = Vec::new();
    for spec in set.split(',') {
        let range = match spec.trim().split_once('-')? {
            ("", length) => size.saturating_sub(number(length)?)..size,
            (first, "") => number(first)?..size,
            (first, last) if number(first)? <= number(last)? => {
                number(first)?..number(last)?.saturating_add(1).min(size)
            }
            _ => return None,
        };
        ranges.extend(Some(range).filter(|range| !range.is_empty()));
    }
    Some(ranges)
}

/// Digits, and nothing else: `parse` would take a sign.
fn number(digits: &str) -> Option<usize> {
    digits.parse().ok().filter(|_| !digits.starts_with('+'))
}
//-solution

/// The same bytes, each once. What overlaps or touches is one part, in the
/// place of the first.
fn join(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for mut part in ranges {
        let mut place = parts.len();
        while let Some(at) = parts
            .iter()
            .position(|it| it.start <= part.end && part.start <= it.end)
        {
            let other = parts.remove(at);
            part = part.start.min(other.start)..part.end.max(other.end);
            place = place.min(at);
        }
        parts.insert(place, part);
    }
    parts
}

/// A boundary, and the body in which it stands between the parts: RFC 9110
/// section 14.6.
fn multipart(file: &[u8], parts: &[Range<usize>]) -> (String, Vec<u8>) {
    // There are more numbers than a file can hold.
    let mut number = 0_u64;
    let mut boundary = format!("part-{number}");
    while memmem::find(file, boundary.as_bytes()).is_some() {
        number += 1;
        boundary = format!("part-{number}");
    }
    let mut body = Vec::new();
    for part in parts {
        let range = content_range(part, file.len());
        let head = format!(
            "--{boundary}\r\nContent-Type: {TYPE}\r\n\
             Content-Range: {range}\r\n\r\n"
        );
        body.extend([head.as_bytes(), &file[part.clone()], b"\r\n"].concat());
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    (boundary, body)
}
//-end

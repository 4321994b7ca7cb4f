//! Exercise 05a, One byte at a time: takes heads out of a stream.
//!
//! Try it: `cargo run --example 05a -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration; //-solution

use shared::cli::{self, Failure};
use shared::net::linger::linger; //-solution
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 8 * 1024;

//-server

/// Responds to each head that the client sends, until it has no more.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; MAX_HEAD];
    //-solution
    let mut filled = 0;
    let mut parser = Parser::default();
    loop {
        match parser.parse(&buffer[..filled]) {
            Ok(Some(response)) => {
                stream::write_all(connection, response.as_bytes())?;
                // What follows is the beginning of the next head.
                buffer.copy_within(parser.seen..filled, 0);
                filled -= parser.seen;
                parser = Parser::default();
                continue;
            }
            Ok(None) if filled == buffer.len() => {
                return refuse(connection, "431\n");
            }
            Ok(None) => {}
            Err(Malformed) => return refuse(connection, "400\n"),
        }
        match stream::read(connection, &mut buffer[filled..])? {
            0 => return Ok(()),
            count => filled += count,
        }
    }
    //-starter
    // loop {
    //     // TODO: one read is not one head. It may be half of one, or three
    //     // and a half. Keep what has come, take from it what is whole, and
    //     // remember how far you have looked.
    //     let count = stream::read(connection, &mut buffer)?;
    //     if count == 0 {
    //         return Ok(());
    //     }
    //     let response = response(&buffer[..count]);
    //     stream::write_all(connection, response.as_bytes())?;
    // }
    //-end
}

//-solution
/// The last response: nobody knows where the next head would begin.
fn refuse(connection: &OwnedFd, response: &str) -> nix::Result<()> {
    stream::write_all(connection, response.as_bytes())?;
    linger(connection, Duration::from_secs(1))
}

/// No head, whatever follows.
struct Malformed;

/// What is known of a head of which not everything has come.
#[derive(Default)]
struct Parser {
    /// How many bytes have been looked at.
    seen: usize,
    /// Where the line begins that is coming in.
    line: usize,
    /// Method and target, once their line was whole.
    request: Option<String>,
    fields: usize,
}

impl Parser {
    /// Goes on with `bytes`, all that has come of this head. Each byte is
    /// looked at once; a line is judged when it is whole. The response, when
    /// the head is: it has been seen then, and nothing behind it.
    fn parse(&mut self, bytes: &[u8]) -> Result<Option<String>, Malformed> {
        while let Some(lf) = bytes[self.seen..].iter().position(|b| *b == b'\n')
        {
            let line = &bytes[self.line..self.seen + lf];
            self.seen += lf + 1;
            self.line = self.seen;
            let line = line.strip_suffix(b"\r").ok_or(Malformed)?;
            match &self.request {
                None if line.is_empty() => {}
                None => self.request = Some(request_line(line)?),
                Some(request) if line.is_empty() => {
                    return Ok(Some(format!("{request} {}\n", self.fields)));
                }
                Some(_) if is_field(line) => self.fields += 1,
                Some(_) => return Err(Malformed),
            }
        }
        self.seen = bytes.len();
        Ok(None)
    }
}

/// `GET /path` of `GET /path HTTP/1.1`: RFC 9112 section 3.
fn request_line(line: &[u8]) -> Result<String, Malformed> {
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, b"HTTP/1.1" | b"HTTP/1.0"] = words[..] else {
        return Err(Malformed);
    };
    let is_target = target.iter().all(u8::is_ascii_graphic);
    if !is_token(method) || target.is_empty() || !is_target {
        return Err(Malformed);
    }
    // Both are ASCII: nothing is lost.
    let method = String::from_utf8_lossy(method);
    Ok(format!("{method} {}", String::from_utf8_lossy(target)))
}

/// `Name: value`: RFC 9112 section 5.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return false;
    };
    let (name, value) = line.split_at(colon);
    let is_text = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    is_token(name) && value.iter().all(is_text)
}

/// RFC 9110 section 5.6.2: the letters of methods and field names.
fn is_token(word: &[u8]) -> bool {
    let is_letter = |byte: &u8| {
        byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
    };
    !word.is_empty() && word.iter().all(is_letter)
}
//-starter
// /// The response to the head in `bytes`: method, target, number of fields.
// fn response(bytes: &[u8]) -> String {
//     let text = String::from_utf8_lossy(bytes);
//     let mut lines = text.lines();
//     // TODO: this finds two words in anything. RFC 9112 says what a request
//     // line is, and what a field is; the rest is refused with 400.
//     let mut words = lines.next().unwrap_or_default().split_whitespace();
//     let method = words.next().unwrap_or_default();
//     let target = words.next().unwrap_or_default();
//     let fields = lines.filter(|line| !line.is_empty()).count();
//     format!("{method} {target} {fields}\n")
// }
//-end

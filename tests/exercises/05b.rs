//! Exercise 05b, Name and value: form fields out of a stream.
//!
//! Try it: `cargo run --example 05b -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration; //-solution

use shared::cli::{self, Failure};
use shared::net::linger::linger; //-solution
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer line, line end included, is refused.
const MAX_LINE: usize = 8 * 1024;

//-server

/// Responds to each line until the client has no more.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; MAX_LINE];
    //-solution
    let (mut filled, mut seen) = (0, 0);
    loop {
        let new = buffer[seen..filled].iter().position(|b| *b == b'\n');
        if let Some(end) = new.map(|lf| seen + lf) {
            let Some(response) = fields(&buffer[..end]) else {
                return refuse(connection, b"400\n");
            };
            stream::write_all(connection, &response)?;
            buffer.copy_within(end + 1..filled, 0);
            filled -= end + 1;
            seen = 0;
            continue;
        }
        seen = filled;
        if filled == buffer.len() {
            return refuse(connection, b"414\n");
        }
        match stream::read(connection, &mut buffer[filled..])? {
            0 => return Ok(()),
            count => filled += count,
        }
    }
    //-starter
    // loop {
    //     // TODO: one read is not one line. It may be half of one, or three.
    //     let count = stream::read(connection, &mut buffer)?;
    //     if count == 0 {
    //         return Ok(());
    //     }
    //     let line = String::from_utf8_lossy(&buffer[..count]);
    //     let response = fields(line.trim_end());
    //     stream::write_all(connection, response.as_bytes())?;
    // }
    //-end
}

//-solution
/// The last response: what follows a malformed line is not trusted either.
fn refuse(connection: &OwnedFd, response: &[u8]) -> nix::Result<()> {
    stream::write_all(connection, response)?;
    linger(connection, Duration::from_secs(1))
}

/// The response to a line: how many fields, then the lengths and the bytes of
/// each name and value. `None` if the line is malformed.
fn fields(line: &[u8]) -> Option<Vec<u8>> {
    let mut listed = Vec::new();
    let mut count = 0;
    // First cut, then decode: an encoded & or = is data.
    let parts = line.split(|byte| *byte == b'&');
    for field in parts.filter(|field| !field.is_empty()) {
        let mut halves = field.splitn(2, |byte| *byte == b'=');
        for separator in [b' ', b'='] {
            let half = decode(halves.next().unwrap_or_default())?;
            listed.push(separator);
            listed.extend_from_slice(format!("{}:", half.len()).as_bytes());
            listed.extend_from_slice(&half);
        }
        count += 1;
    }
    listed.push(b'\n');
    Some([count.to_string().as_bytes(), &listed].concat())
}

/// The bytes that a name or a value stands for. `None` if a percent sign is
/// not followed by two digits, or a byte has no business in a line.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(*rest.next()?).to_digit(16);
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => u8::try_from(digit()? * 16 + digit()?).ok()?,
            byte if byte.is_ascii_graphic() => *byte,
            _ => return None,
        });
    }
    Some(bytes)
}
//-starter
// /// The response to a line: how many fields, then the lengths and the bytes
// /// of each name and value.
// fn fields(line: &str) -> String {
//     // TODO: this decodes first and cuts then, drops fields without a value,
//     // and knows neither + nor a malformed percent sign.
//     let line = line.replace("%20", " ");
//     let pairs: Vec<(&str, &str)> =
//         line.split('&').filter_map(|field| field.split_once('=')).collect();
//     let mut response = pairs.len().to_string();
//     for (name, value) in pairs {
//         let (n, v) = (name.len(), value.len());
//         response.push_str(&format!(" {n}:{name}={v}:{value}"));
//     }
//     response + "\n"
// }
//-end

//! Exercise 07b, Through the middle: bodies in chunks, passed on.
//!
//! Try it: `cargo run --example 07b -- 127.0.0.1:8080`

use std::io;
use std::io::{BufRead, BufReader, ErrorKind, Read}; //-solution
use std::net::TcpStream; //-solution
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration; //-solution

use shared::cli::{self, Failure};
use shared::net::linger::linger; //-solution
use shared::net::listener::Listener;
use shared::net::stream;
//-solution

/// Every chunk that we send has as many bytes, but the last one of a body.
const CHUNK: usize = 1024;
/// A longer line, line end included, is refused.
const MAX_LINE: usize = 1024;
/// Longer trailers are refused.
const MAX_TRAILERS: usize = 8 * 1024;

type Input = BufReader<TcpStream>;
//-end

//-server

/// Sends each body back in chunks of our own, until the stream ends.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    //-solution
    let mut input = Input::new(connection.try_clone()?.into());
    let error = loop {
        if let Err(error) = pass_on(&mut input) {
            break error;
        }
    };
    match error.kind() {
        // Nobody knows where the next chunk would begin.
        ErrorKind::InvalidData => {
            Ok(linger(connection, Duration::from_secs(1))?)
        }
        // Without its last chunk the client knows that this body is not whole.
        ErrorKind::UnexpectedEof => Ok(()),
        _ => Err(error),
    }
    //-starter
    // let mut buffer = [0; 16 * 1024];
    // loop {
    //     // TODO: this passes on everything as it comes, malformed or not.
    //     // Read the chunks, and send their data in chunks of your own.
    //     let count = stream::read(connection, &mut buffer)?;
    //     if count == 0 {
    //         return Ok(());
    //     }
    //     stream::write_all(connection, &buffer[..count])?;
    // }
    //-end
}
//-solution

/// Passes on one body: RFC 9112 section 7.1.
fn pass_on(input: &mut Input) -> io::Result<()> {
    let mut data = Vec::new();
    loop {
        let line = read_line(input)?;
        let mut left = size(&line).ok_or(ErrorKind::InvalidData)?;
        if left == 0 {
            break;
        }
        while left > 0 {
            // Before a chunk is full there is nothing to send.
            let most = left.min((CHUNK - data.len()) as u64);
            if (input.take(most).read_to_end(&mut data)? as u64) < most {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            left -= most;
            if data.len() == CHUNK {
                send(input, &mut data)?;
            }
        }
        if !read_line(input)?.is_empty() {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    let mut trailers = 0;
    loop {
        let line = read_line(input)?;
        trailers += line.len();
        if line.is_empty() {
            break;
        }
        if trailers > MAX_TRAILERS || !line.contains(&b':') {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    if !data.is_empty() {
        send(input, &mut data)?;
    }
    // The last chunk.
    Ok(stream::write_all(input.get_ref(), b"0\r\n\r\n")?)
}

/// The size that a chunk's first line says. What is behind a semicolon is
/// not for us.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    let mut size: u64 = 0;
    for byte in digits {
        let digit = char::from(*byte).to_digit(16)?;
        size = size.checked_mul(16)? + u64::from(digit);
    }
    (!digits.is_empty()).then_some(size)
}

/// Reads a line, without its CR LF.
fn read_line(input: &mut Input) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.take(MAX_LINE as u64).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(line.to_vec()),
        None if line.ends_with(b"\n") || line.len() == MAX_LINE => {
            Err(ErrorKind::InvalidData.into())
        }
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// Sends `data` as a chunk, and has it empty.
fn send(input: &Input, data: &mut Vec<u8>) -> nix::Result<()> {
    let size = format!("{:x}\r\n", data.len());
    let chunk = [size.as_bytes(), data, b"\r\n"].concat();
    data.clear();
    stream::write_all(input.get_ref(), &chunk)
}
//-end

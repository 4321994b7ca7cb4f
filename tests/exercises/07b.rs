//! Exercise 07b, Through the middle: bodies in chunks, passed on.
//!
//! Try it: `cargo run --example 07b -- 127.0.0.1:8080`

use std::io;
use std::io::ErrorKind; //-solution
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration; //-solution

use shared::cli::{self, Failure};
use shared::net::buffer::Buffer; //-solution
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
//-end

//-server

/// Sends each body back in chunks of our own, until the stream ends.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    //-solution
    let mut input = Input { connection, buffer: Buffer::new(16 * 1024) };
    let mut output = Output { connection, pending: Vec::new() };
    let error = loop {
        if let Err(error) = pass_on(&mut input, &mut output) {
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
fn pass_on(input: &mut Input, output: &mut Output) -> io::Result<()> {
    loop {
        let mut left = size(&input.line()?).ok_or(ErrorKind::InvalidData)?;
        if left == 0 {
            break;
        }
        while left > 0 {
            let data = input.data(left)?;
            left -= data.len() as u64;
            output.push(&data)?;
        }
        if !input.line()?.is_empty() {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    let mut trailers = 0;
    loop {
        let line = input.line()?;
        trailers += line.len();
        if line.is_empty() {
            return Ok(output.finish()?);
        }
        if trailers > MAX_TRAILERS || !line.contains(&b':') {
            return Err(ErrorKind::InvalidData.into());
        }
    }
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

/// What has come and is not passed on.
struct Input<'a> {
    connection: &'a OwnedFd,
    buffer: Buffer,
}

impl Input<'_> {
    /// The next line, without its CR LF.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut seen = 0;
        loop {
            let bytes = self.buffer.bytes();
            let lf = bytes[seen..].iter().position(|byte| *byte == b'\n');
            seen = lf.map_or(bytes.len(), |lf| seen + lf + 1);
            if seen > MAX_LINE {
                return Err(ErrorKind::InvalidData.into());
            }
            if lf.is_some() {
                let line = bytes[..seen].strip_suffix(b"\r\n");
                let line = line.ok_or(ErrorKind::InvalidData)?.to_vec();
                self.buffer.consume(seen);
                return Ok(line);
            }
            self.read()?;
        }
    }

    /// At least one byte, and at most `most`.
    fn data(&mut self, most: u64) -> io::Result<Vec<u8>> {
        if self.buffer.bytes().is_empty() {
            self.read()?;
        }
        let bytes = self.buffer.bytes();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let data = bytes[..most.min(bytes.len())].to_vec();
        self.buffer.consume(data.len());
        Ok(data)
    }

    fn read(&mut self) -> io::Result<()> {
        match stream::read(self.connection, self.buffer.space())? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => self.buffer.filled(count),
        }
        Ok(())
    }
}

/// Chunks of equal size.
struct Output<'a> {
    connection: &'a OwnedFd,
    pending: Vec<u8>,
}

impl Output<'_> {
    /// Sends `data`, except for what does not fill a chunk.
    fn push(&mut self, data: &[u8]) -> nix::Result<()> {
        self.pending.extend_from_slice(data);
        self.flush(CHUNK)
    }

    /// Sends what is pending, and the last chunk.
    fn finish(&mut self) -> nix::Result<()> {
        self.flush(1)?;
        stream::write_all(self.connection, b"0\r\n\r\n")
    }

    /// Sends chunks as long as `least` bytes are pending.
    fn flush(&mut self, least: usize) -> nix::Result<()> {
        while self.pending.len() >= least {
            let length = self.pending.len().min(CHUNK);
            let size = format!("{length:x}\r\n");
            let data = &self.pending[..length];
            let chunk = [size.as_bytes(), data, b"\r\n"].concat();
            stream::write_all(self.connection, &chunk)?;
            self.pending.drain(..length);
        }
        Ok(())
    }
}
//-end

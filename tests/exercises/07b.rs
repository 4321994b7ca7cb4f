//! Exercise 07b, Through the middle: bodies in chunks, passed on.
//!
//! Try it: `cargo run --example 07b -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration; //-solution

use nix::errno::Errno; //-solution
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
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    //-solution
    let mut input = Input { connection, buffer: Buffer::new(16 * 1024) };
    let mut output = Output { connection, pending: Vec::with_capacity(CHUNK) };
    loop {
        match pass_on(&mut input, &mut output) {
            Ok(()) => {}
            // Without its last chunk the client knows that this body is not
            // whole.
            Err(Stop::Ended) => return Ok(()),
            Err(Stop::Malformed) => {
                return linger(connection, Duration::from_secs(1));
            }
            Err(Stop::Failed(errno)) => return Err(errno),
        }
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

/// Why no more is passed on.
enum Stop {
    /// The stream has ended.
    Ended,
    /// Nobody knows where the next chunk would begin.
    Malformed,
    Failed(Errno),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Stop {
        Stop::Failed(errno)
    }
}

/// Passes on one body: RFC 9112 section 7.1.
fn pass_on(input: &mut Input, output: &mut Output) -> Result<(), Stop> {
    loop {
        let mut left = size(&input.line()?).ok_or(Stop::Malformed)?;
        if left == 0 {
            break;
        }
        while left > 0 {
            let data = input.data(left)?;
            left -= data.len() as u64;
            output.push(&data)?;
        }
        if !input.line()?.is_empty() {
            return Err(Stop::Malformed);
        }
    }
    let mut trailers = 0;
    loop {
        let line = input.line()?;
        trailers += line.len();
        if line.is_empty() {
            break;
        }
        if trailers > MAX_TRAILERS || !line.contains(&b':') {
            return Err(Stop::Malformed);
        }
    }
    Ok(output.finish()?)
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
    fn line(&mut self) -> Result<Vec<u8>, Stop> {
        let mut seen = 0;
        loop {
            let bytes = self.buffer.bytes();
            let lf = bytes[seen..].iter().position(|byte| *byte == b'\n');
            seen = lf.map_or(bytes.len(), |lf| seen + lf + 1);
            if seen > MAX_LINE {
                return Err(Stop::Malformed);
            }
            if lf.is_some() {
                let line = bytes[..seen].strip_suffix(b"\r\n");
                let line = line.ok_or(Stop::Malformed)?.to_vec();
                self.buffer.consume(seen);
                return Ok(line);
            }
            self.read()?;
        }
    }

    /// At least one byte, and at most `most`.
    fn data(&mut self, most: u64) -> Result<Vec<u8>, Stop> {
        if self.buffer.bytes().is_empty() {
            self.read()?;
        }
        let bytes = self.buffer.bytes();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let data = bytes[..most.min(bytes.len())].to_vec();
        self.buffer.consume(data.len());
        Ok(data)
    }

    fn read(&mut self) -> Result<(), Stop> {
        match stream::read(self.connection, self.buffer.space())? {
            0 => return Err(Stop::Ended),
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
    fn push(&mut self, mut data: &[u8]) -> nix::Result<()> {
        while !data.is_empty() {
            let room = CHUNK - self.pending.len();
            let (now, later) = data.split_at(room.min(data.len()));
            self.pending.extend_from_slice(now);
            data = later;
            if self.pending.len() == CHUNK {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Sends what is pending, and the last chunk.
    fn finish(&mut self) -> nix::Result<()> {
        self.flush()?;
        stream::write_all(self.connection, b"0\r\n\r\n")
    }

    fn flush(&mut self) -> nix::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let size = format!("{:x}\r\n", self.pending.len());
        let chunk = [size.as_bytes(), &self.pending, b"\r\n"].concat();
        self.pending.clear();
        stream::write_all(self.connection, &chunk)
    }
}
//-end

//! One end of a TCP connection in the hands of a test. Everything that is
//! sent and read goes into the transcript, and every read has a limit.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use super::proc;
use super::time::Deadline;
use super::tools::{LOOK, PATIENCE, assert_same, eventually};
use super::transcript::{Transcript, preview};

/// A connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    transcript: Transcript,
    number: usize,
}

impl Client {
    /// Connects to a server.
    pub fn connect(address: SocketAddr, transcript: &Transcript) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE * 4)
            .unwrap_or_else(|error| panic!("connect to {address}: {error}"));
        Client::over(stream, transcript)
    }

    /// Takes a connection that is there.
    pub fn over(stream: TcpStream, transcript: &Transcript) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(PATIENCE * 4)).unwrap();
        let client = Client {
            stream,
            transcript: transcript.clone(),
            number: transcript.connect(),
        };
        client.tell("connected");
        client
    }

    fn tell(&self, event: &str) {
        self.transcript.tell(format!("connection {}: {event}", self.number));
    }

    /// A limit for a wait for the other side.
    pub fn deadline(&self) -> Deadline {
        self.transcript.deadline()
    }

    /// The address of our end.
    pub fn own_address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// The stream itself, to be used in another thread.
    pub fn stream(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }

    /// Sends all of `bytes`.
    pub fn send(&mut self, bytes: &[u8]) {
        self.tell(&format!("send {}", preview(bytes)));
        self.transcript.sent(self.number, bytes);
        let result = self.stream.write_all(bytes);
        result.unwrap_or_else(|error| panic!("cannot send: {error}"));
    }

    /// Sends what the other side takes; `false` once it takes no more.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.transcript.sent(self.number, bytes);
        let result = self.stream.write_all(bytes);
        if let Err(error) = &result {
            self.tell(&format!("cannot send: {error}"));
        }
        result.is_ok()
    }

    /// Sends as much as fits without anybody reading. Returns how much.
    pub fn fill(&mut self) -> usize {
        self.stream.set_nonblocking(true).unwrap();
        let piece = [b'x'; 64 * 1024];
        let mut total = 0;
        loop {
            match self.stream.write(&piece) {
                Ok(count) => total += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("cannot send: {error}"),
            }
        }
        self.stream.set_nonblocking(false).unwrap();
        self.tell(&format!("sent all that fits: {total} bytes"));
        total
    }

    /// Sends each of `pieces` when the one before has been read.
    pub fn send_pieces(&mut self, pieces: &[&[u8]]) {
        for piece in pieces {
            self.send(piece);
            self.wait_until_read();
        }
    }

    /// Waits until the program at the other end has read all of it.
    pub fn wait_until_read(&self) {
        let ours = self.stream.local_addr().unwrap();
        let theirs = self.stream.peer_addr().unwrap();
        eventually("the other side reads", || {
            proc::nothing_between(ours, theirs).then_some(())
        });
    }

    /// Ends our direction: the other side reads the end of the stream.
    pub fn finish(&mut self) {
        self.tell("end of our direction");
        self.transcript.finished(self.number);
        // Where the connection has ended, reading will tell.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        self.tell("reset");
        let now = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&self.stream, sockopt::Linger, &now).unwrap();
    }

    /// Reads once, with a limit: 0 bytes are the end of the stream.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        limit: Duration,
    ) -> std::io::Result<usize> {
        let limit = limit.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(limit)).unwrap();
        self.stream.read(buffer)
    }

    /// Reads until there are `length` bytes, or the stream has ended.
    pub fn receive(&mut self, length: usize) -> Vec<u8> {
        let (bytes, error) = self.receive_until(|bytes| bytes.len() >= length);
        if let Some(error) = error {
            panic!("after {} of {length} bytes: {error}", bytes.len());
        }
        bytes
    }

    /// Reads up to the end of the stream.
    pub fn receive_all(&mut self) -> Vec<u8> {
        self.receive(usize::MAX)
    }

    /// Reads until `enough`, the end of the stream, or an error, which may
    /// be one that the test expects.
    pub fn receive_until(
        &mut self,
        enough: impl Fn(&[u8]) -> bool,
    ) -> (Vec<u8>, Option<std::io::Error>) {
        let deadline = self.transcript.deadline();
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut failure = None;
        while !enough(&bytes) {
            match self.read(&mut buffer, LOOK) {
                Ok(0) => break,
                Err(error)
                    if error.kind() == ErrorKind::WouldBlock
                        && !deadline.is_over() => {}
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        self.tell(&match &failure {
            Some(error) => format!("read {}, then {error}", preview(&bytes)),
            None => format!("read {}", preview(&bytes)),
        });
        (bytes, failure)
    }

    /// Panics unless exactly `bytes` come next.
    pub fn expect(&mut self, bytes: &[u8]) {
        assert_same(&self.receive(bytes.len()), bytes);
    }

    /// Panics unless the stream ends here.
    pub fn expect_end(&mut self) {
        let rest = self.receive_all();
        assert!(rest.is_empty(), "more came: {}", preview(&rest));
    }

    /// Whether there is something to read, be it the end of the stream.
    pub fn has_something(&mut self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let response = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        !matches!(response, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

//! A client of the program under test, that writes down all it does.

mod firehose;
mod nothing;
mod response;
mod wait;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};

use super::program::Program;
use super::quiet::BETWEEN_LOOKS;
use super::show;
use super::transcript::Transcript;
use super::trouble::{Outcome, Trouble};

pub use response::Response;
use wait::Wait;

/// One connection to the program.
pub struct Client {
    stream: TcpStream,
    label: String,
    /// Among the connections of the record.
    number: usize,
    log: Transcript,
    program: Program,
}

/// Why nothing more is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As much has come as was wanted.
    Enough,
    /// The other side has closed.
    Eof,
    /// The other side has reset the connection.
    Reset,
    /// Both sides wait for each other.
    Silence,
    /// The program computes without end.
    Spinning,
    /// The time is over.
    Late,
}

impl End {
    /// How a report goes on after what has been received.
    pub fn words(self) -> &'static str {
        match self {
            End::Enough => "",
            End::Eof => " then end of file",
            End::Reset => " then a reset",
            End::Silence => " then silence: both sides wait for each other",
            End::Spinning => " then nothing: the program computes without end",
            End::Late => " then nothing in time",
        }
    }
}

impl Client {
    /// Connects to `address`, where `program` listens.
    pub fn connect(
        program: &Program,
        address: SocketAddr,
        log: &Transcript,
    ) -> Outcome<Client> {
        let number = log.connection(address);
        let label = match number {
            1 => String::new(),
            number => format!("client {number}: "),
        };
        log.head(format!("{label}connect to {address}"));
        let stream = TcpStream::connect_timeout(&address, program.patience());
        let stream = stream.map_err(|error| {
            let got = format!("connect failed: {error}");
            program.failed(format!("a connection to {address}"), got)
        })?;
        Client::over(stream, label, number, program, log)
    }

    /// A connection that the program has made to us, called `name` in the
    /// record.
    pub fn accepted(
        program: &Program,
        stream: TcpStream,
        name: &str,
        log: &Transcript,
    ) -> Outcome<Client> {
        Client::over(stream, format!("{name}: "), 0, program, log)
    }

    fn over(
        stream: TcpStream,
        label: String,
        number: usize,
        program: &Program,
        log: &Transcript,
    ) -> Outcome<Client> {
        let set = stream.set_nonblocking(true);
        // What is sent in pieces shall arrive in pieces.
        set.and_then(|()| stream.set_nodelay(true)).map_err(|error| {
            Trouble::blocked(format!("a socket cannot be set up: {error}"))
        })?;
        let (program, log) = (program.clone(), log.clone());
        Ok(Client { stream, label, number, log, program })
    }

    /// The same connection once more, for another thread.
    pub fn twin(&self) -> Outcome<Client> {
        let stream = self.stream.try_clone().map_err(|error| {
            Trouble::blocked(format!("no second descriptor: {error}"))
        })?;
        let label = self.label.clone();
        Client::over(stream, label, self.number, &self.program, &self.log)
    }

    /// The address of our end.
    pub fn own_address(&self) -> Outcome<SocketAddr> {
        self.stream.local_addr().map_err(|error| {
            Trouble::blocked(format!("a socket without a name: {error}"))
        })
    }

    /// A failure with the program's present state.
    pub fn failed(
        &self,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Trouble {
        self.program.failed(expected, got)
    }

    fn event(&self, text: impl AsRef<str>) {
        self.log.event(format!("{}{}", self.label, text.as_ref()));
    }

    /// Sends all of `bytes`.
    pub fn send(&mut self, bytes: &[u8]) -> Outcome {
        self.event(format!("send {}", show::bytes(bytes)));
        self.log.sent(self.number, bytes);
        let mut rest = bytes;
        let mut wait = None;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(taken) => rest = &rest[taken..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.await_event(PollFlags::POLLOUT)?;
                    let wait =
                        wait.get_or_insert_with(|| Wait::new(&self.program));
                    if wait.is_quiet(self.stream.as_fd())
                        || wait.deadline.is_over()
                    {
                        let taken = bytes.len() - rest.len();
                        let got = format!("it took {}", show::count(taken));
                        let wanted = show::count(bytes.len());
                        return Err(self
                            .program
                            .failed(format!("it reads {wanted}"), got));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let got = format!("sending failed: {error}");
                    return Err(self.program.failed("it goes on reading", got));
                }
            }
        }
        Ok(())
    }

    /// Says that no more will be sent.
    pub fn finish(&mut self) -> Outcome {
        self.event("end of file sent (half-close)");
        self.log.sent(self.number, b"");
        self.stream.shutdown(Shutdown::Write).map_err(|error| {
            let got = format!("it is not: {error}");
            self.program.failed("the connection is still there", got)
        })
    }

    /// Ends the connection as a crashing client would: by a reset.
    pub fn reset(self) -> Outcome {
        self.event("reset");
        let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&self.stream, sockopt::Linger, &at_once)
            .map_err(|_| Trouble::blocked("SO_LINGER cannot be set"))
    }

    /// Closes the connection.
    pub fn close(self) {
        self.event("close");
    }

    /// Receives up to `most` bytes.
    pub fn receive(&mut self, most: usize) -> Outcome<(Vec<u8>, End)> {
        let (received, end) = self.gather(most)?;
        let words = end.words();
        match received.len() {
            0 => self.event(format!("received nothing{words}")),
            _ => self
                .event(format!("received {}{words}", show::bytes(&received))),
        }
        Ok((received, end))
    }

    /// Receives all there is, up to the end of file.
    pub fn receive_all(&mut self) -> Outcome<Vec<u8>> {
        match self.receive(usize::MAX)? {
            (received, End::Eof) => Ok(received),
            (received, end) => {
                let got = format!("{}{}", show::bytes(&received), end.words());
                Err(self.failed("end of file", got))
            }
        }
    }

    /// Receives up to `most` bytes without a word in the record.
    fn gather(&mut self, most: usize) -> Outcome<(Vec<u8>, End)> {
        let mut received = Vec::new();
        let mut chunk = vec![0; most.min(64 * 1024)];
        let mut wait = None;
        let end = loop {
            let missing = chunk.len().min(most - received.len());
            if missing == 0 {
                break End::Enough;
            }
            match self.stream.read(&mut chunk[..missing]) {
                Ok(0) => break End::Eof,
                Ok(taken) => {
                    received.extend_from_slice(&chunk[..taken]);
                    if let Some(wait) = &mut wait {
                        Wait::goes_on(wait, &self.program);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if let Some(end) = self.await_more(&mut wait)? {
                        break end;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break End::Reset,
            }
        };
        Ok((received, end))
    }

    /// Whether there is something to receive at this moment, be it the end
    /// of the stream.
    pub fn has_something(&self) -> bool {
        let peeked = self.stream.peek(&mut [0]);
        !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends one byte, if there is room and somebody to take it.
    pub fn drip(&mut self) {
        let _ = self.stream.write(b".");
    }

    /// Sends of `bytes` what there is room for, and receives at most one byte,
    /// at this moment. Whether there may be more.
    pub fn nibble(&mut self, bytes: &[u8]) -> bool {
        let sent = self.stream.write(bytes);
        let _ = self.stream.read(&mut [0]);
        sent.map_or_else(|e| e.kind() == ErrorKind::WouldBlock, |_| true)
    }

    /// Waits a little for something to receive; whether there is.
    pub fn is_readable(&self) -> Outcome<bool> {
        self.await_event(PollFlags::POLLIN)
    }

    /// Waits a little for the socket to be ready; whether it is.
    fn await_event(&self, events: PollFlags) -> Outcome<bool> {
        let mut wanted = [PollFd::new(self.stream.as_fd(), events)];
        let limit = PollTimeout::try_from(BETWEEN_LOOKS);
        match poll(&mut wanted, limit.unwrap_or(PollTimeout::ZERO)) {
            Err(_) => Err(Trouble::blocked("poll failed")),
            Ok(ready) => Ok(ready > 0),
        }
    }

    /// Receives what comes, up to the end of file.
    pub fn drain_to_eof(&mut self) -> Outcome {
        loop {
            match self.receive(64 * 1024)? {
                (_, End::Enough) => {}
                (_, End::Eof) => return Ok(()),
                (got, end) => {
                    let words = format!("{}{}", show::bytes(&got), end.words());
                    return Err(self.program.failed("end of file", words));
                }
            }
        }
    }

    /// Receives exactly `bytes`.
    pub fn expect(&mut self, bytes: &[u8]) -> Outcome {
        let (got, _) = self.receive(bytes.len())?;
        if got == bytes {
            return Ok(());
        }
        let expected = if bytes.len() > 40 {
            format!("{}, exactly these", show::bytes(bytes))
        } else {
            show::bytes(bytes)
        };
        Err(self.program.failed(expected, show::difference(bytes, &got)))
    }

    /// Receives the end of file, and nothing before it.
    pub fn expect_eof(&mut self) -> Outcome {
        let (got, end) = self.receive(4096)?;
        let what = match end {
            End::Eof if got.is_empty() => return Ok(()),
            End::Eof | End::Enough => {
                format!("more bytes: {}", show::bytes(&got))
            }
            End::Reset => "a reset".to_string(),
            End::Silence | End::Spinning | End::Late => {
                "nothing: the connection stays open".to_string()
            }
        };
        Err(self.program.failed("end of file", what))
    }
}

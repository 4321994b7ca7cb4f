//! A client of the program under test, that writes down all it does.

mod firehose;
mod nothing;
mod receive;
mod response;
mod wait;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};

use super::program::Program;
use super::quiet::BETWEEN_LOOKS;
use super::show;
use super::transcript::Transcript;
use super::trouble::{Outcome, Trouble};

pub use receive::End;
pub use response::Response;
use wait::Wait;

/// Which signal tells of input, or of a lease that somebody waits for: of
/// fcntl(2), and not in libc.
pub const F_SETSIG: libc::c_int = 10;

/// One connection to the program.
pub struct Client {
    stream: TcpStream,
    label: String,
    /// Among the connections of the record.
    number: usize,
    log: Transcript,
    program: Program,
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

    /// At the other end.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether the program has connected to us.
    pub fn is_accepted(&self) -> bool {
        self.number == 0
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
                        let taken = show::count(bytes.len() - rest.len());
                        let wanted = show::count(bytes.len());
                        let expected = format!("it reads {wanted}");
                        return Err(
                            self.failed(expected, format!("it took {taken}"))
                        );
                    }
                }
                Err(error) => {
                    let got = format!("sending failed: {error}");
                    return Err(self.failed("it goes on reading", got));
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
            self.failed("the connection is still there", got)
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

    /// Has the program stopped by its own call when it sends us something.
    pub fn stop_sender(&self) -> Outcome {
        let (fd, pid) = (self.stream.as_raw_fd(), self.program.pid());
        let flags = libc::O_ASYNC | libc::O_NONBLOCK;
        // SAFETY: these operations of fcntl(2) take a number.
        let results = unsafe {
            [
                libc::fcntl(fd, libc::F_SETOWN, pid),
                libc::fcntl(fd, F_SETSIG, libc::SIGSTOP),
                libc::fcntl(fd, libc::F_SETFL, flags),
            ]
        };
        let is_set = results == [0; 3];
        is_set.then_some(()).ok_or_else(|| Trouble::blocked("fcntl(2) failed"))
    }

    /// Has the kernel take no more than a little for us at a time, whatever
    /// it would take by itself.
    pub fn take_little(&self) -> Outcome {
        setsockopt(&self.stream, sockopt::RcvBuf, &(64 * 1024))
            .map_err(|_| Trouble::blocked("SO_RCVBUF cannot be set"))
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
}

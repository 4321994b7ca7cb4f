//! The other side of a traced step: one connection, which a `nc` would make
//! no other.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};

use crate::record::process::Running;
use crate::record::session::{Key, Program};

/// What a script calls `nc`.
pub struct Peer {
    listener: Option<TcpListener>,
    connection: Option<TcpStream>,
    ended: Option<ExitStatus>,
}

impl Peer {
    /// Does what that `nc` does; `port` stands for 8080.
    pub fn start(command: &str, port: u16) -> Result<Peer> {
        let mut peer = Peer { listener: None, connection: None, ended: None };
        let address = ("127.0.0.1", port);
        if command.starts_with("nc -l ") {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            peer.listener = Some(listener);
        } else {
            peer.connection = Some(TcpStream::connect(address)?);
        }
        Ok(peer)
    }

    fn connection(&mut self) -> Result<&TcpStream> {
        self.connection.as_ref().context("there is no connection")
    }
}

impl Program for Peer {
    fn running(&mut self) -> Option<&mut Running> {
        None
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.ended)
    }

    /// Accepts the connection, if it is the step that connects, and takes
    /// what has come.
    fn read(&mut self, printed: &mut Vec<u8>) -> bool {
        let accepted = self.listener.as_ref().map(TcpListener::accept);
        if let Some(Ok((connection, _))) = accepted {
            (self.connection, self.listener) = (Some(connection), None);
        }
        let Some(connection) = &self.connection else { return false };
        let mut buffer = [0; 4096];
        let flags = MsgFlags::MSG_DONTWAIT;
        match recv(connection.as_raw_fd(), &mut buffer, flags) {
            Ok(0) => self.ended = Some(ExitStatus::default()),
            Ok(count) => printed.extend_from_slice(&buffer[..count]),
            Err(Errno::EAGAIN) => return false,
            // A reset, which no step may be the cause of unnoticed.
            Err(_) => self.ended = Some(ExitStatus::from_raw(1 << 8)),
        }
        self.ended.is_none()
    }

    fn type_text(&mut self, text: &str) -> Result<()> {
        Ok(self.connection()?.write_all(text.as_bytes())?)
    }

    fn press(&mut self, key: Key) -> Result<()> {
        match key {
            Key::EndInput => self.connection()?.shutdown(Shutdown::Write)?,
            Key::Interrupt => {
                self.connection = None;
                self.ended = Some(ExitStatus::default());
            }
        }
        Ok(())
    }
}

//! The other side of a traced step: one connection at a time.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use anyhow::{Context, Result, bail, ensure};

use super::run::{PATIENCE, patiently};
use crate::record::session::What;

/// What a script calls `nc`.
#[derive(Default)]
pub struct Peer {
    listener: Option<TcpListener>,
    connection: Option<TcpStream>,
}

impl Peer {
    /// Does what the script says of the peer's terminal; `port` stands for
    /// 8080.
    ///
    /// # Errors
    /// When the step does not play its part in time.
    pub fn act(&mut self, what: &What, port: u16) -> Result<()> {
        let address = ("127.0.0.1", port);
        match what {
            What::Start(command) if command.starts_with("nc -l ") => {
                self.listener = Some(TcpListener::bind(address)?);
            }
            What::Start(_) => self.connected(TcpStream::connect(address)?)?,
            What::Wait(text) => self.expect(text)?,
            What::Type(text) => self.send(&format!("{text}\n"))?,
            What::Send(text) => self.send(text)?,
            What::EndInput => self.stream()?.shutdown(Shutdown::Write)?,
            What::Finish => {
                self.stream()?.read_to_end(&mut Vec::new())?;
                self.connection = None;
            }
            What::Interrupt => self.connection = None,
            What::Run(_) => bail!("a connection is started by `&`"),
        }
        Ok(())
    }

    fn send(&mut self, text: &str) -> Result<()> {
        Ok(self.stream()?.write_all(text.as_bytes())?)
    }

    /// Reads byte by byte: nothing behind the text is taken.
    fn expect(&mut self, text: &str) -> Result<()> {
        let mut got = Vec::new();
        while !String::from_utf8_lossy(&got).contains(text) {
            let mut byte = [0];
            let count = self.stream()?.read(&mut byte)?;
            let shown = String::from_utf8_lossy(&got);
            ensure!(count == 1, "came: {shown:?}");
            got.push(byte[0]);
        }
        Ok(())
    }

    /// The connection, accepted now if it is the step that connects.
    fn stream(&mut self) -> Result<&mut TcpStream> {
        if let Some(listener) = self.listener.take() {
            listener.set_nonblocking(true)?;
            let stream = patiently(|| match listener.accept() {
                Ok((stream, _)) => Ok(Some(stream)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(error.into()),
            })?;
            stream.set_nonblocking(false)?;
            self.connected(stream)?;
        }
        self.connection.as_mut().context("there is no connection")
    }

    fn connected(&mut self, stream: TcpStream) -> Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        self.connection = Some(stream);
        Ok(())
    }
}

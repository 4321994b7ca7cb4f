//! The server that a client step talks to: the test itself.

use std::net::{SocketAddr, TcpListener};

use super::client::Client;
use super::tools::eventually;
use super::transcript::Transcript;

/// A listening socket of the test's own.
#[derive(Debug)]
pub struct Peer {
    listener: TcpListener,
}

impl Peer {
    /// Listens on a free port of 127.0.0.1.
    pub fn open() -> Self {
        Peer::open_on("127.0.0.1:0").expect("127.0.0.1 is always there")
    }

    pub fn open_on(address: &str) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        listener.set_nonblocking(true).unwrap();
        Some(Peer { listener })
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Waits for the program whose transcript this is.
    pub fn accept(&self, transcript: &Transcript) -> Client {
        let (stream, _) =
            eventually("the client calls", || self.listener.accept().ok());
        stream.set_nonblocking(false).unwrap();
        Client::over(stream, transcript)
    }

    /// Whether somebody has called; the call is accepted and dropped.
    pub fn is_called(&self) -> bool {
        self.listener.accept().is_ok()
    }
}

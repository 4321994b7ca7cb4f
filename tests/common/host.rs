//! The server that a client step talks to: the test itself.

use std::net::{SocketAddr, TcpListener};

use super::story::Story;
use super::tools::eventually;
use super::wire::Wire;

/// A listening socket of the test's own.
#[derive(Debug)]
pub struct Host {
    listener: TcpListener,
}

impl Host {
    /// Listens on a free port of 127.0.0.1.
    pub fn open() -> Self {
        Host::open_on("127.0.0.1:0").expect("127.0.0.1 is always there")
    }

    pub fn open_on(address: &str) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        listener.set_nonblocking(true).unwrap();
        Some(Host { listener })
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Waits for the program whose story this is.
    pub fn accept(&self, story: &Story) -> Wire {
        let (stream, _) =
            eventually("the client calls", || self.listener.accept().ok());
        stream.set_nonblocking(false).unwrap();
        Wire::over(stream, story)
    }

    /// Whether somebody has called; the call is answered and forgotten.
    pub fn is_called(&self) -> bool {
        self.listener.accept().is_ok()
    }
}

//! A step that listens.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};

use super::client::Client;
use super::ended::Ended;
use super::program::{Program, Running};
use super::steps::Step;

/// A server that has said where it listens.
#[derive(Debug)]
pub struct Server {
    running: Running,
    pub address: SocketAddr,
}

impl Server {
    /// Starts `step` on a free port of 127.0.0.1.
    pub fn start(step: &Step) -> Self {
        Server::start_on(step, "127.0.0.1:0")
    }

    pub fn start_on(step: &Step, address: &str) -> Self {
        Server::announced(Program::new(&step.program, &[address]).start())
    }

    /// With the preloaded library; `None` if it has not been built.
    pub fn start_shim(step: &Step, what: &str) -> Option<Self> {
        let program = Program::new(&step.program, &["127.0.0.1:0"]);
        Some(Server::announced(program.shim(what)?.start()))
    }

    /// Waits for the line that says where it listens.
    pub fn announced(mut running: Running) -> Self {
        let url = running.wait_for_line("listening on ");
        running.expect_shim();
        let (_, address) = url.split_once("://").expect("scheme://address");
        let address = address.parse().expect("an address with its port");
        running.url = Some(url);
        Server { running, address }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address, &self.running.transcript)
    }

    /// Ctrl-C, which ends every step with status 0.
    pub fn interrupt(self) -> Ended {
        self.running.interrupt()
    }

    /// Waits for its end, which must come by itself.
    pub fn wait(self) -> Ended {
        self.running.wait()
    }
}

impl Deref for Server {
    type Target = Running;

    fn deref(&self) -> &Running {
        &self.running
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Running {
        &mut self.running
    }
}

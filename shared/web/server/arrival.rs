//! Enters in step 16: how clients come to a loop.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags};

use super::{LISTENER, Server, event};
use crate::cli::{self, Failure};
use crate::net::listener::{is_exhausted, is_transient};
use crate::web::client::Client;
use crate::web::site::Site;

/// How long not to accept, if there is no descriptor or memory for a client.
const PAUSE: Duration = Duration::from_millis(100);

impl<S: Site> Server<S> {
    /// Accepts clients that wait in the kernel's queue, so many at most. All
    /// of them first: meanwhile their requests arrive.
    pub(super) fn accept(&mut self, most: usize) -> Result<(), Failure> {
        let mut arrived = Vec::new();
        let result = self.take_queued(most, &mut arrived);
        for (socket, peer) in arrived {
            self.welcome(socket, peer);
        }
        result
    }

    fn take_queued(
        &mut self,
        most: usize,
        arrived: &mut Vec<(OwnedFd, SocketAddr)>,
    ) -> Result<(), Failure> {
        for _ in 0..most {
            let Some(listener) = &self.listener else { break };
            match listener.try_accept() {
                Ok(client) => arrived.push(client),
                Err(Errno::EAGAIN) => break,
                Err(errno) if is_transient(errno) => {}
                // The client stays in the queue, and the listener ready:
                // asking at once would fail at once, again and again.
                Err(errno) if is_exhausted(errno) => {
                    let until = self.worker.time.now + PAUSE;
                    return self.pause(Some(until));
                }
                Err(errno) => return Err(Failure::new("cannot accept", errno)),
            }
        }
        Ok(())
    }

    /// Gives a new client its first turn: mostly its request is there. If it
    /// stays after that, it is put onto the kernel's list and ours.
    fn welcome(&mut self, socket: OwnedFd, peer: SocketAddr) {
        // Enters in step 18.
        if let Some(counters) = &self.worker.counters {
            counters.client();
        }
        let mut client = Client::new(socket, peer, self.worker.time.now);
        if !client.go_on(&mut self.worker) {
            return;
        }
        let (timeout, _) = client.waits();
        let key = self.clients.insert(client);
        let Some(client) = self.clients.get_mut(key) else { return };
        self.deadlines.begin(timeout as u32, key.index());
        if let Err(errno) = self.epoll.add(client.socket(), event(client, key))
        {
            let why = cli::strerror(errno);
            cli::log(format_args!("cannot wait for a client: {why}"));
            self.clients.remove(key);
            self.deadlines.cancel(key.index());
        }
        // Enters in step 19.
        self.give_away(key);
    }

    /// Accepts no one until then; or from now on, if that is `None`.
    pub(super) fn pause(
        &mut self,
        until: Option<Instant>,
    ) -> Result<(), Failure> {
        let flags = match until {
            Some(_) => EpollFlags::empty(),
            None => EpollFlags::EPOLLIN,
        };
        self.pause = until;
        let Some(listener) = &self.listener else { return Ok(()) };
        let mut event = EpollEvent::new(flags, LISTENER);
        self.epoll
            .modify(listener, &mut event)
            .map_err(|errno| Failure::new("cannot pause accepting", errno))
    }
}

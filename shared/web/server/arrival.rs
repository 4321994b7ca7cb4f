//! Enters in step 16: how clients come to a loop.

use std::mem;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags};

use super::{Server, event};
use crate::cli::{self, Failure};
use crate::net::listener::{Listener, is_exhausted, is_transient};
use crate::web::admission::Verdict;
use crate::web::client::Client;
use crate::web::connection::timeout::Timeout;
use crate::web::site::Site;

/// How long not to accept, if there is no descriptor or memory for a client.
const PAUSE: Duration = Duration::from_millis(100);

/// How many clients are looked at, if those that have been idle for longest
/// have just begun to ask. Enters in step 22.
const ATTEMPTS: usize = 64;

/// A listener on the kernel's list. Enters in step 21.
pub(super) struct Listening {
    pub(super) listener: Listener,
    /// What the kernel looks for, and what it says then.
    pub(super) event: EpollEvent,
    /// Clients wait in its queue, as far as we know.
    is_ready: bool,
}

/// Enters in step 21.
impl Listening {
    /// One of which an event says `data`.
    pub(super) fn new(listener: Listener, data: u64) -> Self {
        let mut flags = EpollFlags::EPOLLIN;
        // Else all loops that share it would be woken for each client.
        flags.set(EpollFlags::EPOLLEXCLUSIVE, listener.is_shared());
        let event = EpollEvent::new(flags, data);
        Listening { listener, event, is_ready: false }
    }
}

impl<S: Site> Server<S> {
    /// Clients wait at the listener with this number. Enters in step 21.
    pub(super) fn listens(&mut self, number: u64) {
        if let Some(it) = self.listeners.get_mut(number as usize) {
            it.is_ready = true;
        }
    }

    /// Accepts clients that wait in the kernel's queue, so many at most of
    /// each. All of them first: meanwhile their requests arrive.
    pub(super) fn accept(&mut self, most: usize) -> Result<(), Failure> {
        // Enters in step 22.
        let queues = self.listeners.iter().filter(|it| it.is_ready).count();
        if queues == 0 {
            return Ok(());
        }
        let places = self.places(queues, most);
        if places == 0 {
            // The kernel says it again when the pause is over.
            self.listeners.iter_mut().for_each(|it| it.is_ready = false);
            return self.pause(Some(self.worker.time.now + PAUSE));
        }
        let mut arrived = Vec::new();
        let result = self.take_queued(places, queues, &mut arrived);
        // Enters in step 22.
        if let Some(admission) = &self.admission {
            admission.give_back(places - arrived.len());
        }
        for (socket, peer) in arrived {
            self.welcome(socket, peer);
        }
        result
    }

    /// Accepts so many at most, from so many queues, each of which has its
    /// share.
    fn take_queued(
        &mut self,
        places: usize,
        queues: usize,
        arrived: &mut Vec<(OwnedFd, SocketAddr)>,
    ) -> Result<(), Failure> {
        for it in &mut self.listeners {
            // Enters in step 21.
            if !mem::take(&mut it.is_ready) {
                continue;
            }
            // Enters in step 22.
            let left = places - arrived.len();
            for _ in 0..left.min(places.div_ceil(queues)) {
                match it.listener.try_accept() {
                    Ok(client) => arrived.push(client),
                    Err(Errno::EAGAIN) => break,
                    Err(errno) if is_transient(errno) => {}
                    // The client stays in the queue, and the listener ready:
                    // asking at once would fail at once, again and again.
                    Err(errno) if is_exhausted(errno) => {
                        let until = self.worker.time.now + PAUSE;
                        return self.pause(Some(until));
                    }
                    Err(errno) => {
                        return Err(Failure::new("cannot accept", errno));
                    }
                }
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
        if !self.begin(&mut client) {
            // Enters in step 23.
            if mem::take(&mut self.worker.is_other) {
                self.others.push(client.into_socket());
            }
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
            self.remove(key);
        }
        // Enters in step 19.
        self.give_away(key);
        // Enters in step 27.
        self.note_stream(key);
    }

    /// Leaves a client to others that was on the kernel's list. Enters in step
    /// 23.
    pub(super) fn hand_over(&mut self, socket: OwnedFd) {
        // It fails only for what is not on the list.
        if self.epoll.delete(&socket).is_ok() {
            self.others.push(socket);
        }
    }

    /// Has a new client's first turn. Says whether it stays. Enters in step 22.
    fn begin(&mut self, client: &mut Client<S>) -> bool {
        let Some(admission) = &self.admission else {
            return client.go_on(&mut self.worker);
        };
        let stays = match client.enter(admission, &self.worker.site) {
            Verdict::Served => client.go_on(&mut self.worker),
            Verdict::Told => client.refuse(&mut self.worker),
            // It was not counted.
            Verdict::Closed => return false,
        };
        if !stays {
            admission.leave(client.counted());
        }
        stays
    }

    /// How many clients may be accepted now, up to `most` of each queue: they
    /// have their places. If there are none, those go that have been idle for
    /// longest, one for each queue. Enters in step 22.
    fn places(&mut self, queues: usize, most: usize) -> usize {
        let Some(admission) = &self.admission else { return queues * most };
        let places = admission.take_places(queues * most);
        if places > 0 {
            return places;
        }
        let admission = Arc::clone(admission);
        let gone = (0..queues).take_while(|_| self.let_go()).count();
        if gone == 0 {
            admission.ask_others();
        }
        // Another loop may have been faster.
        admission.take_places(gone)
    }

    /// There is no room for a client of another loop. Enters in step 22.
    pub(super) fn make_room(&mut self) {
        if let Some(admission) = self.admission.clone() {
            admission.make_room(|| self.let_go());
        }
    }

    /// Lets the client go that has been idle for longest, if any is. Enters in
    /// step 22.
    fn let_go(&mut self) -> bool {
        for _ in 0..ATTEMPTS {
            let idle = self.deadlines.first(Timeout::Keepalive as u32);
            let Some((key, _)) = idle.and_then(|it| self.clients.at(it)) else {
                return false;
            };
            // Its next request may have arrived: then it is another's turn.
            self.turn(key, Client::go_on);
            let is_gone = self.clients.get_mut(key).is_none();
            if is_gone
                || self.deadlines.first(Timeout::Keepalive as u32) == idle
            {
                self.remove(key);
                return true;
            }
        }
        false
    }

    /// Accepts no one until then; or from now on, if that is `None`.
    pub(super) fn pause(
        &mut self,
        until: Option<Instant>,
    ) -> Result<(), Failure> {
        // Enters in step 21: what is off the list cannot be taken off.
        let was_paused = self.pause.is_some();
        self.pause = until;
        // Enters in step 21.
        if was_paused == until.is_some() {
            return Ok(());
        }
        for Listening { listener, event, .. } in &self.listeners {
            let changed = match until {
                Some(_) => self.epoll.delete(listener),
                None => self.epoll.add(listener, *event),
            };
            changed.map_err(|errno| {
                Failure::new("cannot pause accepting", errno)
            })?;
        }
        Ok(())
    }
}

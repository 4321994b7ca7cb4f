//! Enters in step 16: the loop: what is ready has its turn, and what takes too
//! long ends.

use std::mem;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};

use super::admission::Admission;
use super::client::{Client, Transmit, Worker};
use super::connection::Want;
use super::connection::timeout::Timeout;
use super::counters::Counters;
use super::log::Log;
use super::site::{Limits, Site, Time};
use crate::cli::Failure;
use crate::collections::slab::{Key, Slab};
use crate::events::deadlines::Deadlines;
use crate::net::listener::Listener;

mod arrival;
mod ending;
/// Enters in step 19.
mod helpers;
/// Enters in step 27.
mod streams;

use arrival::Listening;
pub use ending::Ending;
use helpers::Helpers;

/// A client that waits costs a descriptor and some memory.
static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(10),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

/// At most this many clients are accepted in a row.
const ACCEPTS: usize = 64;

/// The kernel hands out this many events at once.
pub const EVENTS: usize = 256;

/// What an event of a listener says; a client's says its key.
const LISTENER: u64 = u64::MAX;

/// What an event says with which the end comes.
pub const ENDING: u64 = u64::MAX - 1;

/// What an event of late responses says. Enters in step 19.
const RESULTS: u64 = u64::MAX - 2;

/// What an event says when there is no room for clients elsewhere. Enters in
/// step 22.
const FULL: u64 = u64::MAX - 3;

/// The first that an event of a further listener says: no client's key is
/// that large. Enters in step 21.
const FURTHER: u64 = u64::MAX - 1024;

/// What the events of others may say, who have their turns in the same loop.
/// Enters in step 23.
pub const OTHERS: Range<u64> = 1 << 63..FURTHER;

/// All that there is, in one thread.
pub struct Server<S: Site> {
    epoll: Epoll,
    /// None when the end has begun.
    listeners: Vec<Listening>,
    ending: Ending,
    clients: Slab<Client<S>>,
    deadlines: Deadlines,
    worker: Worker<S>,
    /// Other threads that work for it. Enters in step 19.
    helpers: Option<Helpers>,
    /// Who may come. Enters in step 22.
    admission: Option<Arc<Admission>>,
    /// Clients that do not speak HTTP. Enters in step 23.
    others: Vec<OwnedFd>,
    /// Clients whose response goes on. Enters in step 27.
    streams: Vec<Key>,
    /// Until then no one is accepted.
    pause: Option<Instant>,
    /// When it ends at the latest, once the end has begun.
    end: Option<Instant>,
}

impl<S: Site> Server<S> {
    /// A server without clients.
    ///
    /// # Errors
    /// Those of epoll_create1(2) and epoll_ctl(2).
    pub fn new(
        listener: Listener,
        ending: Ending,
        site: S,
    ) -> nix::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let listening = Listening::new(listener, LISTENER);
        epoll.add(&listening.listener, listening.event)?;
        let listeners = vec![listening];
        // Enters in step 18: a latch is not read, so it is to be told once.
        let flags = match ending {
            Ending::Signals(_) => EpollFlags::EPOLLIN,
            Ending::Latch(_) => EpollFlags::EPOLLIN | EpollFlags::EPOLLET,
        };
        epoll.add(&ending, EpollEvent::new(flags, ENDING))?;
        let worker = Worker::new(site, &LIMITS);
        let limits = Timeout::Lingering as u32 + 1;
        Ok(Server {
            epoll,
            listeners,
            ending,
            clients: Slab::new(),
            deadlines: Deadlines::new(limits, worker.time.now),
            worker,
            // Enters in step 19.
            helpers: None,
            // Enters in step 22.
            admission: None,
            // Enters in step 23.
            others: Vec::new(),
            // Enters in step 27.
            streams: Vec::new(),
            pause: None,
            end: None,
        })
    }

    /// Sends in this way from now on. Enters in step 17.
    pub fn sends_by(&mut self, transmit: Transmit<S>) {
        self.worker.transmit = transmit;
    }

    /// Accepts clients here as well. Enters in step 21.
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn accepts_at(&mut self, listener: Listener) -> nix::Result<()> {
        let number = self.listeners.len() as u64;
        let listening = Listening::new(listener, FURTHER + number);
        self.epoll.add(&listening.listener, listening.event)?;
        self.listeners.push(listening);
        Ok(())
    }

    /// Counts from now on what its clients do, and no longer tells each end.
    /// Enters in step 18.
    pub fn counts_in(&mut self, counters: Arc<Counters>) {
        self.worker.counters = Some(counters);
    }

    /// Logs each request from now on, if there is a log. Enters in step 21.
    pub fn logs_to(&mut self, log: Option<Log>) {
        self.worker.log = log;
    }

    /// Lets only those in that this admits. Enters in step 22.
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn admits_by(&mut self, admission: Arc<Admission>) -> nix::Result<()> {
        // It is not read, so it is to be told once each time.
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        self.epoll.add(&admission.full, EpollEvent::new(flags, FULL))?;
        self.admission = Some(admission);
        Ok(())
    }

    /// Leaves those to others of whose first byte this says that it is no
    /// HTTP. Enters in step 23.
    pub fn sorts_by(&mut self, is_http: fn(u8) -> bool) {
        self.worker.is_http = Some(is_http);
    }

    /// Those who do not speak HTTP, since the last time. Enters in step 23.
    pub fn take_others(&mut self) -> Vec<OwnedFd> {
        mem::take(&mut self.others)
    }

    /// The kernel's list: others may be on it as well. Enters in step 23.
    pub fn epoll(&self) -> &Epoll {
        &self.epoll
    }

    /// One look at the clocks for each round. Enters in step 23.
    pub fn time(&self) -> &Time {
        &self.worker.time
    }

    /// Serves until the end has come.
    ///
    /// # Errors
    /// What makes it impossible to serve anybody.
    pub fn run(&mut self) -> Result<(), Failure> {
        let mut events = [EpollEvent::empty(); EVENTS];
        while !self.is_done() {
            for event in self.next_events(&mut events, None)? {
                self.dispatch(event.data())?;
            }
            self.expire()?;
            self.accept(ACCEPTS)?;
        }
        // Enters in step 21.
        self.end_log();
        Ok(())
    }

    /// Does what an event asks for that says `data`.
    ///
    /// # Errors
    /// What makes it impossible to serve anybody.
    pub fn dispatch(&mut self, data: u64) -> Result<(), Failure> {
        match data {
            LISTENER => self.listens(0),
            ENDING => self.end()?,
            // Enters in step 19.
            RESULTS => self.complete()?,
            // Enters in step 22.
            FULL => self.make_room(),
            // Enters in step 21.
            FURTHER.. => self.listens(data - FURTHER),
            _ => self.turn(Key::from_bits(data), Client::go_on),
        }
        Ok(())
    }

    /// After all events: ends what takes too long, and accepts. Enters in step
    /// 23.
    ///
    /// # Errors
    /// What makes it impossible to serve anybody.
    pub fn end_round(&mut self) -> Result<(), Failure> {
        self.expire()?;
        self.accept(ACCEPTS)
    }

    /// Waits until a socket is ready, or until the next deadline: `other`, if
    /// that comes first.
    ///
    /// # Errors
    /// Those of epoll_wait(2).
    pub fn next_events<'e>(
        &mut self,
        events: &'e mut [EpollEvent],
        other: Option<Instant>,
    ) -> Result<&'e [EpollEvent], Failure> {
        let next = self.deadlines.next(|item| limit_ends(&self.clients, item));
        let next = next.into_iter().chain(self.pause).chain(self.end).min();
        // Enters in step 23.
        let next = next.into_iter().chain(other).min();
        // Enters in step 21.
        let next =
            self.worker.log.as_ref().map_or(next, |log| log.or_next(next));
        let timeout = next.map(|next| self.time_until(next));
        // Ask for those that are ready, and wait until one is.
        let count = match self.epoll.wait(events, timeout) {
            Err(Errno::EINTR) => 0,
            result => result.map_err(|errno| {
                Failure::new("cannot wait for events", errno)
            })?,
        };
        self.worker.time.look();
        Ok(&events[..count])
    }

    /// As epoll_wait(2) takes it: in milliseconds, and rounded up. Rounded
    /// down, it would wait for 0 ms, again and again, in the last one.
    fn time_until(&self, next: Instant) -> EpollTimeout {
        let left = next.saturating_duration_since(self.worker.time.now);
        let millis = left.as_nanos().div_ceil(1_000_000);
        EpollTimeout::try_from(millis).unwrap_or(EpollTimeout::MAX)
    }

    /// Ends what takes too long.
    fn expire(&mut self) -> Result<(), Failure> {
        let now = self.worker.time.now;
        if self.pause.is_some_and(|until| until <= now) {
            self.pause(None)?;
        }
        // Enters in step 21.
        if let Some(log) = &mut self.worker.log {
            log.expire(now);
        }
        let ends = |item| limit_ends(&self.clients, item);
        for item in self.deadlines.due(now, ends) {
            match self.clients.at(item) {
                Some((_, client)) if client.deadline(&LIMITS) > now => {
                    self.deadlines.prolong(item, now);
                }
                Some((key, _)) => self.turn(key, Client::timed_out),
                None => {}
            }
        }
        Ok(())
    }

    /// Gives a client its turn, unless it is gone.
    fn turn(
        &mut self,
        key: Key,
        turn: impl FnOnce(&mut Client<S>, &mut Worker<S>) -> bool,
    ) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let before = client.waits_for();
        let waited = client.waits();
        let mut stays = turn(client, &mut self.worker);
        if stays && client.waits_for() != before {
            // Change what the kernel looks for. A client for whom it has no
            // memory to do so would wait for ever: it is let go.
            let mut event = event(client, key);
            stays = self.epoll.modify(client.socket(), &mut event).is_ok();
        }
        if !stays {
            self.remove(key);
        } else if client.waits() != waited {
            let (timeout, _) = client.waits();
            self.deadlines.begin(timeout as u32, key.index());
        }
        // Enters in step 19.
        self.give_away(key);
        // Enters in step 27.
        self.note_stream(key);
    }
}

/// When the limit ends under which a client waits, whatever it has earned.
fn limit_ends<S: Site>(
    clients: &Slab<Client<S>>,
    item: u32,
) -> Option<Instant> {
    let (timeout, since) = clients.at(item)?.1.waits();
    Some(since + LIMITS.of(timeout))
}

/// What the kernel is to look for, and what it says then.
fn event<S: Site>(client: &Client<S>, key: Key) -> EpollEvent {
    let flags = match client.waits_for() {
        Want::Write => EpollFlags::EPOLLOUT,
        // Enters in step 19: the end of a connection is told in any case.
        Want::Close => EpollFlags::empty(),
        _ => EpollFlags::EPOLLIN,
    };
    EpollEvent::new(flags, key.to_bits())
}

//! Step 14: ten thousand clients.
//!
//! The kernel keeps the list of sockets and hands out those that are ready. A
//! silent client costs no time, and hardly any memory: one connection, with
//! its buffers, is lent to the client whose turn it is.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use shared::cli::{self, Failure};
use shared::collections::slab::{Key, Slab};
use shared::events::handlers::{handle, terminate};
use shared::net::listener::{Listener, is_exhausted, is_transient};
use shared::web::client::{Client, Worker};
use shared::web::connection::Want;
use shared::web::file_site::Files;
use shared::web::site::Limits;

const HELP: &str = "\
Step 14: serves the files beneath a directory, all clients in one thread. And
GET /api/, POST /api/echo.

Usage: step14 [ADDRESS] [--root DIR]

  ADDRESS     IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
              127.0.0.1:8080); port 0 takes a free one
  --root DIR  the directory (default: the small site of step 08)
  -h, --help
";

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

/// How long not to accept, if there is no descriptor or memory for a client.
const PAUSE: Duration = Duration::from_millis(100);

/// The kernel hands out this many events at once.
const EVENTS: usize = 256;

/// What an event of the listener says; a client's says its key.
const LISTENER: u64 = u64::MAX;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root]) = cli::server_arguments(HELP, ["root"])?;
    let site = Files::open(root)?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    let limit = raise_limit()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    let address = listener.address();
    let mut server = Server::new(listener, site)
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    cli::announce("http", address, ["curl -i {url}/", "firefox {url}/"]);
    cli::log(format_args!("step14: at most {limit} descriptors"));
    let mut events = [EpollEvent::empty(); EVENTS];
    loop {
        let mut may_accept = false;
        for event in server.wait(&mut events)? {
            match event.data() {
                LISTENER => may_accept = true,
                data => server.turn(Key::from_bits(data), Client::go_on),
            }
        }
        server.expire()?;
        if may_accept {
            server.accept()?;
        }
    }
}

/// Lets this process open as many descriptors as it may. Returns how many.
fn raise_limit() -> nix::Result<nix::libc::rlim_t> {
    // Ask for both limits: the one that holds, and up to which we may raise
    // it; and then for that.
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

/// All that there is, in one thread.
struct Server {
    epoll: Epoll,
    listener: Listener,
    clients: Slab<Client<Files>>,
    worker: Worker<Files>,
    /// Until then no one is accepted.
    pause: Option<Instant>,
}

impl Server {
    fn new(listener: Listener, site: Files) -> nix::Result<Self> {
        // Ask for an empty interest list.
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
        let worker = Worker::new(site, &LIMITS);
        let clients = Slab::new();
        Ok(Server { epoll, listener, clients, worker, pause: None })
    }

    /// Waits until a socket is ready, or until the next deadline.
    fn wait<'e>(
        &mut self,
        events: &'e mut [EpollEvent],
    ) -> Result<&'e [EpollEvent], Failure> {
        let clients = self.clients.iter();
        let next = clients.map(|(_, client)| client.deadline(&LIMITS));
        let next = next.chain(self.pause).min();
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
        let clients = self.clients.iter();
        let due: Vec<Key> = clients
            .filter(|(_, client)| client.deadline(&LIMITS) <= now)
            .map(|(key, _)| key)
            .collect();
        for key in due {
            self.turn(key, Client::timed_out);
        }
        Ok(())
    }

    /// Gives a client its turn, unless it is gone.
    fn turn(
        &mut self,
        key: Key,
        turn: fn(&mut Client<Files>, &mut Worker<Files>) -> bool,
    ) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let before = client.waits_for();
        let mut stays = turn(client, &mut self.worker);
        if stays && client.waits_for() != before {
            // Change what the kernel looks for. A client for whom it has no
            // memory to do so would wait for ever: it is let go.
            let mut event = event(client, key);
            stays = self.epoll.modify(client.socket(), &mut event).is_ok();
        }
        if !stays {
            // Closing the socket takes it off the kernel's list: there is no
            // other descriptor of it.
            self.clients.remove(key);
        }
    }

    /// Accepts the clients that wait in the kernel's queue.
    fn accept(&mut self) -> Result<(), Failure> {
        for _ in 0..ACCEPTS {
            match self.listener.try_accept() {
                Ok((socket, peer)) => {
                    self.add(Client::new(socket, peer, self.worker.time.now));
                }
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

    /// Puts a client onto the kernel's list and ours.
    fn add(&mut self, client: Client<Files>) {
        let key = self.clients.insert(client);
        let Some(client) = self.clients.get_mut(key) else { return };
        if let Err(errno) = self.epoll.add(client.socket(), event(client, key))
        {
            let why = cli::strerror(errno);
            cli::log(format_args!("step14: cannot wait for a client: {why}"));
            self.clients.remove(key);
        }
    }

    /// Accepts no one until then; or from now on, if that is `None`.
    fn pause(&mut self, until: Option<Instant>) -> Result<(), Failure> {
        let flags = match until {
            Some(_) => EpollFlags::empty(),
            None => EpollFlags::EPOLLIN,
        };
        self.pause = until;
        let mut event = EpollEvent::new(flags, LISTENER);
        self.epoll
            .modify(&self.listener, &mut event)
            .map_err(|errno| Failure::new("cannot pause accepting", errno))
    }
}

/// What the kernel is to look for, and what it says then.
fn event(client: &Client<Files>, key: Key) -> EpollEvent {
    let flags = match client.waits_for() {
        Want::Write => EpollFlags::EPOLLOUT,
        _ => EpollFlags::EPOLLIN,
    };
    EpollEvent::new(flags, key.to_bits())
}

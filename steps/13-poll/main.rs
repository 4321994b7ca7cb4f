//! Step 13: one thread, many clients.
//!
//! No call waits for one client. poll(2) waits for all of them at once and
//! says which sockets are ready; the loop goes on with the connections of
//! those, as far as they go without waiting.

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::socket::{self, sockopt};
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::net::listener::{Listener, is_exhausted, is_transient};
use shared::web::connection::Want;
use shared::web::file_site::Files;
use shared::web::site::{Limits, Time};

mod client;

use client::Client;

const HELP: &str = "\
Step 13: serves the files beneath a directory, all clients in one thread. And
GET /api/, POST /api/echo.

Usage: step13 [ADDRESS] [--root DIR]

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

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root]) = cli::server_arguments(HELP, ["root"])?;
    let site = Files::open(root)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    prepare(&listener)
        .map_err(|errno| Failure::new("cannot prepare the listener", errno))?;
    handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/", "firefox {url}/"],
    );
    let mut server = Server {
        listener,
        site,
        clients: Vec::new(),
        time: Time::now(),
        pause: None,
    };
    loop {
        let (may_accept, ready) = server.wait()?;
        server.ready(&ready);
        server.expire();
        if may_accept {
            server.accept()?;
        }
    }
}

/// No call waits for a client, and no connection holds back a small segment.
fn prepare(listener: &Listener) -> nix::Result<()> {
    // Ask for the flags of the open socket, and add one: where a call would
    // wait, it fails with EAGAIN instead.
    let flags = fcntl(listener, FcntlArg::F_GETFL)?;
    let flags = OFlag::from_bits_retain(flags) | OFlag::O_NONBLOCK;
    fcntl(listener, FcntlArg::F_SETFL(flags))?;
    // Each connection takes this over from the listener; O_NONBLOCK it does
    // not.
    socket::setsockopt(listener, sockopt::TcpNoDelay, &true)
}

/// All that there is, in one thread.
struct Server {
    listener: Listener,
    site: Files,
    clients: Vec<Client<Files>>,
    time: Time,
    /// Until then no one is accepted.
    pause: Option<Instant>,
}

impl Server {
    /// Waits until a socket is ready, or until the next deadline. Says
    /// whether the listener is ready, and which of the clients.
    fn wait(&mut self) -> Result<(bool, Vec<bool>), Failure> {
        let accept = match self.pause {
            None => PollFlags::POLLIN,
            Some(_) => PollFlags::empty(),
        };
        let clients = self.clients.iter();
        let next = clients.clone().map(Client::deadline);
        let next = next.chain(self.pause).min();
        let mut list = vec![PollFd::new(self.listener.as_fd(), accept)];
        list.extend(clients.map(|client| {
            let event = match client.waits_for() {
                Want::Write => PollFlags::POLLOUT,
                _ => PollFlags::POLLIN,
            };
            PollFd::new(client.socket(), event)
        }));
        // Ask the kernel to look at all of them, and to wait until one is
        // ready. A signal ends the wait, with no one ready.
        match poll(&mut list, next.map(|next| self.time_until(next))) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Failure::new("cannot poll", errno)),
        }
        // An error or the other end's close makes a socket ready as well:
        // the next call tells.
        let mut ready = list.iter().map(|it| it.any() != Some(false));
        let may_accept = ready.next() == Some(true);
        let ready = ready.collect();
        self.time.look();
        Ok((may_accept, ready))
    }

    /// As poll(2) takes it: in milliseconds, and rounded up. Rounded down, it
    /// would wait for 0 ms, again and again, in the last one.
    fn time_until(&self, next: Instant) -> PollTimeout {
        let left = next.saturating_duration_since(self.time.now);
        let millis = left.as_nanos().div_ceil(1_000_000);
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    }

    /// Goes on with the clients that are ready.
    fn ready(&mut self, ready: &[bool]) {
        let mut ready = ready.iter();
        self.clients.retain_mut(|client| {
            ready.next() != Some(&true)
                || client.go_on(&self.site, &mut self.time)
        });
    }

    /// Ends what takes too long.
    fn expire(&mut self) {
        self.pause = self.pause.filter(|until| *until > self.time.now);
        self.clients.retain_mut(|client| {
            client.deadline() > self.time.now
                || client.timed_out(&self.site, &mut self.time)
        });
    }

    /// Accepts the clients that wait in the kernel's queue.
    fn accept(&mut self) -> Result<(), Failure> {
        for _ in 0..ACCEPTS {
            match self.listener.try_accept() {
                Ok((socket, peer)) => {
                    let now = self.time.now;
                    self.clients.push(Client::new(socket, peer, &LIMITS, now));
                }
                Err(Errno::EAGAIN) => break,
                Err(errno) if is_transient(errno) => {}
                // The client stays in the queue, and the listener ready:
                // asking at once would fail at once, again and again.
                Err(errno) if is_exhausted(errno) => {
                    self.pause = Some(self.time.now + PAUSE);
                    break;
                }
                Err(errno) => return Err(Failure::new("cannot accept", errno)),
            }
        }
        Ok(())
    }
}

//! Exercise 15a, Goodbye: whoever is silent for too long is closed.
//!
//! Try it: `cargo run --example 15a -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::unistd;
use shared::cli::{self, Failure};
use shared::collections::list::Lists; //-solution
use shared::collections::slab::{Key, Slab};
use shared::net::listener::Listener;

/// How long a client may be silent.
const LIMIT: Duration = Duration::from_millis(400);

//-server nonblocking

fn serve(listener: Listener) -> nix::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let clients = Slab::new();
    let silent = Lists::new(1); //-solution
    let mut server = Server { epoll, listener, clients, silent }; //-solution
    // let mut server = Server { epoll, listener, clients }; //-starter
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let timeout = server.timeout();
        let count = match server.epoll.wait(&mut events, timeout) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        for event in &events[..count] {
            match event.data() {
                LISTENER => server.accept()?,
                data => server.echo(Key::from_bits(data)),
            }
        }
        server.close_silent();
    }
}

struct Client {
    socket: OwnedFd,
    /// Since when it is silent.
    since: Instant,
}

struct Server {
    epoll: Epoll,
    listener: Listener,
    clients: Slab<Client>,
    /// Their numbers; who is silent for longest is first. //-solution
    silent: Lists, //-solution
}

impl Server {
    /// How long to wait for events.
    fn timeout(&self) -> EpollTimeout {
        //-solution
        let first = self.silent.front(0).and_then(|it| self.clients.at(it));
        let Some((_, client)) = first else { return EpollTimeout::NONE };
        let end = client.since + LIMIT;
        let left = end.saturating_duration_since(Instant::now());
        let millis = left.as_micros().div_ceil(1000);
        EpollTimeout::try_from(millis).unwrap_or(EpollTimeout::MAX)
        //-starter
        // // TODO: this wakes up a thousand times a second, for nothing.
        // EpollTimeout::from(1u8)
        //-end
    }

    /// Closes whoever has been silent for too long.
    fn close_silent(&mut self) {
        let now = Instant::now();
        //-solution
        while let Some(item) = self.silent.front(0)
            && let Some((key, client)) = self.clients.at(item)
            && client.since + LIMIT <= now
        {
            self.close(key);
        }
        //-starter
        // // TODO: this looks at all of them, each time.
        // let clients = self.clients.iter();
        // let due: Vec<Key> = clients
        //     .filter(|(_, client)| client.since + LIMIT <= now)
        //     .map(|(key, _)| key)
        //     .collect();
        // for key in due {
        //     self.close(key);
        // }
        //-end
    }

    fn accept(&mut self) -> nix::Result<()> {
        let (socket, _) = match self.listener.try_accept() {
            // Gone again: the listener is not ready any more.
            Err(Errno::EAGAIN | Errno::ECONNABORTED) => return Ok(()),
            result => result?,
        };
        let client = Client { socket, since: Instant::now() };
        let key = self.clients.insert(client);
        if let Some(client) = self.clients.get_mut(key) {
            let event = EpollEvent::new(EpollFlags::EPOLLIN, key.to_bits());
            self.epoll.add(&client.socket, event)?;
        }
        self.silent.push_back(0, key.index()); //-solution
        Ok(())
    }

    /// Sends back what a client has sent.
    fn echo(&mut self, key: Key) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let mut buffer = [0; 4096];
        let result = unistd::read(&client.socket, &mut buffer);
        let stays = match result {
            Ok(0) => false,
            // Whoever does not read is no client of ours.
            Ok(count) => {
                unistd::write(&client.socket, &buffer[..count]) == Ok(count)
            }
            Err(errno) => errno == Errno::EAGAIN || errno == Errno::EINTR,
        };
        if !stays {
            self.close(key);
        } else if result.is_ok() { //-solution
            client.since = Instant::now(); //-solution
            self.silent.push_back(0, key.index()); //-solution
        }
        // // TODO: when something has come, its time begins anew. //-starter
    }

    fn close(&mut self, key: Key) {
        self.silent.remove(key.index()); //-solution
        self.clients.remove(key);
    }
}

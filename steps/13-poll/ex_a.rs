//! Exercise 13a, A room: one thread, and what each says is for all others.
//!
//! Try it: `cargo run --example 13a -- 127.0.0.1:8080`, and `nc` three times

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;
use shared::cli::{self, Failure};
use shared::net::listener::{Listener, is_transient};
use shared::net::stream;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 13a [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    serve(listener).map_err(|errno| Failure::new("cannot serve", errno))
}

fn serve(listener: Listener) -> nix::Result<()> {
    fcntl(&listener, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let mut room = Room { members: Vec::new(), last: 0 };
    loop {
        let mut list = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        list.extend(room.members.iter().map(|member| {
            PollFd::new(member.socket.as_fd(), member.waits_for())
        }));
        match poll(&mut list, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let ready = list.iter().map(|it| it.any() != Some(false));
        let ready: Vec<bool> = ready.collect();
        for place in 0..room.members.len() {
            if ready[place + 1] {
                room.serve(place);
            }
        }
        room.remove();
        if ready[0] {
            match listener.try_accept() {
                Ok((socket, _)) => room.join(socket),
                Err(Errno::EAGAIN) => {}
                Err(errno) if is_transient(errno) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

struct Member {
    socket: OwnedFd,
    is_gone: bool,
}

impl Member {
    fn waits_for(&self) -> PollFlags {
        PollFlags::POLLIN
    }
}

struct Room {
    members: Vec<Member>,
    /// The number of the last who came.
    last: usize,
}

impl Room {
    fn join(&mut self, socket: OwnedFd) {
        // TODO: tell the others.
        self.last += 1;
        let text = format!("you are {}\n", self.last);
        let is_gone = stream::write_all(&socket, text.as_bytes()).is_err();
        self.members.push(Member { socket, is_gone });
    }

    /// The member in this place is ready.
    fn serve(&mut self, place: usize) {
        // TODO: whole lines, to all others, and without waiting for one.
        let (member, mut space) = (&mut self.members[place], [0; 4096]);
        let count = unistd::read(&member.socket, &mut space).unwrap_or(0);
        let result = stream::write_all(&member.socket, &space[..count]);
        member.is_gone = count == 0 || result.is_err();
    }

    /// Removes who has gone.
    fn remove(&mut self) {
        // TODO: tell the others.
        self.members.retain(|member| !member.is_gone);
    }
}

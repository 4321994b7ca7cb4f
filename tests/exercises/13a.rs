//! Exercise 13a, A room: one thread, and what each says is for all others.
//!
//! Try it: `cargo run --example 13a -- 127.0.0.1:8080`, and `nc` three times

use std::mem; //-solution
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;
use shared::cli::{self, Failure};
use shared::net::listener::{Listener, is_transient};
// use shared::net::stream; //-starter

//-solution
/// A member for whom more waits is removed.
const MOST_OUTPUT: usize = 64 * 1024;

/// And one whose line does not end.
const MOST_LINE: usize = 4096;

//-end
//-server polled

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
    //-solution
    number: usize,
    /// The beginning of a line.
    input: Vec<u8>,
    /// What has not been sent yet.
    output: Vec<u8>,
    //-end
    is_gone: bool,
}

impl Member {
    //-solution
    fn waits_for(&self) -> PollFlags {
        match self.output.is_empty() {
            true => PollFlags::POLLIN,
            false => PollFlags::POLLIN | PollFlags::POLLOUT,
        }
    }

    /// Sends what can be sent now.
    fn send(&mut self) {
        if self.output.is_empty() {
            return;
        }
        match unistd::write(&self.socket, &self.output) {
            Ok(count) => drop(self.output.drain(..count)),
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => self.is_gone = true,
        }
    }

    /// Reads what has come, once. Returns the lines that are whole.
    fn receive(&mut self) -> Vec<u8> {
        let mut space = [0; 4096];
        match unistd::read(&self.socket, &mut space) {
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Ok(0) | Err(_) => self.is_gone = true,
            Ok(count) => self.input.extend_from_slice(&space[..count]),
        }
        let end = self.input.iter().rposition(|byte| *byte == b'\n');
        let rest = self.input.split_off(end.map_or(0, |end| end + 1));
        self.is_gone |= rest.len() > MOST_LINE;
        mem::replace(&mut self.input, rest)
    }
    //-starter
    // fn waits_for(&self) -> PollFlags {
    //     PollFlags::POLLIN
    // }
    //-end
}

struct Room {
    members: Vec<Member>,
    /// The number of the last who came.
    last: usize,
}

impl Room {
    //-solution
    fn join(&mut self, socket: OwnedFd) {
        self.last += 1;
        let number = self.last;
        self.tell(number, format!("{number} joined\n").as_bytes());
        let output = format!("you are {number}\n").into_bytes();
        let (input, is_gone) = (Vec::new(), false);
        self.members.push(Member { number, socket, input, output, is_gone });
    }

    /// The member in this place is ready.
    fn serve(&mut self, place: usize) {
        let member = &mut self.members[place];
        member.send();
        let (number, lines) = (member.number, member.receive());
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let text = [format!("{number}: ").as_bytes(), line].concat();
            self.tell(number, &text);
        }
    }

    /// Has this sent to all but the member with that number.
    fn tell(&mut self, from: usize, text: &[u8]) {
        for member in &mut self.members {
            if member.number != from {
                member.output.extend_from_slice(text);
                member.is_gone |= member.output.len() > MOST_OUTPUT;
            }
        }
    }

    /// Removes who has gone, and tells the others: one who did not read may
    /// be gone by that.
    fn remove(&mut self) {
        while let Some(place) = self.members.iter().position(|it| it.is_gone) {
            let number = self.members.remove(place).number;
            self.tell(number, format!("{number} left\n").as_bytes());
        }
    }
    //-starter
    // fn join(&mut self, socket: OwnedFd) {
    //     // TODO: tell the others.
    //     self.last += 1;
    //     let text = format!("you are {}\n", self.last);
    //     let is_gone = stream::write_all(&socket, text.as_bytes()).is_err();
    //     self.members.push(Member { socket, is_gone });
    // }
    //
    // /// The member in this place is ready.
    // fn serve(&mut self, place: usize) {
    //     // TODO: whole lines, to all others, and without waiting for one.
    //     let (member, mut space) = (&mut self.members[place], [0; 4096]);
    //     let count = unistd::read(&member.socket, &mut space).unwrap_or(0);
    //     let result = stream::write_all(&member.socket, &space[..count]);
    //     member.is_gone = count == 0 || result.is_err();
    // }
    //
    // /// Removes who has gone.
    // fn remove(&mut self) {
    //     // TODO: tell the others.
    //     self.members.retain(|member| !member.is_gone);
    // }
    //-end
}

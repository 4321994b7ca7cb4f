//! Exercise 18b, Change of shift: a new process takes over from an old one.
//!
//! Try it: `cargo run --example 18b -- 127.0.0.1:8080`, in two terminals

use std::fs;
use std::io::{self, BufReader, prelude::*};
use std::io::{IoSlice, IoSliceMut}; //-solution
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::fd::{AsRawFd, FromRawFd, RawFd}; //-solution
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream; //-solution
use std::process::{self, ExitCode};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
//-solution
use nix::sys::socket::{self, ControlMessage, ControlMessageOwned, MsgFlags};
//-end
use shared::cli::{self, Failure};
use shared::events::signals::take_signals;

/// Where the next process connects: a name in the current directory.
const PATH: &str = "18b.socket";

fn main() -> ExitCode {
    cli::main(|| {
        let address = cli::server_address("usage: 18b [ADDRESS]")?;
        serve(address).map_err(|error| Failure::new("cannot serve", error))
    })
}

/// Serves until SIGTERM, and its clients until they leave.
fn serve(address: SocketAddr) -> io::Result<()> {
    let signals = take_signals()?;
    //-solution
    let listener = match UnixStream::connect(PATH) {
        Ok(old) => receive(&old)?,
        // Nobody waits there. If somebody has the port, bind says so.
        Err(_) => TcpListener::bind(address)?,
    };
    //-end
    // // TODO: if a process waits at PATH, it has the listener. //-starter
    // let listener = TcpListener::bind(address)?; //-starter
    // The name leads to the old one, or to nobody.
    let _ = fs::remove_file(PATH);
    let gate = UnixListener::bind(PATH)?;
    // Both processes may see a client, and one of them accepts it.
    listener.set_nonblocking(true)?;
    cli::print(format_args!("listening on {}", listener.local_addr()?));
    thread::scope(|scope| {
        loop {
            let list = [signals.as_fd(), listener.as_fd(), gate.as_fd()];
            let mut list = list.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            // Nothing interrupts it: the signals are blocked.
            poll(&mut list, PollTimeout::NONE)?;
            let ready = list.map(|it| it.any() == Some(true));
            if ready[0] {
                //-solution
                // Whoever is in the queue is in that of the new process.
                drop(listener);
                // The scope waits for the threads.
                return Ok(());
                //-end
                // process::exit(0); // TODO: it cuts off everybody. //-starter
            }
            if ready[2] {
                // One that has left does not need it. //-solution
                let _ = pass(&listener, &gate); //-solution
                // gate.accept()?; // TODO: send it the listener. //-starter
            }
            match listener.accept() {
                Ok((client, _)) => {
                    let work = move || respond(&client);
                    // Without a thread the client is closed.
                    let _ = thread::Builder::new().spawn_scoped(scope, work);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // There may be no descriptor for it now.
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    })
}
//-solution

/// Sends the listener to a process that connects.
fn pass(listener: &TcpListener, gate: &UnixListener) -> io::Result<()> {
    let (new, _) = gate.accept()?;
    let (byte, numbers) = ([IoSlice::new(b".")], [listener.as_raw_fd()]);
    let rights = [ControlMessage::ScmRights(&numbers)];
    let (to, flags) = (new.as_raw_fd(), MsgFlags::empty());
    socket::sendmsg::<()>(to, &byte, &rights, flags, None)?;
    Ok(())
}

/// The listener that the process at the other end sends.
fn receive(old: &UnixStream) -> io::Result<TcpListener> {
    let (mut byte, mut space) = ([0], nix::cmsg_space!(RawFd));
    let (from, flags) = (old.as_raw_fd(), MsgFlags::MSG_CMSG_CLOEXEC);
    let byte = &mut [IoSliceMut::new(&mut byte)];
    let message = socket::recvmsg::<()>(from, byte, Some(&mut space), flags)?;
    match message.cmsgs()?.next() {
        Some(ControlMessageOwned::ScmRights(numbers)) => {
            // SAFETY: the kernel has just made this descriptor for us.
            Ok(unsafe { TcpListener::from_raw_fd(numbers[0]) })
        }
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
//-end

/// Sends each line back, behind the number of this process.
fn respond(client: &TcpStream) -> io::Result<()> {
    let mut input = BufReader::new(client);
    loop {
        let mut response = format!("{}: ", process::id()).into_bytes();
        if input.by_ref().take(1024).read_until(b'\n', &mut response)? == 0 {
            return Ok(());
        }
        (&mut &*client).write_all(&response)?;
    }
}

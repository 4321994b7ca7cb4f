//! Exercise 18b, Change of shift: a new process takes over from an old one.
//!
//! Try it: `cargo run --example 18b -- 127.0.0.1:8080`, in two terminals

use std::fs;
use std::io::{self, BufReader, prelude::*};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::process::{self, ExitCode};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
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
    // TODO: if a process waits at PATH, it has the listener.
    let listener = TcpListener::bind(address)?;
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
                process::exit(0); // TODO: it cuts off everybody.
            }
            if ready[2] {
                gate.accept()?; // TODO: send it the listener.
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

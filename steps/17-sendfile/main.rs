//! Step 17: without copies.
//!
//! What is sent often is ready to be sent, and what is large goes from the
//! kernel's memory into the socket. New system call: sendfile.

use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::events::signals::take_signals;
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::web::file_site::Files;
use shared::web::server::{Ending, Server};

mod cache;
mod document;
mod documents;
mod transmit;
mod variant;

use documents::Documents;
use transmit::transmit;

const HELP: &str = "\
Step 17: serves the files beneath a directory, without copying the large ones
and without looking for the small ones each time. And GET /api/,
POST /api/echo.

Usage: step17 [ADDRESS] [--root DIR] [--cache-mib N]

  ADDRESS        IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                 127.0.0.1:8080); port 0 takes a free one
  --root DIR     the directory (default: the small site of step 08)
  --cache-mib N  how much memory to keep files in, from 0 to 4096 MiB
                 (default: 64)
  -h, --help

A file that lies beside another, as page.html.gz beside page.html, is sent in
its place to those who accept it: .zst, .br and .gz. Ctrl-C lets it finish the
responses that it owes; a second one does not.
";

/// Of memory, for files.
const CACHE_MIB: usize = 64;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let flags = ["root", "cache-mib"];
    let (address, [root, mib]) = cli::server_arguments(HELP, flags)?;
    let mib = cli::number("cache-mib", mib, 4096, CACHE_MIB)?;
    let files = Files::open(root)?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    let signals = take_signals()
        .map_err(|errno| Failure::new("cannot take signals", errno))?;
    let limit = raise_descriptors()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    let site = Documents::new(files, mib << 20, limit);
    let address = listener.address();
    let mut server = Server::new(listener, Ending::Signals(signals), site)
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    cli::announce("http", address, ["curl -i {url}/", "firefox {url}/"]);
    cli::log(format_args!("step17: at most {limit} descriptors"));
    server.sends_by(transmit);
    server.run()
}

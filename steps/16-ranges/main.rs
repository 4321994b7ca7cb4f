//! Step 16: a part of a file.
//!
//! Who has a file already is not sent it again, and who has half of it is
//! sent the rest: conditions and ranges. No new system call.

use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::events::signals::take_signals;
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::web::file_site::Files;
use shared::web::server::{Ending, Server};

mod documents;

use documents::Documents;

const HELP: &str = "\
Step 16: serves the files beneath a directory, whole or in part. And
GET /api/, POST /api/echo.

Usage: step16 [ADDRESS] [--root DIR]

  ADDRESS     IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
              127.0.0.1:8080); port 0 takes a free one
  --root DIR  the directory (default: the small site of step 08)
  -h, --help

Ctrl-C lets it finish the responses that it owes; a second one does not.
";

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root]) = cli::server_arguments(HELP, ["root"])?;
    let site = Documents(Files::open(root)?);
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    let signals = take_signals()
        .map_err(|errno| Failure::new("cannot take signals", errno))?;
    let limit = raise_descriptors()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    let address = listener.address();
    let mut server = Server::new(listener, Ending::Signals(signals), site)
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    cli::announce("http", address, ["curl -i {url}/", "firefox {url}/"]);
    cli::log(format_args!("step16: at most {limit} descriptors"));
    server.run()
}

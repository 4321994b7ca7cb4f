//! Step 08: files.
//!
//! What a request names is opened beneath a root that no name leads out of,
//! and sent piece by piece. The length is promised before the first byte,
//! and the file may be another by the last.

use std::path::PathBuf;
use std::process::ExitCode;

use nix::errno::Errno;
use shared::cli::{self, Failure};
use shared::files::root::Root;
use shared::http::persistence::Persistence;
use shared::net::listener::Listener;
use shared::web::visit::{End, Visit};

mod site;

use site::Request;

const HELP: &str = "\
Step 08: serves the files beneath a folder, one visitor after the other.
And GET /api/, POST /api/echo.

Usage: step08 [ADDRESS] [--root DIR]

  ADDRESS     IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
              127.0.0.1:8080); port 0 takes a free one
  --root DIR  the folder (default: a small site that comes with the step)
  -h, --help
";

/// The site that comes with the step, wherever it is started.
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/steps/08-files/site");

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root]) = cli::server_settings(HELP, ["root"])?;
    cli::end_on_interrupt()?;

    let root = open_root(root.map_or_else(|| SITE.into(), PathBuf::from))?;

    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/notes.txt", "firefox {url}/"],
    );

    loop {
        let (connection, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let mut visit = Visit::new(&connection);
        // What goes wrong with one visitor is no reason to end.
        let end = visit.serve(|visit| converse(visit, &root));
        cli::note(format_args!("{peer}: {} answered, {end}", visit.requests));
    }
}

/// Opens the folder whose files we give away.
fn open_root(path: PathBuf) -> Result<Root, Failure> {
    let what = format!("cannot open the root {}", path.display());
    Root::open(&path).map_err(|errno| match errno {
        Errno::ENOSYS => Failure::new(
            format_args!("{what}: openat2(2) came with Linux 5.6"),
            errno,
        ),
        errno => Failure::new(what, errno),
    })
}

/// Answers requests until one says that it is the last.
fn converse(visit: &mut Visit, root: &Root) -> Result<End, End> {
    loop {
        let request = visit.read_head(|head| Request::new(head, root))?;
        visit.read_body(request.framing, request.expects_continue)?;
        request.answer(visit)?;
        if request.persistence == Persistence::Closes {
            return Ok(End::Closed);
        }
        visit.flush_enough()?;
    }
}

//! Step 07: where a request ends.
//!
//! Requests with bodies, by length and in chunks. New are the rules that
//! make two servers find the same end; `connection/exchange.rs` follows
//! them.

use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{self, Shutdown, sockopt};
use shared::cli::{self, Failure};
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::net::deadline::Deadline;
use shared::net::listener::Listener;

mod connection;
mod site;

use connection::{Connection, End, Want};
use site::{Limits, Request, Responder, Site, Takes, Time};

const HELP: &str = "\
Step 07: takes requests with bodies, one client after the other.
GET /, GET /api/, POST /api/echo.

Usage: step07 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

/// Short, because the next client waits.
static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(2),
    header: Duration::from_secs(5),
    body: Duration::from_secs(10),
    send: Duration::from_secs(5),
    lingering: Duration::from_secs(1),
};

/// Larger bodies are refused: they are kept in memory.
const MAX_BODY: u64 = 1024 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address(HELP)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i -d hello {url}/api/echo", "firefox {url}/"],
    );

    loop {
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let mut connection = Connection::new(&LIMITS, Instant::now());
        serve(&socket, &mut connection);
        let (requests, end) = (connection.requests(), connection.end());
        cli::log(format_args!("{peer}: {requests} requests, {end}"));
    }
}

/// Looks at the clock.
fn look() -> Time {
    Time { now: Instant::now() }
}

/// The waiting shell: does what the connection wants, until it is closed.
fn serve(socket: &OwnedFd, connection: &mut Connection<Pages>) {
    // Ask the kernel not to hold back a small segment until the one before
    // has been acknowledged (Nagle): what we write is complete.
    let mut result = socket::setsockopt(socket, sockopt::TcpNoDelay, &true);
    loop {
        match result {
            Ok(()) => {}
            Err(Errno::ETIMEDOUT) => connection.timed_out(&look()),
            // What goes wrong with one client is no reason to end.
            Err(errno) => connection.close(End::Failed(errno)),
        }
        result = match connection.advance(&look(), &Pages) {
            Want::Read => receive(socket, connection),
            Want::Write => send(socket, connection),
            // Our direction only: the client can still send.
            Want::Shutdown => {
                socket::shutdown(socket.as_raw_fd(), Shutdown::Write)
            }
            Want::Close => return,
        };
    }
}

fn receive(
    socket: &OwnedFd,
    connection: &mut Connection<Pages>,
) -> nix::Result<()> {
    let deadline = Deadline::at(connection.deadline());
    let count = deadline.read(socket, connection.space())?;
    connection.received(count, &look());
    Ok(())
}

fn send(
    socket: &OwnedFd,
    connection: &mut Connection<Pages>,
) -> nix::Result<()> {
    let deadline = Deadline::at(connection.deadline());
    let count = deadline.write(socket, connection.output())?;
    connection.sent(count, &look());
    Ok(())
}

/// What this server has: a page, and an interface for programs.
struct Pages;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Resource {
    Page,
    Api,
    Echo,
    /// The server itself: the asterisk-form.
    Server,
    Missing,
}

impl Site for Pages {
    type Resource = Resource;

    fn locate(&self, head: &Head, _: &Time) -> Resource {
        match head.target.path {
            "/" => Resource::Page,
            "/api/" => Resource::Api,
            "/api/echo" => Resource::Echo,
            "*" => Resource::Server,
            _ => Resource::Missing,
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match (resource, method) {
            (Resource::Echo, Method::Post) => Takes::Memory(MAX_BODY),
            _ => Takes::No,
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) {
        let Request { method, resource, number, .. } = request;
        let json;
        let (status, media_type, body): (_, _, &[u8]) = match (resource, method)
        {
            (Resource::Missing, _) => (Status::NotFound, TEXT, NOT_FOUND),
            (Resource::Page, Method::Get | Method::Head) => {
                (Status::Ok, HTML, PAGE)
            }
            (Resource::Api, Method::Get | Method::Head) => {
                json = format!("{{\"request\": {number}}}\n");
                (Status::Ok, JSON, json.as_bytes())
            }
            (Resource::Echo, Method::Post) => (Status::Ok, TEXT, content),
            (_, Method::Options) => (Status::Ok, TEXT, &b""[..]),
            _ => (Status::MethodNotAllowed, TEXT, NOT_ALLOWED),
        };
        let mut response = out
            .start(status)
            .field("Content-Type", media_type)
            // An echo is text, even if it looks like a page to a browser.
            .field("X-Content-Type-Options", "nosniff");
        if method == Method::Options || status == Status::MethodNotAllowed {
            response = response.field("Allow", resource.allow());
        }
        response.body(body);
    }
}

impl Resource {
    /// RFC 9110 section 10.2.1: the methods that may be used here.
    fn allow(self) -> &'static str {
        match self {
            Resource::Page | Resource::Api => "GET, HEAD, OPTIONS",
            Resource::Echo => "POST, OPTIONS",
            Resource::Server => "GET, HEAD, POST, OPTIONS",
            Resource::Missing => "",
        }
    }
}

const PAGE: &[u8] = include_bytes!("page.html");
const NOT_FOUND: &[u8] = b"Not Found\n";
const NOT_ALLOWED: &[u8] = b"Method Not Allowed\n";

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

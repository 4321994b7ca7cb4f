//! A site that asks another server where it responds, in the loop: `/other`.

use std::error::Error;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;

use shared::events::latch::Latch;
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::net::listener::Listener;
use shared::web::server::{Ending, Server};
use shared::web::site::{Body, Request, Responder, Site, Takes, Time};

/// Where the other server is.
struct Asks(SocketAddr);

impl Site for Asks {
    /// Whether the other one is to be asked.
    type Resource = bool;

    fn locate(&self, head: &Head, _: &Time) -> bool {
        head.target.path == "/other"
    }

    fn takes(&self, _: Method, _: &bool) -> Takes {
        Takes::No
    }

    fn respond(
        &self,
        request: Request<bool>,
        _: &[u8],
        out: Responder,
    ) -> Body {
        let asked = request.resource.then(|| TcpStream::connect(self.0));
        let is_there = asked.is_none_or(|it| it.is_ok());
        let status = if is_there { Status::Ok } else { Status::BadGateway };
        out.start(status).body(b"done\n");
        Body::Written
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("which ADDRESS?")?;
    // The other server accepts nobody, and its queue is full: handshakes with
    // it do not end.
    let other = TcpListener::bind("127.0.0.1:0")?;
    // SAFETY: listen(2) takes no pointer.
    unsafe { libc::listen(other.as_raw_fd(), 0) };
    let _waits = TcpStream::connect(other.local_addr()?)?;
    let ending = Ending::Latch(Arc::new(Latch::new()?));
    let listener = Listener::open_nonblocking(address.parse()?)?;
    println!("listening on http://{}", listener.address());
    let site = Asks(other.local_addr()?);
    let failed = |failure| format!("{failure:?}");
    Server::new(listener, ending, site)?.run().map_err(failed)?;
    Ok(())
}

//! A site that computes where it responds, in the loop: `/slow` takes a second.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::events::latch::Latch;
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::net::listener::Listener;
use shared::web::server::{Ending, Server};
use shared::web::site::{Body, Request, Responder, Site, Takes, Time};

struct Slow;

impl Site for Slow {
    /// Whether it takes long.
    type Resource = bool;

    fn locate(&self, head: &Head, _: &Time) -> bool {
        head.target.path == "/slow"
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
        if request.resource {
            compute();
        }
        out.start(Status::Ok).body(b"done\n");
        Body::Written
    }
}

/// What takes a second of a processor.
fn compute() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("which ADDRESS?")?;
    let ending = Ending::Latch(Arc::new(Latch::new()?));
    let listener = Listener::open_nonblocking(address.parse()?)?;
    println!("listening on http://{}", listener.address());
    let failed = |failure| format!("{failure:?}");
    Server::new(listener, ending, Slow)?.run().map_err(failed)?;
    Ok(())
}

//! What a connection asks of a site.
//!
//! A site knows nothing of sockets: it finds a resource, and writes the
//! response to a request that is complete.

use std::time::{Duration, Instant};

use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::response::Response;
use shared::http::status::Status;

/// One look at the clock, for everything that happens at once.
pub struct Time {
    /// For deadlines.
    pub now: Instant,
}

/// How long a connection may wait for what. Progress does not renew a limit.
#[derive(Debug)]
pub struct Limits {
    /// Between two requests, and before the first.
    pub keepalive: Duration,
    /// A whole head.
    pub header: Duration,
    /// A whole body.
    pub body: Duration,
    /// The sending of all responses that are ready.
    pub send: Duration,
    /// Reading on after a refusal, so that it arrives.
    pub lingering: Duration,
}

/// The resources of a server. RFC 9110 section 3.1.
pub trait Site {
    /// What a target leads to. It is small and owned: the head that named it
    /// is gone before its body arrives.
    type Resource;

    /// Finds what the target of `head` leads to, be it an error.
    fn locate(&self, head: &Head, time: &Time) -> Self::Resource;

    /// What a request with `method` may bring as its body.
    fn takes(&self, method: Method, resource: &Self::Resource) -> Takes;

    /// Responds to a request, whose body was `content`: empty unless the
    /// site [`Takes`] it.
    fn respond(
        &self,
        request: Request<Self::Resource>,
        content: &[u8],
        out: Responder,
    );
}

/// What becomes of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// It is read and dropped.
    No,
    /// It is kept in memory; more than this many bytes are refused.
    Memory(u64),
}

/// A request that is complete.
#[derive(Debug)]
pub struct Request<R> {
    /// What to do.
    pub method: Method,
    /// With what.
    pub resource: R,
    /// Its number on the connection, from 1.
    pub number: u64,
    /// What happens to the connection afterwards.
    pub persistence: Persistence,
}

/// Starts the response to one request, behind those that wait to be sent.
#[derive(Debug)]
pub struct Responder<'o> {
    /// Receives the head and a small body.
    pub out: &'o mut Vec<u8>,
    /// Of the request.
    pub method: Method,
    /// What happens to the connection afterwards.
    pub persistence: Persistence,
}

impl<'o> Responder<'o> {
    /// Writes what every response starts with.
    pub fn start(self, status: Status) -> Response<'o> {
        Response::new(self.out, status, self.method)
            .persistence(self.persistence)
    }
}

//! Enters in step 20: something that takes as long as the client likes:
//! `/api/hash?rounds=N`.

use std::hash::{DefaultHasher, Hasher};

use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::status::Status;
use crate::web::documents::{self, Documents};
use crate::web::file_site::typed;
use crate::web::site::Done;
use crate::web::site::{Body, Request, Responder, Site, Takes, Ticket, Time};

const TEXT: &str = "text/plain; charset=utf-8";

/// About a tenth of a second.
const MAX_ROUNDS: u64 = 10_000_000;

/// After so many it looks whether anybody waits for it: about 10 µs.
const PIECE: u64 = 1000;

/// A site that has a target of its own besides those of [`Documents`].
pub struct Hashing(pub Documents);

/// What a target leads to.
pub enum Resource {
    /// So many rounds; `None` if the query says nothing that we understand.
    Hash(Option<u64>),
    /// Something else.
    Other(documents::Resource),
}

/// Enters in step 20.
impl Resource {
    /// The methods that may be used here.
    pub fn allow(&self) -> &'static str {
        match self {
            Resource::Hash(_) => "GET, HEAD, OPTIONS",
            Resource::Other(other) => other.allow(),
        }
    }
}

impl Site for Hashing {
    type Resource = Resource;

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        match head.target.path {
            "/api/hash" if self.0.has_api() => {
                Resource::Hash(rounds(head.target.query))
            }
            _ => Resource::Other(self.0.locate(head, time)),
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match resource {
            Resource::Hash(_) => Takes::No,
            Resource::Other(other) => self.0.takes(method, other),
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, number, persistence } = request;
        match (resource, method) {
            (Resource::Other(resource), _) => {
                let request = Request { method, resource, number, persistence };
                self.0.respond(request, content, out)
            }
            (Resource::Hash(Some(rounds)), Method::Get | Method::Head) => {
                Body::Later(Box::new(move |ticket| {
                    let hash = hash(rounds, ticket);
                    Done::Response(Box::new(move |out| say(out, rounds, hash)))
                }))
            }
            (Resource::Hash(None), Method::Get | Method::Head) => {
                let text = "rounds: a number up to 10000000\n";
                typed(out.start(Status::BadRequest), TEXT)
                    .body(text.as_bytes());
                Body::Written
            }
            (Resource::Hash(_), method) => {
                let status = match method {
                    Method::Options => Status::Ok,
                    _ => Status::MethodNotAllowed,
                };
                typed(out.start(status), TEXT)
                    .field("Allow", "GET, HEAD, OPTIONS")
                    .body(format!("{}\n", status.reason()).as_bytes());
                Body::Written
            }
        }
    }
}

/// The number in `rounds=1000`.
fn rounds(query: Option<&str>) -> Option<u64> {
    query?.strip_prefix("rounds=")?.parse().ok().filter(|it| *it <= MAX_ROUNDS)
}

/// A hash of a hash of a hash… If nobody waits for it any more, it may be
/// anything.
fn hash(rounds: u64, ticket: &Ticket) -> u64 {
    let mut value = 0;
    for round in 0..rounds {
        if round % PIECE == 0 && !ticket.is_good() {
            break;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(value);
        value = hasher.finish();
    }
    value
}

fn say(out: Responder, rounds: u64, hash: u64) {
    let text = format!("{{\"rounds\": {rounds}, \"hash\": \"{hash:016x}\"}}\n");
    out.start(Status::Ok)
        .field("Content-Type", "application/json")
        .body(text.as_bytes());
}

//! Enters in step 21: who may change something.
//!
//! A page of another site can make its reader's browser send requests to this
//! server, even to one that listens only for the reader himself. The browser
//! says where such a request comes from, and which name led to us. And a
//! server that others reach can ask for a token, which only some know.

use std::hint::black_box;
use std::net::SocketAddr;

use crate::http::fields;
use crate::http::head::Head;
use crate::http::status::Status;

/// The names of this machine for itself.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Under which names this server may be asked to change something, and by
/// whom.
#[derive(Debug)]
pub struct Trust {
    hosts: Vec<String>,
    token: Option<Vec<u8>>,
}

impl Trust {
    /// Under the names of this machine for itself, under the addresses at
    /// which it listens, and under these hosts, of which `*.example.org` is
    /// each one below that. If there is a token, those may who have it.
    pub fn new(
        addresses: &[SocketAddr],
        hosts: &[String],
        token: Option<Vec<u8>>,
    ) -> Self {
        let addresses = addresses.iter().map(|address| match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        });
        let local = LOCAL.map(str::to_string).into_iter();
        let hosts = local.chain(addresses).chain(hosts.iter().cloned());
        Trust { hosts: hosts.collect(), token }
    }

    /// Whether the request comes from a page of ours, or from no page, and
    /// names this server by one of its names: a name of somebody else may
    /// lead here as well.
    ///
    /// # Errors
    /// The status for those who may not: 403, or 401 without the token.
    pub fn allows(&self, head: &Head) -> Result<(), Status> {
        let host = head.target.host;
        let name = host_name(host).to_ascii_lowercase();
        let is_same = |origin: &[u8]| {
            let text = origin.strip_prefix(b"http://");
            let text = text.or_else(|| origin.strip_prefix(b"https://"));
            text.is_some_and(|it| it.eq_ignore_ascii_case(host))
        };
        let is_ours = self.hosts.iter().any(|it| is_host(&name, it));
        if !is_ours || !fields::lines(head.fields, "Origin").all(is_same) {
            return Err(Status::Forbidden);
        }
        let Some(token) = &self.token else { return Ok(()) };
        let given = fields::only(head.fields, "Authorization");
        match given.and_then(bearer).is_some_and(|it| is_equal(it, token)) {
            true => Ok(()),
            false => Err(Status::Unauthorized),
        }
    }
}

/// A host as names are compared: without its port, and without the dot that a
/// name may end with.
pub fn host_name(host: &[u8]) -> &[u8] {
    let end = match host {
        [b'[', ..] => {
            host.iter().position(|&byte| byte == b']').map(|it| it + 1)
        }
        _ => host.iter().position(|&byte| byte == b':'),
    };
    let name = &host[..end.unwrap_or(host.len())];
    name.strip_suffix(b".").unwrap_or(name)
}

/// Whether a name is this host, or below it.
fn is_host(name: &[u8], host: &str) -> bool {
    match host.strip_prefix('*') {
        Some(end) => name.len() > end.len() && name.ends_with(end.as_bytes()),
        None => name == host.as_bytes(),
    }
}

/// The token in `Bearer TOKEN`: RFC 6750 section 2.1.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// Whether two texts are the same. It takes as long whichever of their bytes
/// differ: else the time would tell how much of a guess was right.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let differ = |all, (a, b)| black_box(all | (a ^ b));
    one.len() == other.len() && one.iter().zip(other).fold(0, differ) == 0
}

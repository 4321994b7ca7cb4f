//! Who may change something.
//!
//! A page of another site can make its reader's browser send requests to this
//! server, even to one that listens only for the reader himself. The browser
//! says where such a request comes from, and which name led to us.

use std::net::SocketAddr;

use shared::http::fields;
use shared::http::head::Head;

/// The names of this machine for itself.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Under which names this server may be asked to change something.
#[derive(Debug)]
pub struct Trust {
    hosts: Vec<String>,
}

impl Trust {
    /// Under those of this machine for itself, under the address at which it
    /// listens, and under this one.
    pub fn new(address: SocketAddr, host: Option<String>) -> Self {
        let address = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        let local = LOCAL.map(str::to_string);
        let hosts = local.into_iter().chain([address]).chain(host);
        Trust { hosts: hosts.collect() }
    }

    /// Whether the request comes from a page of ours, or from no page, and
    /// names this server by one of its names: a name of somebody else may
    /// lead here as well.
    pub fn has(&self, head: &Head) -> bool {
        let host = head.target.host;
        let name = host_name(host);
        let is_ours = |it: &String| it.as_bytes().eq_ignore_ascii_case(name);
        let is_same = |origin: &[u8]| {
            let text = origin.strip_prefix(b"http://");
            let text = text.or_else(|| origin.strip_prefix(b"https://"));
            text.is_some_and(|it| it.eq_ignore_ascii_case(host))
        };
        self.hosts.iter().any(is_ours)
            && fields::lines(head.fields, "Origin").all(is_same)
    }
}

/// A host without its port.
fn host_name(host: &[u8]) -> &[u8] {
    let end = match host {
        [b'[', ..] => {
            host.iter().position(|&byte| byte == b']').map(|it| it + 1)
        }
        _ => host.iter().position(|&byte| byte == b':'),
    };
    &host[..end.unwrap_or(host.len())]
}

//! Enters in step 06: whether the connection persists after a response.
//!
//! RFC 9112 section 9.3.

use super::fields;
use super::version::Version;

/// What happens to the connection after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// It persists, which is the default of HTTP/1.1.
    Persist,
    /// It persists, and the response says so: an HTTP/1.0 client does not
    /// assume it.
    KeepAlive,
    /// It closes.
    Close,
}

impl Persistence {
    /// The value of the response's Connection field, if it needs one.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Persistence::Persist => None,
            Persistence::KeepAlive => Some("keep-alive"),
            Persistence::Close => Some("close"),
        }
    }
}

/// The options in a head's Connection fields, collected one by one.
#[derive(Debug, Default, Clone, Copy)]
pub struct ConnectionOptions {
    close: bool,
    keep_alive: bool,
}

impl ConnectionOptions {
    /// Adds a Connection field: a list of options, compared
    /// case-insensitively. Unknown ones are ignored.
    pub fn add(&mut self, value: &[u8]) {
        for option in fields::list(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// The verdict after the last field. `close` wins over `keep-alive`.
    pub fn persistence(self, version: Version) -> Persistence {
        match version {
            _ if self.close => Persistence::Close,
            Version::Http11 => Persistence::Persist,
            Version::Http10 if self.keep_alive => Persistence::KeepAlive,
            Version::Http10 => Persistence::Close,
        }
    }
}

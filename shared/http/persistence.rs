//! Enters in step 06: whether the connection stays open after an answer.
//!
//! RFC 9112 section 9.3.

use super::fields;
use super::head::Version;

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// It stays, as goes without saying in HTTP/1.1.
    Stays,
    /// It stays, which an HTTP/1.0 client believes only if it is told.
    StaysIfTold,
    /// It closes.
    Closes,
}

impl Persistence {
    /// The Connection field of the answer, if it needs one.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Persistence::Stays => None,
            Persistence::StaysIfTold => Some("keep-alive"),
            Persistence::Closes => Some("close"),
        }
    }
}

/// The options in the Connection fields of a head, gathered one by one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Options {
    close: bool,
    keep_alive: bool,
}

impl Options {
    /// A Connection field: a list of options, in which case does not matter
    /// and unknown ones are not our business.
    pub fn add(&mut self, value: &[u8]) {
        for option in fields::list(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// The verdict when all fields have been seen. Who asks for both gets
    /// the close.
    pub fn decide(self, version: Version) -> Persistence {
        match version {
            _ if self.close => Persistence::Closes,
            Version::Http11 => Persistence::Stays,
            Version::Http10 if self.keep_alive => Persistence::StaysIfTold,
            Version::Http10 => Persistence::Closes,
        }
    }
}

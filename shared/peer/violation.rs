//! Enters in step 23: what a peer must not do, and what is said at the end.

use std::fmt::{self, Display};

use crate::block::Flaw;
use crate::kind::Kind;

/// What breaks the protocol: the link ends at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A frame does not begin with the magic number.
    Magic,
    /// A frame is of a version that was not agreed on.
    Version(u8),
    /// Our version has no frame of this type.
    Unknown(u8),
    /// The payload is longer than this type may have.
    TooBig(Kind, u32),
    /// The payload is longer than any may be.
    Huge(u32),
    /// The payload does not have the fields that it should have.
    Malformed(Kind),
    /// The block is none, or not what its author has signed. Enters in step
    /// 25.
    Flawed(Flaw),
    /// The frame is one of this type, at a time when it must not come.
    Unexpected(Kind),
    /// A message was changed on its way, or is not one frame. Enters in step
    /// 27.
    Unsealed,
    /// HELLO names another node than the one at the other end, or an author
    /// who has not signed that. Enters in step 27.
    Impostor,
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Magic => write!(f, "no frame begins like this"),
            Violation::Version(it) => write!(f, "version {it} of a frame"),
            Violation::Unknown(it) => write!(f, "a frame of type {it:02x}"),
            Violation::TooBig(kind, it) => {
                write!(f, "{kind} of {it} bytes, up to {}", kind.max_length())
            }
            Violation::Huge(it) => write!(f, "a frame of {it} bytes"),
            Violation::Malformed(kind) => write!(f, "a malformed {kind}"),
            // Enters in step 25.
            Violation::Flawed(flaw) => flaw.fmt(f),
            Violation::Unexpected(kind) => write!(f, "{kind} at this time"),
            // Enters in step 27.
            Violation::Unsealed => f.write_str("what its key has not sealed"),
            // Enters in step 27.
            Violation::Impostor => f.write_str("a HELLO of somebody else"),
        }
    }
}

/// Why a link ends: what BYE tells the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The node ends.
    Shutdown = 1,
    /// Both ends are the same process.
    Itself = 2,
    /// There is another link between the two.
    Duplicate = 3,
    /// There are too many links.
    Full = 4,
    /// The nodes have no version in common.
    Version = 5,
    /// The nodes are of different networks.
    Network = 6,
    /// The other end broke the protocol.
    Violation = 7,
    /// A frame was larger than it may be.
    TooBig = 8,
    /// The other end took too long.
    TimedOut = 9,
    /// The other end is not wanted here, and is not told why. Enters in step
    /// 27.
    Refused = 10,
}

/// All of them.
const REASONS: [Reason; 10] = [
    Reason::Shutdown,
    Reason::Itself,
    Reason::Duplicate,
    Reason::Full,
    Reason::Version,
    Reason::Network,
    Reason::Violation,
    Reason::TooBig,
    Reason::TimedOut,
    // Enters in step 27.
    Reason::Refused,
];

impl Reason {
    /// The reason with this number. A later version may have more of them.
    pub fn from_byte(byte: u8) -> Option<Self> {
        REASONS.into_iter().find(|it| *it as u8 == byte)
    }

    /// What BYE says in words: ASCII, up to 64 bytes.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Shutdown => "the node ends",
            Reason::Itself => "both ends are one process",
            Reason::Duplicate => "there is another link",
            Reason::Full => "too many links",
            Reason::Version => "no version in common",
            Reason::Network => "another network",
            Reason::Violation => "that breaks the protocol",
            Reason::TooBig => "that frame is too big",
            Reason::TimedOut => "that took too long",
            // Enters in step 27.
            Reason::Refused => "not with you",
        }
    }
}

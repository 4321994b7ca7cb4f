//! Enters in step 23: what a frame can be.

use std::fmt::{self, Display};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Who one is: each end's first frame.
    Hello = 0x01,
    /// The other may stay: each end's second frame.
    Ready = 0x02,
    /// Is there still somebody?
    Ping = 0x03,
    /// There is.
    Pong = 0x04,
    /// The last frame.
    Bye = 0x05,
    /// Where are others? Enters in step 24.
    GetPeers = 0x10,
    /// There. Enters in step 24.
    Peers = 0x11,
    /// A block. Enters in step 25.
    Block = 0x20,
    /// What has been said, by its last blocks. Enters in step 26.
    Inv = 0x21,
    /// Which blocks somebody wants. Enters in step 25.
    Get = 0x22,
    /// All that somebody has. Enters in step 26.
    Have = 0x23,
    /// The same, in 32 bytes. Enters in step 26.
    Digest = 0x24,
    /// An author has signed two blocks of one number. Enters in step 26.
    Fork = 0x25,
    /// There is no such block here. Enters in step 25.
    NotFound = 0x26,
    /// Announcements will do from now on. Enters in step 26.
    Prune = 0x27,
    /// A line that somebody has typed.
    Line = 0x30,
}

/// All of them, with their names and the longest payload each may have.
const KINDS: &[(Kind, &str, usize)] = &[
    (Kind::Hello, "HELLO", 256),
    (Kind::Ready, "READY", 0),
    (Kind::Ping, "PING", 8),
    (Kind::Pong, "PONG", 8),
    (Kind::Bye, "BYE", 67),
    // Enters in step 24.
    (Kind::GetPeers, "GETPEERS", 0),
    // Enters in step 24.
    (Kind::Peers, "PEERS", 1793),
    // Enters in step 25.
    (Kind::Block, "BLOCK", 32_968),
    // Enters in step 26.
    (Kind::Inv, "INV", 18_434),
    // Enters in step 25.
    (Kind::Get, "GET", 42),
    // Enters in step 26.
    (Kind::Have, "HAVE", 20_483),
    // Enters in step 26.
    (Kind::Digest, "DIGEST", 36),
    // Enters in step 26.
    (Kind::Fork, "FORK", 400),
    // Enters in step 25.
    (Kind::NotFound, "NOTFOUND", 40),
    // Enters in step 26.
    (Kind::Prune, "PRUNE", 0),
    (Kind::Line, "LINE", 1024),
];

impl Kind {
    /// What this byte of a header stands for, in our version.
    pub fn from_byte(byte: u8) -> Option<Self> {
        KINDS.iter().map(|row| row.0).find(|it| *it as u8 == byte)
    }

    fn row(self) -> (Kind, &'static str, usize) {
        KINDS[KINDS.iter().position(|row| row.0 == self).unwrap_or_default()]
    }

    /// The longest payload.
    pub fn max_length(self) -> usize {
        self.row().2
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}

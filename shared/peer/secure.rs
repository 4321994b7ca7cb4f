//! Enters in step 27: what makes a link secret: two nodes agree on keys that
//! nobody else has, and each finds out who the other one is. The Noise
//! protocol framework, revision 34, pattern XXpsk3.
//!
//! A core without I/O, as a link is. Its messages, each behind its length:
//!
//! ```text
//! -> preamble      <- preamble     in clear: what will be spoken
//! -> e                             a key for this connection alone
//! <- e, ee, s, es                  another, and who we are
//! -> s, se, psk                    who they are; and a secret, if there is one
//! ```

use std::fmt::{self, Display};
use std::mem;
use std::rc::Rc;
use std::time::Instant;

use snow::{Builder, HandshakeState};

use crate::cipher::Cipher;
use crate::frame::{MAGIC, VERSION};
use crate::hello::PeerId;
use crate::kind::Kind;
use crate::wire::Field;

/// What is agreed on, by its name in Noise.
const PATTERN: &str = "Noise_XXpsk3_25519_ChaChaPoly_SHA256";

/// What both ends say first. No frame has the type 0: whoever speaks without
/// keys, as steps 23 to 26 do, understands that this is not for them.
pub const PREAMBLE: [u8; 8] = [MAGIC[0], MAGIC[1], VERSION, 0, 0, 0, 0, 0];

/// The preamble.
pub const FIELDS: [Field; 4] = [
    Field::new("magic", 0, 2, "d5 53, as a frame's"),
    Field::new("version", 2, 1, "of what will be spoken"),
    Field::new("type", 3, 1, "0: no frame, but keys"),
    Field::new("flags", 4, 4, "none yet: both must have seen the same"),
];

/// How long the three messages are.
const LENGTHS: [usize; 3] = [48, 96, 64];

/// Room for what arrives: a stranger gets no more.
const ROOM: usize = 512;

/// Which node this is, and what it shares with its network.
pub struct Keys {
    /// Who has this is the node. 32 bytes, of X25519.
    pub private: [u8; 32],
    /// What all nodes of the network know.
    pub shared: [u8; 32],
}

impl Keys {
    /// What others know the node by: the public half of its key.
    pub fn node(&self) -> PeerId {
        let point = curve25519_dalek::MontgomeryPoint::mul_base_clamped;
        PeerId(point(self.private).0)
    }
}

/// Why there is no link with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// These are not our first bytes.
    Magic,
    /// It would speak without keys: it is a node of step 26, or somebody in
    /// between has changed what it says.
    Plain,
    /// It speaks this version.
    Version(u8),
    /// A message is not as long as it must be.
    Length,
    /// A message does not fit what has been said so far: somebody has changed
    /// or repeated it.
    Changed,
    /// It does not know what all nodes of the network know.
    Secret,
    /// It has closed the connection.
    Ended,
    /// The kernel has no random bytes.
    Random,
}

impl Fault {
    /// Whether somebody has made us work for nothing.
    pub fn is_offence(self) -> bool {
        use Fault::{Changed, Length, Magic, Secret};
        matches!(self, Magic | Length | Changed | Secret)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Magic => f.write_str("no frame begins like this"),
            Fault::Plain => f.write_str("it speaks without keys"),
            Fault::Version(it) => write!(f, "it speaks version {it}"),
            Fault::Length => f.write_str("a handshake of another length"),
            Fault::Changed => {
                f.write_str("a handshake that was changed on its way")
            }
            Fault::Secret => f.write_str("another network, or another secret"),
            Fault::Ended => f.write_str("it has closed the connection"),
            Fault::Random => f.write_str("no random bytes"),
        }
    }
}

/// How far it is.
enum State {
    /// Until the other's preamble is there.
    Preamble,
    /// So many messages have been sent and received.
    Messages(Box<HandshakeState>, usize),
    /// It is over.
    Over,
}

/// The beginning of a connection between nodes.
pub struct Handshake {
    state: State,
    keys: Rc<Keys>,
    /// We have dialled.
    is_dialled: bool,
    since: Instant,
    input: Box<[u8; ROOM]>,
    /// How much of that has arrived.
    end: usize,
    output: Vec<u8>,
    /// What it has led to, until somebody has looked at that.
    outcome: Option<Result<Secured, Fault>>,
}

/// What two nodes have in the end.
pub struct Secured {
    /// What makes frames secret.
    pub cipher: Cipher,
    /// What is still to be sent of the handshake.
    pub output: Vec<u8>,
    /// What has already arrived behind it.
    pub rest: Vec<u8>,
    /// When the connection began.
    pub since: Instant,
}

impl Handshake {
    /// With somebody whom we have dialled, or who has dialled us.
    pub fn new(keys: Rc<Keys>, is_dialled: bool, now: Instant) -> Self {
        Handshake {
            state: State::Preamble,
            keys,
            is_dialled,
            since: now,
            input: Box::new([0; ROOM]),
            end: 0,
            output: PREAMBLE.to_vec(),
            outcome: None,
        }
    }

    /// Goes on with what has arrived, as far as it can. Says whether it is
    /// over: then there is an [`Handshake::outcome`].
    pub fn advance(&mut self) -> bool {
        if self.outcome.is_none() {
            self.outcome = self.go_on().transpose();
        }
        self.outcome.is_some()
    }

    /// What it has led to.
    ///
    /// # Errors
    /// When that is nothing.
    pub fn outcome(&mut self) -> Option<Result<Secured, Fault>> {
        self.outcome.take()
    }

    fn go_on(&mut self) -> Result<Option<Secured>, Fault> {
        loop {
            let is_ours = match &self.state {
                State::Preamble => {
                    if !self.begin()? {
                        return Ok(None);
                    }
                    continue;
                }
                State::Messages(noise, _) => noise.is_my_turn(),
                State::Over => return Ok(None),
            };
            if is_ours {
                self.write()?;
            } else if !self.read()? {
                return Ok(None);
            }
            if let State::Messages(_, 3) = self.state {
                return self.end().map(Some);
            }
        }
    }

    /// Looks at the other's preamble, if it is there.
    fn begin(&mut self) -> Result<bool, Fault> {
        let arrived = &self.input[..self.end];
        let known = arrived.iter().zip(MAGIC);
        if !known.into_iter().all(|(byte, magic)| *byte == magic) {
            return Err(Fault::Magic);
        }
        let Some(theirs) = arrived.first_chunk::<8>().copied() else {
            return Ok(false);
        };
        match theirs {
            [_, _, _, kind, ..] if Kind::from_byte(kind).is_some() => {
                return Err(Fault::Plain);
            }
            [_, _, version, ..] if version != VERSION => {
                return Err(Fault::Version(version));
            }
            [_, _, _, 0, ..] => {}
            _ => return Err(Fault::Magic),
        }
        // Both put what both have said into the keys: if one of them has seen
        // something else than the other has sent, the keys differ.
        let prologue = match self.is_dialled {
            true => [PREAMBLE, theirs],
            false => [theirs, PREAMBLE],
        };
        let noise = start(&self.keys, &prologue.concat(), self.is_dialled);
        let noise = noise.map_err(|_| Fault::Random)?;
        self.take(theirs.len());
        self.state = State::Messages(Box::new(noise), 0);
        Ok(true)
    }

    /// Writes the next message.
    fn write(&mut self) -> Result<(), Fault> {
        let State::Messages(noise, count) = &mut self.state else {
            return Ok(());
        };
        let mut message = [0; ROOM];
        let length = noise
            .write_message(&[], &mut message)
            .map_err(|_| Fault::Random)?;
        *count += 1;
        self.output.extend((length as u16).to_be_bytes());
        self.output.extend(&message[..length]);
        Ok(())
    }

    /// Reads the next message, if it is there.
    fn read(&mut self) -> Result<bool, Fault> {
        let State::Messages(noise, count) = &mut self.state else {
            return Ok(false);
        };
        let Some((head, rest)) = self.input[..self.end].split_first_chunk()
        else {
            return Ok(false);
        };
        let length = usize::from(u16::from_be_bytes(*head));
        if length != LENGTHS[*count] {
            return Err(Fault::Length);
        }
        let Some(message) = rest.get(..length) else { return Ok(false) };
        let is_last = *count == 2;
        if noise.read_message(message, &mut [0; ROOM]).is_err() {
            // The last one says who has sent it, and behind that proves that
            // they know the secret.
            let has_said = is_last && noise.get_remote_static().is_some();
            return Err(if has_said { Fault::Secret } else { Fault::Changed });
        }
        *count += 1;
        self.take(head.len() + length);
        Ok(true)
    }

    fn end(&mut self) -> Result<Secured, Fault> {
        let State::Messages(noise, _) =
            mem::replace(&mut self.state, State::Over)
        else {
            return Err(Fault::Changed);
        };
        let node = noise.get_remote_static();
        let node = node.and_then(|it| it.try_into().ok()).map(PeerId);
        let node = node.ok_or(Fault::Changed)?;
        let cipher = Cipher::new(*noise, node).ok_or(Fault::Changed)?;
        let (output, rest) =
            (mem::take(&mut self.output), self.input[..self.end].to_vec());
        self.end = 0;
        Ok(Secured { cipher, output, rest, since: self.since })
    }

    /// So many bytes from the front are used.
    fn take(&mut self, count: usize) {
        self.input.copy_within(count..self.end, 0);
        self.end -= count;
    }

    /// Where bytes are to be written. It is empty only if what is there leads
    /// to nothing.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.input[self.end..]
    }

    /// So many bytes have arrived; 0: the end of the stream.
    pub fn received(&mut self, count: usize) {
        if count == 0 {
            self.outcome.get_or_insert(Err(Fault::Ended));
        }
        self.end = ROOM.min(self.end + count);
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So many bytes of it have been sent.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count);
    }

    /// When the connection began.
    pub fn since(&self) -> Instant {
        self.since
    }
}

fn start(
    keys: &Keys,
    prologue: &[u8],
    is_dialled: bool,
) -> Result<HandshakeState, snow::Error> {
    let builder = Builder::new(PATTERN.parse()?)
        .local_private_key(&keys.private)?
        .psk(3, &keys.shared)?
        .prologue(prologue)?;
    match is_dialled {
        true => builder.build_initiator(),
        false => builder.build_responder(),
    }
}

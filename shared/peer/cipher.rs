//! Enters in step 27: frames that only the other end can read: each is one
//! message of Noise, behind its length.
//!
//! Each message has a number, which is not sent: one that is changed, left
//! out, repeated or out of order is none.

use snow::{HandshakeState, TransportState};

use crate::frame::{self, Decoder, Frame, TAG};
use crate::hello::PeerId;
use crate::kind::Kind;
use crate::violation::Violation;

/// The keys of both directions.
pub struct Cipher {
    transport: TransportState,
    node: PeerId,
    hash: Vec<u8>,
    /// A frame, before it is sealed or after it was opened.
    plain: Vec<u8>,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cipher({})", self.node)
    }
}

impl Cipher {
    /// What a handshake with this node has led to; `None` if it is not over.
    pub fn new(noise: HandshakeState, node: PeerId) -> Option<Self> {
        let hash = noise.get_handshake_hash().to_vec();
        let transport = noise.into_transport_mode().ok()?;
        Some(Cipher { transport, node, hash, plain: Vec::new() })
    }

    /// Who the other one is.
    pub fn node(&self) -> PeerId {
        self.node
    }

    /// What only this connection has: both ends have the same, and nobody else
    /// can have it.
    pub fn channel_binding(&self) -> &[u8] {
        &self.hash
    }

    /// Appends a frame that only the other end can read. After 2⁶⁴ of them
    /// there are no numbers left.
    pub fn seal(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
        self.plain.clear();
        frame::encode(kind, payload, &mut self.plain);
        let length = self.plain.len() + TAG;
        out.extend((length as u16).to_be_bytes());
        let start = out.len();
        out.resize(start + length, 0);
        let message = &mut out[start..];
        // It fails for a message that is too long, and no frame is; or after
        // 2⁶⁴ of them.
        let _ = self.transport.write_message(&self.plain, message);
    }

    /// The next frame that the other end has sealed, if it has arrived whole.
    ///
    /// # Errors
    /// When something else has arrived.
    pub fn unseal(
        &mut self,
        input: &mut Decoder,
    ) -> Result<Option<Frame>, Violation> {
        let Cipher { transport, plain, .. } = self;
        input.next_opened(move |message| {
            plain.resize(message.len(), 0);
            let length = transport.read_message(message, plain);
            plain.get(..length.ok()?)
        })
    }
}

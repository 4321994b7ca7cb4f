//! Enters in step 23: a link: what two nodes say to each other over one
//! connection.
//!
//! A core without I/O, with the verbs of the HTTP connection: it takes bytes
//! and the time, and says what it wants. Unlike a server and its client, both
//! ends may speak at any time.

use std::fmt::{self, Display};
use std::mem;
use std::time::{Duration, Instant};

use crate::allowance::Allowance;
use crate::block::Block;
use crate::cipher::Cipher;
use crate::frame::{self, Decoder, Frame};
use crate::hello::{Hello, PeerId};
use crate::kind::Kind;
use crate::message::Message;
use crate::messages::{Get, MAX_COUNT, NotFound};
use crate::peers::{self, Whereabouts};
use crate::secure::Secured;
use crate::text;
use crate::violation::{Reason, Violation};
use crate::vouch::{self, Vouch};
use crate::wire::Reader;

/// For everything until both are ready.
pub const HANDSHAKE: Duration = Duration::from_secs(5);

/// After so long a silence we ask whether there is still somebody.
pub const PING: Duration = Duration::from_secs(20);

/// After so long a silence there is nobody.
pub const IDLE: Duration = Duration::from_secs(60);

/// So long a peer may take nothing of what we have for it.
pub const STUCK: Duration = Duration::from_secs(30);

/// How long our last frame may take to arrive.
pub const LINGERING: Duration = Duration::from_secs(2);

/// More bytes do not wait to be sent: what is new is not said then.
pub const MAX_OUTPUT: usize = 256 * 1024;

/// What a link wants next.
#[derive(Debug, PartialEq, Eq)]
pub enum Want {
    /// Bytes from the peer if it [`Link::reads`], and that those are sent that
    /// there are.
    Wait,
    /// A decision about who says this: [`Link::admit`], or [`Link::close`].
    Decision(Hello),
    /// Nothing: both are ready.
    Open,
    /// That this line is taken.
    Line(String),
    /// That this block is looked at. Enters in step 25.
    Block(Block),
    /// Some blocks. Enters in step 25.
    Get(Get),
    /// That this is known. Enters in step 25.
    NotFound(NotFound),
    /// That this is taken to the node. Enters in step 26.
    Message(Message),
    /// To be told where others are. Enters in step 24.
    AskedForPeers,
    /// That this is believed, or not. Enters in step 24.
    Peers(Vec<Whereabouts>),
    /// That it is looked at what the handshake has led to. Enters in step 27.
    Keys,
    /// That our direction is closed.
    Shutdown,
    /// That the connection is closed.
    Close,
}

/// How a link has ended, or why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// We have said so.
    Closed(Reason),
    /// The peer has broken the protocol.
    Broken(Violation),
    /// The peer has said so, with this number.
    Left(u8),
    /// The connection ended, and nobody had said so.
    Truncated,
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Closed(reason) => write!(f, "closed: {}", reason.text()),
            End::Broken(it) => write!(f, "closed: it has sent {it}"),
            End::Left(byte) => match Reason::from_byte(*byte) {
                Some(it) => write!(f, "it has left: {}", it.text()),
                None => write!(f, "it has left: reason {byte}"),
            },
            End::Truncated => write!(f, "lost: it has not said why"),
        }
    }
}

/// Entries of PEERS that are believed: one costs this, so much is earned in a
/// second, and so much at most. Enters in step 24.
const ENTRY_COST: usize = 10;
/// Enters in step 24.
const ENTRY_RATE: i64 = 1;
/// Enters in step 24.
const ENTRY_BURST: i64 = 320;

/// Bytes of blocks: a second, and at once. Enters in step 25.
const BLOCK_RATE: i64 = 1024 * 1024;
/// Enters in step 25.
const BLOCK_BURST: i64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Until the peer's HELLO comes, and the decision about it.
    Hello,
    /// Until its READY comes.
    Ready,
    Open,
    /// Until all is sent.
    Closing,
    /// Until the peer closes as well.
    Lingering,
    Closed,
}

/// One end of a connection between nodes.
#[derive(Debug)]
pub struct Link {
    state: State,
    /// When it began to be in this state.
    since: Instant,
    input: Decoder,
    output: Vec<u8>,
    /// How much of the output has been sent.
    sent: usize,
    /// When a frame came last, and when something was last taken from us.
    heard: Instant,
    progress: Instant,
    /// How many PINGs we have sent, which is what the last one says; and
    /// whether it has not been answered yet.
    pings: u64,
    awaits_pong: bool,
    allowance: Allowance,
    /// Until then nothing is read: the peer has sent too much.
    pause: Option<Instant>,
    end: Option<End>,
    /// The peer has said something that it says only if both are ready.
    is_confirmed: bool,
    /// The peer has said BYE.
    has_left: bool,
    /// Each frame, if somebody wants to see them: whether it came in.
    trace: Option<Vec<(bool, Kind, Vec<u8>)>>,
    /// How many entries of PEERS are believed. Enters in step 24.
    entries: Allowance,
    /// The peer has asked where others are. Enters in step 24.
    is_asked: bool,
    /// How many bytes of blocks the peer may send; if none, lines are sent
    /// instead. Enters in step 25.
    blocks: Option<Allowance>,
    /// Nodes tell each other what they have. Enters in step 26.
    gossips: bool,
    /// What makes frames secret; and who speaks through the node at the other
    /// end. Enters in step 27.
    cipher: Option<Box<Cipher>>,
    /// Enters in step 27.
    vouch: Option<Vouch>,
}

impl Link {
    /// A link that begins with our HELLO.
    pub fn new(hello: &Hello, traces: bool, now: Instant) -> Self {
        let mut link = Link::silent(traces, now);
        link.say(Kind::Hello, &hello.encode(), now);
        link
    }

    /// The same, behind a handshake. Without a HELLO the other end is refused.
    /// Enters in step 27.
    pub fn sealed(
        hello: Option<&Hello>,
        traces: bool,
        secured: Secured,
        now: Instant,
    ) -> Self {
        let Secured { cipher, output, rest, since } = secured;
        let mut link = Link::silent(traces, now);
        link.cipher = Some(Box::new(cipher));
        (link.output, link.since) = (output, since);
        // A new decoder has room for more than the handshake has.
        link.input.space()[..rest.len()].copy_from_slice(&rest);
        link.input.received(rest.len());
        match hello {
            Some(hello) => link.say(Kind::Hello, &hello.encode(), now),
            None => link.close(Reason::Refused, now),
        }
        link
    }

    fn silent(traces: bool, now: Instant) -> Self {
        Link {
            state: State::Hello,
            since: now,
            input: Decoder::default(),
            output: Vec::new(),
            sent: 0,
            heard: now,
            progress: now,
            pings: 0,
            awaits_pong: false,
            allowance: Allowance::new(now),
            pause: None,
            end: None,
            is_confirmed: false,
            has_left: false,
            trace: traces.then(Vec::new),
            // Enters in step 24.
            entries: Allowance::of(ENTRY_RATE, ENTRY_BURST, now),
            // Enters in step 24.
            is_asked: false,
            // Enters in step 25.
            blocks: None,
            // Enters in step 26.
            gossips: false,
            // Enters in step 27.
            cipher: None,
            // Enters in step 27.
            vouch: None,
        }
    }

    /// Goes on with what has arrived, as far as it can.
    pub fn advance(&mut self, now: Instant) -> Want {
        self.pause = self.pause.filter(|until| *until > now);
        loop {
            match self.state {
                State::Closed => return Want::Close,
                State::Closing if self.output.is_empty() => {
                    self.enter(State::Lingering, now);
                    return Want::Shutdown;
                }
                // Nothing more will come.
                State::Lingering if self.has_left => {
                    self.enter(State::Closed, now);
                }
                _ if self.pause.is_some() => return Want::Wait,
                _ => match self.next_frame() {
                    Ok(None) => return Want::Wait,
                    Ok(Some(frame)) => {
                        if let Some(want) = self.take(frame, now) {
                            return want;
                        }
                    }
                    Err(violation) => self.broken(violation, now),
                },
            }
        }
    }

    /// The next frame, if it has arrived whole. Enters in step 27.
    fn next_frame(&mut self) -> Result<Option<Frame>, Violation> {
        match &mut self.cipher {
            Some(cipher) => cipher.unseal(&mut self.input),
            None => self.input.next_frame(),
        }
    }

    /// Looks at who says this: under keys that is known, and what is said must
    /// agree with it. Enters in step 27.
    fn prove(&mut self, hello: Hello) -> Result<Hello, Violation> {
        let Some(cipher) = &self.cipher else { return Ok(hello) };
        let (node, binding) = (cipher.node(), cipher.channel_binding());
        let vouch = vouch::check(&hello.proof, binding, node);
        self.vouch = vouch.filter(|_| hello.node == node);
        match self.vouch {
            Some(_) => Ok(hello),
            None => Err(Violation::Impostor),
        }
    }

    /// The node at the other end, if that has been proved. Enters in step 27.
    pub fn node(&self) -> Option<PeerId> {
        self.cipher.as_ref().map(|it| it.node())
    }

    /// Who speaks through the node at the other end, once they have said so.
    /// Enters in step 27.
    pub fn vouch(&self) -> Option<&Vouch> {
        self.vouch.as_ref()
    }

    /// Does what a frame asks for.
    fn take(&mut self, frame: Frame, now: Instant) -> Option<Want> {
        let payload = frame.payload;
        let Some(kind) = frame.kind else {
            // One of a later version: it is left out, but not for nothing.
            self.spend(Kind::Line, payload.len(), now);
            return None;
        };
        if self.has_left {
            // BYE was the last: what comes behind it is nothing.
            return None;
        }
        // Not before it is whole: a byte now and then is no sign of life.
        self.heard = now;
        self.is_confirmed |= self.state == State::Open;
        self.note(true, kind, &payload);
        let result = match (kind, self.state) {
            (Kind::Bye, _) => self.bye(&payload, now),
            (Kind::Hello, State::Hello) => {
                let hello = Hello::parse(&payload);
                // Enters in step 27.
                let hello = hello.and_then(|it| self.prove(it));
                hello.map(|it| Some(Want::Decision(it)))
            }
            (Kind::Ready, State::Ready) => {
                self.enter(State::Open, now);
                Ok(Some(Want::Open))
            }
            // Enters in step 25.
            (Kind::Line, State::Open) if self.blocks.is_some() => {
                Err(Violation::Unexpected(kind))
            }
            // Enters in step 25.
            (
                Kind::Block | Kind::Get | Kind::NotFound,
                State::Open | State::Closing | State::Lingering,
            ) if self.blocks.is_some() => {
                self.about_blocks(kind, &payload, now)
            }
            // Enters in step 26.
            (
                Kind::Inv
                | Kind::Have
                | Kind::Digest
                | Kind::Fork
                | Kind::Prune,
                State::Open | State::Closing | State::Lingering,
            ) if self.gossips => self.about_blocks(kind, &payload, now),
            // Enters in step 24.
            (Kind::GetPeers | Kind::Peers, State::Open) => {
                self.spend(kind, payload.len(), now);
                self.whereabouts(kind, &payload, now)
            }
            (Kind::Ping | Kind::Pong | Kind::Line, State::Open)
            | (_, State::Closing | State::Lingering) => {
                self.spend(kind, payload.len(), now);
                self.message(kind, payload, now)
            }
            _ => Err(Violation::Unexpected(kind)),
        };
        result.unwrap_or_else(|violation| {
            self.broken(violation, now);
            None
        })
    }

    /// What may come at any time once both are ready. While the link ends,
    /// what was on its way is still taken.
    fn message(
        &mut self,
        kind: Kind,
        payload: Vec<u8>,
        now: Instant,
    ) -> Result<Option<Want>, Violation> {
        match kind {
            Kind::Line => {
                let line = text::line(&payload, kind.max_length());
                let line = line.ok().filter(|it| !it.is_empty());
                let line = line.ok_or(Violation::Malformed(kind))?;
                return Ok(Some(Want::Line(line.to_string())));
            }
            Kind::Ping | Kind::Pong if payload.len() != kind.max_length() => {
                return Err(Violation::Malformed(kind));
            }
            Kind::Ping if self.state == State::Open => {
                self.say(Kind::Pong, &payload, now);
            }
            Kind::Pong if self.state == State::Open => {
                let is_ours = payload == self.pings.to_be_bytes();
                if !(mem::take(&mut self.awaits_pong) && is_ours) {
                    return Err(Violation::Unexpected(kind));
                }
            }
            _ => {}
        }
        Ok(None)
    }

    /// Takes blocks from now on, and no lines. Enters in step 25.
    pub fn take_blocks(&mut self, now: Instant) {
        self.blocks = Some(Allowance::of(BLOCK_RATE, BLOCK_BURST, now));
    }

    /// Blocks, and who wants which. Enters in step 25.
    fn about_blocks(
        &mut self,
        kind: Kind,
        payload: &[u8],
        now: Instant,
    ) -> Result<Option<Want>, Violation> {
        let cost = match kind {
            // What it will get counts, not how briefly it has asked.
            Kind::Get => MAX_COUNT as usize * 1024,
            // Two signatures are checked. Enters in step 26.
            Kind::Fork => 4 * 1024,
            _ => frame::HEADER + payload.len(),
        };
        if let Some(blocks) = &mut self.blocks {
            self.pause = blocks.spend(cost, now);
        }
        // Enters in step 26.
        if self.gossips {
            return Ok(Message::parse(kind, payload)?.map(Want::Message));
        }
        let want = match kind {
            Kind::Get => Want::Get(Get::parse(payload)?),
            Kind::NotFound => Want::NotFound(NotFound::parse(payload)?),
            _ => Want::Block(Block::parse(payload).map_err(Violation::Flawed)?),
        };
        Ok(Some(want))
    }

    /// Sends a block, unless too much waits to be sent. Says whether it did.
    /// Enters in step 25.
    pub fn send_block(&mut self, block: &Block, now: Instant) -> bool {
        let has_room = self.has_room();
        if has_room {
            self.say(Kind::Block, block.bytes(), now);
        }
        has_room
    }

    /// Asks for blocks. Enters in step 25.
    pub fn ask_for(&mut self, get: Get, now: Instant) {
        self.say(Kind::Get, &get.encode(), now);
    }

    /// Says which block is not here. Enters in step 25.
    pub fn deny(&mut self, what: NotFound, now: Instant) {
        self.say(Kind::NotFound, &what.encode(), now);
    }

    /// Takes all that nodes say about blocks from now on. Enters in step 26.
    pub fn gossip(&mut self, now: Instant) {
        self.take_blocks(now);
        self.gossips = true;
    }

    /// Says something about blocks, if the link is open. Says whether there is
    /// room for more. Enters in step 26.
    pub fn tell(&mut self, message: &Message, now: Instant) -> bool {
        if self.state == State::Open {
            self.say(message.frame_kind(), &message.encode(), now);
        }
        self.has_room()
    }

    /// The peer asks where others are, once, or says so. Enters in step 24.
    fn whereabouts(
        &mut self,
        kind: Kind,
        payload: &[u8],
        now: Instant,
    ) -> Result<Option<Want>, Violation> {
        if kind == Kind::GetPeers {
            return match mem::replace(&mut self.is_asked, true) {
                true => Err(Violation::Unexpected(kind)),
                false => Ok(Some(Want::AskedForPeers)),
            };
        }
        let entries = peers::parse(payload)?;
        let cost = entries.len() * ENTRY_COST;
        let is_believed = self.entries.has(cost, now);
        if is_believed {
            self.entries.spend(cost, now);
        }
        Ok(is_believed.then_some(Want::Peers(entries)))
    }

    /// Asks where others are. Enters in step 24.
    pub fn ask_for_peers(&mut self, now: Instant) {
        self.say(Kind::GetPeers, &[], now);
    }

    /// Says where others are, if there are any. Enters in step 24.
    pub fn tell_peers(&mut self, entries: &[Whereabouts], now: Instant) {
        if !entries.is_empty() && self.has_room() {
            self.say(Kind::Peers, &peers::encode(entries), now);
        }
    }

    /// Whether the peer has asked where others are. Enters in step 24.
    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Asks whether there is still somebody, however short the silence was.
    pub fn ping(&mut self, now: Instant) {
        if self.state == State::Open && !self.awaits_pong {
            self.say_ping(now);
        }
    }

    /// The peer ends the link. What we have for it is still sent: it reads on.
    fn bye(
        &mut self,
        payload: &[u8],
        now: Instant,
    ) -> Result<Option<Want>, Violation> {
        let mut reader = Reader(payload);
        let reason = reader.next_array().map(|[reason]| reason);
        let reason = reason.filter(|_| reader.next_u16().is_some());
        let reason = reason.ok_or(Violation::Malformed(Kind::Bye))?;
        self.has_left = true;
        self.end.get_or_insert(End::Left(reason));
        if !matches!(self.state, State::Closing | State::Lingering) {
            self.enter(State::Closing, now);
        }
        Ok(None)
    }

    /// Who sends more than it may is not read from for a while. A PING costs
    /// as much as a second: it has to be answered.
    fn spend(&mut self, kind: Kind, length: usize, now: Instant) {
        let cost = match kind {
            Kind::Ping => Allowance::PER_SECOND,
            _ => frame::HEADER + length,
        };
        self.pause = self.allowance.spend(cost, now);
    }

    /// The peer may stay: the decision about its HELLO.
    pub fn admit(&mut self, now: Instant) {
        self.say(Kind::Ready, &[], now);
        // Not `enter`: the time for all of this began with the link.
        self.state = State::Ready;
    }

    /// Ends the link: says why, then waits until the peer has closed.
    pub fn close(&mut self, reason: Reason, now: Instant) {
        if matches!(self.state, State::Hello | State::Ready | State::Open) {
            let payload = [&[reason as u8, 0, 0], reason.text().as_bytes()];
            self.say(Kind::Bye, &payload.concat(), now);
            self.end.get_or_insert(End::Closed(reason));
            self.enter(State::Closing, now);
        }
    }

    /// The peer has broken the protocol.
    pub fn broken(&mut self, violation: Violation, now: Instant) {
        let reason = match violation {
            Violation::TooBig(..) | Violation::Huge(_) => Reason::TooBig,
            _ => Reason::Violation,
        };
        self.end = Some(End::Broken(violation));
        // Where the next frame begins is not known any more.
        self.input = Decoder::default();
        self.close(reason, now);
    }

    /// Says a line, unless too much waits to be sent. Says whether it did.
    pub fn line(&mut self, line: &str, now: Instant) -> bool {
        let has_room = self.has_room();
        if has_room {
            self.say(Kind::Line, line.as_bytes(), now);
        }
        has_room
    }

    /// Whether a line can be said now.
    pub fn has_room(&self) -> bool {
        self.state == State::Open && self.output().len() < MAX_OUTPUT
    }

    fn say(&mut self, kind: Kind, payload: &[u8], now: Instant) {
        if self.output.is_empty() {
            self.progress = now;
        }
        self.note(false, kind, payload);
        // Enters in step 27.
        if let Some(cipher) = &mut self.cipher {
            return cipher.seal(kind, payload, &mut self.output);
        }
        frame::encode(kind, payload, &mut self.output);
    }

    fn note(&mut self, is_in: bool, kind: Kind, payload: &[u8]) {
        if let Some(trace) = &mut self.trace {
            trace.push((is_in, kind, payload.to_vec()));
        }
    }

    /// The frames since the last time, if they are traced: whether each came
    /// in, and what it was.
    pub fn take_trace(&mut self) -> Vec<(bool, Kind, Vec<u8>)> {
        self.trace.as_mut().map(mem::take).unwrap_or_default()
    }

    fn enter(&mut self, state: State, now: Instant) {
        self.state = state;
        self.since = now;
    }

    /// Whether bytes are wanted now: not from a peer that is paused, nor from
    /// one that does not take what we have for it.
    pub fn reads(&self) -> bool {
        let is_owed = self.output().len() >= MAX_OUTPUT;
        self.pause.is_none() && !is_owed
    }

    /// Where bytes of the peer are to be written, if the link [`Link::reads`].
    pub fn space(&mut self) -> &mut [u8] {
        if matches!(self.end, Some(End::Broken(_))) {
            // They are read and dropped.
            self.input = Decoder::default();
        }
        self.input.space()
    }

    /// So many bytes have arrived; 0: the end of the stream.
    pub fn received(&mut self, count: usize, now: Instant) {
        if count == 0 {
            self.end.get_or_insert(End::Truncated);
            return self.enter(State::Closed, now);
        }
        if !matches!(self.end, Some(End::Broken(_))) {
            self.input.received(count);
        }
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// So many bytes of it have been sent.
    pub fn sent(&mut self, count: usize, now: Instant) {
        self.progress = now;
        self.sent += count;
        // What is sent goes when it is half of all: so each byte moves once.
        if 2 * self.sent >= self.output.len() {
            self.output.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// When the link has to be looked at, if nothing happens before.
    pub fn deadline(&self) -> Instant {
        let limit = match self.state {
            State::Hello | State::Ready => self.since + HANDSHAKE,
            State::Open if self.awaits_pong => self.heard + IDLE,
            State::Open => self.heard + PING,
            _ => self.since + LINGERING,
        };
        let stuck = (!self.output.is_empty()).then(|| self.progress + STUCK);
        let others = stuck.into_iter().chain(self.pause);
        others.fold(limit, Instant::min)
    }

    /// The deadline has come.
    pub fn timed_out(&mut self, now: Instant) {
        let is_stuck = !self.output.is_empty() && self.progress + STUCK <= now;
        match self.state {
            // It is read again: `advance` sees to that.
            _ if self.pause.is_some_and(|until| until <= now) => {}
            State::Closing | State::Lingering | State::Closed => {
                self.enter(State::Closed, now);
            }
            State::Open if !is_stuck && now < self.heard + IDLE => {
                self.say_ping(now);
            }
            _ => self.close(Reason::TimedOut, now),
        }
    }

    /// Whether the peer is known to be ready, too.
    pub fn is_confirmed(&self) -> bool {
        self.is_confirmed
    }

    fn say_ping(&mut self, now: Instant) {
        self.pings += 1;
        self.awaits_pong = true;
        self.say(Kind::Ping, &self.pings.to_be_bytes(), now);
    }

    /// How the link has ended, or why it ends; `None` while it goes on.
    pub fn end(&self) -> Option<End> {
        self.end
    }
}

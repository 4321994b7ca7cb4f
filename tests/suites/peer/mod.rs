//! Nodes among each other: the other nodes are the test's own.

mod control;
mod crash;
mod discovery;
mod gossip;
mod ledger;
mod limits;
mod links;
mod netns;
mod node;

use std::fs;
use std::process::Stdio;
use std::rc::Rc;
use std::time::Instant;

use ::peer::block::{self, Block, BlockId, BodyKind, Draft, HEADER, SIGNATURE};
use ::peer::cipher::Cipher;
use ::peer::frame::{Decoder, encode};
use ::peer::have::{Entry, Have};
use ::peer::hello::{Greeting, Hello, PeerId};
use ::peer::kind::Kind;
use ::peer::log::Logs;
use ::peer::network::Network;
use ::peer::secure::{Handshake, Keys};
use ::peer::stamp::{leading_zeros, required_bits};
use ::peer::vouch;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use crate::lab::client::Client;
use crate::lab::cost::expect_memory;
use crate::lab::program::Program;
use crate::lab::{Outcome, Peer, proc};
use crate::steps::{Step, on_every};

/// A step that is typed into, and dials these.
fn start(step: &Step, peers: &[&Peer]) -> Outcome<Program> {
    let peers = peers.iter().map(|it| it.address().to_string());
    let peers = peers.collect::<Vec<_>>().join(",");
    let launch = step.launch(&["127.0.0.1:0", "--peer", &peers])?;
    launch.stdin(Stdio::piped()).start()
}

/// What a text gets, sent in so many writes. What came before has been taken.
fn ask(node: &Program, text: &str) -> Outcome<String> {
    let mut client = node.connect()?;
    for part in text.split('|') {
        client.send(part.as_bytes())?;
        client.wait_until_read()?;
    }
    client.finish()?;
    Ok(String::from_utf8(client.receive_all()?).unwrap())
}

fn hello(id: u8, session: u64) -> Vec<u8> {
    let (node, network) = (PeerId([id; 32]), [0; 32]);
    let greeting = Greeting { session, node, port: 0, network };
    greeting.hello(([127, 0, 0, 1], 1).into(), 0).encode()
}

/// What an author signs, one block after the other.
struct Author {
    key: SigningKey,
    head: (u64, BlockId),
}

impl Author {
    fn new(id: u8) -> Self {
        let key = SigningKey::from_bytes(&[id; 32]);
        Author { key, head: Default::default() }
    }

    fn name(&self) -> block::Author {
        block::Author(self.key.verifying_key().to_bytes())
    }

    /// A block that costs so many bits.
    fn block(&mut self, bits: u8, body: &[u8]) -> Block {
        let (kind, body) = (BodyKind::Text, body.to_vec());
        let bits = required_bits(bits, body.len());
        let mut draft = Draft::new(self.name(), self.head, 7, kind, body);
        let has = |nonce: &u64| leading_zeros(&draft.hash(*nonce).0) >= bits;
        let nonce = (0..).find(has).unwrap();
        let block = draft.seal(nonce, &self.key);
        self.head = (self.head.0 + 1, block.id());
        block
    }

    /// Gives bytes that may be no block their stamp, and signs them.
    fn sign(&self, bytes: &mut [u8]) {
        let (block, signature) = bytes.split_at_mut(bytes.len() - SIGNATURE);
        let id = (0u64..).find_map(|nonce| {
            block[88..96].copy_from_slice(&nonce.to_be_bytes());
            let id = Sha256::digest(&block[..HEADER]).into();
            (leading_zeros(&id) >= 16).then_some(id)
        });
        let signed = [&b"swarm block v1"[..], &id.unwrap()].concat();
        signature.copy_from_slice(&self.key.sign(&signed).to_bytes());
    }
}

/// So many bytes.
fn whole(client: &mut Client, count: usize) -> Outcome<Vec<u8>> {
    match client.receive(count)? {
        (bytes, _) if bytes.len() == count => Ok(bytes),
        (bytes, end) => {
            let expected = format!("{count} bytes of a frame");
            Err(client.failed(expected, end.after(&bytes)))
        }
    }
}

/// A message of a handshake or of a link that is secret, behind its length.
fn message(client: &mut Client) -> Outcome<Vec<u8>> {
    let length = whole(client, 2)?;
    let count = u16::from_be_bytes([length[0], length[1]]);
    Ok([length, whole(client, count.into())?].concat())
}

/// Those of another node of the network that a program is in.
fn keys(of: &Program, id: u8) -> Keys {
    let words = fs::read(format!("/proc/{}/cmdline", of.pid())).unwrap();
    let words = String::from_utf8(words).unwrap();
    let value = |flag: &str| {
        let mut words = words.split('\0').skip_while(|it| *it != flag);
        words.nth(1).map(Into::into)
    };
    let (name, secret) = (value("--network"), value("--secret"));
    let network = Network::read(name, secret, None).unwrap();
    Keys { private: [id; 32], shared: network.shared_key() }
}

/// The node that a fake is which is started like that.
fn node_of(step: &Step, id: u8) -> PeerId {
    let keys = Keys { private: [id; 32], shared: [0; 32] };
    if step.does("node") { keys.node() } else { PeerId([id; 32]) }
}

/// A handshake, of which we have sent the first byte and seen a preamble.
fn secure(client: &mut Client, preamble: &[u8], id: u8) -> Outcome<Cipher> {
    let keys = keys(client.program(), id);
    secure_with(client, preamble, keys)
}

/// The same with these keys.
fn secure_with(
    client: &mut Client,
    preamble: &[u8],
    keys: Keys,
) -> Outcome<Cipher> {
    let is_dialled = !client.is_accepted();
    let mut handshake =
        Handshake::new(Rc::new(keys), is_dialled, Instant::now());
    let (mut bytes, mut skipped) = (preamble.to_vec(), 1);
    loop {
        handshake.space()[..bytes.len()].copy_from_slice(&bytes);
        handshake.received(bytes.len());
        let is_over = handshake.advance();
        let output = handshake.output()[skipped..].to_vec();
        handshake.sent(skipped + output.len());
        skipped = 0;
        client.send(&output)?;
        if is_over {
            let secured = handshake.outcome().unwrap().unwrap_or_else(|it| {
                panic!("no link: {it}");
            });
            client.send(&secured.output)?;
            return Ok(secured.cipher);
        }
        bytes = message(client)?;
    }
}

/// Another node, at the other end of a connection; and what it signs, if the
/// node takes blocks instead of lines; the blocks that it says it has; and what
/// makes the link secret, if it is.
struct Fake(Client, Option<Author>, Vec<Block>, Option<Cipher>);

impl Fake {
    fn new(client: Client) -> Fake {
        Fake(client, None, Vec::new(), None)
    }

    /// Both say HELLO and READY. The link is open then, and has been used.
    fn open(_: &Program, client: Client, id: u8, run: u64) -> Outcome<Fake> {
        Fake::listening(client, id, run, 0)
    }

    /// It listens at that port, too.
    fn listening(client: Client, id: u8, run: u64, port: u16) -> Outcome<Fake> {
        let mut fake = Fake::new(client);
        fake.greet(id, run, port)?;
        loop {
            match fake.raw()? {
                (0x22, get) => {
                    fake.send(Kind::NotFound, &get[..40])?;
                    fake.1 = Some(Author::new(id));
                }
                (0x23, _) => {
                    fake.say_all()?;
                    fake.1 = Some(Author::new(id));
                }
                frame => {
                    assert_eq!(frame, (Kind::Pong as u8, vec![id; 8]));
                    return Ok(fake);
                }
            }
        }
    }

    /// Says that it is of the same network, and listens at that port.
    fn greet(&mut self, id: u8, run: u64, port: u16) -> Outcome {
        // Whoever dials says first that it speaks in frames.
        self.0.send(b"\xd5")?;
        let head = self.whole(8)?;
        let mut ours = Hello::parse(&hello(id, run)).unwrap();
        ours.port = port;
        let start = match head[3] {
            0 => {
                let cipher = self.3.insert(secure(&mut self.0, &head, id)?);
                ours.node = keys(self.0.program(), id).node();
                let key = SigningKey::from_bytes(&[id; 32]);
                let binding = cipher.channel_binding();
                ours.proof = vouch::sign(&key, binding, ours.node, "fake");
                ours.network = self.frame_in()?.1[56..88].try_into().unwrap();
                0
            }
            _ => {
                let theirs = self.whole(108)?;
                ours.network = theirs[56..88].try_into().unwrap();
                1
            }
        };
        let mut bytes = self.bytes(Kind::Hello, &ours.encode());
        bytes.extend(self.bytes(Kind::Ready, b""));
        bytes.extend(self.bytes(Kind::Ping, &[id; 8]));
        self.0.send(&bytes[start..])
    }

    /// A frame, as it is sent.
    fn bytes(&mut self, kind: Kind, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match &mut self.3 {
            Some(cipher) => cipher.seal(kind, payload, &mut bytes),
            None => encode(kind, payload, &mut bytes),
        }
        bytes
    }

    /// The next frame, whatever it is.
    fn frame_in(&mut self) -> Outcome<(u8, Vec<u8>)> {
        if let Some(cipher) = &mut self.3 {
            let message = message(&mut self.0)?;
            let mut decoder = Decoder::default();
            for piece in message.chunks(4096) {
                decoder.space()[..piece.len()].copy_from_slice(piece);
                decoder.received(piece.len());
            }
            let frame = cipher.unseal(&mut decoder).unwrap().unwrap();
            return Ok((frame.kind.unwrap() as u8, frame.payload));
        }
        let head = self.whole(8)?;
        assert!(head.starts_with(b"\xd5\x53\x01"), "{head:?}");
        let length = u32::from_be_bytes(head[4..].try_into().unwrap());
        Ok((head[3], self.whole(length as usize)?))
    }

    fn dial(node: &Program, id: u8, run: u64) -> Outcome<Fake> {
        Fake::open(node, node.connect()?, id, run)
    }

    fn send(&mut self, kind: Kind, payload: &[u8]) -> Outcome {
        let bytes = self.bytes(kind, payload);
        self.0.send(&bytes)
    }

    /// Says a line: its number tells it from others of this node. How the
    /// other end prints it.
    fn say(&mut self, id: u8, line: &str) -> Outcome<String> {
        let Some(author) = &mut self.1 else {
            self.send(Kind::Line, line.as_bytes())?;
            return Ok(format!("{}: {line}", format!("{id:02x}").repeat(4)));
        };
        let block = author.block(16, line.as_bytes());
        let printed = format!("{block:?}: {line}");
        self.send(Kind::Block, block.bytes())?;
        Ok(printed)
    }

    /// The next one. The body of a block is as good as a line, and our node
    /// has none of others.
    fn next(&mut self) -> Outcome<(u8, Vec<u8>)> {
        match self.frame()? {
            (0x20, block) => {
                let block = Block::parse(&block).unwrap();
                assert_eq!(block.verify(16), Ok(()));
                Ok((Kind::Line as u8, block.body().to_vec()))
            }
            (0x22, get) => {
                self.send(Kind::NotFound, &get[..40])?;
                self.next()
            }
            frame => Ok(frame),
        }
    }

    /// The next frame that asks for nothing but what is said of the blocks that
    /// there are.
    fn frame(&mut self) -> Outcome<(u8, Vec<u8>)> {
        match self.raw()? {
            (0x21 | 0x24 | 0x27, _) => self.frame(),
            (0x23, _) => self.say_all().and_then(|()| self.frame()),
            frame => Ok(frame),
        }
    }

    /// Says what it has.
    fn say_all(&mut self) -> Outcome {
        let mut logs = Logs::default();
        self.2.iter().for_each(|block| _ = logs.add(block));
        let logs = logs.authors();
        let entries = logs.map(|(author, log)| Entry::of(author, log));
        let have = Have { more: false, entries: entries.collect() };
        self.send(Kind::Have, &have.encode())
    }

    /// The next frame that is not of the handshake, GETPEERS or PING, and what
    /// it is.
    fn raw(&mut self) -> Outcome<(u8, Vec<u8>)> {
        match self.frame_in()? {
            (1 | 2 | 0x10, _) => self.raw(),
            // A second one says that nothing else came for long.
            (3, payload) if payload[7] == 1 => {
                self.send(Kind::Pong, &payload)?;
                self.raw()
            }
            frame => Ok(frame),
        }
    }

    fn whole(&mut self, count: usize) -> Outcome<Vec<u8>> {
        whole(&mut self.0, count)
    }

    fn expect(&mut self, kind: Kind, payload: &[u8]) -> Outcome {
        assert_eq!(self.next()?, (kind as u8, payload.to_vec()));
        Ok(())
    }

    /// BYE comes for this reason, and then the end. What others have said may
    /// come before.
    fn expect_bye(&mut self, reason: u8) -> Outcome {
        let (kind, payload) = loop {
            match self.frame()? {
                (0x20 | 0x22 | 0x25, _) => {}
                frame => break frame,
            }
        };
        assert_eq!((kind, payload[0]), (Kind::Bye as u8, reason));
        self.0.expect_eof()
    }
}

/// The node ends, and has told them. What it has complained about.
fn end(node: &Program, fakes: Vec<Fake>) -> Outcome<String> {
    node.signal(libc::SIGINT);
    fakes.into_iter().try_for_each(|mut it| it.expect_bye(1))?;
    node.expect_notes(0)
}

/// What is typed, in so many writes; `X` stands for 1,024 bytes.
const TYPED: &str = "one\ntwo\nthr|ee\n\n\r\nfünf\r|\nX\nXy\nnext\nX|X|\n\
    last\n|\x1b[2J\na\tb\n\u{9b}2J\na\0\nend\n";

const SAID: &str = "one two three fünf X next last end";

/// What is asked in text, and what the responses are. `K` is what is known,
/// and `E` stands for what else could be asked.
const ASKED: [(&str, &str); 5] = [
    ("/known_hosts\n", "K"),
    ("/known_hosts\r\n/known_hosts\n", "KK"),
    ("/known|_hosts", "K"),
    ("/X|X\n/known_hosts", "EK"),
    ("/known_hosts \n\n\x1b\n", "EE"),
];

/// One does not read any more: it alone misses something.
fn say_much(node: &Program, fakes: &mut Vec<Fake>) -> Outcome {
    let slow = fakes.pop().unwrap();
    fakes.truncate(1);
    let had = proc::peak_memory(node.pid()).unwrap_or(0);
    for turn in 0..100 {
        let line = format!("{turn} {}", "x".repeat(1000));
        node.type_in(format!("{line}\n").repeat(50).as_bytes())?;
        for _ in 0..50 {
            fakes[0].expect(Kind::Line, line.as_bytes())?;
        }
    }
    expect_memory(node, had + 1024)?;
    slow.0.reset()?;
    node.expect_note(" lines not said to it\n")
}

#[test]
fn what_is_typed_is_said_to_all() -> Outcome {
    let full = |text: &str| text.replace('X', &"x".repeat(1024));
    on_every("peer", |step| {
        let peers = [2, 2, 3].map(|ip| Peer::open(([127, 0, 0, ip], 0)));
        let peers = peers.map(Result::unwrap);
        let node = start(step, &peers.each_ref())?;
        let mut fakes = vec![Fake::dial(&node, 9, 1)?];
        for (peer, id) in peers.iter().zip(1..) {
            let client = peer.accept_one(&node)?;
            client.take_little()?;
            fakes.push(Fake::open(&node, client, id, 1)?);
        }
        for typed in TYPED.split('|') {
            node.type_in(full(typed).as_bytes())?;
            // It has read that.
            ask(&node, "/peers\n")?;
        }
        for fake in &mut fakes {
            for said in SAID.split(' ') {
                fake.expect(Kind::Line, full(said).as_bytes())?;
            }
        }
        for (asked, response) in ASKED {
            let known = "127.0.0.1,127.0.0.2,127.0.0.3,\n";
            let other = "there are: /known_hosts /peers\n";
            let response = response.replace('K', known).replace('E', other);
            assert_eq!(ask(&node, &full(asked))?, response, "{asked}");
        }
        if !step.does("ledger") {
            // Where a line costs nothing.
            say_much(&node, &mut fakes)?;
        }
        node.end_input();
        node.expect_idle()?;
        let printed = fakes[0].say(9, "grüße")?;
        node.expect_line(&printed)?;
        let notes = end(&node, fakes)?;
        assert_eq!(notes.matches(": not said\n").count(), 6, "{notes}");
        Ok(())
    })
}

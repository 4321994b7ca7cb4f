//! Blocks, and what can be done to them.
//!
//! `change` does to what Ada has said what Eve can, `weak` shows a key whose
//! signature fits everything, `zeros` looks for stamps, `costs` measures, and
//! `send ADDRESS WHAT` sends a node a block with a flaw.

use std::error::Error;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use std::{array, env};

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use peer::block::{Author, Block, BlockId, BodyKind, Draft, HEADER};
use peer::frame::{self, Decoder};
use peer::hello::{Greeting, PeerId, network_id};
use peer::kind::Kind;
use peer::log::{Added, Log};
use peer::stamp::{leading_zeros, required_bits};
use peer::wire::hex;
use sha2::{Digest, Sha256};

/// Of an open network.
const BITS: u8 = 16;

const SAID: [&str; 3] = ["Bob gets 10.", "No, nothing.", "Eve gets 10."];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["change"] => change(),
        ["weak"] => weak()?,
        ["zeros"] => zeros(),
        ["costs"] => costs(),
        ["send", address, what] => send(address.parse()?, what)?,
        _ => return Err("change, weak, zeros, costs or send?".into()),
    }
    Ok(())
}

fn ada() -> SigningKey {
    SigningKey::from_bytes(&[0xad; 32])
}

/// What Ada says, at noon.
fn draft(head: (u64, BlockId), body: &[u8]) -> Draft {
    let author = Author(ada().verifying_key().to_bytes());
    let noon = 1_795_867_200_000;
    Draft::new(author, head, noon, BodyKind::Text, body.to_vec())
}

fn stamp(draft: &mut Draft, bits: u32) -> Option<u64> {
    (0..).find(|nonce| leading_zeros(&draft.hash(*nonce).0) >= bits)
}

/// A block of Ada's, signed with this key.
fn block(head: (u64, BlockId), body: &[u8], key: &SigningKey) -> Block {
    let mut draft = draft(head, body);
    let bits = required_bits(BITS, body.len());
    let nonce = stamp(&mut draft, bits).unwrap_or_default();
    draft.seal(nonce, key)
}

/// A line in three forms: with its hash, with a signature, and as a block.
#[derive(Clone)]
struct Said {
    body: &'static str,
    hash: [u8; 32],
    signature: Signature,
    block: Block,
}

impl Said {
    fn new(head: (u64, BlockId), body: &'static str, key: &SigningKey) -> Self {
        let hash = Sha256::digest(body).into();
        let signature = key.sign(body.as_bytes());
        let block = block(head, body.as_bytes(), key);
        Said { body, hash, signature, block }
    }
}

/// What Eve does to three lines of Ada's, and who notices.
fn change() {
    let eve = SigningKey::from_bytes(&[0xee; 32]);
    let mut head = (0, BlockId::default());
    let said = SAID.map(|body| {
        let said = Said::new(head, body, &ada());
        head = (head.0 + 1, said.block.id());
        said
    });
    let [one, two, three] = said;
    let previous = (1, one.block.id());
    let other = Said::new(previous, "Yes, and 90.", &eve);
    println!("{:<23}{:<10}{:<12}blocks", "", "hashes", "signatures");
    for (what, lines) in [
        ("nothing", vec![&one, &two, &three]),
        ("#1 is another one", vec![&one, &other, &three]),
        ("#1 is left out", vec![&one, &three]),
        ("#1 and #2 swap places", vec![&one, &three, &two]),
        ("#0 is said twice", vec![&one, &one, &two, &three]),
        ("#2 is left out", vec![&one, &two]),
    ] {
        let by_hash =
            lines.iter().all(|it| Sha256::digest(it.body)[..] == it.hash);
        let key = ada().verifying_key();
        let by_signature = lines.iter().all(|it| {
            key.verify_strict(it.body.as_bytes(), &it.signature).is_ok()
        });
        let [hash, signature] = [by_hash, by_signature]
            .map(|is_fine| if is_fine { "fine" } else { "refused" });
        let blocks = take(&lines);
        println!("{what:<23}{hash:<10}{signature:<12}{blocks}");
    }
}

/// The first thing that somebody notices who gets the blocks of these.
fn take(lines: &[&Said]) -> String {
    let mut log = Log::default();
    for Said { block, .. } in lines {
        if let Err(flaw) = block.verify(BITS) {
            return format!("#{}: {flaw}", block.seq());
        }
        match log.add(block) {
            Added::New => {}
            added => return format!("#{}: {added:?}", block.seq()),
        }
    }
    "fine".to_string()
}

/// A key that nobody has made, and a signature that nobody has made with it.
fn weak() -> Result<(), Box<dyn Error>> {
    let mut point = [0; 32];
    point[0] = 1;
    let key = VerifyingKey::from_bytes(&point)?;
    let signature = Signature::from_components(point, [0; 32]);
    println!("key        {}", hex(&point));
    println!("signature  {}", hex(&signature.to_bytes()));
    for line in SAID {
        let [loosely, strictly] = [
            key.verify(line.as_bytes(), &signature),
            key.verify_strict(line.as_bytes(), &signature),
        ]
        .map(|it| if it.is_ok() { "fine" } else { "refused" });
        println!("{line:?}: verify {loosely}, verify_strict {strictly}");
    }
    Ok(())
}

/// One draft, and the first nonce with so many zeros.
fn zeros() {
    let mut draft = draft((0, BlockId::default()), b"Is anybody there?");
    println!("zeros   nonce  hash");
    for bits in [0, 4, 8, 12, 16, 20] {
        let nonce = stamp(&mut draft, bits).unwrap_or_default();
        let hash = hex(&draft.hash(nonce).0);
        println!("{bits:>5} {nonce:>7}  {}…", &hash[..24]);
    }
}

/// How long this takes on average, in microseconds.
fn time<T>(count: u32, mut what: impl FnMut(u32) -> T) -> f64 {
    let begin = Instant::now();
    for number in 0..count {
        black_box(what(number));
    }
    begin.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}

/// What it costs to make a block, and to look at one.
fn costs() {
    let key = ada();
    println!("{:<28}{:>12}{:>12}", "microseconds", "12 bytes", "32 KiB");
    let rows = [12, 32 * 1024].map(|size| {
        let body = vec![b'.'; size];
        let head = (0, BlockId::default());
        let block = block(head, &body, &key);
        let made = array::from_fn::<f64, 2, _>(|it| {
            let bits = required_bits([8, BITS][it], size);
            time(8, |number| {
                let mut draft = draft((number.into(), block.id()), &body);
                stamp(&mut draft, bits)
            })
        });
        let hash = time(200, |_| Sha256::digest(&body));
        let parse = time(200, |_| Block::parse(block.bytes()));
        let whole = time(200, |_| block.verify(BITS));
        let sign = time(200, |_| key.sign(&block.id().0));
        [
            ("make: signature", sign),
            ("make: stamp, 8 bits", made[0]),
            ("make: stamp, 16 bits", made[1]),
            ("check: header, and hash it", parse),
            ("check: stamp", time(200, |_| block.has_stamp(BITS))),
            ("check: hash of the body", hash),
            ("check: signature", whole - hash),
        ]
    });
    let [small, large] = rows;
    for ((what, small), (_, large)) in small.into_iter().zip(large) {
        println!("{what:<28}{small:>12.1}{large:>12.1}");
    }
}

/// Greets the node there, sends it something, and prints its last words.
fn send(address: SocketAddr, what: &str) -> Result<(), Box<dyn Error>> {
    let block = block((0, BlockId::default()), SAID[0].as_bytes(), &ada());
    let mut bytes = block.bytes().to_vec();
    let end = bytes.len();
    let mut kind = Kind::Block;
    match what {
        "fine" => {}
        "flags" => bytes[5] = 1,
        // It is another one's nonce.
        "stamp" => bytes[88] ^= 1,
        // Ten becomes ninety.
        "body" => bytes[HEADER + 9] = b'9',
        "signature" => bytes[end - 1] ^= 1,
        "line" => (kind, bytes) = (Kind::Line, SAID[0].into()),
        _ => return Err("fine, flags, stamp, body, signature, line?".into()),
    }
    let network = network_id("step25", BITS, None);
    let (session, node) = (0xee, PeerId([0xee; 32]));
    let greeting = Greeting { session, node, port: 0, network };
    let mut out = Vec::new();
    let hello = greeting.hello(address, 0).encode();
    frame::encode(Kind::Hello, &hello, &mut out);
    frame::encode(Kind::Ready, &[], &mut out);
    frame::encode(kind, &bytes, &mut out);
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&out)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut decoder = Decoder::default();
    // It ends when nothing more comes.
    while let Ok(count @ 1..) = stream.read(decoder.space()) {
        decoder.received(count);
        while let Ok(Some(frame)) = decoder.next_frame() {
            if frame.kind == Some(Kind::Bye) {
                let text = String::from_utf8_lossy(&frame.payload[3..]);
                println!("{what}: BYE, {text}");
                return Ok(());
            }
        }
    }
    println!("{what}: taken");
    Ok(())
}

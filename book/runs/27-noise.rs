//! Two nodes make a link secret: each byte that they send for it. `cost` says
//! what it costs instead.

use std::error::Error;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;
use std::{env, iter};

use ed25519_dalek::SigningKey;
use peer::cipher::Cipher;
use peer::frame::{self, Decoder, Frame};
use peer::kind::Kind;
use peer::secure::{Handshake, Keys, Secured};
use peer::vouch;

/// What both ends have, and what was said.
type Met = ([Secured; 2], Vec<Vec<u8>>);

/// Who says what: its parts, and how long they are.
const MESSAGES: [(&str, &[(&str, usize)]); 5] = [
    ("Bob dials", &[("preamble", 8)]),
    ("Ada", &[("preamble", 8)]),
    ("Bob", &[("length", 2), ("e", 32), ("sum", 16)]),
    ("Ada", &[("length", 2), ("e", 32), ("s, sealed", 48), ("sum", 16)]),
    ("Bob", &[("length", 2), ("s, sealed", 48), ("sum", 16)]),
];

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1) {
        None => show(),
        Some(_) => cost(),
    }
}

/// A handshake of two nodes.
fn meet() -> Result<Met, Box<dyn Error>> {
    let [mut bob, mut ada] = [(1, true), (2, false)].map(|(key, dials)| {
        let keys = Keys { private: [key; 32], shared: [9; 32] };
        Handshake::new(Rc::new(keys), dials, Instant::now())
    });
    let mut said = Vec::new();
    for _ in 0..2 {
        said.push(pass(&mut bob, &mut ada));
        said.push(pass(&mut ada, &mut bob));
    }
    let bob = outcome(&mut bob)?;
    hear(&mut ada, &bob.output);
    said.push(bob.output.clone());
    Ok(([bob, outcome(&mut ada)?], said))
}

/// Takes what one has to say to the other.
fn pass(from: &mut Handshake, to: &mut Handshake) -> Vec<u8> {
    from.advance();
    let bytes = from.output().to_vec();
    from.sent(bytes.len());
    hear(to, &bytes);
    bytes
}

fn hear(end: &mut Handshake, bytes: &[u8]) {
    end.space()[..bytes.len()].copy_from_slice(bytes);
    end.received(bytes.len());
}

fn outcome(end: &mut Handshake) -> Result<Secured, Box<dyn Error>> {
    end.advance();
    let outcome = end.outcome().ok_or("it is not over")?;
    outcome.map_err(|it| it.to_string().into())
}

fn show() -> Result<(), Box<dyn Error>> {
    let ([bob, ada], said) = meet()?;
    for ((who, parts), message) in iter::zip(MESSAGES, &said) {
        println!("{who}: {} bytes", message.len());
        let mut rest = &message[..];
        for (name, length) in parts {
            let (part, behind) = rest.split_at(*length);
            println!("  {length:2} {name:9}  {}", hex(part));
            rest = behind;
        }
    }
    println!("Bob knows: this is  {}", hex(&bob.cipher.node().0));
    println!("Ada knows: this is  {}", hex(&ada.cipher.node().0));
    println!("of this connection  {}", hex(bob.cipher.channel_binding()));
    println!("and at the other    {}", hex(ada.cipher.channel_binding()));
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().take(16).map(|it| format!("{it:02x}"));
    let more = if bytes.len() > 16 { "…" } else { "" };
    digits.collect::<String>() + more
}

/// Says how long something takes: the shortest of some rounds, since others
/// use this machine as well.
fn time(what: &str, count: u32, mut it: impl FnMut()) {
    let rounds = (0..20).map(|_| {
        let start = Instant::now();
        (0..count).for_each(|_| it());
        start.elapsed() / count
    });
    let shortest = rounds.min().unwrap_or_default();
    println!("{what:44} {:6.1} µs", shortest.as_nanos() as f64 / 1000.0);
}

fn cost() -> Result<(), Box<dyn Error>> {
    time("a handshake, both ends of it", 50, || drop(black_box(meet())));
    let ([bob, ada], _) = meet()?;
    let (mut from, mut to): (Cipher, Cipher) = (bob.cipher, ada.cipher);
    let (key, node) = (SigningKey::from_bytes(&[7; 32]), to.node());
    let binding = from.channel_binding().to_vec();
    let sign = || vouch::sign(&key, &binding, node, "27-noise");
    time("to sign the proof in HELLO", 50, || drop(black_box(sign())));
    let proof = sign();
    time("to check it", 50, || {
        black_box(vouch::check(&proof, &binding, node));
    });
    for size in [256, 32_768] {
        let (payload, mut out) = (vec![7; size], Vec::new());
        let mut input = Decoder::default();
        time(&format!("a frame of {size} bytes, as it is"), 200, || {
            out.clear();
            frame::encode(Kind::Block, &payload, &mut out);
            arrive(&out, &mut input, |it| it.next_frame().is_ok_and(is_some));
        });
        time(
            &format!("a frame of {size} bytes, sealed and opened"),
            2000,
            || {
                out.clear();
                from.seal(Kind::Block, &payload, &mut out);
                arrive(&out, &mut input, |it| to.unseal(it).is_ok_and(is_some));
            },
        );
    }
    Ok(())
}

fn is_some(frame: Option<Frame>) -> bool {
    black_box(frame).is_some()
}

/// Bytes arrive, as many at once as there is room for.
fn arrive(
    mut bytes: &[u8],
    input: &mut Decoder,
    mut read: impl FnMut(&mut Decoder) -> bool,
) {
    while !read(input) {
        let count = bytes.len().min(input.space().len());
        input.space()[..count].copy_from_slice(&bytes[..count]);
        input.received(count);
        bytes = &bytes[count..];
    }
}

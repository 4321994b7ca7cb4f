//! Mutated inputs, the same on every run: a bounded share of what cargo-fuzz
//! does without bounds.

use std::panic::{self, AssertUnwindSafe};

use fastrand::Rng;

/// `bytes` with a few of them changed, lost, doubled, or replaced by one of
/// `pieces`.
fn mutate(
    random: &mut Rng,
    bytes: &[u8],
    pieces: &[impl AsRef<[u8]>],
) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..4)).min(bytes.len());
        match random.u8(..4) {
            0 if at < bytes.len() => bytes[at] = random.u8(..),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => {
                let piece = pieces[random.usize(..pieces.len())].as_ref();
                drop(bytes.splice(at..end, piece.to_vec()));
            }
        }
    }
    bytes
}

/// Calls `entry` with each seed and `rounds` mutations of it.
pub fn fuzz(
    seeds: impl Iterator<Item = Vec<u8>>,
    rounds: u64,
    pieces: &[impl AsRef<[u8]>],
    entry: impl Fn(&[u8]),
) {
    for (number, seed) in seeds.enumerate() {
        for round in 0..=rounds {
            let mut random = Rng::with_seed(number as u64 * 1000 + round);
            let bytes = match round {
                0 => seed.clone(),
                _ => mutate(&mut random, &seed, pieces),
            };
            let called = AssertUnwindSafe(|| entry(&bytes));
            if panic::catch_unwind(called).is_err() {
                panic!("fails for: \"{}\"", bytes.escape_ascii());
            }
        }
    }
}

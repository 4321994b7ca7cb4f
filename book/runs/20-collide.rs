//! Names that all have one hash, in a dictionary whose hash is known and in
//! one whose hash is not.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::time::Instant;

use shared::collections::dictionary::Dictionary;

/// As Java has it for strings, and as PHP had it but for another number.
#[derive(Default)]
struct TimesThirtyOne(u64);

impl Hasher for TimesThirtyOne {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.wrapping_mul(31).wrapping_add(byte.into());
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn main() {
    println!("names     chosen   numbered    a key");
    for bits in 10..=14 {
        let chosen: Vec<String> = (0..1 << bits).map(chosen).collect();
        let numbered: Vec<String> =
            (0..1 << bits).map(|it: u32| format!("{it:028}")).collect();
        let known = || {
            let hasher = BuildHasherDefault::<TimesThirtyOne>::default();
            Dictionary::hashed_by(hasher)
        };
        println!(
            "{:5} {:>10.1?} {:>10.1?} {:>8.1?}",
            chosen.len(),
            fill(known(), &chosen),
            fill(known(), &numbered),
            fill(Dictionary::new(), &chosen),
        );
    }
}

/// 28 bytes: each bit of the number is `Aa` or `BB`. 31 × `A` + `a` is
/// 31 × 65 + 97, and 31 × `B` + `B` is 31 × 66 + 66: both are 2112.
fn chosen(number: u32) -> String {
    let bit = |at: u32| if number & 1 << at == 0 { "Aa" } else { "BB" };
    (0..14).map(bit).collect()
}

/// How long it takes to put all of them in.
fn fill<H: BuildHasher>(
    mut dictionary: Dictionary<(), H>,
    names: &[String],
) -> std::time::Duration {
    let start = Instant::now();
    for name in names {
        dictionary.value_or_else(name.as_bytes(), || ());
    }
    start.elapsed()
}

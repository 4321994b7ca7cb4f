//! How many nonces have to be tried until a block has its stamp.

use ed25519_dalek::SigningKey;
use peer::block::{Author, BlockId, BodyKind, Draft};
use peer::stamp::leading_zeros;

fn main() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let author = Author(key.verifying_key().to_bytes());
    for bits in [4, 8, 12, 16] {
        let tries: Vec<u64> = (0..9)
            .map(|time| {
                let (head, kind) = ((0, BlockId::default()), BodyKind::Text);
                let mut draft =
                    Draft::new(author, head, time, kind, b"hello".to_vec());
                let is_one =
                    |nonce: &u64| leading_zeros(&draft.hash(*nonce).0) >= bits;
                (0..).find(is_one).unwrap_or_default() + 1
            })
            .collect();
        let words: Vec<String> =
            tries.iter().map(|it| format!("{it:6}")).collect();
        println!("{bits:2} bits: {}", words.join(" "));
    }
}

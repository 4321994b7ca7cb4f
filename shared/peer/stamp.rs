//! Enters in step 25: the stamp: what a block costs, so that nobody floods a
//! network with them (hashcash). It is postage, and no vote.

/// How many zeros the hash of a block with so large a body begins with, in a
/// network of so many `bits`: one more each time that the body doubles beyond
/// a KiB.
pub fn required_bits(bits: u8, body: usize) -> u32 {
    let kib = body.div_ceil(1024).max(1);
    u32::from(bits) + kib.next_power_of_two().trailing_zeros()
}

/// With how many zero bits a hash begins.
pub fn leading_zeros(hash: &[u8; 32]) -> u32 {
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    let next = hash.get(zeros).map_or(0, |byte| byte.leading_zeros());
    zeros as u32 * 8 + next
}

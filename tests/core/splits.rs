//! All the ways in which bytes may arrive.

use crate::cases::Case;

/// Where to cut: everywhere; or, if there is much, near both ends, where it
/// matters most, and here and there between.
pub fn cuts(length: usize) -> Vec<usize> {
    const ALL: usize = 2000;
    const ENDS: usize = 60;
    if length <= ALL {
        return (1..length).collect();
    }
    let middle = (ENDS..length - ENDS).step_by(length / 20);
    (1..ENDS).chain(middle).chain(length - ENDS..length).collect()
}

/// The bytes of a case one by one; if there are many, in larger steps behind
/// the first.
pub fn bytewise(case: &Case) -> Vec<&[u8]> {
    let (first, rest) = case.bytes.split_at(case.bytes.len().min(2000));
    let size = (rest.len() / 500).max(1);
    first.chunks(1).chain(rest.chunks(size)).collect()
}

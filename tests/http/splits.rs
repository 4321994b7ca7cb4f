//! All the ways in which bytes may arrive.

use crate::cases::Case;

/// Where to cut: everywhere, or in so many places if there is much.
pub fn cuts(length: usize) -> Vec<usize> {
    const ALL: usize = 400;
    if length <= ALL {
        return (1..length).collect();
    }
    // The ends are where it matters: heads, chunk sizes, the last bytes.
    let middle = (100..length - 100).step_by(length / 50);
    (1..100).chain(middle).chain(length - 100..length).collect()
}

/// The bytes of a case one by one; if there are many, in larger steps behind
/// the first.
pub fn crumbs(case: &Case) -> Vec<&[u8]> {
    let (first, rest) = case.bytes.split_at(case.bytes.len().min(2000));
    let size = (rest.len() / 1000).max(1);
    first.chunks(1).chain(rest.chunks(size)).collect()
}

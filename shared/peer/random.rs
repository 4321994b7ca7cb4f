//! Enters in step 23: numbers that nobody can guess.

use nix::errno::Errno;

/// So many random bytes, from the kernel.
///
/// # Errors
/// Those of getrandom(2); none is known for so few.
pub fn random<const N: usize>() -> nix::Result<[u8; N]> {
    let mut bytes = [0; N];
    // Ask for random bytes. Up to 256 of them are never given in part, and
    // no signal interrupts that.
    // SAFETY: the pointer is to `N` bytes, and the kernel writes no more.
    let count = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), N, 0) };
    Errno::result(count).map(|_| bytes)
}

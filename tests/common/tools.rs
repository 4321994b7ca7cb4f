//! Waiting, bytes to send, and the preloaded library.

use std::env;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::preload::Preload;
use super::skip::skip;

/// The limit of every wait for something that must happen. It is patient,
/// because the machine may be slow; no test that passes waits so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a wait looks whether its limit is over.
pub const LOOK: Duration = Duration::from_millis(250);

/// Waits until `probe` has a result: for facts that nobody announces, such
/// as those of /proc. Panics with `what` if that takes longer than
/// [`PATIENCE`].
pub fn eventually<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    let pid = std::process::id().try_into().expect("a pid is an int");
    let found = super::time::eventually(PATIENCE, pid, probe);
    found.unwrap_or_else(|| panic!("waited in vain: {what}"))
}

/// `length` bytes of which no part is like another, the same every time.
pub fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    let mut number: u64 = 0;
    while bytes.len() < length {
        // SplitMix64: a counter, well mixed.
        number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = number;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Panics with the first difference, if there is one.
pub fn assert_same(got: &[u8], expected: &[u8]) {
    let pairs = got.iter().zip(expected);
    let same = pairs.take_while(|(a, b)| a == b).count();
    if same == got.len() && same == expected.len() {
        return;
    }
    let around = |bytes: &[u8]| {
        let piece = &bytes[same.saturating_sub(8)..bytes.len().min(same + 24)];
        format!("…\"{}\"…", piece.escape_ascii())
    };
    panic!(
        "got {} bytes, expected {}; first difference at byte {same}:\n  \
         got      {}\n  expected {}",
        got.len(),
        expected.len(),
        around(got),
        around(expected)
    );
}

/// Where a program is, by the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

/// The preloaded library of the exercises, where cargo has put it. It makes
/// the kernel as unhelpful as the man pages allow.
pub fn shim() -> Option<Preload> {
    // This program is target/debug/deps/behaviour-…
    let me = env::current_exe().ok()?;
    let library = me.parent()?.parent()?.join("examples/libshim.so");
    let found = library.is_file();
    found.then(|| Preload::new(&library).expect("a path to preload"))
}

/// Skips a test for want of it.
pub fn no_shim(test: &str) {
    let how = "cargo build --example shim";
    skip(test, "the preloaded library is not built", how);
}

/// A path for a file of this test only.
pub fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    directory.join(format!("{process}-{number}-{name}"))
}

//! What cannot be tested here is said, never passed over.

use std::env;
use std::io::{self, Write};

/// Says that a test is not done here, and how it could be. Where everything
/// must be there (`CI=true`) that is a failure.
pub fn skip(test: &str, why: &str, to_enable: &str) {
    let line = format!("SKIPPED {test}: {why}; to enable: {to_enable}\n");
    let ci = env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "nothing may be skipped where CI=true: {line}");
    // Not `eprintln!`: the words of a test that passes are not shown.
    let _ = io::stderr().write_all(line.as_bytes());
}

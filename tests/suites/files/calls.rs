//! What step 08 asks of the kernel for a file: counted by strace.

use super::client::{STEP_08, get};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::trace::{calls, trace};

#[test]
fn a_small_file_takes_ten_calls() -> Outcome {
    let tree = Tree::new();
    let root = tree.root();
    let command = [STEP_08, "0", "--root", root.to_str().unwrap()];
    let test = "a_small_file_takes_ten_calls";
    let lines = trace(test, &command, |server| {
        let mut client = server.connect()?;
        for _ in 0..101 {
            assert_eq!(get(&mut client, "/file.txt")?.status, 200);
        }
        drop(client);
        server.expect_note("requests")
    })?;
    let Some(lines) = lines else { return Ok(()) };
    let expected = [
        // The file is found first, and opened then.
        ("close", 200),
        ("fstat", 100),
        ("openat2", 200),
        ("pread64", 100),
        ("read", 100),
        // How much time is left, for the read and for the write.
        ("setsockopt", 200),
        // Head and content together.
        ("write", 100),
    ];
    // From one opening to the next is one request.
    assert_eq!(calls(&lines, "\"file.txt\""), expected.into());
    Ok(())
}

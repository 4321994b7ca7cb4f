//! What step 06 asks of the kernel for a response: counted by strace.

use super::accepted;
use crate::lab::Outcome;
use crate::trace::{calls, trace};

const STEP_06: &str = env!("CARGO_BIN_EXE_step06");
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

const RESPONSE: &str = "HTTP/1.1 200 OK";

#[test]
fn a_response_is_one_write() -> Outcome {
    let test = "a_response_is_one_write";
    let lines = trace(test, &[STEP_06, "0"], |server| {
        let mut client = server.connect()?;
        (0..101).try_for_each(|_| accepted(&mut client, REQUEST).map(drop))
    })?;
    let Some(lines) = lines else { return Ok(()) };
    let no_delay = lines.iter().filter(|line| line.contains("TCP_NODELAY"));
    assert_eq!(no_delay.count(), 1, "asked for once a connection");
    // How much time is left: for each read and each write.
    let expected = [("write", 100), ("read", 100), ("setsockopt", 200)];
    assert_eq!(calls(&lines, RESPONSE), expected.into());
    Ok(())
}

#[test]
fn responses_to_a_pipeline_leave_together() -> Outcome {
    let test = "responses_to_a_pipeline_leave_together";
    let lines = trace(test, &[STEP_06, "0"], |server| {
        let mut client = server.connect()?;
        accepted(&mut client, &REQUEST.repeat(20))?;
        (1..20).try_for_each(|_| accepted(&mut client, b"").map(drop))
    })?;
    let Some(lines) = lines else { return Ok(()) };
    let responses = lines.iter().filter(|line| line.contains(RESPONSE));
    assert_eq!(responses.count(), 1, "{lines:#?}");
    Ok(())
}

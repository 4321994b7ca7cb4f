//! Step 02: every byte comes back, once, in order; and no client ends the
//! server.

use crate::endings::ends_in;
use crate::lab::fixtures::pattern;
use crate::lab::show::assert_same;
use crate::lab::{Outcome, proc};
use crate::steps::{SHIMS, step};

#[test]
fn no_byte_and_every_value_of_one() -> Outcome {
    let server = step("step02").server()?;
    for bytes in [Vec::new(), (0..=255).collect()] {
        let mut client = server.connect()?;
        client.send(&bytes)?;
        client.expect(&bytes)?;
        client.finish()?;
        client.expect_eof()?;
        server.expect_note(&format!("{} bytes echoed\n", bytes.len()))?;
    }
    Ok(())
}

#[test]
fn a_client_that_reads_only_when_nothing_more_fits() -> Outcome {
    let (server, mut client) = step("step02").connected()?;
    // All buffers on the way fill up, and the server waits in write(2).
    let piece = pattern(64 * 1024);
    let total = client.flood(&piece)?;
    assert!(proc::waits_in(server.pid(), "write()"));
    client.finish()?;
    let echoed = client.receive_all()?;
    let sent = piece.repeat(total / piece.len() + 1);
    assert_same(&echoed, &sent[..total]);
    server.expect_note(&format!("{total} bytes echoed"))
}

#[test]
fn a_reset_while_the_server_reads_or_writes() -> Outcome {
    for call in ["read()", "write()"] {
        let (server, mut client) = step("step02").connected()?;
        if call == "write()" {
            client.flood(&[b'x'; 64 * 1024])?;
        }
        server.await_call(call)?;
        client.reset()?;
        server.expect_note("client lost: connection reset by peer")?;
        step("step02").exchange(&server)?;
    }
    Ok(())
}

#[test]
fn a_client_gone_before_the_echo() -> Outcome {
    // Not a reset but an ordinary end, with the echo unread: the kernel
    // meets the server's next writes with a reset, and then EPIPE.
    let server = step("step02").server()?;
    for _ in 0..50 {
        // It is sent in part where the server has ended before.
        let _ = server.connect()?.send(&pattern(200_000));
    }
    step("step02").exchange(&server)?;
    server.interrupt()
}

#[test]
fn a_kernel_that_takes_and_gives_little() -> Outcome {
    // Clients who give up in the queue, and no descriptor.
    let accepts = "accept=ECONNABORTED+EMFILE+ENFILE+ECONNABORTED";
    for shim in SHIMS.into_iter().chain([accepts]) {
        let mut client = step("step02").under(shim)?.connect()?;
        let bytes = pattern(40_000);
        client.send(&bytes)?;
        client.finish()?;
        client.expect(&bytes)?;
        client.expect_eof()?;
    }
    Ok(())
}

#[test]
fn a_server_waiting_for_a_client_to_read() -> Outcome {
    ends_in("write()", || {
        let (server, mut deaf) = step("step02").connected()?;
        deaf.flood(&[b'x'; 64 * 1024])?;
        Ok((server, deaf))
    })
}

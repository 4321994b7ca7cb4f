//! Every failure that the text speaks of is one line that says what, on
//! what, and what to do; and the exit status is 1.

use crate::lab::Outcome;
use crate::lab::launch::Launch;
use crate::steps::{Step, launch, ours, peer, servers};

/// A path as a shell takes it: the checkout's may have a space in it.
fn word(path: &str) -> String {
    if path.contains(' ') { format!("'{path}'") } else { path.to_string() }
}

/// Panics unless the step cannot listen, for this reason and with this advice.
pub fn expect_failure(
    step: &Step,
    launch: Launch,
    address: &str,
    reason: &str,
) -> Outcome {
    let name = &step.name;
    let line = format!("{name}: cannot listen on {address}: {reason}");
    launch.spawn()?.expect_failure(1, &line)
}

/// After `cargo run` the program's name alone would be no command.
#[test]
fn the_advice_is_a_command_with_all_arguments() -> Outcome {
    let Some(step) = ours("step08") else { return Ok(()) };
    let peer = peer()?;
    let (program, address) = (&step.program, peer.address());
    let address = address.to_string();
    let arguments = ["CARGO_PKG_NAME=x", program, &address, "--root", "/"];
    let program = launch("/usr/bin/env", &arguments)?.spawn()?;
    let line = program.expect_complaint(1)?;
    let advice = "cargo run --bin step08 -- 127.0.0.1:8081 --root /";
    assert!(line.ends_with(advice), "{line}");
    Ok(())
}

#[test]
fn an_address_that_cannot_be_had() -> Outcome {
    for step in servers() {
        let peer = peer()?;
        let in_use = peer.address().to_string();
        let program = word(&step.program);
        for (address, shim, reason) in [
            (
                &*in_use,
                "",
                format!(
                    "address already in use; another step may be running, or \
                     choose a port: {program} 127.0.0.1:8081"
                ),
            ),
            // In many containers the port is everybody's.
            (
                "127.0.0.1:80",
                "bind=EACCES",
                format!(
                    "permission denied; ports below 1024 are root's, choose a \
                     port: {program} 127.0.0.1:8080"
                ),
            ),
            // An address that RFC 5737 keeps for documents.
            (
                "203.0.113.1:8080",
                "",
                "cannot assign requested address; no interface of this \
                 machine has it: see `ip address`"
                    .to_string(),
            ),
        ] {
            let launch = step.launch(&[address])?.shim(shim);
            expect_failure(step, launch, address, &reason)?;
        }
    }
    Ok(())
}

#[test]
fn name_not_found() -> Outcome {
    let Some(step) = ours("step03") else { return Ok(()) };
    let launch = step.launch(&["nobody:8080"])?;
    launch.shim("gai=NONAME").spawn()?.expect_failure(
        1,
        "step03: cannot find 'nobody:8080': failed to lookup address \
         information: Name or service not known",
    )
}

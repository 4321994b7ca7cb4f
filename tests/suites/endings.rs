//! Ctrl-C and SIGTERM end every step with status 0, whatever it waits for;
//! a terminal that has gone does not end it.

use std::os::fd::OwnedFd;

use crate::cores::listeners;
use crate::lab::Outcome;
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::steps::{Speaks, Step, lasting_servers, servers};

/// A program that sleeps in `call` once `start` has made it do so ends by
/// each signal. With it comes what must last as long.
pub fn ends_in<T>(
    call: &str,
    start: impl Fn() -> Outcome<(Program, T)>,
) -> Outcome {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let (program, _kept) = start()?;
        program.await_call(call)?;
        let said = program.end_by(signal)?.stderr;
        let is_new = call == "accept4()";
        assert!(!is_new || said.is_empty(), "an end as wished is no error");
    }
    Ok(())
}

#[test]
fn a_server_waiting_for_a_client() -> Outcome {
    servers().try_for_each(|step| {
        ends_in(step.waits_in("accept4()"), || Ok((step.server()?, ())))
    })
}

#[test]
fn a_server_waiting_for_a_clients_words() -> Outcome {
    lasting_servers().try_for_each(|step| {
        ends_in(step.waits_in("read()"), || step.connected())
    })
}

#[test]
fn a_server_without_a_descriptor() -> Outcome {
    lasting_servers().try_for_each(|step| {
        ends_in(step.waits_in("clock_nanosleep()"), || {
            let server = step.server()?;
            step.exhaust_descriptors(&server)?;
            let client = server.connect()?;
            Ok((server, client))
        })
    })
}

/// The writing end of a pipe that nobody reads: writing fails with EPIPE.
fn nobody_reads() -> OwnedFd {
    std::io::pipe().unwrap().1.into()
}

#[test]
fn a_server_goes_on_without_its_audience() -> Outcome {
    servers().try_for_each(|step| {
        let launch = || step.launch(&["127.0.0.1:0"]);
        let unread = launch()?.stdout(nobody_reads()).stderr(nobody_reads());
        goes_on(step, unread)?;
        // SAFETY: close(2) takes a number; the descriptors are the child's
        // own, and what it does next is exec.
        goes_on(step, unsafe {
            launch()?.before(|| {
                for descriptor in 0..3 {
                    libc::close(descriptor);
                }
                Ok(())
            })
        })
    })
}

/// A server that cannot say where it listens serves its clients all the same.
fn goes_on(step: &Step, launch: Launch) -> Outcome {
    let server = launch.spawn()?;
    server.await_call(step.waits_in("accept4()"))?;
    let listeners = listeners(&server).into_iter();
    server.set_addresses(listeners.map(|row| row.local).collect());
    if step.speaks == Speaks::Greeting {
        step.exchange(&server)?;
        return server.expect_exit(0).map(drop);
    }
    (0..3).try_for_each(|_| step.exchange(&server))?;
    server.interrupt()
}

//! Ctrl-C and SIGTERM end every step with status 0, whatever it waits for;
//! a terminal that has gone does not end it.

use std::io::Write;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use crate::client::connected;
use crate::lab::launch::Launch;
use crate::lab::{BlackHole, Outcome, proc};
use crate::steps::{Speaks, Step, lasting_servers, servers, step};

const SIGNALS: [i32; 2] = [libc::SIGINT, libc::SIGTERM];

#[test]
fn a_server_waiting_for_a_client() -> Outcome {
    for step in servers() {
        for signal in SIGNALS {
            let server = step.server()?;
            server.await_call("accept4()")?;
            let ended = server.end_by(signal)?;
            assert_eq!(ended.stderr, b"", "an end as wished is no error");
        }
    }
    Ok(())
}

#[test]
fn a_server_waiting_for_a_clients_words() -> Outcome {
    for step in lasting_servers() {
        for signal in SIGNALS {
            let (server, _silent) = step.connected()?;
            server.await_call("read()")?;
            server.end_by(signal)?;
        }
    }
    Ok(())
}

#[test]
fn a_server_waiting_for_a_client_to_read() -> Outcome {
    for signal in SIGNALS {
        let (server, mut deaf) = step("step02").connected()?;
        deaf.flood(&[b'x'; 64 * 1024])?;
        server.await_call("write()")?;
        server.end_by(signal)?;
    }
    Ok(())
}

#[test]
fn a_server_without_a_descriptor() -> Outcome {
    for step in lasting_servers() {
        let server = step.server()?;
        step.exhaust_descriptors(&server)?;
        server.await_call("clock_nanosleep()")?;
        server.interrupt()?;
    }
    Ok(())
}

#[test]
fn a_client_waiting_for_both_sides() -> Outcome {
    for signal in SIGNALS {
        let (program, _server) = connected()?;
        program.await_call("read()")?;
        program.end_by(signal)?;
    }
    Ok(())
}

#[test]
fn a_client_waiting_for_the_server_to_read() -> Outcome {
    for signal in SIGNALS {
        let (program, _server) = connected()?;
        let mut input = program.take_input()?;
        let writer = std::thread::spawn(move || {
            // Until the client has gone.
            while input.write_all(&[b'x'; 65536]).is_ok() {}
        });
        program.await_call("write()")?;
        program.end_by(signal)?;
        writer.join().unwrap();
    }
    Ok(())
}

#[test]
fn a_client_waiting_for_the_handshake() -> Outcome {
    let hole = BlackHole::open(Ipv4Addr::LOCALHOST.into())?;
    for signal in SIGNALS {
        let address = hole.address().to_string();
        let program = step("step03").launch(&[&address])?.spawn()?;
        program.await_call("connect()")?;
        program.end_by(signal)?;
    }
    Ok(())
}

/// The writing end of a pipe that nobody reads: writing fails with EPIPE.
fn nobody_reads() -> OwnedFd {
    std::io::pipe().unwrap().1.into()
}

#[test]
fn a_server_goes_on_without_its_audience() -> Outcome {
    servers().try_for_each(|step| {
        let launch = step.launch(&["127.0.0.1:0"])?;
        goes_on(step, launch.stdout(nobody_reads()).stderr(nobody_reads()))
    })
}

#[test]
fn a_server_goes_on_with_no_output_at_all() -> Outcome {
    servers().try_for_each(|step| {
        let launch = step.launch(&["127.0.0.1:0"])?;
        // SAFETY: close(2) takes a number; the descriptors are the child's
        // own, and what it does next is exec.
        let launch = unsafe {
            launch.before(|| {
                for descriptor in 0..3 {
                    libc::close(descriptor);
                }
                Ok(())
            })
        };
        goes_on(step, launch)
    })
}

/// A server that cannot say where it listens serves its clients all the same.
fn goes_on(step: &Step, launch: Launch) -> Outcome {
    let server = launch.spawn()?;
    let address = server.eventually("listens", || {
        let mut rows = proc::own_rows(server.pid()).into_iter();
        rows.find(|row| row.state == proc::LISTEN).map(|row| row.local)
    })?;
    server.set_addresses(vec![address]);
    if step.speaks == Speaks::Greeting {
        step.exchange(&server)?;
        return server.expect_exit(0).map(drop);
    }
    (0..3).try_for_each(|_| step.exchange(&server))?;
    server.interrupt()
}

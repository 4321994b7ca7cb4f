//! Step 03: names with several addresses, and every way to end.

use std::fs::File;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{pipe2, write};

use crate::client::{client, connected, connected_by, connected_to};
use crate::endings::ends_in;
use crate::lab::fixtures::pattern;
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::lab::show::assert_same;
use crate::lab::{BlackHole, Outcome};
use crate::steps::{peer, peer_on_ipv6, step};

/// Waits for its end, for this reason, after it was connected.
fn expect_lost(program: &Program, end: &str) -> Outcome {
    let text = program.expect_notes(1)?;
    assert!(text.ends_with(end), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    Ok(())
}

/// The client of a port at a name that has these addresses. More could be typed
/// to the end.
fn of_name(port: u16, addresses: &str) -> Outcome<Launch> {
    let launch = step("step03").launch(&[&format!("swarm:{port}")])?;
    Ok(launch.shim(&format!("gai={addresses}")).stdin(Stdio::piped()))
}

#[test]
fn the_addresses_of_a_name_are_tried_in_order() -> Outcome {
    // One port on four addresses, of which the third accepts.
    let peer = peer()?;
    let port = peer.address().port();
    let launch = of_name(port, "::1+127.0.0.9+127.0.0.1+127.0.0.5")?;
    let (program, client) = connected_to(&peer, launch)?;
    drop(client);
    let text = program.expect_notes(0)?;
    let (first, rest) = text.split_once('\n').unwrap();
    // Refused, or not to be reached, as this machine has it.
    assert!(first.starts_with(&format!("[::1]:{port}: ")), "{text}");
    let expected = format!(
        "127.0.0.9:{port}: connection refused\n\
         connected to 127.0.0.1:{port}\n"
    );
    assert_eq!(rest, expected);
    Ok(())
}

#[test]
fn when_no_address_accepts_each_is_named() -> Outcome {
    // Nobody can listen on port 1 of these by accident.
    let program = of_name(1, "127.9.9.1+127.9.9.2")?.spawn()?;
    assert_eq!(
        program.expect_notes(1)?,
        "127.9.9.1:1: connection refused\n\
         127.9.9.2:1: connection refused\n\
         step03: cannot connect to swarm:1: connection refused\n"
    );
    Ok(())
}

#[test]
fn an_ipv6_server() -> Outcome {
    let Some(peer) = peer_on_ipv6() else { return Ok(()) };
    let (program, mut client) = connected_to(&peer, client(&peer)?)?;
    program.type_in(b"six")?;
    client.expect(b"six")?;
    drop(client);
    program.expect_exit(0).map(drop)
}

#[test]
fn a_reset_is_a_failure() -> Outcome {
    let (program, client) = connected()?;
    program.expect_note("connected to ")?;
    client.reset()?;
    let end = "\nstep03: cannot pass the output on: connection reset by peer\n";
    expect_lost(&program, end)
}

#[test]
fn a_reset_while_the_client_writes_is_a_failure() -> Outcome {
    // The kernel tells it to one thread of the two: whichever it is, the
    // status must not be 0.
    for _ in 0..20 {
        let zeros = File::open("/dev/zero").unwrap();
        let (program, mut client) = connected_by(|it| it.stdin(zeros))?;
        client.receive(100_000)?;
        client.reset()?;
        expect_lost(&program, ": connection reset by peer\n")?;
    }
    Ok(())
}

#[test]
fn nobody_reads_the_response() -> Outcome {
    let (_, writing) = std::io::pipe().unwrap();
    let (program, mut client) = connected_by(|it| it.stdout(writing))?;
    program.expect_note("connected to ")?;
    client.send(b"a response")?;
    let end = "\nstep03: cannot pass the output on: broken pipe\n";
    expect_lost(&program, end)
}

#[test]
fn an_input_that_cannot_be_read_ends_the_conversation() -> Outcome {
    // A directory. The server must hear of the end, or both wait for ever.
    let root = File::open("/").unwrap();
    let (program, mut client) = connected_by(|it| it.stdin(root))?;
    client.expect_eof()?;
    client.send(b"well?")?;
    drop(client);
    let end = "\nstep03: cannot pass the input on: is a directory\n";
    expect_lost(&program, end)?;
    assert_eq!(program.stdout(), b"well?");
    Ok(())
}

#[test]
fn no_input_at_all_is_an_end_at_once() -> Outcome {
    // SAFETY: close(2) takes a number, and exec comes next.
    let (program, mut client) = connected_by(|it| unsafe {
        it.before(|| {
            libc::close(0);
            Ok(())
        })
    })?;
    client.expect_eof()?;
    client.send(b"a response")?;
    drop(client);
    assert_eq!(program.expect_exit(0)?.stdout, b"a response");
    Ok(())
}

/// Nothing listens there, and the kernel chose that port for our own end.
#[test]
fn a_client_that_meets_itself() -> Outcome {
    let address = peer()?.address().to_string();
    let launch = step("step03").launch(&[&address])?.shim("own");
    let program = launch.stdin(Stdio::piped()).spawn()?;
    assert_eq!(
        program.expect_notes(1)?,
        format!(
            "{address}: connected to itself\n\
             step03: cannot connect to {address}: connection refused\n"
        )
    );
    Ok(())
}

/// A terminal or a pipe that another program has made non-blocking.
#[test]
fn descriptors_that_do_not_wait() -> Outcome {
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let (input, typed) = pipe2(flags).unwrap();
    let (printed, output) = pipe2(flags).unwrap();
    let (program, mut client) =
        connected_by(|it| it.stdin(input).stdout(output))?;
    // More than a pipe holds, before any of it is read.
    let bytes = pattern(1 << 20);
    client.send(&bytes)?;
    client.finish()?;
    // The step waits for both pipes.
    program.await_call("poll()")?;
    write(&typed, b"typed").unwrap();
    client.expect(b"typed")?;
    fcntl(&printed, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let mut read = Vec::new();
    File::from(printed).read_to_end(&mut read).unwrap();
    assert_same(&read, &bytes);
    program.expect_exit(0).map(drop)
}

#[test]
fn a_client_waiting_for_both_sides() -> Outcome {
    ends_in("read()", connected)
}

#[test]
fn a_client_waiting_for_the_server_to_read() -> Outcome {
    ends_in("write()", || {
        let (program, server) = connected()?;
        let mut input = program.take_input()?;
        std::thread::spawn(move || {
            // Until the client has gone.
            while input.write_all(&[b'x'; 65536]).is_ok() {}
        });
        Ok((program, server))
    })
}

#[test]
fn a_client_waiting_for_the_handshake() -> Outcome {
    let hole = BlackHole::open(Ipv4Addr::LOCALHOST.into())?;
    let address = hole.address().to_string();
    ends_in("connect()", || {
        Ok((step("step03").launch(&[&address])?.spawn()?, ()))
    })
}

//! Step 03: names with several addresses, and every way to end.

use std::fs::File;
use std::io::Read;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{pipe2, write};

use crate::client::{client, connected};
use crate::common::steps::step;
use crate::common::tools::assert_same;
use crate::common::{Peer, Program, eventually, no_shim, pattern, proc};

#[test]
fn the_addresses_of_a_name_are_tried_in_order() {
    // One port on three addresses; only the last accepts.
    let peer = Peer::open();
    let port = peer.address().port();
    let target = format!("swarm:{port}");
    let program = Program::new(&step("step03").program, &[&target]);
    let gai = "gai=127.0.0.9+127.0.0.7+127.0.0.1+127.0.0.5";
    let Some(program) = program.shim(gai) else {
        return no_shim("the_addresses_of_a_name_are_tried_in_order");
    };
    let running = program.start();
    drop(peer.accept(&running.transcript));
    let ended = running.wait();
    ended.expect_status(0);
    assert_eq!(
        String::from_utf8(ended.stderr).unwrap(),
        format!(
            "127.0.0.9:{port}: connection refused\n\
             127.0.0.7:{port}: connection refused\n\
             connected to 127.0.0.1:{port}\n"
        )
    );
}

#[test]
fn an_ipv6_address_that_does_not_accept_is_passed_over() {
    let peer = Peer::open();
    let port = peer.address().port();
    let target = format!("swarm:{port}");
    let program = Program::new(&step("step03").program, &[&target]);
    let Some(program) = program.shim("gai=::1+127.0.0.1") else {
        let test = "an_ipv6_address_that_does_not_accept_is_passed_over";
        return no_shim(test);
    };
    let running = program.start();
    drop(peer.accept(&running.transcript));
    let ended = running.wait();
    ended.expect_status(0);
    let text = String::from_utf8(ended.stderr).unwrap();
    // Refused, or not to be reached, as this machine has it.
    assert!(text.starts_with(&format!("[::1]:{port}: ")), "{text}");
    let last = format!("\nconnected to 127.0.0.1:{port}\n");
    assert!(text.ends_with(&last), "{text}");
}

#[test]
fn when_no_address_accepts_each_is_named() {
    // Nobody can listen on port 1 of these by accident.
    let program = Program::new(&step("step03").program, &["swarm:1"]);
    let Some(program) = program.shim("gai=127.9.9.1+127.9.9.2") else {
        return no_shim("when_no_address_accepts_each_is_named");
    };
    let ended = program.start().wait();
    ended.expect_status(1);
    assert_eq!(
        String::from_utf8(ended.stderr).unwrap(),
        "127.9.9.1:1: connection refused\n\
         127.9.9.2:1: connection refused\n\
         step03: cannot connect to swarm:1: connection refused\n"
    );
}

#[test]
fn an_ipv6_server() {
    let Some(peer) = Peer::open_on("[::1]:0") else {
        let how = "sysctl net.ipv6.conf.lo.disable_ipv6=0";
        return crate::common::skip("an_ipv6_server", "no IPv6", how);
    };
    let mut running = client(&peer).start();
    let mut client = peer.accept(&running.transcript);
    running.type_in(b"six");
    client.expect(b"six");
    drop(client);
    running.wait().expect_status(0);
}

#[test]
fn the_server_ends_although_more_could_be_typed() {
    let (running, mut client) = connected();
    client.send(b"that is all\n");
    drop(client);
    let ended = running.wait();
    ended.expect_status(0);
    assert_eq!(ended.stdout, b"that is all\n");
}

#[test]
fn a_reset_is_a_failure() {
    let (running, client) = connected();
    running.wait_for_note("connected to ");
    client.reset();
    let ended = running.wait();
    ended.expect_status(1);
    let text = String::from_utf8(ended.stderr).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(
        lines[1],
        "step03: cannot pass the output on: connection reset by peer"
    );
}

#[test]
fn a_reset_while_the_client_writes_is_a_failure() {
    // The kernel tells it to one thread of the two: whichever it is, the
    // status must not be 0.
    for _ in 0..20 {
        let peer = Peer::open();
        let zeros = File::open("/dev/zero").unwrap();
        let running = client(&peer).input(zeros).start();
        let mut client = peer.accept(&running.transcript);
        client.receive(100_000);
        client.reset();
        let ended = running.wait();
        ended.expect_status(1);
        let text = String::from_utf8(ended.stderr).unwrap();
        assert!(text.ends_with(": connection reset by peer\n"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}

#[test]
fn nobody_reads_the_response() {
    let peer = Peer::open();
    let (_, writing) = std::io::pipe().unwrap();
    let running = client(&peer).stdout(writing).start();
    let mut client = peer.accept(&running.transcript);
    running.wait_for_note("connected to ");
    client.send(b"a response");
    let ended = running.wait();
    ended.expect_status(1);
    let text = String::from_utf8(ended.stderr).unwrap();
    let end = "\nstep03: cannot pass the output on: broken pipe\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn an_input_that_cannot_be_read_ends_the_conversation() {
    // A directory. The server must hear of the end, or both wait for ever.
    let peer = Peer::open();
    let directory = File::open("/").unwrap();
    let running = client(&peer).input(directory).start();
    let mut client = peer.accept(&running.transcript);
    client.expect_end();
    client.send(b"well?");
    drop(client);
    let ended = running.wait();
    ended.expect_status(1);
    assert_eq!(ended.stdout, b"well?");
    let text = String::from_utf8(ended.stderr).unwrap();
    let end = "\nstep03: cannot pass the input on: is a directory\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn no_input_at_all_is_an_end_at_once() {
    let peer = Peer::open();
    // SAFETY: close(2) takes a number, and exec comes next.
    let program = unsafe {
        client(&peer).before(|| {
            libc::close(0);
            Ok(())
        })
    };
    let running = program.start();
    let mut client = peer.accept(&running.transcript);
    client.expect_end();
    client.send(b"a response");
    drop(client);
    let ended = running.wait();
    ended.expect_status(0);
    assert_eq!(ended.stdout, b"a response");
}

/// Nothing listens there, and the kernel chose that port for our own end.
#[test]
fn a_client_that_meets_itself() {
    let peer = Peer::open();
    let address = peer.address().to_string();
    drop(peer);
    let program = Program::new(&step("step03").program, &[&address]);
    let Some(program) = program.shim("own") else {
        return no_shim("a_client_that_meets_itself");
    };
    let ended = program.with_input().start().wait();
    ended.expect_status(1);
    assert_eq!(
        String::from_utf8(ended.stderr).unwrap(),
        format!(
            "{address}: connected to itself\n\
             step03: cannot connect to {address}: connection refused\n"
        )
    );
}

/// A terminal or a pipe that another program has made non-blocking.
#[test]
fn descriptors_that_do_not_wait() {
    let peer = Peer::open();
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let (input, typed) = pipe2(flags).unwrap();
    let (printed, output) = pipe2(flags).unwrap();
    let running = client(&peer).input(input).stdout(output).start();
    let mut client = peer.accept(&running.transcript);
    // More than a pipe holds, before any of it is read.
    let bytes = pattern(1 << 20);
    client.send(&bytes);
    client.finish();
    eventually("the step waits for both pipes", || {
        proc::sleeps_in(running.pid(), libc::SYS_poll).then_some(())
    });
    write(&typed, b"typed").unwrap();
    client.expect(b"typed");
    fcntl(&printed, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let mut read = Vec::new();
    File::from(printed).read_to_end(&mut read).unwrap();
    assert_same(&read, &bytes);
    running.wait().expect_status(0);
}

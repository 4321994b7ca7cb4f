//! Step 02: every byte comes back, once, in order; and no client ends the
//! server.

use std::io::Write;
use std::thread;

use crate::common::steps::step;
use crate::common::tools::assert_same;
use crate::common::{Server, no_shim, pattern};

const LARGE: usize = 8 << 20;

fn server() -> Server {
    Server::start(step("step02"))
}

#[test]
fn every_value_of_a_byte() {
    let server = server();
    let mut client = server.connect();
    let all: Vec<u8> = (0..=255).collect();
    client.send(&all);
    client.expect(&all);
    client.finish();
    client.expect_end();
    server.wait_for_note("256 bytes echoed");
}

#[test]
fn eight_mebibytes_at_once() {
    let server = server();
    let mut client = server.connect();
    let bytes = pattern(LARGE);
    thread::scope(|scope| {
        let mut stream = client.stream();
        let sent = &bytes;
        scope.spawn(move || {
            stream.write_all(sent).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
        });
        assert_same(&client.receive_all(), &bytes);
    });
}

#[test]
fn a_client_that_reads_only_when_nothing_more_fits() {
    let server = server();
    let mut client = server.connect();
    // All buffers on the way fill up, and the server waits in write(2).
    let mut total = 0;
    loop {
        let count = client.fill();
        total += count;
        if crate::common::proc::sleeps_in(server.pid(), libc::SYS_write) {
            break;
        }
    }
    client.finish();
    let echoed = client.receive_all();
    assert_eq!(echoed.len(), total);
    assert!(echoed.iter().all(|&byte| byte == b'x'));
    server.wait_for_note(&format!("{total} bytes echoed"));
}

#[test]
fn half_a_connection_is_enough_for_the_rest() {
    let server = server();
    let mut client = server.connect();
    let bytes = pattern(100_000);
    client.send(&bytes);
    client.finish();
    assert_same(&client.receive_all(), &bytes);
}

#[test]
fn a_client_that_says_nothing_and_leaves() {
    let server = server();
    let mut client = server.connect();
    client.finish();
    client.expect_end();
    server.wait_for_note("0 bytes echoed");
}

#[test]
fn a_reset_while_the_server_reads() {
    let server = server();
    let mut client = server.connect();
    client.send(b"hello");
    client.expect(b"hello");
    client.reset();
    server.wait_for_note("client lost: connection reset by peer");
    step("step02").exchange(&server);
}

#[test]
fn a_reset_while_the_server_writes() {
    let server = server();
    let mut client = server.connect();
    while !crate::common::proc::sleeps_in(server.pid(), libc::SYS_write) {
        client.fill();
    }
    client.reset();
    server.wait_for_note("client lost: connection reset by peer");
    step("step02").exchange(&server);
}

#[test]
fn a_client_gone_before_the_echo() {
    // Not a reset but an ordinary end, with the echo unread: the kernel
    // meets the server's next writes with a reset, and then EPIPE.
    let server = server();
    for _ in 0..50 {
        let mut client = server.connect();
        client.try_send(&pattern(200_000));
    }
    step("step02").exchange(&server);
    assert!(server.is_alive());
}

#[test]
fn a_thousand_short_connections() {
    let server = server();
    for _ in 0..1000 {
        step("step02").exchange(&server);
    }
}

#[test]
fn a_kernel_that_takes_and_gives_little() {
    for what in
        ["w=7", "r=3", "eintr=2", "eintr=3", "w=7,r=3,eintr=5", "w=1,r=1"]
    {
        let Some(server) = Server::start_shim(step("step02"), what) else {
            return no_shim("a_kernel_that_takes_and_gives_little");
        };
        let mut client = server.connect();
        let bytes = pattern(40_000);
        client.send(&bytes);
        client.finish();
        assert_same(&client.receive_all(), &bytes);
    }
}

#[test]
fn clients_who_give_up_in_the_queue() {
    let what = "accept=ECONNABORTED+EMFILE+ENFILE+ECONNABORTED";
    let Some(server) = Server::start_shim(step("step02"), what) else {
        return no_shim("clients_who_give_up_in_the_queue");
    };
    step("step02").exchange(&server);
}

#[test]
fn two_clients_are_served_in_turn() {
    let server = server();
    let mut first = server.connect();
    first.send(b"first");
    first.expect(b"first");
    let mut second = server.connect();
    second.send(b"second");
    // The first is served while the second waits, however long.
    for _ in 0..10 {
        first.send(b"again");
        first.expect(b"again");
        assert!(!second.has_something());
    }
    assert_eq!(crate::common::proc::queue(server.address), 1);
    drop(first);
    second.expect(b"second");
}

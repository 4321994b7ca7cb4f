//! Ctrl-C and SIGTERM end every step with status 0, whatever it waits for;
//! a terminal that has gone does not end it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use libc::c_long;

use crate::common::steps::{Speaks, Step, lasting_servers, servers, step};
use crate::common::{Client, Peer, Program, Running, Server, eventually, proc};

const SIGNALS: [i32; 2] = [libc::SIGINT, libc::SIGTERM];

fn waits_in(running: &Running, call: c_long) {
    eventually("the step sleeps in the system call", || {
        proc::sleeps_in(running.pid(), call).then_some(())
    });
}

fn end(running: Running, signal: i32) {
    running.signal(signal);
    running.wait().expect_signal(signal);
}

#[test]
fn a_server_waiting_for_a_client() {
    for step in servers() {
        for signal in SIGNALS {
            let server = Server::start(step);
            waits_in(&server, libc::SYS_accept4);
            server.signal(signal);
            let ended = server.wait();
            ended.expect_signal(signal);
            assert_eq!(ended.stderr, b"", "an end as wished is no error");
        }
    }
}

#[test]
fn a_server_waiting_for_a_clients_words() {
    for step in lasting_servers() {
        for signal in SIGNALS {
            let server = Server::start(step);
            let _silent = server.connect();
            waits_in(&server, libc::SYS_read);
            server.signal(signal);
            server.wait().expect_signal(signal);
        }
    }
}

#[test]
fn a_server_waiting_for_a_client_to_read() {
    for signal in SIGNALS {
        let server = Server::start(step("step02"));
        let mut deaf = server.connect();
        eventually("the server can write no more", || {
            deaf.fill();
            proc::sleeps_in(server.pid(), libc::SYS_write).then_some(())
        });
        server.signal(signal);
        server.wait().expect_signal(signal);
    }
}

#[test]
fn a_server_without_a_descriptor() {
    for step in lasting_servers() {
        let server = Server::start(step);
        step.exhaust_descriptors(&server);
        waits_in(&server, libc::SYS_clock_nanosleep);
        server.signal(libc::SIGINT);
        server.wait().expect_signal(libc::SIGINT);
    }
}

/// A client that is connected, with the other end of its connection.
fn connected() -> (Running, Client) {
    let peer = Peer::open();
    let address = peer.address().to_string();
    let program = Program::new(&step("step03").program, &[&address]);
    let running = program.with_input().start();
    let client = peer.accept(&running.transcript);
    (running, client)
}

#[test]
fn a_client_waiting_for_both_sides() {
    for signal in SIGNALS {
        let (running, _wire) = connected();
        waits_in(&running, libc::SYS_read);
        end(running, signal);
    }
}

#[test]
fn a_client_waiting_for_the_server_to_read() {
    for signal in SIGNALS {
        let (mut running, _wire) = connected();
        let mut input = running.take_input();
        let writer = std::thread::spawn(move || {
            // Until the client has gone.
            while io::Write::write_all(&mut input, &[b'x'; 65536]).is_ok() {}
        });
        waits_in(&running, libc::SYS_write);
        end(running, signal);
        writer.join().unwrap();
    }
}

#[test]
fn a_client_waiting_for_the_handshake() {
    use nix::sys::socket::{
        AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind,
        getsockname, listen, socket,
    };
    // A queue for one connection, and one in it: the kernel ignores whoever
    // calls now, as a firewall would.
    let (family, kind) = (AddressFamily::Inet, SockType::Stream);
    let full = socket(family, kind, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(full.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    listen(&full, Backlog::new(0).unwrap()).unwrap();
    let address: SockaddrIn = getsockname(full.as_raw_fd()).unwrap();
    let address = std::net::SocketAddrV4::from(address);
    let _first = std::net::TcpStream::connect(address).unwrap();
    for signal in SIGNALS {
        let address = address.to_string();
        let program = Program::new(&step("step03").program, &[&address]);
        let running = program.start();
        waits_in(&running, libc::SYS_connect);
        end(running, signal);
    }
}

/// The writing end of a pipe that nobody reads: writing fails with EPIPE.
fn nobody_reads() -> OwnedFd {
    std::io::pipe().unwrap().1.into()
}

/// Waits for a server that cannot say where it listens.
fn find(running: &Running) -> std::net::SocketAddr {
    eventually("the server listens", || proc::listens_on(running.pid()))
}

#[test]
fn a_server_goes_on_without_its_audience() {
    for step in servers() {
        let program = Program::new(&step.program, &["127.0.0.1:0"]);
        let program = program.stdout(nobody_reads()).stderr(nobody_reads());
        goes_on(step, program.start());
    }
}

#[test]
fn a_server_goes_on_with_no_output_at_all() {
    for step in servers() {
        let program = Program::new(&step.program, &["127.0.0.1:0"]);
        // SAFETY: close(2) takes a number; the descriptors are the child's
        // own, and what it does next is exec.
        let program = unsafe {
            program.before(|| {
                for descriptor in 0..3 {
                    libc::close(descriptor);
                }
                Ok(())
            })
        };
        goes_on(step, program.start());
    }
}

fn goes_on(step: &Step, running: Running) {
    let address = find(&running);
    for _ in 0..if step.speaks == Speaks::Greeting { 1 } else { 3 } {
        let mut client = Client::connect(address, &running.transcript);
        step.request(&mut client);
        if step.speaks == Speaks::Echo {
            client.finish();
        }
        client.expect_end();
    }
    if step.speaks == Speaks::Greeting {
        running.wait().expect_status(0);
    } else {
        end(running, libc::SIGINT);
    }
}

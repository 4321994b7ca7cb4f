//! Every failure that the text speaks of is one line that says what, on
//! what, and what to do; and the exit status is 1.

use std::os::fd::AsRawFd;

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, socket,
};

use crate::common::steps::{Step, servers, step};
use crate::common::tools::find;
use crate::common::{Ended, Peer, Program, done, no_shim, skip};

fn fails(program: &str, argument: &str) -> Ended {
    Program::new(program, &[argument]).start().wait()
}

/// A path as a shell takes it: the checkout's may have a space in it.
fn word(path: &str) -> String {
    if path.contains(' ') { format!("'{path}'") } else { path.to_string() }
}

#[test]
fn address_in_use() {
    for step in servers() {
        let peer = Peer::open();
        let address = peer.address();
        let ended = fails(&step.program, &address.to_string());
        assert_eq!(ended.stdout, b"", "nothing is announced");
        let (name, program) = (&step.name, word(&step.program));
        ended.expect_failure(
            1,
            &format!(
                "{name}: cannot listen on {address}: address already in use; \
                 another step may be running, or choose a port: {program} \
                 127.0.0.1:8081"
            ),
        );
    }
}

/// After `cargo run` the program's name alone would be no command.
#[test]
fn the_advice_is_a_command_with_all_arguments() {
    let peer = Peer::open();
    let (program, address) = (&step("step08").program, peer.address());
    let address = address.to_string();
    let arguments = ["CARGO_PKG_NAME=x", program, &address, "--root", "/"];
    let ended = Program::new("/usr/bin/env", &arguments).start().wait();
    let line = ended.expect_one_line();
    let advice = "cargo run --bin step08 -- 127.0.0.1:8081 --root /";
    assert!(line.ends_with(advice), "{line}");
}

/// A server that wants port 80, and may not have it.
fn on_port_80(step: &Step) -> Option<Program> {
    let setting = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    let first = std::fs::read_to_string(setting).unwrap_or_default();
    let arguments = ["127.0.0.1:80"];
    if first.trim().parse().unwrap_or(1024) <= 80 {
        // In many containers the port is everybody's. Then strace plays the
        // kernel that refuses it.
        let quiet = ["-o", "/dev/null", "-e", "inject=bind:error=EACCES"];
        let arguments = [&quiet[..], &[&step.program], &arguments].concat();
        return Some(Program::new(find("strace")?, &arguments));
    }
    // Root would be allowed to have it; a program started without this
    // capability is not, whoever starts it.
    // SAFETY: the closure makes two system calls and nothing else.
    Some(unsafe {
        Program::new(&step.program, &arguments).before(|| {
            const NET_BIND_SERVICE: i32 = 10;
            match libc::geteuid() {
                0 => done(libc::prctl(libc::PR_CAPBSET_DROP, NET_BIND_SERVICE)),
                _ => Ok(()),
            }
        })
    })
}

#[test]
fn permission_denied_for_a_port_of_roots() {
    let test = "permission_denied_for_a_port_of_roots";
    for step in servers() {
        let Some(program) = on_port_80(step) else {
            let why = "port 80 is everybody's here, and strace is missing";
            return skip(test, why, "apt-get install strace");
        };
        let Ok(running) = program.try_start() else {
            let why = "root cannot give up a capability here";
            return skip(test, why, "run the tests as an ordinary user");
        };
        let (name, program) = (&step.name, word(&step.program));
        running.wait().expect_failure(
            1,
            &format!(
                "{name}: cannot listen on 127.0.0.1:80: permission denied; \
                 ports below 1024 are root's, choose a port: {program} \
                 127.0.0.1:8080"
            ),
        );
    }
}

#[test]
fn address_of_another_machine() {
    for step in servers() {
        // An address that RFC 5737 keeps for documents.
        fails(&step.program, "203.0.113.1:8080").expect_failure(
            1,
            &format!(
                "{}: cannot listen on 203.0.113.1:8080: cannot assign \
                 requested address; no interface of this machine has it: see \
                 `ip address`",
                step.name
            ),
        );
    }
}

#[test]
fn connection_refused() {
    // A socket that has the port and does not listen: nobody else can.
    let (family, kind) = (AddressFamily::Inet, SockType::Stream);
    let socket = socket(family, kind, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(socket.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let address: SockaddrIn = getsockname(socket.as_raw_fd()).unwrap();
    let ended = fails(&step("step03").program, &address.to_string());
    ended.expect_status(1);
    assert_eq!(
        String::from_utf8(ended.stderr).unwrap(),
        format!(
            "{address}: connection refused\n\
             step03: cannot connect to {address}: connection refused\n"
        )
    );
}

#[test]
fn name_not_found() {
    let program = Program::new(&step("step03").program, &["nobody:8080"]);
    let Some(program) = program.shim("gai=NONAME") else {
        no_shim("name_not_found");
        return;
    };
    program.start().wait().expect_failure(
        1,
        "step03: cannot find 'nobody:8080': failed to lookup address \
         information: Name or service not known",
    );
}

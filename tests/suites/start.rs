//! How a step begins: what it announces, the addresses it takes, `--help`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::common::steps::{STEPS, Speaks, Step, servers};
use crate::common::{Peer, Program, Server, skip};

/// Whether this machine has an IPv6 loopback.
fn has_ipv6(test: &str) -> bool {
    let has = Peer::open_on("[::1]:0").is_some();
    if !has {
        let how = "sysctl net.ipv6.conf.lo.disable_ipv6=0";
        skip(test, "no IPv6 on this machine", how);
    }
    has
}

fn scheme(step: &Step) -> &'static str {
    if step.speaks == Speaks::Http { "http" } else { "tcp" }
}

/// The three lines that a server begins with.
fn first_lines(server: &Server) -> Vec<String> {
    let lines = server.stdout.wait_for(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<_> = text.lines().map(str::to_string).collect();
        (text.matches('\n').count() == 3).then_some(lines)
    });
    lines.expect("three lines")
}

#[test]
fn a_server_announces_itself_and_two_commands() {
    for step in servers() {
        let server = Server::start(step);
        let lines = first_lines(&server);
        let (scheme, address) = (scheme(step), server.address);
        assert_ne!(address.port(), 0, "the port that the kernel chose");
        assert_eq!(lines[0], format!("listening on {scheme}://{address}"));
        for line in &lines[1..] {
            assert!(line.starts_with("  try: "), "{line}");
            assert!(line.contains(&address.port().to_string()), "{line}");
        }
        step.exchange(&server);
    }
}

#[test]
fn a_server_listens_on_ipv6() {
    if !has_ipv6("a_server_listens_on_ipv6") {
        return;
    }
    for step in servers() {
        let server = Server::start_on(step, "[::1]:0");
        assert_eq!(server.address.ip(), Ipv6Addr::LOCALHOST);
        step.exchange(&server);
    }
}

/// A link-local address with its interface, which has a number.
#[test]
fn an_address_of_one_interface() {
    if !has_ipv6("an_address_of_one_interface") {
        return;
    }
    for step in servers() {
        let arguments = ["[fe80::1%lo]:0"];
        let ended = Program::new(&step.program, &arguments).start().wait();
        let line = ended.expect_one_line();
        assert!(line.contains("cannot listen on [fe80::1%1]:0: "), "{line}");
    }
}

#[test]
fn a_server_on_every_interface_names_one_to_try() {
    for step in servers() {
        let server = Server::start_on(step, "0.0.0.0:0");
        assert_eq!(server.address.ip(), Ipv4Addr::UNSPECIFIED);
        for line in &first_lines(&server)[1..] {
            assert!(line.contains("127.0.0.1"), "{line}");
            assert!(!line.contains("0.0.0.0"), "{line}");
        }
    }
}

#[test]
fn ipv6_on_every_interface_names_one_to_try() {
    if !has_ipv6("ipv6_on_every_interface_names_one_to_try") {
        return;
    }
    for step in servers() {
        let server = Server::start_on(step, "[::]:0");
        for line in &first_lines(&server)[1..] {
            assert!(line.contains("::1"), "{line}");
        }
    }
}

#[test]
fn a_port_alone_is_one_of_127_0_0_1() {
    for step in servers() {
        let server = Server::start_on(step, "0");
        assert_eq!(server.address.ip(), Ipv4Addr::LOCALHOST);

        // A port that was free a moment ago. Should somebody take it in
        // between, the step says so, and that is no fault of its.
        let peer = Peer::open();
        let port = peer.address().port();
        drop(peer);
        let running = Program::new(&step.program, &[&port.to_string()]).start();
        let line = running.stdout.wait_for(|bytes| {
            bytes.starts_with(b"listening on ").then_some(())
        });
        if line.is_some() {
            let server = Server::announced(running);
            let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            assert_eq!(server.address, wanted);
        } else {
            let line = running.wait().expect_one_line();
            assert!(line.contains("address already in use"), "{line}");
        }
    }
}

#[test]
fn help_is_asked_for_and_given() {
    for step in STEPS.iter() {
        for arguments in [&["--help"][..], &["-h"], &["127.0.0.1:0", "-h"]] {
            let ended = Program::new(&step.program, arguments).start().wait();
            ended.expect_status(0);
            assert_eq!(ended.stderr, b"");
            let help = String::from_utf8(ended.stdout).unwrap();
            let usage = format!("Usage: {}", step.name);
            assert!(help.contains(&usage), "{help}");
            let what = match step.speaks {
                Speaks::Client => "HOST:PORT",
                _ => "ADDRESS",
            };
            assert!(help.contains(&format!("\n  {what}   ")), "{help}");
            assert!(help.contains("127.0.0.1:8080"), "the default: {help}");
            assert!(help.lines().all(|line| line.chars().count() <= 80));
        }
    }
}

#[test]
fn wrong_arguments_get_one_line() {
    for step in STEPS.iter() {
        for (arguments, word) in wrong_arguments(step) {
            let ended = Program::new(&step.program, arguments).start().wait();
            ended.expect_status(2);
            assert_eq!(ended.stdout, b"");
            let line = ended.expect_one_line();
            let name = format!("{}: ", step.name);
            assert!(line.starts_with(&name), "{line}");
            assert!(line.contains(word), "{arguments:?}: {line}");
            assert!(line.ends_with("; try --help"), "{line}");
        }
    }
}

#[test]
fn an_argument_that_is_not_utf_8() {
    for step in STEPS.iter() {
        let script = "exec \"$0\" \"$(printf '\\377')\"";
        let arguments = ["-c", script, &step.program];
        let ended = Program::new("/bin/sh", &arguments).start().wait();
        ended.expect_status(2);
        let line = ended.expect_one_line();
        assert!(line.ends_with("; try --help"), "{line}");
    }
}

fn wrong_arguments(
    step: &Step,
) -> Vec<(&'static [&'static str], &'static str)> {
    let mut table: Vec<(&[&str], &str)> = vec![
        (&["--port"], "--port"),
        (&["-x"], "-x"),
        (&["127.0.0.1:0", "127.0.0.1:0"], "unexpected argument"),
    ];
    match step.speaks {
        Speaks::Client => table.extend([
            (&["localhost"][..], "'localhost' has no port"),
            (&["localhost:99999"], "a port that is not a number up to 65535"),
            (&["[::1]"], "'[::1]' has a port that"),
            (&["localhost:"], "a port that"),
            (&["localhost:65536"], "a port that"),
            (&[""], "no port"),
            (&["a\nb"], "'a\\nb' has no port"),
        ]),
        _ => table.extend([
            (&["localhost:8080"][..], "is not an address"),
            (&["65536"], "is not an address"),
            (&["-1"], "-1"),
            (&["127.0.0.1"], "is not an address"),
            (&["127.0.0.1:"], "is not an address"),
            (&["::1:0"], "is not an address"),
            (&["a\nb\x1b[31m"], "'a\\nb\\u{1b}[31m' is not an address"),
            (&[""], "'' is not an address"),
        ]),
    }
    table
}

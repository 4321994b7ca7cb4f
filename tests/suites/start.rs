//! How a step begins: what it announces, the addresses it takes, `--help`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::lab::Outcome;
use crate::steps::{Speaks, Step, ipv6_servers, launch, peer, servers, steps};

/// The server, which listens at this address.
fn listens(step: &Step, argument: &str, ip: impl Into<IpAddr>) -> Outcome {
    let server = step.launch(&[argument])?.start()?;
    assert_eq!(server.address()?.ip(), ip.into());
    step.exchange(&server)
}

#[test]
fn a_server_listens_on_ipv6() -> Outcome {
    ipv6_servers()
        .try_for_each(|step| listens(step, "[::1]:0", Ipv6Addr::LOCALHOST))
}

/// A link-local address with its interface, which has a number.
#[test]
fn an_address_of_one_interface() -> Outcome {
    for step in ipv6_servers() {
        let program = step.launch(&["[fe80::1%lo]:0"])?.spawn()?;
        let line = program.expect_complaint(1)?;
        assert!(line.contains("cannot listen on [fe80::1%1]:0: "), "{line}");
    }
    Ok(())
}

/// A server announces itself, and on every interface names one to try.
fn names_one(step: &Step, argument: &str, any: IpAddr, one: &str) -> Outcome {
    let server = step.launch(&[argument])?.start()?;
    let address = server.address()?;
    assert_eq!(address.ip(), any);
    assert_ne!(address.port(), 0, "the port that the kernel chose");
    let text = server.await_stdout("three lines", |bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        (text.matches('\n').count() == 3).then_some(text)
    })?;
    let lines: Vec<_> = text.lines().collect();
    let is_http = step.speaks == Speaks::Http;
    let scheme = if is_http { "http" } else { "tcp" };
    assert_eq!(lines[0], format!("listening on {scheme}://{address}"));
    for line in &lines[1..] {
        let rest = line.replace(one, "");
        assert!(rest != *line && !rest.contains(&any.to_string()), "{line}");
    }
    Ok(())
}

#[test]
fn a_server_on_every_interface_names_one_to_try() -> Outcome {
    let any = Ipv4Addr::UNSPECIFIED.into();
    servers().try_for_each(|s| names_one(s, "0.0.0.0:0", any, "127.0.0.1"))?;
    let any = Ipv6Addr::UNSPECIFIED.into();
    ipv6_servers().try_for_each(|s| names_one(s, "[::]:0", any, "::1"))
}

#[test]
fn a_port_alone_is_one_of_127_0_0_1() -> Outcome {
    for step in servers() {
        listens(step, "0", Ipv4Addr::LOCALHOST)?;

        // A port that was free a moment ago. Should somebody take it in
        // between, the step says so, and that is no fault of its.
        let port = peer()?.address().port();
        let server = step.launch(&[&port.to_string()])?.spawn()?;
        if server.await_announcement(1).is_ok() {
            let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            assert_eq!(server.address()?, wanted);
        } else {
            let line = server.expect_complaint(1)?;
            assert!(line.contains("address already in use"), "{line}");
        }
    }
    Ok(())
}

#[test]
fn help_is_asked_for_and_given() -> Outcome {
    for step in steps() {
        for arguments in [&["--help"][..], &["-h"], &["127.0.0.1:0", "-h"]] {
            let ended = step.launch(arguments)?.spawn()?.expect_exit(0)?;
            assert_eq!(ended.stderr, b"");
            let help = String::from_utf8(ended.stdout).unwrap();
            let usage = format!("Usage: {}", step.name);
            assert!(help.contains(&usage), "{help}");
            let what = match step.speaks {
                Speaks::Client => "HOST:PORT",
                _ => "ADDRESS",
            };
            assert!(help.contains(&format!("\n  {what}   ")), "{help}");
            let port = if step.does("peer") { 8000 } else { 8080 };
            let default = format!("127.0.0.1:{port}");
            assert!(help.contains(&default), "the default: {help}");
            assert!(help.lines().all(|line| line.chars().count() <= 80));
            assert_eq!(help.contains("--root DIR"), step.does("files"));
        }
    }
    Ok(())
}

#[test]
fn wrong_arguments_get_one_line() -> Outcome {
    for step in steps() {
        for (who, arguments, word) in WRONG_ARGUMENTS {
            let is_server = step.speaks != Speaks::Client;
            let takes_it = match *who {
                "all" => true,
                "servers" => is_server,
                capability => step.does(capability),
            };
            if !takes_it {
                continue;
            }
            let program = step.launch(arguments)?.spawn()?;
            let line = program.expect_complaint(2)?;
            let name = format!("{}: ", step.name);
            assert!(line.starts_with(&name), "{line}");
            assert!(line.contains(word), "{arguments:?}: {line}");
            assert!(line.ends_with("; try --help"), "{line}");
        }
    }
    Ok(())
}

#[test]
fn an_argument_that_is_not_utf_8() -> Outcome {
    for step in steps() {
        let script = "exec \"$0\" \"$(printf '\\377')\"";
        let arguments = ["-c", script, &step.program];
        let program = launch("/bin/sh", &arguments)?.spawn()?;
        let line = program.expect_complaint(2)?;
        assert!(line.ends_with("; try --help"), "{line}");
    }
    Ok(())
}

/// Who takes no such arguments, by capability; and what is said of them.
#[rustfmt::skip]
const WRONG_ARGUMENTS: &[(&str, &[&str], &str)] = &[
    ("all", &["--port"], "--port"),
    ("all", &["-x"], "-x"),
    ("all", &["127.0.0.1:0", "127.0.0.1:0"], "unexpected argument"),
    ("all", &["a\nb\x1b[31m"], "'a\\nb\\u{1b}[31m' "),
    ("client", &["localhost"], "'localhost' has no port"),
    ("client", &["localhost:99999"], "a port that is not a number up to 65535"),
    ("client", &["[::1]"], "'[::1]' has a port that"),
    ("client", &["localhost:"], "a port that"),
    ("client", &["localhost:65536"], "a port that"),
    ("client", &[""], "no port"),
    ("servers", &["localhost:8080"], "is not an address"),
    ("servers", &["65536"], "is not an address"),
    ("servers", &["-1"], "-1"),
    ("servers", &["127.0.0.1"], "is not an address"),
    ("servers", &["127.0.0.1:"], "is not an address"),
    ("servers", &["::1:0"], "is not an address"),
    ("servers", &[""], "'' is not an address"),
    ("files", &["--root"], "--root"),
    ("files", &["0", "--rot", "."], "--rot"),
    ("files", &["--root", ".", "-r"], "-r"),
    ("cgi", &["--timeout", "0"], "--timeout takes a number from 1"),
    ("cgi", &["--timeout", "31"], "--timeout takes at most 30 seconds"),
    ("cgi", &["--timeout", "x"], "--timeout takes a number from 1"),
    ("cores", &["--workers", "0"], "--workers takes a number from 1, not '0'"),
    ("cores", &["--workers", "x"], "--workers takes a number from 1, not 'x'"),
    ("late-responses", &["--threads", "0"], "--threads takes a number from 1"),
    ("late-responses", &["--queue", "0"], "--queue takes a number from 1"),
];

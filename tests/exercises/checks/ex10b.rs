//! 10b Handed over: a program that has the connection itself.

use super::ex10a::expect_told;
use super::prelude::*;

const HANDS: &str = "hands the connection over";

pub const CHECKS: &[Check] = checks![
    HANDS, 1, needs [], Fails, read "The program's process",
        |lab| echo(&mut start(lab, "cat")?.connect()?);
    "gives it three descriptors", 2, needs [HANDS], Waits,
        read "The program's process", descriptors;
    "tells it who the client is, and nothing else", 2, needs [HANDS], Waits,
        read "What a program is told", told;
    "gives it signals as programs have them", 2, needs [HANDS], Waits,
        read "The program's process", signals;
    "survives a program that is not there", 2, needs [], Fails,
        read "The program's process", missing;
    TIDY, 1, needs [HANDS], Waits, read "The end of a program",
        |lab| tidy::check(lab, &start(lab, "cat")?, echo);
];

/// The start of a server that runs this for each client.
fn launch(lab: &Lab, script: &str) -> Outcome<Launch> {
    let tree = Tree::new(lab);
    tree.program("program", script)?;
    let path = tree.argument("program");
    Ok(lab.launch(&["127.0.0.1:0", "--program", &path]).at_home())
}

fn start(lab: &Lab, script: &str) -> Outcome<Program> {
    launch(lab, script)?.start()
}

fn echo(client: &mut Client) -> Outcome {
    round_trip(client, b"hello\n", b"hello\n").likely(
        "both its descriptor 0 and its descriptor 1 are the client's socket",
    )?;
    end(client)
}

fn descriptors(lab: &Lab) -> Outcome {
    let mut client = start(lab, "exec ls /proc/self/fd")?.connect()?;
    // The last is the directory itself, which `ls` has open.
    client
        .expect(b"0\n1\n2\n3\n")
        .and_then(|()| client.expect_eof())
        .likely("what has no O_CLOEXEC stays open across exec")
}

fn told(lab: &Lab) -> Outcome {
    let script = "exec cat /proc/self/environ";
    let mut client = start(lab, script)?.connect()?;
    let told = client.receive_all()?;
    let port = format!("TCPREMOTEPORT={}", client.own_address()?.port());
    expect_told(&client, &told, &["TCPREMOTEIP=127.0.0.1", &port])
}

fn signals(lab: &Lab) -> Outcome {
    let start = launch(lab, "exec cat /proc/self/status")?;
    let mut client = start.signals_blocked().start()?.connect()?;
    let status = client.receive_all()?;
    let status = String::from_utf8_lossy(&status);
    let value = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        u64::from_str_radix(value.unwrap_or_default().trim(), 16).unwrap_or(!0)
    };
    ensure(value("SigIgn:") & 1 << (libc::SIGPIPE - 1) == 0, || {
        client.failed("SIGPIPE ends the program", "it is ignored")
    })
    .likely("Rust has SIGPIPE ignored, and what is ignored stays so")?;
    ensure(value("SigBlk:") == 0, || {
        client.failed("no signal is blocked", "some are")
    })
    .likely("the mask of the server stays across exec, too")
}

fn missing(lab: &Lab) -> Outcome {
    let program = lab.server_with(&["--program", "/nowhere/at/all"])?;
    const GUESS: &str = "a child that cannot exec must end: it must not accept";
    for _ in 0..2 {
        program.connect()?.expect_eof().likely(GUESS)?;
    }
    let children = || proc::children(program.pid());
    program
        .eventually("has no child left", || children().is_empty().then_some(()))
        .likely(GUESS)
}

//! 21a A line for each: a log of what clients say, for which nobody waits.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;

use super::prelude::*;
use crate::lab::quiet::queues;

const LOGS: &str = "logs what is said";

pub const CHECKS: &[Check] = checks![
    LOGS, 1, needs [], Passes, read "A line for each request", |lab| {
        Tree::new(lab).file("log", "first\n")?;
        let (program, mut client) = start(lab, "log")?;
        say(&mut client, b"two words")?;
        expect(&program, "log", b"first\n\"two words\"\n")
            .likely("a line is written behind what is there")
    };
    "lets nobody forge a line", 3, needs [LOGS], Fails,
        read "A line for each request", forged;
    "writes whole lines, for which nobody waits", 4, needs [LOGS], Fails,
        read "A line for each request", waits;
    "opens its file again", 3, needs [LOGS], Fails,
        read "A line for each request", renews;
    TIDY, 1, needs [LOGS], Passes, read "A line for each request", |lab| {
        let program = lab.server_with(&["--log", "log"])?;
        tidy::check(lab, &program, |client| say(client, b"hello"))
    };
];

fn start(lab: &Lab, log: &str) -> Outcome<(Program, Client)> {
    let program = lab.server_with(&["--log", log])?;
    Ok((program.clone(), program.connect()?))
}

fn say(client: &mut Client, text: &[u8]) -> Outcome {
    round_trip(client, &[b"say ", text, b"\n"].concat(), b"ok\n")
}

/// Waits until there is exactly this in a file.
fn expect(program: &Program, name: &str, lines: &[u8]) -> Outcome {
    let path = program.lab().scratch().join(name);
    let read = || fs::read(&path).unwrap_or_default();
    let is_there = || (read() == lines).then_some(());
    let found = time::eventually(program.patience(), program.pid(), is_there);
    found.ok_or_else(|| {
        let expected = format!("in {name} {}", show::bytes(lines));
        program.failed(expected, show::difference(lines, &read()))
    })
}

const FORGED: [&[u8]; 3] =
    [b"\r\"one more\" \\x22\t\0", b"\x1B[2Jcaf\xC3\xA9 \x7F~", &[b'x'; 300]];
const LOGGED: &str = r#""\x0D\x22one more\x22 \x5Cx22\x09\x00"
"\x1B[2Jcaf\xC3\xA9 \x7F~"
"#;

fn forged(lab: &Lab) -> Outcome {
    let (program, mut client) = start(lab, "log")?;
    FORGED.iter().try_for_each(|text| say(&mut client, text))?;
    let long = "x".repeat(200);
    expect(&program, "log", format!("{LOGGED}\"{long}\"\n").as_bytes()).likely(
        "each of the first 200 bytes is itself, or \\xHH if it is `\"`, `\\`, \
         below 0x20 or above 0x7E",
    )
}

/// The log is a pipe: if it has room for a part of what is written, that part
/// comes, unless it is short enough; then write(2) waits until all has room.
fn waits(lab: &Lab) -> Outcome {
    const ALL: usize = 10_000;
    let tree = Tree::new(lab);
    tree.pipe("log")?;
    let mut options = File::options();
    options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
    let pipe = options.open(tree.path("log"));
    let mut pipe = pipe.map_err(|_| Trouble::blocked("fifo(7) fails"))?;
    let (program, mut client) = start(lab, "log")?;
    client.send("say three short words\n".repeat(ALL).as_bytes())?;
    client.expect("ok\n".repeat(ALL).as_bytes()).likely(
        "the log takes no more: who has said something has a response when \
         the line has a place in a queue, and also if there is none",
    )?;
    program.await_call("write()")?;
    let line = "\"three short words\"\n".len();
    let rest = queues(pipe.as_fd()).0.unsigned_abs() as usize % line;
    ensure(rest == 0, || {
        let got = format!("and {} of one", show::count(rest));
        program.failed("whole lines are in the log", got)
    })
    .likely(
        "between two writes others may write, or look: put the line together, \
         and write it with one call",
    )?;
    client.send(b"lost\n")?;
    let lost = String::from_utf8_lossy(&client.line()?).replace(" lost\n", "");
    let lost = lost.parse().unwrap_or(0);
    ensure((ALL / 2..ALL).contains(&lost), || {
        let expected = "1000 lines wait, and the others are lost";
        program.failed(expected, format!("{lost} of {ALL} are lost"))
    })?;
    tree.rename("log", "log.1")?;
    program.signal(libc::SIGUSR1);
    let mut read = Vec::new();
    program.eventually("writes all that it has not lost", || {
        // Until there is nothing to read for the moment.
        let _ = pipe.read_to_end(&mut read);
        let new = fs::read(tree.path("log")).unwrap_or_default();
        (read.len() + new.len() == (ALL - lost) * line).then_some(())
    })?;
    let (program, mut client) = start(lab, "/dev/full")?;
    say(&mut client, b"hello")?;
    let counts = || round_trip(&mut client, b"lost\n", b"1 lost\n").ok();
    program.eventually("counts a line for which the disk is full", counts)
}

fn renews(lab: &Lab) -> Outcome {
    let (tree, (program, mut client)) = (Tree::new(lab), start(lab, "log")?);
    say(&mut client, b"a")?;
    expect(&program, "log", b"\"a\"\n")?;
    lab.log().event("log is log.1 now, log a directory, and SIGUSR1 comes");
    tree.rename("log", "log.1")?;
    tree.directory("log")?;
    program.signal(libc::SIGUSR1);
    program.expect_note("log")?;
    say(&mut client, b"b")?;
    expect(&program, "log.1", b"\"a\"\n\"b\"\n")?;
    lab.log().event("the directory goes, and SIGUSR1 comes");
    tree.rename("log", "directory")?;
    program.signal(libc::SIGUSR1);
    // The file is there a moment before it is written to.
    let writes = || {
        say(&mut client, b"c").ok()?;
        fs::read(tree.path("log")).ok().filter(|lines| !lines.is_empty())
    };
    let found = program.eventually("writes into log", writes).map(drop);
    found.likely("the descriptor leads to log.1: open the path once more")
}

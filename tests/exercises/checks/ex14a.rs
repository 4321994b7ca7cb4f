//! 14a Keep the rest: one thread, many clients, and what is not taken now.

use super::prelude::*;

const SERVES: &str = "sends back in upper case";
const KEEPS: &str = "keeps what the kernel does not take";

/// More than fits into the buffers of two sockets.
const MUCH: usize = 16 << 20;

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The system calls",
        |lab| talk(&mut lab.server()?.connect()?);
    KEEPS, 3, needs [SERVES], Fails, read "Asking for one thing at a time",
        keeps;
    "sends all when the kernel takes little, or nothing", 2, needs [KEEPS],
        Waits, read "Asking for one thing at a time", takes_little;
    "serves others while one does not read", 2, needs [KEEPS], Waits,
        read "Asking for one thing at a time", |lab| stuck(lab).map(drop);
    "never has more than 8 MB", 1, needs [KEEPS], Waits,
        read "What a client must remember",
        |lab| cost::expect_memory(&stuck(lab)?.0, 8 * 1024);
    "sleeps while there is nothing to do", 1, needs [KEEPS], Waits,
        read "Asking for one thing at a time", sleeps;
    "goes on after it was stopped", 1, needs [SERVES], Fails,
        read "epoll_wait(2)", stopped;
    TIDY, 1, needs [SERVES], Passes, read "Closing is removing",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

/// One conversation.
pub fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"How do you do?\n", b"HOW DO YOU DO?\n")
}

/// Sends `bytes`, and first reads nothing, until the program takes no more
/// either. Then everything must come back.
pub fn late(client: &mut Client, bytes: &[u8]) -> Outcome {
    let taken = client.pour(bytes)?;
    swap(client, &bytes[taken..], &bytes.to_ascii_uppercase())
}

/// Sends `bytes` and receives `expected` at the same time.
pub fn swap(client: &mut Client, bytes: &[u8], expected: &[u8]) -> Outcome {
    let (mut rest, mut wrong) = (expected, String::new());
    client.exchange(bytes, |received| {
        match rest.strip_prefix(received.as_slice()) {
            Some(next) => rest = next,
            None => wrong = show::difference(rest, received),
        }
        received.clear();
        Ok(rest.is_empty() || !wrong.is_empty())
    })?;
    ensure(wrong.is_empty(), || {
        let expected = format!("all {} bytes, in order", expected.len());
        client.failed(expected, wrong)
    })
}

fn keeps(lab: &Lab) -> Outcome {
    late(&mut lab.server()?.connect()?, &letters(MUCH)).likely(
        "write takes a part, or nothing (EAGAIN): keep the rest, and wait \
         for EPOLLOUT until it has gone",
    )
}

fn takes_little(lab: &Lab) -> Outcome {
    let launch = lab.launch(&["127.0.0.1:0"]).shim("w=3000,again=3");
    late(&mut launch.start()?.connect()?, &letters(1 << 20))
        .likely("EAGAIN says that nothing was taken: all of it is the rest now")
}

/// A client that sends and does not read, and another one that is served.
fn stuck(lab: &Lab) -> Outcome<(Program, Client)> {
    let program = lab.server()?;
    let (mut stuck, mut other) = (program.connect()?, program.connect()?);
    stuck.flood(&letters(64 * 1024))?;
    talk(&mut other).likely(
        "there is one thread: no call may wait for a client but epoll_wait",
    )?;
    Ok((program, stuck))
}

fn sleeps(lab: &Lab) -> Outcome {
    let (program, _stuck) = stuck(lab)?;
    let mut quiet = program.connect()?;
    talk(&mut quiet)?;
    program.expect_idle().likely(
        "there is nearly always room for EPOLLOUT: ask for it while there is \
         a rest, and for EPOLLIN while there is none",
    )
}

/// Stops the program in its wait.
pub fn stop(program: &Program) -> Outcome {
    program.await_call("epoll_wait()")?;
    program.signal(libc::SIGSTOP);
    Ok(())
}

fn stopped(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    talk(&mut client)?;
    stop(&program)?;
    program.signal(libc::SIGCONT);
    talk(&mut client)
        .likely("epoll_wait ends with EINTR, and no event: wait again")
}

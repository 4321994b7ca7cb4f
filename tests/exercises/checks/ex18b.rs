//! 18b Change of shift: one port, two processes, and no client who notices.

use std::io::{self, Read, Write};
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::prelude::*;

const RESPONDS: &str = "responds with its number and the line";
const CHANGES: &str = "hands its listener over to a new process";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "What closing costs", |lab| {
        let program = lab.server()?;
        speak(&mut program.connect()?, b"hello\n", &program)
    };
    CHANGES, 4, needs [RESPONDS], Fails, read "What closing costs", hands_over;
    "serves its clients to the last, and ends", 2, needs [CHANGES], Waits,
        read "The end, for all of them", ends;
    "changes five times, and no client notices", 3, needs [CHANGES], Waits,
        read "What closing costs", five_times;
    TIDY, 1, needs [RESPONDS], Passes, read "The end, for all of them", |lab| {
        let program = lab.server()?;
        tidy::check(lab, &program, |it| speak(it, b"hello\n", &program))
    };
];

/// The end of a line, to which this process, and no other, responds.
fn speak(client: &mut Client, end: &[u8], program: &Program) -> Outcome {
    let response = format!("{}: hello\n", program.pid());
    round_trip(client, end, response.as_bytes())
}

/// The sockets with which it listens.
fn listeners(program: &Program) -> Vec<u64> {
    let mut rows = proc::own_rows(program.pid());
    rows.retain(|row| row.state == proc::LISTEN);
    rows.iter().map(|row| row.inode).collect()
}

/// A new process beside the old one.
fn next(old: &Program) -> Outcome<Program> {
    old.lab().launch(&[&old.address()?.to_string()]).start()
}

/// Tells the old one to end, and waits until it does not listen any more.
fn stop(old: &Program) -> Outcome {
    terminate(old);
    old.signal(libc::SIGCONT);
    let has_none = || listeners(old).is_empty().then_some(());
    old.eventually("closes its listener at SIGTERM", has_none)
}

fn hands_over(lab: &Lab) -> Outcome {
    let old = lab.server()?;
    let had = listeners(&old);
    let new = next(&old)?;
    let have = [listeners(&old), listeners(&new)];
    ensure(have.iter().all(|it| *it == had), || {
        let got = format!("sockets {have:?}");
        new.failed(format!("both listen with the socket {had:?}"), got)
    })
    .likely(
        "another socket has another queue, even if it has the port, too; and \
         the old process keeps it until SIGTERM",
    )
}

fn ends(lab: &Lab) -> Outcome {
    let old = lab.server()?;
    let mut clients = old.connect_many(2)?;
    clients[0].send(b"hel")?;
    speak(&mut clients[1], b"hello\n", &old)?;
    let new = next(&old)?;
    stop(&old)?;
    speak(&mut new.connect()?, b"hello\n", &new)?;
    speak(&mut clients[0], b"lo\n", &old)
        .and_then(|()| speak(&mut clients[1], b"hello\n", &old))
        .likely("the clients of the old one are its clients to their end")?;
    drop(clients);
    old.expect_exit(0).map(drop)
}

/// Each time with clients while both processes serve, and with others who are
/// in the queue when the old one closes its listener.
fn five_times(lab: &Lab) -> Outcome {
    let mut old = lab.server()?;
    let address = old.address()?;
    let ask = |_| ask(address);
    (0..5).try_for_each(|_| {
        let new = next(&old)?;
        let mut clients: Vec<_> = (0..50).map(ask).collect();
        old.signal(libc::SIGSTOP);
        new.signal(libc::SIGSTOP);
        clients.extend((0..40).map(ask));
        stop(&old)?;
        new.signal(libc::SIGCONT);
        clients
            .into_iter()
            // The least that there is: `1: hello`, and the end of the line.
            .try_for_each(|client| client?.read_exact(&mut [0; 9]))
            .map_err(|error| {
                new.failed("each client has a response", error.to_string())
            })
            .likely(
                "closing a socket resets all who are in its queue, unless \
                 another process has the same socket",
            )?;
        mem::replace(&mut old, new).expect_exit(0).map(drop)
    })
}

/// A client who has sent a line.
fn ask(address: SocketAddr) -> io::Result<TcpStream> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(Duration::from_secs(60)))?;
    client.write_all(b"hello\n")?;
    Ok(client)
}

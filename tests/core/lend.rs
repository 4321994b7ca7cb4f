//! A connection that is lent: one that was split off and adopted, or idle and
//! resumed, behaves like one that never was.

use std::time::Duration;

use shared::web::client::Client;
use shared::web::connection::lend::Idle;
use shared::web::connection::{End, Want};
use shared::web::file_site::Files;

use crate::cases::{self, Case};
use crate::shell::{Recorder, Shell};
use crate::table::bytewise;

/// What other clients send, to leave as much as possible behind: pending
/// output, and a part of a body or of a head.
const OTHERS: [&[u8]; 2] = [
    b"GET /other HTTP/1.1\r\nHost: b\r\n\r\n\
      POST /other HTTP/1.1\r\nHost: b\r\nContent-Length: 50\r\n\r\nother",
    b"GET /other HTTP/1.1\r\nHost: b\r\n\r\nGET /oth",
];

/// What a loop does between two turns of a client.
fn lend(shell: &mut Shell, other: &[u8]) {
    let (connection, time) = (&mut shell.connection, &shell.time);
    let idle = connection.idle();
    let own = idle.is_none().then(|| connection.split_off());
    connection.resume(Idle::new(time.now));
    let site = Recorder::default();
    assert_eq!(connection.advance(time, &site), Want::Read);
    connection.space()[..other.len()].copy_from_slice(other);
    connection.received(other.len(), time);
    assert_eq!(connection.advance(time, &site), Want::Write);
    match (own, idle) {
        (Some(own), _) => connection.adopt(own),
        (None, Some(idle)) => connection.resume(idle),
        (None, None) => unreachable!("it was split off"),
    }
}

/// All that one can see of a connection.
fn seen(shell: &Shell) -> (&[u8], Want, String, Duration, u64, End) {
    let Shell { connection, sent, want, time, .. } = shell;
    let left = connection.deadline().saturating_duration_since(time.now);
    let (requests, end) = (connection.requests(), connection.end());
    (sent, *want, shell.state(), left, requests, end)
}

/// Every case, byte by byte and at once; the client reads all that there is,
/// or a few bytes at a time.
#[test]
fn no_client_notices_that_the_connection_is_lent() {
    for case in cases::all().iter().filter(|case| case.bytes.len() < 2000) {
        for mut pieces in [bytewise(case), vec![&*case.bytes]] {
            pieces.extend(case.finish.then_some(&b""[..]));
            for room in [usize::MAX, 7] {
                same(case, &pieces, room);
            }
        }
    }
}

fn same(case: &Case, pieces: &[&[u8]], room: usize) {
    let mut shells = [Shell::default(), Shell::default()];
    let mut others = OTHERS.iter().cycle();
    let mut logs = [vec![], vec![]];
    shells.iter_mut().for_each(|it| it.connection.keep_records(None));
    for piece in pieces {
        loop {
            for shell in &mut shells {
                shell.room = room;
                match shell.want {
                    Want::Write => shell.go_on(),
                    _ => shell.receive(piece),
                }
                shell.wait(Duration::from_millis(1));
            }
            for (log, shell) in logs.iter_mut().zip(&mut shells) {
                let connection = &mut shell.connection;
                connection.take_records(|it| log.push(format!("{it:?}")));
            }
            lend(&mut shells[1], others.next().unwrap());
            let [whole, lent] = &shells;
            assert_eq!(seen(whole), seen(lent), "{case}");
            if whole.want != Want::Write {
                break;
            }
        }
    }
    assert_eq!(logs[0], logs[1], "{case}");
    let events = shells.each_ref().map(Shell::events);
    assert_eq!(events[0], events[1], "{case}");
}

/// Chapter 14 shows what it is made of.
#[test]
fn a_client_between_its_turns_has_56_bytes() {
    assert_eq!((size_of::<Client<Files>>(), size_of::<Idle>()), (56, 24));
}

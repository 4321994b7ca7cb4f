//! The shells that do not wait, and their slow clients: who keeps them waiting
//! is gone in time, which is told to them. Who reads slowly but steadily gets
//! everything: that a connection alone shows (deadlines.rs), and the wire.

use std::io::Write;
use std::time::{Duration, Instant};

use shared::net::limit::raise_descriptors;

use crate::shell::Recorder;
use crate::turns::{
    GET, LIMITS, POST, Step13, Step14, Turns, be_quiet, connect, receive,
};

const SECOND: Duration = Duration::from_secs(1);

/// What the bytes in a socket's buffer earn, and more.
const EARNED: Duration = Duration::from_secs(10);

/// What a slow client begins with, and what it sends or receives from then on.
const SLOW: [(&[u8], usize, &[u8], Duration); 3] = [
    (b"GET / HTTP/1.1\r\nHost: ", 1, b"a", LIMITS.header),
    (POST, 1, b"x", LIMITS.body),
    // Responses that are read too slowly.
    (GET, 1000, b"GET", LIMITS.send),
];

/// Four hundred clients at a time, of which one in ten is good.
fn outlives_slow_clients<S: Turns<Recorder>>(
    (start, count, drip, limit): (&[u8], usize, &[u8], Duration),
) {
    const CLIENTS: usize = 400;
    let mut shell = S::new(Recorder::default());
    let clients = (0..CLIENTS).map(|_| connect(&mut shell));
    let mut clients: Vec<_> = clients.collect();
    let (begin, mut passed) = (Instant::now(), Duration::ZERO);
    let mut late = vec![None; CLIENTS];
    while passed <= limit + EARNED {
        shell.time().now = begin + passed;
        for (index, client) in clients.iter_mut().enumerate() {
            let (is_good, mut got) = (index % 10 == 0, Vec::new());
            let bytes = match passed {
                _ if late[index].is_some() => continue,
                _ if is_good => GET.to_vec(),
                Duration::ZERO => start.repeat(count),
                _ => drip.to_vec(),
            };
            client.write_all(&bytes).unwrap();
            let state = shell.turn(index, false);
            shell.time().now = begin + passed;
            let (_, deadline) = state.expect("it is no time yet");
            if deadline <= begin + passed {
                late[index] = Some(passed);
                assert!(!is_good, "a good client is late");
                // It may have to be told, but it does not stay.
                shell.turn(index, true);
            }
            if is_good {
                receive(client, u64::MAX, &mut got);
                assert!(got.ends_with(b"\r\n\r\n"), "a good one waits");
            } else {
                receive(client, 1, &mut got);
            }
        }
        passed += SECOND;
    }
    for (index, late) in late.iter().enumerate() {
        let is_right = match late {
            None => index % 10 == 0,
            Some(late) => (limit..=limit + EARNED).contains(late),
        };
        assert!(is_right, "{index}: {late:?} {}", start.escape_ascii());
    }
}

#[test]
fn slow_clients_are_gone_in_time_and_good_ones_stay() {
    be_quiet();
    raise_descriptors().unwrap();
    for slow in SLOW {
        outlives_slow_clients::<Step13<_>>(slow);
        outlives_slow_clients::<Step14<_>>(slow);
    }
}

//! A connection that is told that its next response is the last.

use std::time::Duration;

use shared::web::connection::Want;

use crate::shell::{LIMITS, Shell, late, spooling};

const POST: &[u8] =
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";

/// How many responses have been sent, and how many of them say `close`.
fn sent(shell: &Shell) -> (usize, usize) {
    let text = String::from_utf8_lossy(&shell.sent);
    let count = |words| text.matches(words).count();
    (count("HTTP/1.1 200 OK\r\n"), count("\r\nConnection: close\r\n"))
}

/// Wherever the request is cut, and whether another one follows at once.
#[test]
fn the_request_that_is_being_read_is_the_last() {
    for rest in [b"".as_slice(), POST] {
        let shells = [Shell::default, || spooling(true, 9)];
        let cuts = (0..POST.len()).flat_map(|cut| shells.map(|it| (cut, it())));
        for (cut, mut shell) in cuts {
            if cut > 0 {
                shell.receive(&POST[..cut]);
            }
            shell.connection.last();
            shell.receive(&[&POST[cut..], rest].concat());
            assert_eq!(sent(&shell), (1, 1), "at {cut}");
            // It did not ask for it: what it sent must not end in a reset.
            assert_eq!(shell.state(), "Lingering", "at {cut}");
            shell.receive(b"");
            assert_eq!(shell.want, Want::Close);
        }
    }
}

#[test]
fn who_asked_for_the_end_is_not_waited_for() {
    let mut shell = Shell::default();
    shell.connection.last();
    shell.receive(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!((sent(&shell), shell.want), ((1, 1), Want::Close));
}

#[test]
fn a_response_that_comes_later_is_the_last() {
    for mut shell in [late(false), spooling(false, 9)] {
        shell.receive(POST);
        shell.connection.last();
        shell.works = true;
        shell.go_on();
        assert_eq!(sent(&shell), (1, 1));
    }
}

/// After a response there is no other.
#[test]
fn who_has_had_a_response_is_let_go() {
    for mut shell in [Shell::default(), spooling(true, 9)] {
        shell.receive(POST);
        assert!(shell.connection.is_idle());
        shell.connection.last();
        shell.go_on();
        assert_eq!((sent(&shell), shell.state()), ((1, 0), "Lingering".into()));
        shell.receive(POST);
        shell.wait(LIMITS.lingering);
        assert_eq!((sent(&shell), shell.want), ((1, 0), Want::Close));
    }
}

/// A response that is being sent, or waits for that, is sent to its end.
#[test]
fn a_response_that_has_begun_is_finished() {
    for room in [0, 10] {
        let mut shell = Shell { room, ..Shell::default() };
        shell.receive(&[POST, POST].concat());
        shell.connection.last();
        shell.room = usize::MAX;
        shell.go_on();
        let length = shell.sent.len();
        assert_eq!((sent(&shell), shell.want), ((2, 0), Want::Read));
        shell.connection.last();
        shell.go_on();
        assert_eq!(shell.state(), "Lingering");
        assert_eq!(shell.sent.len(), length);
    }
}

/// No request at all is no reason for a response, nor is a part of one whose
/// rest nobody will read.
#[test]
fn what_never_became_a_request_ends_without_a_word() {
    for begun in [b"".as_slice(), b"\r\n", b"\r", b"GET", &POST[..48]] {
        let mut shell = Shell::default();
        shell.connection.last();
        if !begun.is_empty() {
            shell.receive(begun);
            shell.wait(Duration::from_secs(1));
        }
        shell.receive(b"");
        assert_eq!((sent(&shell), shell.want), ((0, 0), Want::Close));
        assert!(shell.sent.is_empty());
    }
}

//! A response that goes on.

use std::time::Duration;

use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::status::Status;
use shared::web::connection::{Connection, End, Want};
use shared::web::site::{Body, Limits, Request, Responder, Site, Takes, Time};

const SECOND: Duration = Duration::from_secs(1);

static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(10),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

/// All that there is goes on.
struct Endless;

impl Site for Endless {
    type Resource = ();

    fn locate(&self, _: &Head, _: &Time) {}

    fn takes(&self, _: Method, (): &()) -> Takes {
        Takes::No
    }

    fn respond(&self, _: Request<()>, _: &[u8], mut out: Responder) -> Body {
        out.persistence = Persistence::Close;
        out.start(Status::Ok).endless(b"begin ");
        Body::Stream
    }
}

/// Gives it these bytes, and takes what it sends.
fn turn(
    connection: &mut Connection<Endless>,
    time: &Time,
    bytes: &[u8],
) -> (String, Want) {
    if !bytes.is_empty() {
        connection.space()[..bytes.len()].copy_from_slice(bytes);
        connection.received(bytes.len(), time);
    }
    let mut want = connection.advance(time, &Endless);
    let mut sent = String::new();
    while want == Want::Write {
        let output = connection.output().0.to_vec();
        sent += str::from_utf8(&output).unwrap();
        connection.sent(output.len(), 0, time);
        want = connection.advance(time, &Endless);
    }
    (sent, want)
}

#[test]
fn a_response_goes_on_until_somebody_ends_it() {
    let mut time = Time::now();
    let mut it = Connection::new(&LIMITS, time.now);
    let (sent, want) =
        turn(&mut it, &time, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(sent.contains("\r\nConnection: close\r\n"), "{sent}");
    assert!(sent.ends_with("\r\n\r\nbegin ") && !sent.contains("Length"));
    assert_eq!(
        (want, it.is_stream(), it.idle().is_none()),
        (Want::Read, true, true)
    );
    it.extend_response(b"more", &time);
    assert_eq!(turn(&mut it, &time, b""), ("more".into(), Want::Read));
    // What the client sends meanwhile is nothing: also more than there is room.
    for _ in 0..100 {
        assert_eq!(
            turn(&mut it, &time, &[b'x'; 500]),
            (String::new(), Want::Read)
        );
    }
    // Silence is a comment now and then.
    time.now += 10 * SECOND;
    assert_eq!(it.deadline(), time.now);
    it.timed_out(&time);
    assert_eq!(turn(&mut it, &time, b""), (":\n\n".into(), Want::Read));
    let mut ended = it.split_off();
    ended.last();
    ended.extend_response(b"late", &time);
    assert_eq!(turn(&mut ended, &time, b""), (String::new(), Want::Shutdown));
}

#[test]
fn who_reads_too_slowly_is_let_go() {
    let mut time = Time::now();
    let mut it = Connection::new(&LIMITS, time.now);
    turn(&mut it, &time, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let kilobyte = [b'x'; 1024];
    (0..256).for_each(|_| it.extend_response(&kilobyte, &time));
    assert_eq!(it.advance(&time, &Endless), Want::Write);
    time.now += 60 * SECOND;
    assert_eq!(it.deadline(), time.now);
    it.extend_response(b"x", &time);
    assert_eq!(it.advance(&time, &Endless), Want::Close);
    assert!(matches!(it.end(), End::Failed(_)));
}

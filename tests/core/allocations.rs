//! Nothing is allocated for a request: counted, not believed.

use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::web::connection::{Connection, Want};
use shared::web::site::{Body, Request, Responder, Site, Takes, Time};

use crate::counting::COUNT;
use crate::shell::LIMITS;

const REQUESTS: &[&[u8]] = &[
    b"GET /a?b HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\n\
      Connection: x, keep-alive\r\nUser-Agent: b\r\n\r\n",
    b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
      5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
];

/// Echoes, and keeps nothing.
pub struct Echo;

impl Site for Echo {
    type Resource = ();

    fn locate(&self, _: &Head, _: &Time) {}

    fn takes(&self, _: Method, (): &()) -> Takes {
        Takes::Memory(100)
    }

    fn respond(&self, _: Request<()>, content: &[u8], out: Responder) -> Body {
        out.start(Status::Ok).field("Content-Type", "text/plain").body(content);
        Body::Written
    }
}

/// Every request, byte by byte and whole, with its response.
pub fn serve<S: Site>(
    connection: &mut Connection<S>,
    site: &S,
    requests: &[&[u8]],
    time: &Time,
) {
    for (request, size) in requests.iter().flat_map(|r| [(r, 1), (r, 500)]) {
        let requests = connection.requests();
        for piece in request.chunks(size) {
            connection.space()[..piece.len()].copy_from_slice(piece);
            connection.received(piece.len(), time);
            while connection.advance(time, site) == Want::Write {
                let (bytes, file) = connection.output();
                let of_file = file.map_or(0, |(_, it)| it.end - it.start);
                let count = bytes.len();
                connection.sent(count, of_file, time);
            }
        }
        assert_eq!(connection.requests(), requests + 1);
    }
}

#[test]
fn nothing_is_allocated_for_a_request() {
    let time = Time::now();
    let mut connection = Connection::new(&LIMITS, time.now);
    serve(&mut connection, &Echo, REQUESTS, &time);
    let before = COUNT.get();
    serve(&mut connection, &Echo, REQUESTS, &time);
    assert_eq!(COUNT.get() - before, 0, "allocations");
    // The counter counts.
    drop(std::hint::black_box(vec![0; 100]));
    assert_eq!(COUNT.get() - before, 1);
}

//! hyper, a server that others have written: what it makes of the same
//! bytes. No socket, no runtime: its connection is polled by hand.

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};

use crate::outcome::{Event, Outcome};

/// What hyper makes of `pieces`.
pub fn outcome(pieces: &[&[u8]], finish: bool) -> Outcome {
    let events = RefCell::new(Vec::new());
    let output = RefCell::new(Vec::new());
    let input = pieces.concat();
    let wire = Client { input: &input, finish, output: &output };
    let service = service_fn(|request| response(request, &events));
    let connection = Builder::new()
        .half_close(true)
        .max_buf_size(16 * 1024)
        .auto_date_header(false)
        .serve_connection(wire, service);
    let mut connection = pin!(connection);
    let mut context = Context::from_waker(Waker::noop());
    // Nothing else runs: what is pending after many polls stays so.
    let mut polls = 0;
    let waits = loop {
        match connection.as_mut().poll(&mut context) {
            Poll::Ready(_) => break false,
            Poll::Pending if polls > 10_000 => break true,
            Poll::Pending => polls += 1,
        }
    };
    let mut events = events.borrow().clone();
    let responses = statuses(&output.borrow());
    if responses.contains(&100) {
        events.insert(0, Event::Continue);
    }
    let refusal = responses.iter().rfind(|status| **status >= 400);
    // hyper refuses a head with a response, and a body without a word.
    if let Some(status) = refusal {
        events.push(Event::Refused(*status));
    } else if !waits && matches!(events.last(), Some(Event::Continue)) {
        events.push(Event::Refused(400));
    }
    Outcome { events, waits }
}

/// Takes any request with its body.
async fn response(
    request: Request<Incoming>,
    events: &RefCell<Vec<Event>>,
) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) => {
            events.borrow_mut().push(Event::Refused(400));
            return Err(error);
        }
    };
    let fields = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    events.borrow_mut().push(Event::Request {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        fields: fields.collect(),
        body,
    });
    Ok(Response::new(Empty::new()))
}

/// The statuses of all responses, none of which has a body.
fn statuses(mut output: &[u8]) -> Vec<u16> {
    let mut statuses = Vec::new();
    while !output.is_empty() {
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut head = httparse::Response::new(&mut fields);
        let Ok(httparse::Status::Complete(length)) = head.parse(output) else {
            panic!("hyper responds: {}", output.escape_ascii());
        };
        statuses.push(head.code.unwrap());
        output = &output[length..];
    }
    statuses
}

/// What hyper takes for a socket.
struct Client<'a> {
    input: &'a [u8],
    finish: bool,
    output: &'a RefCell<Vec<u8>>,
}

impl Read for Client<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.input.is_empty() && !self.finish {
            return Poll::Pending;
        }
        let count = self.input.len().min(buffer.remaining());
        let (read, rest) = self.input.split_at(count);
        buffer.put_slice(read);
        self.input = rest;
        Poll::Ready(Ok(()))
    }
}

impl Write for Client<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.output.borrow_mut().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

//! Nothing is allocated for a request: counted, not believed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use shared::http::body::Body;
use shared::http::head::{FieldSpace, Finder, Head};
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting what each thread asks of it.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as promised by our caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as promised by our caller.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(
        &self,
        pointer: *mut u8,
        layout: Layout,
        size: usize,
    ) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as promised by our caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

const REQUESTS: &[&[u8]] = &[
    b"GET /a?b HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\n\
      Connection: x, keep-alive\r\nUser-Agent: b\r\n\r\n",
    b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
      5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
];

/// Reads every request, byte by byte and whole, and answers it.
fn serve(input: &mut Buffer, body: &mut Vec<u8>, output: &mut Vec<u8>) {
    for (request, size) in REQUESTS.iter().flat_map(|r| [(r, 1), (r, 500)]) {
        let mut pieces = request.chunks(size);
        let mut more = |input: &mut Buffer| {
            let piece = pieces.next().unwrap();
            input.space()[..piece.len()].copy_from_slice(piece);
            input.filled(piece.len());
        };
        let mut finder = Finder::default();
        let length = loop {
            match finder.find(input.bytes()).unwrap() {
                Some(length) => break length,
                None => more(input),
            }
        };
        let mut space = FieldSpace::new();
        let head = Head::parse(&input.bytes()[..length], &mut space).unwrap();
        assert_eq!(head.field("nothing"), None);
        let mut rest = Body::new(head.framing, 100).unwrap();
        let (method, persistence) = (head.method, head.persistence);
        input.consume(length);
        body.clear();
        while !rest.is_done() {
            if input.bytes().is_empty() {
                more(input);
            }
            let (used, data) = rest.next(input.bytes()).unwrap();
            body.extend_from_slice(data);
            input.consume(used);
        }
        output.clear();
        Response::new(output, Status::Ok)
            .persistence(persistence)
            .field("Content-Type", "text/plain")
            .body(method, body);
        Response::new(output, Status::BadRequest).refuse("no reason");
        assert_eq!(input.bytes(), b"");
    }
}

#[test]
fn nothing_is_allocated_for_a_request() {
    let mut input = Buffer::new(1000);
    let mut body = Vec::new();
    let mut output = Vec::new();
    serve(&mut input, &mut body, &mut output);
    let before = COUNT.get();
    serve(&mut input, &mut body, &mut output);
    assert_eq!(COUNT.get() - before, 0, "allocations");
    // The counter counts.
    drop(std::hint::black_box(vec![0; 100]));
    assert_eq!(COUNT.get() - before, 1);
}

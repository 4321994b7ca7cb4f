//! Responses of this step's own.

use shared::http::status::Status;
use shared::web::file_site::typed;
use shared::web::site::{Body, Done, Responder};

use super::template::Html;

/// What we say ourselves is in words.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// A page that another thread makes.
pub fn later(
    is_sandboxed: bool,
    make: impl FnOnce() -> Result<Html, Status> + Send + 'static,
) -> Body {
    Body::Later(Box::new(move |_| match make() {
        Ok(page) => Done::response(move |out| {
            let Responder { out: all, method, persistence, date } = out;
            let start = all.len();
            Responder { out: &mut *all, method, persistence, date }
                .start(Status::Ok)
                .field("Content-Type", "text/html; charset=utf-8")
                .field("Cache-Control", "no-cache")
                .body(page.as_bytes());
            if is_sandboxed {
                sandbox(all, start);
            }
        }),
        Err(status) => failed(status),
    }))
}

/// Adds to the response that starts there that browsers run no script in it,
/// and let it have nothing that belongs to this site: what it shows was
/// written by anybody.
pub fn sandbox(out: &mut Vec<u8>, start: usize) {
    let line = out[start..].iter().position(|&byte| byte == b'\n');
    let field = *b"Content-Security-Policy: sandbox\r\n";
    if let Some(end) = line {
        let at = start + end + 1;
        out.splice(at..at, field);
    }
}

/// The same, for another thread.
pub fn failed(status: Status) -> Done {
    Done::response(move |out| refuse(out, status, ""))
}

/// Says no more than this status.
pub fn refuse(out: Responder, status: Status, allow: &str) {
    let mut response = typed(out.start(status), TEXT);
    if status == Status::MethodNotAllowed {
        response = response.field("Allow", allow);
    }
    response.body(format!("{}\n", status.reason()).as_bytes());
}

//! Responses of this step's own.

use shared::http::status::Status;
use shared::web::file_site::typed;
use shared::web::site::{Body, Done, Responder};

use super::template::Html;

/// What we say ourselves is in words.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// Browsers run no script in what has this field, and let it have nothing that
/// belongs to this site: it was written by anybody.
pub const SANDBOX: &[u8] = b"Content-Security-Policy: sandbox\r\n";

/// A page that another thread makes.
pub fn later(
    make: impl FnOnce() -> Result<Html, Status> + Send + 'static,
) -> Body {
    Body::Later(Box::new(move |_| match make() {
        Ok(page) => Done::response(move |out| {
            out.start(Status::Ok)
                .field("Content-Type", "text/html; charset=utf-8")
                .field("Cache-Control", "no-cache")
                .body(page.as_bytes());
        }),
        Err(status) => failed(status),
    }))
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

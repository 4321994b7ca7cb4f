//! Enters in step 21: responses of the server's own.

use crate::http::status::Status;
use crate::web::file_site::typed;
use crate::web::site::{Body, Done, Responder};

use crate::web::template::Html;

/// What we say ourselves is in words.
const TEXT: &str = "text/plain; charset=utf-8";

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
                .body(page.utf8());
        }),
        Err(status) => failed(status),
    }))
}

/// The same, for another thread.
pub fn failed(status: Status) -> Done {
    Done::response(move |out| refuse(out, status, ""))
}

/// Says why somebody may not change anything: 403, or 401 for want of a token.
pub fn distrust(out: Responder, status: Status) {
    let response = typed(out.start(status), TEXT);
    match status {
        Status::Unauthorized => response
            .field("WWW-Authenticate", "Bearer")
            .body(b"This is changed only by those who have the token.\n"),
        _ => response.body(
            b"This server is changed only under its own names (the flag \
              --host, or hosts in the settings), and not by pages of others.\n",
        ),
    }
}

/// Says no more than this status.
pub fn refuse(out: Responder, status: Status, allow: &str) {
    let mut response = typed(out.start(status), TEXT);
    if status == Status::MethodNotAllowed {
        response = response.field("Allow", allow);
    }
    response.body(format!("{}\n", status.reason()).as_bytes());
}

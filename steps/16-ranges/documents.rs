//! Files as documents: each has a state, which clients name in conditions,
//! and parts, which they ask for.

use std::ops::Range;
use std::time::SystemTime;

use shared::files::root::File;
use shared::http::date::Date;
use shared::http::entity_tag::EntityTag;
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::preconditions::Representation;
use shared::http::response::Response;
use shared::http::retrieval::retrieve;
use shared::http::status::Status;
use shared::web::file_site::{self, Files, labelled, typed, validators};
use shared::web::site::{Body, Request, Responder, Site, Takes, Time};

/// What [`Files`] has; its files are documents.
pub struct Documents(pub Files);

/// What a target leads to.
pub enum Resource {
    /// A file that is to be read.
    Document(Document),
    /// Anything else, or something else to do.
    Other(file_site::Resource),
}

/// A file in one state, and what the request gets of it.
pub struct Document {
    file: File,
    name: Vec<u8>,
    tag: String,
    modified: Date,
    status: Status,
    /// With the statuses 200 and 206: these bytes.
    part: Range<u64>,
}

impl Site for Documents {
    type Resource = Resource;

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        let is_read = matches!(head.method, Method::Get | Method::Head);
        match self.0.locate(head, time) {
            file_site::Resource::File(file, name) if is_read => {
                Resource::Document(Document::new(file, name, head))
            }
            other => Resource::Other(other),
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match resource {
            Resource::Document(_) => Takes::No,
            Resource::Other(other) => self.0.takes(method, other),
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, number, persistence } = request;
        match resource {
            Resource::Document(document) => document.respond(method, out),
            Resource::Other(resource) => {
                let request = Request { method, resource, number, persistence };
                self.0.respond(request, content, out)
            }
        }
    }
}

impl Document {
    /// An open file, and what `head` gets of it.
    fn new(file: File, name: Vec<u8>, head: &Head) -> Self {
        let validators = validators(&file);
        // The clock is looked at after the file: a later change is later.
        let now = SystemTime::now();
        let (date, size) = (Date::from_system_time(now), validators.size);
        let modified = validators.last_modified(date);
        let text = validators.entity_tag(now);
        let tag = EntityTag::new(&text);
        let state = Representation { tag, modified, size, date };
        let (status, part) = retrieve(head, &state);
        Document { file, name, tag: text, modified, status, part }
    }

    /// Writes the response, but for the bytes of the file.
    fn respond(self, method: Method, out: Responder) -> Body {
        let response = out.start(self.status);
        match self.status {
            // What a copy is to be updated with, and no more: RFC 9110
            // section 15.4.5.
            Status::NotModified => self.state(response).end(),
            Status::PreconditionFailed => say(response, self.status),
            Status::RangeNotSatisfiable => {
                let range = format!("bytes */{}", self.file.stat.st_size);
                say(response.field("Content-Range", range), self.status);
            }
            _ => return self.send(method, response),
        }
        Body::Written
    }

    /// Writes the head of 200 or 206.
    fn send(self, method: Method, response: Response) -> Body {
        let mut response = labelled(response, &self.name);
        let Range { start, end } = self.part;
        if self.status == Status::PartialContent {
            // The last byte belongs to it, unlike `end`.
            let (last, size) = (end - 1, self.file.stat.st_size);
            let range = format!("bytes {start}-{last}/{size}");
            response = response.field("Content-Range", range);
        }
        self.state(response)
            .field("Last-Modified", self.modified.imf_fixdate())
            .field("Accept-Ranges", "bytes")
            .length(end - start);
        let part = if method == Method::Head { 0..0 } else { start..end };
        Body::File(self.file.descriptor, part)
    }

    /// Adds which state it is, and that a copy is to be used only after
    /// asking whether it still is: else browsers guess, by the file's age.
    fn state<'o>(&self, response: Response<'o>) -> Response<'o> {
        response.field("ETag", &self.tag).field("Cache-Control", "no-cache")
    }
}

/// The status in words, for a person.
fn say(response: Response, status: Status) {
    let text = format!("{}\n", status.reason());
    typed(response, "text/plain; charset=utf-8").body(text.as_bytes());
}

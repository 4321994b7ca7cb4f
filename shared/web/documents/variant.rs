//! Enters in step 18: a file as responses have it: in one coding and one state,
//! and ready to be sent.

use std::ops::Range;
use std::rc::Rc;
use std::time::SystemTime;

use crate::files::root::File;
use crate::http::coding::Coding;
use crate::http::date::Date;
use crate::http::entity_tag::EntityTag;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::preconditions::Representation;
use crate::http::response::Response;
use crate::http::retrieval::retrieve;
use crate::http::status::Status;
use crate::http::validators::Validators;
use crate::web::file_site::{labelled, typed, validators};
use crate::web::site::{Body, Responder};

use super::content::{Content, SMALL};
use compressed::Origin;

/// Enters in step 21.
mod compressed;

/// A file in one coding and one state.
pub struct Variant {
    coding: Option<Coding>,
    name: Vec<u8>,
    /// On which device the file is. Enters in step 21.
    device: u64,
    state: Validators,
    tag: String,
    /// The tag is good for longer than a moment.
    is_settled: bool,
    modified: Date,
    /// How many seconds a copy is good without asking. Enters in step 21.
    max_age: Option<u64>,
    /// What a response with all of it says, from its media type on.
    fields: Vec<u8>,
    content: Content,
    /// What it is made of, if we make it. Enters in step 21.
    origin: Option<Origin>,
}

impl Variant {
    /// The variant that is in `file`: the one from `before`, if the file has
    /// not changed.
    pub fn find(
        coding: Option<Coding>,
        file: File,
        name: &[u8],
        before: Option<&Rc<Variant>>,
        max_age: Option<u64>,
    ) -> Rc<Self> {
        match before {
            Some(it) if it.state == validators(&file) => it.clone(),
            _ => Rc::new(Variant::new(coding, file, name, max_age)),
        }
    }

    fn new(
        coding: Option<Coding>,
        file: File,
        name: &[u8],
        max_age: Option<u64>,
    ) -> Self {
        let state = validators(&file);
        // The clock is looked at after the file: a later change is later.
        let now = SystemTime::now();
        let tag = state.entity_tag(now);
        let variant = Variant {
            coding,
            name: name.to_vec(),
            // Enters in step 21.
            device: file.stat.st_dev,
            state,
            is_settled: tag == state.etag(),
            tag,
            modified: state.last_modified(Date::from_system_time(now)),
            // Enters in step 21.
            max_age,
            fields: Vec::new(),
            content: Content::of(file, state),
            // Enters in step 21.
            origin: None,
        };
        variant.with_fields()
    }

    /// Writes what all responses with all of it say.
    fn with_fields(mut self) -> Self {
        let mut fields = Vec::new();
        let response = self.describe(Response::rest(&mut fields));
        response.length(self.state.size);
        self.fields = fields;
        self
    }

    /// Whether it may be given out for a while without a look at the file.
    pub fn may_be_kept(&self) -> bool {
        // A small file is in memory, unless it changed while it was read.
        let is_small = self.state.size <= SMALL;
        self.is_settled && self.is_open() != is_small
    }

    /// Whether it keeps the file open.
    pub fn is_open(&self) -> bool {
        matches!(self.content, Content::Large(_))
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        let content = match &self.content {
            Content::Small(body) => body.len(),
            // Enters in step 21: a file in memory.
            Content::Large(_) if self.origin.is_some() => {
                self.state.size as usize
            }
            Content::Large(_) => 0,
        };
        let Variant { name, tag, fields, .. } = self;
        size_of::<Self>() + name.len() + tag.len() + fields.len() + content
    }

    /// What the request gets: the status, and with 200 and 206 these bytes.
    pub fn retrieve(&self, head: &Head, date: Date) -> (Status, Range<u64>) {
        let Variant { modified, state, .. } = *self;
        let (tag, size) = (EntityTag::new(&self.tag), state.size);
        retrieve(head, &Representation { tag, modified, size, date })
    }

    /// Writes the response, but for what is sent from the file.
    pub fn respond(
        self: &Rc<Self>,
        method: Method,
        status: Status,
        part: Range<u64>,
        out: Responder,
    ) -> Body {
        // Enters in step 21.
        if let Some(origin) = self.awaited().filter(|_| status == Status::Ok) {
            return self.respond_made(origin, method, out);
        }
        let response = out.start(status);
        let size = self.state.size;
        match status {
            Status::Ok => return self.whole(method, response),
            Status::PartialContent => return self.part(part, response),
            // What a copy is to be updated with, and no more: RFC 9110
            // section 15.4.5.
            Status::NotModified => self.state(response).end(),
            Status::RangeNotSatisfiable => {
                let range = format!("bytes */{size}");
                say(response.field("Content-Range", range), status);
            }
            _ => say(response, status),
        }
        Body::Written
    }

    /// Writes a response with this status, and all of it as a text about that:
    /// without what is said of the file. Enters in step 20.
    pub fn error_page(
        &self,
        method: Method,
        status: Status,
        out: Responder,
    ) -> Body {
        let response = labelled(out.start(status), &self.name);
        match &self.content {
            Content::Small(body) => response.body(body),
            Content::Large(file) => {
                response.length(self.state.size);
                if method != Method::Head {
                    return Body::File(file.clone(), 0..self.state.size);
                }
            }
        }
        Body::Written
    }

    /// Finishes 200: nothing of it is written anew.
    fn whole(&self, method: Method, response: Response) -> Body {
        match &self.content {
            Content::Small(body) => response.ready(&self.fields, body),
            Content::Large(file) => {
                response.ready(&self.fields, b"");
                if method != Method::Head {
                    return Body::File(file.clone(), 0..self.state.size);
                }
            }
        }
        Body::Written
    }

    /// Finishes 206, which only GET gets.
    fn part(&self, part: Range<u64>, response: Response) -> Body {
        let Range { start, end } = part;
        // The last byte belongs to it, unlike `end`.
        let range = format!("bytes {start}-{}/{}", end - 1, self.state.size);
        let response = response.field("Content-Range", range);
        let out = self.describe(response).length(end - start);
        match &self.content {
            Content::Small(body) => {
                out.extend_from_slice(&body[start as usize..end as usize]);
                Body::Written
            }
            Content::Large(file) => Body::File(file.clone(), part),
        }
    }

    /// Adds what it is, and in which state.
    fn describe<'o>(&self, response: Response<'o>) -> Response<'o> {
        let response = labelled(response, &self.name);
        let response = match self.coding {
            None => response.field("Accept-Ranges", "bytes"),
            Some(coding) => response.field("Content-Encoding", coding.name()),
        };
        self.state(response).field("Last-Modified", self.modified.imf_fixdate())
    }

    /// Adds which state it is; that a copy is to be used only after asking
    /// whether it still is; and that another client may get another variant.
    fn state<'o>(&self, response: Response<'o>) -> Response<'o> {
        let response = response.field("ETag", &self.tag);
        // Enters in step 21.
        let response = match self.max_age {
            None => response.field("Cache-Control", "no-cache"),
            Some(age) => {
                response.field("Cache-Control", format!("max-age={age}"))
            }
        };
        response.field("Vary", "Accept-Encoding")
    }
}

/// The status in words, for a person.
fn say(response: Response, status: Status) {
    let text = format!("{}\n", status.reason());
    typed(response, "text/plain; charset=utf-8").body(text.as_bytes());
}

//! Enters in step 18: files as documents, which are kept for a while.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::libc::rlim_t;

use crate::http::coding::{CODINGS, Preference};
use crate::http::fields;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::status::Status;
use crate::web::file_site::{self, Files};
use crate::web::site::{Body, Request, Responder, Site, Takes, Time};

use cache::Cache;
use compressor::Compressor;
use document::Document;
use neighbours::{is_compressed, neighbour};
use variant::Variant;

mod cache;
/// Enters in step 21.
pub mod compressor;
mod content;
mod document;
mod neighbours;
mod variant;

pub use content::SMALL;
/// Enters in step 21.
pub use neighbours::tags;

/// What [`Files`] has; its files are documents.
pub struct Documents {
    files: Arc<Files>,
    /// A site is not changed by its requests, but for this.
    cache: RefCell<Cache>,
    /// Another number than before: what is kept may be too old. Enters in step
    /// 20.
    generation: Arc<AtomicU64>,
    seen: Cell<u64>,
    /// What compresses them, up to which size. Enters in step 21.
    compressor: Option<(Arc<Compressor>, u64)>,
    /// How long copies are good, by how a name ends. Enters in step 21.
    rules: Vec<(String, u64)>,
}

/// What a target leads to.
pub enum Resource {
    /// A file that is to be read: the status, and with 200 and 206 the bytes.
    Document(Rc<Variant>, Status, Range<u64>),
    /// Anything else, or something else to do.
    Other(Box<file_site::Resource>),
}

/// Enters in step 20.
impl Resource {
    /// The methods that may be used here.
    pub fn allow(&self) -> &'static str {
        match self {
            Resource::Document(..) => "GET, HEAD, OPTIONS",
            Resource::Other(other) => other.allow(),
        }
    }

    /// Whether there is nothing.
    pub fn is_missing(&self) -> bool {
        let Resource::Other(other) = self else { return false };
        let status = Status::NotFound;
        matches!(**other, file_site::Resource::Missing(it) if it == status)
    }
}

impl Documents {
    /// Those of `files`. At most this many bytes of them are kept, and of so
    /// many descriptors a part is for files that stay open.
    pub fn new(
        files: Arc<Files>,
        cache_bytes: usize,
        descriptors: rlim_t,
    ) -> Self {
        let cache = Cache::new(cache_bytes, descriptors);
        // Enters in step 20.
        let (generation, seen) = (Arc::default(), Cell::new(0));
        // Enters in step 21.
        let (compressor, rules) = (None, Vec::new());
        let cache = RefCell::new(cache);
        Documents { files, cache, generation, seen, compressor, rules }
    }

    /// Whether there is `/api/`. Enters in step 21.
    pub fn has_api(&self) -> bool {
        self.files.has_api()
    }

    /// Believes nothing from before this number was changed. Enters in step
    /// 20.
    pub fn watch(&mut self, generation: Arc<AtomicU64>) {
        self.generation = generation;
    }

    /// Has texts compressed from now on, for those who like that best: as far
    /// as there is room to keep the result. Enters in step 21.
    pub fn compresses(&mut self, compressor: Arc<Compressor>) {
        // A large file and its compressed content.
        let descriptors = 2;
        let cache = self.cache.get_mut();
        if let Some(size) = cache.room(descriptors) {
            self.compressor = Some((compressor, size));
        }
    }

    /// Has copies of files whose paths end like this be good for so many
    /// seconds; others are asked for every time. The first rule counts that
    /// fits. Enters in step 21.
    pub fn cache_rules(&mut self, rules: Vec<(String, u64)>) {
        self.rules = rules;
    }

    /// What there is now, of which nothing is made anew that is still as it
    /// was before.
    fn look(
        &self,
        head: &Head,
        time: &Time,
        before: Option<&Rc<Document>>,
    ) -> Result<Rc<Document>, Box<file_site::Resource>> {
        let (file, name) = match self.files.locate(head, time) {
            file_site::Resource::File(file, name) => (file, name),
            other => return Err(other.into()),
        };
        let neighbours =
            CODINGS.map(|it| neighbour(&self.files, &file, &name, it));
        let before = before.map(|it| &**it);
        // Enters in step 21.
        let max_age = self.max_age(&name);
        let mut document =
            Document::new(file, neighbours, &name, before, max_age);
        // Enters in step 21.
        if let Some((compressor, max_size)) = &self.compressor
            && !is_compressed(&name)
        {
            document.compress(compressor, *max_size);
        }
        Ok(Rc::new(document))
    }

    /// What a request to read gets.
    fn retrieve(
        &self,
        head: &Head,
        time: &Time,
    ) -> Result<Resource, Box<file_site::Resource>> {
        // Enters in step 20.
        let now = self.generation.load(Ordering::Acquire);
        if self.seen.replace(now) != now {
            self.cache.borrow_mut().expire(time.now);
        }
        let path = head.target.path.as_bytes();
        let look =
            |before: Option<&Rc<Document>>| self.look(head, time, before);
        let document =
            self.cache.borrow_mut().document(path, time.now, look)?;
        // Enters in step 21.
        let document = self.renew(path, document);
        // The parts of two codings do not fit together.
        let has_range = fields::lines(head.fields, "Range").next().is_some();
        let preference = match has_range {
            true => Preference::default(),
            false => Preference::from_fields(head.fields),
        };
        let variant = document.select(preference).clone();
        let (status, part) = variant.retrieve(head, time.date.date());
        Ok(Resource::Document(variant, status, part))
    }

    /// How many seconds copies of the file called `name` are good. Enters in
    /// step 21.
    fn max_age(&self, name: &[u8]) -> Option<u64> {
        // A path begins with a slash, unlike a name.
        let path = [b"/", name].concat();
        let rule =
            self.rules.iter().find(|(end, _)| path.ends_with(end.as_bytes()));
        rule.map(|(_, max_age)| *max_age)
    }

    /// The document, with what has been made since. Enters in step 21.
    fn renew(&self, path: &[u8], document: Rc<Document>) -> Rc<Document> {
        let Some(renewed) = document.renewed() else { return document };
        let renewed = Rc::new(renewed);
        self.cache.borrow_mut().renew(path, renewed.clone());
        renewed
    }
}

impl Site for Documents {
    type Resource = Resource;

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        match head.method {
            Method::Get | Method::Head => {
                self.retrieve(head, time).unwrap_or_else(Resource::Other)
            }
            _ => Resource::Other(self.files.locate(head, time).into()),
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match resource {
            Resource::Document(..) => Takes::No,
            Resource::Other(other) => self.files.takes(method, other),
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
            Resource::Document(variant, status, part) => {
                variant.respond(method, status, part, out)
            }
            Resource::Other(resource) => {
                let resource = *resource;
                let request = Request { method, resource, number, persistence };
                self.files.respond(request, content, out)
            }
        }
    }
}

//! Enters in step 21: what there is to request: files, and pages that are made.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::path::decode_path;
use crate::http::status::Status;
use crate::web::documents::{self, Documents};
use crate::web::file_site::status_of;
use crate::web::hash::{self, Hashing};
use crate::web::site::{
    Body, Done, Request, Responder, Sink, Site, Takes, Time,
};
use nix::errno::Errno;

use super::form::{self, Form};
use super::template::Html;

pub mod app;
pub mod guestbook;
mod listing;
pub mod reply;
pub mod resource;
pub mod templates;

use app::App;
use guestbook::GuestBook;
use reply::{SANDBOX, distrust, failed, later, refuse};
pub use resource::Resource;
use resource::is_hidden;
use templates::Templates;

/// What one worker has.
pub struct Pages {
    app: Arc<App>,
    files: Hashing,
    /// The name of the target, while it is looked for.
    name: RefCell<Vec<u8>>,
    /// What is said in every response.
    fields: Option<Rc<[u8]>>,
    /// The same, and what is said of files that clients have written.
    sandbox: Rc<[u8]>,
}

impl Pages {
    /// Those of this program, and its files. All of them have these fields,
    /// which are ready lines.
    pub fn new(app: Arc<App>, documents: Documents, fields: &[u8]) -> Self {
        let name = RefCell::default();
        let sandbox = [fields, SANDBOX].concat().into();
        let fields = (!fields.is_empty()).then(|| fields.into());
        Pages { app, files: Hashing(documents), name, fields, sandbox }
    }
}

impl Site for Pages {
    type Resource = Resource;

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        if head.target.path == "*" {
            return Resource::Server;
        }
        let mut name = self.name.borrow_mut();
        if let Err(status) = decode_path(head.target.path, &mut name) {
            return Resource::Refused(status, "");
        }
        if is_hidden(&name) {
            return Resource::Refused(Status::NotFound, "");
        }
        match self.app.router.find(&name) {
            Some((route, values)) => {
                self.follow(*route, &values, &name, head, time)
            }
            None => self.file(&name, head, time, None),
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match resource {
            Resource::File(file, _) => self.files.takes(method, file),
            Resource::GuestBook(_) if method == Method::Post => {
                Takes::Memory(form::MAX_BYTES)
            }
            _ => Takes::No,
        }
    }

    fn sink(
        &self,
        method: Method,
        resource: &Resource,
    ) -> Option<(Box<dyn Sink>, u64)> {
        match (resource, method, &self.app.uploads) {
            (Resource::Change(change), Method::Put, Some(uploads)) => {
                Some(uploads.sink(change))
            }
            _ => None,
        }
    }

    fn fields(&self, method: Method, resource: &Resource) -> Option<Rc<[u8]>> {
        let is_read = matches!(method, Method::Get | Method::Head);
        match resource {
            Resource::File(_, Some(_))
            | Resource::Missing(_, true)
            | Resource::Listing(_, true)
                if is_read =>
            {
                Some(Rc::clone(&self.sandbox))
            }
            _ => self.fields.clone(),
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, number, persistence } = request;
        let allow = resource.allow();
        if method == Method::Options && !allow.is_empty() {
            out.start(Status::NoContent).field("Allow", allow).end();
            return Body::Written;
        }
        let is_read = matches!(method, Method::Get | Method::Head);
        match resource {
            Resource::File(resource, written)
                if is_read || written.is_none() =>
            {
                let request = Request { method, resource, number, persistence };
                self.files.respond(request, content, out)
            }
            Resource::Missing(
                hash::Resource::Other(documents::Resource::Document(page, ..)),
                _,
            ) => page.error_page(method, Status::NotFound, out),
            Resource::Listing(name, _) if is_read => {
                let app = Arc::clone(&self.app);
                later(move || {
                    let App { files, templates, .. } = &*app;
                    let templates = templates.as_ref();
                    let templates = templates.ok_or(Status::NotFound)?;
                    let page = listing::page(files, templates, &name);
                    page.map_err(|errno| match errno {
                        // It has been removed meanwhile.
                        Errno::ENOENT | Errno::ENOTDIR => Status::NotFound,
                        errno => status_of(errno),
                    })
                })
            }
            Resource::GuestBook(query) if is_read => {
                self.guestbook(move |book, templates| {
                    Ok(book.page(query.values("name"), templates))
                })
            }
            Resource::Entry(number) if is_read => {
                self.guestbook(move |book, templates| {
                    let page = book.entry(&number, templates);
                    page.ok_or(Status::NotFound)
                })
            }
            Resource::GuestBook(_) if method == Method::Post => {
                match Form::parse(content) {
                    Ok(form) => self.sign(form),
                    Err(status) => {
                        refuse(out, status, allow);
                        Body::Written
                    }
                }
            }
            Resource::Change(change) => {
                let app = Arc::clone(&self.app);
                Body::Later(Box::new(move |_| match &app.uploads {
                    Some(uploads) => uploads.delete(&change),
                    None => failed(Status::NotFound),
                }))
            }
            Resource::Distrusted(status) => {
                distrust(out, status);
                Body::Written
            }
            Resource::Refused(status, _) => {
                refuse(out, status, allow);
                Body::Written
            }
            _ => {
                refuse(out, Status::MethodNotAllowed, allow);
                Body::Written
            }
        }
    }
}

impl Pages {
    /// A page of the guest book.
    fn guestbook(
        &self,
        page: impl FnOnce(&GuestBook, &Templates) -> Result<Html, Status>
        + Send
        + 'static,
    ) -> Body {
        let app = Arc::clone(&self.app);
        later(move || {
            let pair = app.guestbook.as_ref().zip(app.templates.as_ref());
            let (book, templates) = pair.ok_or(Status::NotFound)?;
            page(book, templates)
        })
    }

    /// Adds what somebody has written, and sends them to where it stands: a
    /// browser that loads that page again does not write again.
    fn sign(&self, form: Form) -> Body {
        let app = Arc::clone(&self.app);
        Body::Later(Box::new(move |_| {
            let Some(book) = &app.guestbook else {
                return failed(Status::NotFound);
            };
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let now = now.unwrap_or_default().as_secs() as i64;
            match book.add(&form, now) {
                Ok(Some(_)) => Done::response(|out| {
                    out.start(Status::SeeOther)
                        .field("Location", "/guestbook")
                        .body(b"");
                }),
                Ok(None) => failed(Status::BadRequest),
                Err(Errno::ENOSPC | Errno::EDQUOT) => {
                    failed(Status::InsufficientStorage)
                }
                // It is no matter of the request.
                Err(_) => failed(Status::InternalServerError),
            }
        }))
    }
}

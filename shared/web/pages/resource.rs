//! Enters in step 21: what a target leads to.

use crate::http::fields;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::status::Status;
use crate::http::target::Target;
use crate::web::documents;
use crate::web::hash;
use crate::web::site::{Site, Time};

use super::app::Route;
use crate::web::form::Form;
use crate::web::pages::Pages;
use crate::web::uploads::change::Change;

/// What is sent with a status in the place of our own words.
const ERROR_PAGE: &str = "/404.html";

/// The methods of what is only read.
pub const READ: &str = "GET, HEAD, OPTIONS";
const READ_AND_WRITE: &str = "GET, HEAD, PUT, DELETE, OPTIONS";
const READ_AND_POST: &str = "GET, HEAD, POST, OPTIONS";

/// What a target leads to.
pub enum Resource {
    /// A file, or what step 19 has besides; and where clients write, what they
    /// may do here.
    File(hash::Resource, Option<&'static str>),
    /// A page in the place of a file that is not there, and whether clients
    /// write there.
    Missing(hash::Resource, bool),
    /// A directory without a page of its own, and whether clients write
    /// there.
    Listing(Vec<u8>, bool),
    /// A file that is to be changed.
    Change(Change),
    /// `/guestbook`, with the query.
    GuestBook(Form),
    /// The number of an entry.
    Entry(Vec<u8>),
    /// The server itself: the asterisk-form.
    Server,
    /// Something that only those may change whom we trust: the status for
    /// others.
    Distrusted(Status),
    /// It is not done: the status says why.
    Refused(Status, &'static str),
}

impl Resource {
    /// RFC 9110 section 10.2.1: the methods that may be used here.
    pub fn allow(&self) -> &'static str {
        match self {
            Resource::File(_, Some(allow)) => allow,
            Resource::File(file, None) => file.allow(),
            Resource::Change(_) => READ_AND_WRITE,
            Resource::GuestBook(_) => READ_AND_POST,
            Resource::Server => "GET, HEAD, POST, PUT, DELETE, OPTIONS",
            Resource::Listing(..) | Resource::Entry(_) => READ,
            Resource::Missing(..) | Resource::Distrusted(_) => "",
            Resource::Refused(_, allow) => allow,
        }
    }
}

impl Pages {
    /// What a route leads to, with what stood in the place of names in it.
    pub(super) fn follow(
        &self,
        route: Route,
        values: &[&[u8]],
        name: &[u8],
        head: &Head,
        time: &Time,
    ) -> Resource {
        match (route, head.method) {
            (Route::Writable, Method::Put | Method::Delete) => {
                let change = Change::new(head, name);
                match self.app.trust.allows(head) {
                    Ok(()) => change.map_or_else(
                        |status| Resource::Refused(status, READ),
                        Resource::Change,
                    ),
                    Err(status) => Resource::Distrusted(status),
                }
            }
            (Route::Writable, _) => {
                let is_directory = matches!(name, b"" | [.., b'/']);
                let allow = if is_directory { READ } else { READ_AND_WRITE };
                self.file(name, head, time, Some(allow))
            }
            (Route::GuestBook, Method::Post) => {
                let kind = fields::only(head.fields, "Content-Type");
                match (self.app.trust.allows(head), kind.is_some_and(is_form)) {
                    (Err(status), _) => Resource::Distrusted(status),
                    (_, false) => {
                        Resource::Refused(Status::UnsupportedMediaType, "")
                    }
                    _ => Resource::GuestBook(Form::default()),
                }
            }
            (Route::GuestBook, _) => {
                let query = head.target.query.unwrap_or_default();
                match Form::parse(query.as_bytes()) {
                    Ok(query) => Resource::GuestBook(query),
                    Err(status) => Resource::Refused(status, READ_AND_POST),
                }
            }
            (Route::Entry, _) => Resource::Entry(values.concat()),
        }
    }

    /// A file, or what there is in its place.
    pub(super) fn file(
        &self,
        name: &[u8],
        head: &Head,
        time: &Time,
        written: Option<&'static str>,
    ) -> Resource {
        let found = self.files.locate(head, time);
        let is_missing = match &found {
            hash::Resource::Other(it) => it.is_missing(),
            hash::Resource::Hash(_) => false,
        };
        match head.method {
            _ if !is_missing => Resource::File(found, written),
            // They could be meant for what is not there yet.
            Method::Put | Method::Delete => {
                Resource::Refused(Status::MethodNotAllowed, READ)
            }
            _ => {
                let instead = self.instead(name, head, time, written);
                instead.unwrap_or(Resource::File(found, written))
            }
        }
    }

    /// What there is in the place of a file that is missing.
    fn instead(
        &self,
        name: &[u8],
        head: &Head,
        time: &Time,
        written: Option<&'static str>,
    ) -> Option<Resource> {
        let is_directory = self.app.listing
            && matches!(name, b"" | [.., b'/'])
            && self.app.files.root().open_directory(name).is_ok();
        if is_directory {
            return Some(Resource::Listing(name.to_vec(), written.is_some()));
        }
        if let Some(path) = self.fallback(name) {
            let target = Target { path, ..head.target };
            let head = Head { target, ..*head };
            let page = self.files.locate(&head, time);
            return Some(Resource::File(page, written));
        }
        // Not on the conditions that the request has: those are of something
        // else.
        let target = Target { path: ERROR_PAGE, ..head.target };
        let head = Head { target, fields: &[], ..*head };
        match self.files.locate(&head, time) {
            page @ hash::Resource::Other(documents::Resource::Document(..)) => {
                Some(Resource::Missing(page, written.is_some()))
            }
            _ => None,
        }
    }

    /// The path of the page that is sent for what is not there: for what
    /// looks like a page's name, with which a program in the browser will know
    /// what to do.
    fn fallback(&self, name: &[u8]) -> Option<&str> {
        let last = name.rsplit(|&byte| byte == b'/').next()?;
        let is_page = !last.contains(&b'.') && !name.starts_with(b"api/");
        self.app.fallback.as_deref().filter(|_| is_page)
    }
}

/// Whether a name is not for clients: it begins with a dot, or something that
/// it lies in does. RFC 8615 has the one exception.
pub fn is_hidden(name: &[u8]) -> bool {
    let name = name.strip_prefix(b".well-known/").unwrap_or(name);
    name.starts_with(b".") || name.windows(2).any(|it| it == b"/.")
}

/// Whether a Content-Type is a form's, whatever parameters it has.
fn is_form(kind: &[u8]) -> bool {
    let end = kind.iter().position(|&byte| byte == b';');
    let kind = kind[..end.unwrap_or(kind.len())].trim_ascii();
    kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

//! Enters in step 21: what all workers have in common.

use std::sync::Arc;

use super::guestbook::GuestBook;
use super::templates::Templates;
use crate::web::file_site::Files;
use crate::web::router::Router;
use crate::web::trust::Trust;
use crate::web::uploads::Uploads;

/// What there is to request, and how.
pub struct App {
    /// What is beneath the root.
    pub files: Arc<Files>,
    /// What is none of them.
    pub router: Router<Route>,
    /// Of its pages, if any are made.
    pub templates: Option<Templates>,
    /// Who may change something.
    pub trust: Trust,
    /// If there is one.
    pub guestbook: Option<Arc<GuestBook>>,
    /// If clients may write.
    pub uploads: Option<Arc<Uploads>>,
    /// Whether a directory without a page is listed.
    pub listing: bool,
    /// The path of a page for what is not there.
    pub fallback: Option<String>,
}

/// Where a path leads, if not only to a file.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// The whole book.
    GuestBook,
    /// One entry of it.
    Entry,
    /// A file that may be changed.
    Writable,
}

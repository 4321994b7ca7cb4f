//! What all workers have in common.

use std::sync::Arc;

use shared::web::file_site::Files;

use super::guestbook::GuestBook;
use super::router::Router;
use super::templates::Templates;
use super::trust::Trust;
use super::uploads::Uploads;

/// What there is to request, and how.
pub struct App {
    pub files: Arc<Files>,
    pub router: Router<Route>,
    pub templates: Templates,
    pub trust: Trust,
    pub guestbook: Option<GuestBook>,
    pub uploads: Option<Arc<Uploads>>,
    /// The path of a page for what is not there.
    pub fallback: Option<String>,
}

/// Where a path leads, if not only to a file.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    GuestBook,
    /// One entry of it.
    Entry,
    /// A file that may be changed.
    Writable,
}

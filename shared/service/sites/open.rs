//! Enters in step 21: opens what the settings of a site name.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use shared::cli::strerror;
use shared::files::root::Root;
use shared::web::file_site::Files;
use shared::web::pages::app::{App, Route};
use shared::web::pages::guestbook::GuestBook;
use shared::web::pages::templates::Templates;
use shared::web::router::Router;
use shared::web::trust::Trust;
use shared::web::uploads::{Sweep, Uploads};
use shared::web::work;

use super::{Common, Site};
use crate::sandbox;
use crate::settings::{self, Fault, Line};

/// The page of a directory, unless the settings name another.
const INDEX: &str = "index.html";

/// Opens a site. What is wrong is added to the faults; if anything is, the
/// site is of no use.
pub fn site(
    settings: &settings::Site,
    addresses: &[SocketAddr],
    common: &Arc<Common>,
    books: &mut Vec<Arc<GuestBook>>,
    faults: &mut Vec<Fault>,
) -> Option<Site> {
    let files = note(faults, files(settings, common));
    let templates = note(faults, templates(settings));
    let guestbook = note(faults, guestbook(settings, books));
    let token = note(faults, token(settings));
    let files = Arc::new(files?);
    note(faults, look_for_fallback(settings, &files));
    note(faults, look_for_writable(settings, &files));
    let uploads = settings.write.as_ref().map(|_| {
        let files = Arc::clone(&files);
        let generation = Arc::clone(&common.generation);
        let max_bytes = settings.upload_max << 20;
        let sweep = sweep(Arc::clone(common));
        Arc::new(Uploads::new(files, generation, max_bytes, sweep))
    });
    let app = App {
        router: router(settings),
        templates: templates?,
        trust: Trust::new(addresses, &settings.hosts, token?),
        guestbook: guestbook?,
        uploads,
        listing: settings.listing,
        fallback: settings.fallback.as_ref().map(|(path, _)| path.clone()),
        files,
    };
    let rules = settings.cache.iter();
    Some(Site {
        app: Arc::new(app),
        generation: Arc::clone(&common.generation),
        fields: fields(&settings.headers),
        cache: rules.map(|it| (it.suffix.clone(), it.seconds)).collect(),
        compressor: settings.compress.then(|| Arc::clone(&common.compressor)),
    })
}

/// What was opened, or nothing and one fault more.
fn note<T>(faults: &mut Vec<Fault>, result: Result<T, Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// What the setting called `name` says cannot be used: `why`.
fn unusable(
    name: &'static str,
    value: impl Display,
    line: Line,
    why: impl Display,
) -> Fault {
    Fault { line, setting: Some(name), what: format!("\"{value}\": {why}") }
}

fn files(settings: &settings::Site, common: &Common) -> Result<Files, Fault> {
    let (path, line) = &settings.root;
    let root = Root::open(path).and_then(|root| {
        // Landlock lets everybody have the place, but nothing that is in it.
        // Enters in step 22.
        root.open_directory(b"").map(|_| root)
    });
    let root = root.map_err(|errno| {
        // Enters in step 22.
        let is_on = common.is_sandboxed.load(Ordering::Relaxed);
        if let Some(why) = sandbox::explain(errno, is_on) {
            return unusable("root", path.display(), *line, why);
        }
        unusable("root", path.display(), *line, strerror(errno))
    })?;
    let index = settings.index.as_deref().unwrap_or(INDEX);
    Ok(Files::new(root, index.to_string(), settings.api))
}

/// Those of the pages that are made, if any are.
fn templates(settings: &settings::Site) -> Result<Option<Templates>, Fault> {
    let (path, line) = match &settings.templates {
        Some((path, line)) => (Some(OsString::from(path)), *line),
        None if settings.listing || settings.guestbook.is_some() => (None, 0),
        None => return Ok(None),
    };
    let fault = |what| Fault { line, setting: None, what };
    let templates = Templates::load(path);
    templates.map(Some).map_err(|failure| fault(failure.to_string()))
}

/// A guest book in this file, of which there is only one: two would each write
/// without the entries of the other.
fn guestbook(
    settings: &settings::Site,
    books: &mut Vec<Arc<GuestBook>>,
) -> Result<Option<Arc<GuestBook>>, Fault> {
    let Some((path, line)) = &settings.guestbook else { return Ok(None) };
    let book = match books.iter().find(|it| it.path() == path) {
        Some(book) => book.read().map(|()| Arc::clone(book)),
        None => GuestBook::open(path.clone()).map(Arc::new),
    };
    let book = book.map_err(|failure| Fault {
        line: *line,
        setting: None,
        what: failure.to_string(),
    })?;
    books.push(Arc::clone(&book));
    Ok(Some(book))
}

/// The first line of the file that has it.
fn token(settings: &settings::Site) -> Result<Option<Vec<u8>>, Fault> {
    let Some((path, line)) = &settings.token_file else { return Ok(None) };
    let fault =
        |why: &dyn Display| unusable("token_file", path.display(), *line, why);
    let text = fs::read(path).map_err(|error| fault(&strerror(error)))?;
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    match first.trim_ascii() {
        b"" => Err(fault(&"there is no token in its first line")),
        token => Ok(Some(token.to_vec())),
    }
}

fn look_for_fallback(
    settings: &settings::Site,
    files: &Files,
) -> Result<(), Fault> {
    let Some((path, line)) = &settings.fallback else { return Ok(()) };
    match files.file(path.trim_start_matches('/').as_bytes()) {
        Some(_) => Ok(()),
        None => Err(unusable("fallback", path, *line, "there is no such file")),
    }
}

fn look_for_writable(
    settings: &settings::Site,
    files: &Files,
) -> Result<(), Fault> {
    let Some((path, line)) = &settings.write else { return Ok(()) };
    let name = path.trim_matches('/').as_bytes();
    let opened = files.root().open_directory(name).map(drop);
    opened.map_err(|errno| unusable("write", path, *line, strerror(errno)))
}

fn router(settings: &settings::Site) -> Router<Route> {
    let mut router = Router::default();
    if settings.guestbook.is_some() {
        router.add("/guestbook", Route::GuestBook);
        router.add("/guestbook/{number}", Route::Entry);
    }
    if let Some((path, _)) = &settings.write {
        let path = path.trim_end_matches('/');
        router.add(&format!("{path}/*"), Route::Writable);
    }
    router
}

/// Gives files that are to be removed to the pool.
fn sweep(common: Arc<Common>) -> Sweep {
    Box::new(move |file| match common.pool.get() {
        Some(pool) => work::sweep(pool, file),
        None => drop(file),
    })
}

/// As responses have them.
fn fields(headers: &[(String, String)]) -> Vec<u8> {
    let lines =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    lines.collect::<String>().into_bytes()
}

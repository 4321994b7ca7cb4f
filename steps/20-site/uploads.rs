//! PUT and DELETE: files that clients may write.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use httparse::Header;
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::libc::{S_IFDIR, S_IFMT, mode_t};
use nix::sys::stat;
use shared::files::root::Entry;
use shared::http::date::Date;
use shared::http::entity_tag::EntityTag;
use shared::http::fields;
use shared::http::method::Method;
use shared::http::preconditions::{Representation, Verdict, evaluate};
use shared::http::status::Status;
use shared::web::file_site::{Files, status_of, validators};
use shared::web::site::{Done, Sink};

use super::change::Change;
use super::replacement::{Replacement, remove};
use super::reply::refuse;
use super::resource::READ;

/// What becomes of a file that nobody waits for any more: another thread
/// removes it.
pub type Sweep = Box<dyn Fn(Replacement) + Send + Sync>;

/// How files are changed.
pub struct Uploads {
    files: Arc<Files>,
    /// To look at a file's state and to change it is one act.
    changing: Mutex<()>,
    /// Goes up with each change.
    generation: Arc<AtomicU64>,
    max_bytes: u64,
    sweep: Sweep,
}

impl Uploads {
    /// Of these files. What it changes makes the generation go up.
    pub fn new(
        files: Arc<Files>,
        generation: Arc<AtomicU64>,
        max_bytes: u64,
        sweep: Sweep,
    ) -> Self {
        let changing = Mutex::new(());
        Uploads { files, changing, generation, max_bytes, sweep }
    }

    /// Where the content goes that a PUT brings, and how much that may be.
    pub fn sink(self: &Arc<Self>, change: &Change) -> (Box<dyn Sink>, u64) {
        let (uploads, change) = (Arc::clone(self), change.clone());
        let sink = Box::new(Incoming { uploads, change, begun: None });
        (sink, self.max_bytes)
    }

    /// Removes a file.
    pub fn delete(&self, change: &Change) -> Done {
        let deleted = || {
            let _one =
                self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            self.check(change, Method::Delete)?;
            let (parent, name) = change.split();
            let directory = self.files.root().open_directory(parent);
            let removed = directory.and_then(|it| remove(&it, name));
            self.changed();
            removed.map_err(|errno| match errno {
                // There is nothing to delete.
                Errno::ENOENT | Errno::ENOTDIR => Status::NotFound,
                errno => status(errno),
            })
        };
        match deleted() {
            Ok(()) => Done::response(|out| out.start(Status::NoContent).end()),
            Err(status) => refused(status),
        }
    }

    /// Somewhere for the content. What is refused now need not be sent.
    fn begin(&self, change: &Change) -> Result<Replacement, Status> {
        self.check(change, Method::Put)?;
        let (parent, _) = change.split();
        let directory = self.files.root().open_directory(parent);
        directory.and_then(Replacement::new).map_err(status)
    }

    /// Gives new content its name. Whether there was other content before, and
    /// the tag of the new.
    fn put(
        &self,
        change: &Change,
        content: Replacement,
    ) -> Result<(bool, String), Status> {
        let content = content.sync().map_err(status)?;
        let tag = validators(&content.file).etag();
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let was_there = self.check(change, Method::Put)?;
        // Somebody who does not ask us may make such a file meanwhile.
        let is_new = |(name, _): &(String, _)| {
            name.eq_ignore_ascii_case("If-None-Match")
        };
        let may_replace = was_there || !change.conditions.iter().any(is_new);
        let (_, name) = change.split();
        let renamed = content.rename(name, may_replace);
        // Even if it failed: the last part of it may have.
        self.changed();
        renamed.map_err(status)?;
        Ok((was_there, tag))
    }

    /// Whether there is a file now, and what the client says of it is true.
    ///
    /// # Errors
    /// 412 if it is not true. Without looking at that: 405 for a directory,
    /// 404 if there is nothing to delete, 409 if there is no directory.
    fn check(&self, change: &Change, method: Method) -> Result<bool, Status> {
        let fields = change.conditions.iter();
        let fields = fields.map(|(name, value)| Header { name, value });
        let fields: Vec<Header> = fields.collect();
        let entry = self.files.root().open_entry(&change.name);
        let file = match entry.map_err(status)? {
            Entry::File(file) => file,
            Entry::Directory if self.kind(change) == Some(S_IFDIR) => {
                return Err(Status::MethodNotAllowed);
            }
            // A link to one, or nothing.
            _ if fields::lines(&fields, "If-Match").next().is_none() => {
                return Ok(false);
            }
            // Conditions do not count where there is nothing to delete.
            _ if method == Method::Delete && self.kind(change).is_none() => {
                return Err(Status::NotFound);
            }
            // Nothing matches what is not there, not even `*`: if it could be.
            _ => {
                let (parent, _) = change.split();
                let parent = self.files.root().open_directory(parent);
                parent.map_err(status)?;
                return Err(Status::PreconditionFailed);
            }
        };
        let date = Date::from_system_time(SystemTime::now());
        let validators = validators(&file);
        let tag = validators.etag();
        let current = Representation {
            tag: EntityTag::new(&tag),
            modified: validators.last_modified(date),
            size: validators.size,
            date,
        };
        match evaluate(method, &fields, &current) {
            Verdict::Perform => Ok(true),
            _ => Err(Status::PreconditionFailed),
        }
    }

    /// What the name is, if it is there: not what a link leads to.
    fn kind(&self, change: &Change) -> Option<mode_t> {
        let (parent, name) = change.split();
        let parent = self.files.root().open_directory(parent).ok()?;
        // Ask what the name is, without following it.
        let stat = stat::fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        Some(stat.ok()?.st_mode & S_IFMT)
    }

    /// What anybody keeps of the files may be too old.
    fn changed(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }
}

/// The content of a PUT, as it arrives.
struct Incoming {
    uploads: Arc<Uploads>,
    change: Change,
    /// `None` before the first piece.
    begun: Option<Replacement>,
}

impl Sink for Incoming {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Done> {
        let content = match &mut self.begun {
            Some(begun) => begun,
            None => {
                let begun = self.uploads.begin(&self.change);
                self.begun.insert(begun.map_err(refused)?)
            }
        };
        content.write(bytes).map_err(|errno| refused(status(errno)))
    }

    fn finish(mut self: Box<Self>) -> Done {
        // Even an empty body has been written.
        let Some(content) = self.begun.take() else {
            return refused(Status::InternalServerError);
        };
        match self.uploads.put(&self.change, content) {
            Ok((true, tag)) => Done::response(move |out| {
                out.start(Status::NoContent).field("ETag", tag).end();
            }),
            Ok((false, tag)) => Done::response(move |out| {
                out.start(Status::Created).field("ETag", tag).body(b"");
            }),
            Err(status) => refused(status),
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(content) = self.begun.take() {
            (self.uploads.sweep)(content);
        }
    }
}

/// The status for what cannot be written.
fn status(errno: Errno) -> Status {
    match errno {
        Errno::ENOSPC | Errno::EDQUOT => Status::InsufficientStorage,
        Errno::EROFS | Errno::EPERM => Status::Forbidden,
        // The directory that it belongs into is not there, or elsewhere.
        Errno::ENOENT | Errno::ENOTDIR | Errno::EXDEV | Errno::ELOOP => {
            Status::Conflict
        }
        Errno::EISDIR => Status::MethodNotAllowed,
        Errno::EEXIST => Status::PreconditionFailed,
        Errno::ENAMETOOLONG => Status::BadRequest,
        errno => status_of(errno),
    }
}

fn refused(status: Status) -> Done {
    Done::response(move |out| refuse(out, status, READ))
}

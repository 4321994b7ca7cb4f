//! Enters in step 25: keeps the address book in a file, which is replaced
//! whole: a power cut leaves the old one or the new one.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::book::Book;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::Mode;
use shared::cli::{self, Failure};
use shared::files::replacement::{PREFIX, Replacement};

/// The file in the directory of a node's data.
const NAME: &str = "peers";

/// It is not written more often.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes the book in a thread of its own: fsync(2) takes as long as the disk
/// takes.
pub struct Keeper {
    /// `None`: nothing is kept.
    directory: Option<PathBuf>,
    due: Option<Instant>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// A keeper for this directory, and the book that is there.
    ///
    /// # Errors
    /// When there is a book that cannot be read.
    pub fn open(
        directory: Option<&OsStr>,
        now: Instant,
    ) -> Result<(Self, Book), Failure> {
        let directory = directory.map(PathBuf::from);
        let book = match &directory {
            Some(directory) => read(directory, now)?,
            None => Book::default(),
        };
        Ok((Keeper { directory, due: None, thread: None }, book))
    }

    /// The book has changed.
    pub fn changed(&mut self, now: Instant) {
        if self.directory.is_some() {
            self.due.get_or_insert(now + PAUSE);
        }
    }

    /// When the book is to be written.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Writes the book, unless it is still being written.
    pub fn keep(&mut self, book: &Book, now: Instant) {
        let Some(directory) = self.directory.clone() else { return };
        if self.thread.as_ref().is_some_and(|it| !it.is_finished()) {
            self.due = Some(now + PAUSE);
            return;
        }
        let text = book.to_text();
        let work = move || tell(&directory, write(&directory, &text));
        match thread::Builder::new().spawn(work) {
            Ok(thread) => {
                (self.thread, self.due) = (Some(thread), None);
            }
            // Not now, then.
            Err(_) => self.due = Some(now + PAUSE),
        }
    }

    /// Writes the book for the last time, if it has changed.
    pub fn keep_last(&mut self, book: &Book) {
        if let Some(thread) = self.thread.take() {
            // It has not panicked: it has nothing to panic about.
            let _ = thread.join();
        }
        if let (Some(directory), Some(_)) = (&self.directory, self.due.take()) {
            tell(directory, write(directory, &book.to_text()));
        }
    }
}

fn tell(directory: &Path, result: io::Result<()>) {
    if let Err(error) = result {
        let file = directory.join(NAME);
        let (file, why) = (file.display(), cli::strerror(error));
        cli::log(format_args!("cannot write {file}: {why}"));
    }
}

fn write(directory: &Path, text: &str) -> io::Result<()> {
    // Who is in a sandbox makes no directories.
    if !directory.is_dir() {
        fs::create_dir_all(directory)?;
    }
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let directory = fcntl::open(directory, flags, Mode::empty())?;
    let mut file = Replacement::new(directory)?;
    file.write(text.as_bytes())?;
    // On the disk first, and only then in the place of the old one.
    file.sync()?.rename(NAME.as_bytes(), true)?;
    Ok(())
}

fn read(directory: &Path, now: Instant) -> Result<Book, Failure> {
    remove_unfinished(directory);
    let file = directory.join(NAME);
    let text = match fs::read(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            let what = format!("cannot read {}", file.display());
            return Err(Failure::new(what, error));
        }
    };
    let (book, wrong) = Book::from_text(&text, now);
    for number in wrong {
        let file = file.display();
        cli::log(format_args!("{file}:{number}: no address: left out"));
    }
    Ok(book)
}

/// Removes what was being written when the node was killed.
fn remove_unfinished(directory: &Path) {
    // If there is no directory, there is nothing in it.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_unfinished =
        |name: &OsStr| name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
    for entry in entries.filter(|it| is_unfinished(&it.file_name())) {
        // It would only be in the way of nothing.
        let _ = fs::remove_file(entry.path());
    }
}

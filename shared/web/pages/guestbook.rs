//! Enters in step 21: a guest book: what people have written, in a file.
//!
//! Each line of the file is one entry, and has the form in which a browser
//! sent it. The file is replaced as a whole: whenever this program ends, and
//! however, the file has all entries that anybody was told of.

use std::fs;
use std::io;
use std::iter;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cli::Failure;
use crate::http::date::Date;
use nix::errno::Errno;

use super::templates::Templates;
use crate::files::replacement::Replacement;
use crate::web::form::{self, Form};
use crate::web::template::{Html, Value};

/// How many entries are kept: the newest.
const MAX_ENTRIES: usize = 1000;

/// The longest name, and the longest text, in bytes.
const MAX_NAME: usize = 100;
const MAX_TEXT: usize = 10_000;

/// What somebody has written.
#[derive(Debug, Clone)]
pub struct Entry {
    number: u64,
    /// In seconds since 1970.
    time: i64,
    name: String,
    text: String,
}

impl Entry {
    /// What a browser sent; `None` if something is missing, or too long.
    pub fn from_form(form: &Form, number: u64, time: i64) -> Option<Self> {
        let name = form.only("name")?.trim();
        let text = form.only("text")?.trim();
        let is_good = |text: &str, max| !text.is_empty() && text.len() <= max;
        let is_good = is_good(name, MAX_NAME) && is_good(text, MAX_TEXT);
        let (name, text) = (name.to_string(), text.to_string());
        is_good.then_some(Entry { number, time, name, text })
    }

    fn from_line(line: &[u8]) -> Option<Self> {
        let form = Form::parse(line).ok()?;
        let number = form.only("number")?.parse().ok()?;
        Entry::from_form(&form, number, form.only("time")?.parse().ok()?)
    }

    fn write_line(&self, out: &mut Vec<u8>) {
        form::add(out, "number", &self.number.to_string());
        form::add(out, "time", &self.time.to_string());
        form::add(out, "name", &self.name);
        form::add(out, "text", &self.text);
        out.push(b'\n');
    }

    fn render(&self, templates: &Templates) -> Html {
        let date = Date::from_unix_timestamp(self.time).imf_fixdate();
        templates.entry.render([
            Value::Text(&self.number.to_string()),
            Value::Text(&self.name),
            Value::Text(&self.text),
            Value::Text(&String::from_utf8_lossy(&date)),
        ])
    }
}

/// The entries, oldest first, and the file that has them.
#[derive(Debug)]
pub struct GuestBook {
    path: PathBuf,
    /// Held while the file is replaced.
    writing: Mutex<()>,
    /// Held for a moment only: what is in the file.
    entries: Mutex<Arc<Vec<Entry>>>,
}

impl GuestBook {
    /// The one in this file, which need not be there yet.
    ///
    /// # Errors
    /// When it cannot be read, or is no guest book: then it is left alone.
    pub fn open(path: PathBuf) -> Result<Self, Failure> {
        let (writing, entries) = (Mutex::default(), Mutex::default());
        let book = GuestBook { path, writing, entries };
        book.read()?;
        Ok(book)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file once more: somebody may have changed it.
    ///
    /// # Errors
    /// Those of [`GuestBook::open`].
    pub fn read(&self) -> Result<(), Failure> {
        let _one = lock(&self.writing);
        let path = &self.path;
        let text = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            result => result.map_err(|error| {
                let path = path.display();
                Failure::new(format_args!("cannot read {path}"), error)
            })?,
        };
        let mut entries = Vec::new();
        let lines = text.split(|&byte| byte == b'\n');
        for (index, line) in lines.enumerate().filter(|(_, it)| !it.is_empty())
        {
            let wrong = || {
                let (path, line) = (path.display(), index + 1);
                Failure::wrong(format_args!(
                    "{path}:{line}: this is no line of a guest book"
                ))
            };
            entries.push(Entry::from_line(line).ok_or_else(wrong)?);
        }
        *lock(&self.entries) = Arc::new(entries);
        Ok(())
    }

    /// Adds what a form says, and returns its number when it is on the disk;
    /// `None` if the form says nothing.
    ///
    /// # Errors
    /// Those of writing the file: then nothing has been added.
    pub fn add(&self, form: &Form, time: i64) -> nix::Result<Option<u64>> {
        let _one = lock(&self.writing);
        let mut entries = Vec::clone(&self.entries());
        let number = 1 + entries.last().map_or(0, |it| it.number);
        let Some(entry) = Entry::from_form(form, number, time) else {
            return Ok(None);
        };
        entries.push(entry);
        let first = entries.len().saturating_sub(MAX_ENTRIES);
        entries.drain(..first);
        self.write(&entries)?;
        *lock(&self.entries) = Arc::new(entries);
        Ok(Some(number))
    }

    fn write(&self, entries: &[Entry]) -> nix::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            entry.write_line(&mut lines);
        }
        let name = self.path.file_name().ok_or(Errno::EISDIR)?;
        let mut content = Replacement::new(directory(&self.path)?)?;
        content.write(&lines)?;
        content.sync()?.rename(name.as_encoded_bytes(), true)
    }

    /// The entries under these names as a page, or all if there is no name.
    pub fn page(&self, names: &[String], templates: &Templates) -> Html {
        let is_meant =
            |it: &&Entry| names.is_empty() || names.contains(&it.name);
        render(self.entries().iter().filter(is_meant), templates)
    }

    /// The entry with this number as a page.
    pub fn entry(&self, number: &[u8], templates: &Templates) -> Option<Html> {
        let entries = self.entries();
        // As we write it: "+1" and "01" are other paths.
        let is_it = |it: &&Entry| it.number.to_string().as_bytes() == number;
        let entry = entries.iter().find(is_it)?;
        Some(render(iter::once(entry), templates))
    }

    fn entries(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&lock(&self.entries))
    }
}

/// The newest first.
fn render<'e>(
    entries: impl DoubleEndedIterator<Item = &'e Entry>,
    templates: &Templates,
) -> Html {
    let (mut all, mut count) = (Html::default(), 0);
    for entry in entries.rev() {
        all.push_html(&entry.render(templates));
        count += 1;
    }
    let count = count.to_string();
    templates.guestbook.render([Value::Text(&count), Value::Html(&all)])
}

/// The directory that a file is in.
fn directory(path: &Path) -> nix::Result<OwnedFd> {
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
    let directory = fs::File::open(parent.unwrap_or(Path::new(".")));
    directory.map(OwnedFd::from).map_err(|error| {
        error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
    })
}

/// Nothing that is done under these locks leaves anything half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Builds the book with mdBook as a library.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};
use mdbook_driver::MDBook;
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};

use crate::preprocess::Kit;
use crate::project::files;
use crate::record::cargo;
use crate::{Project, Result};

/// Builds into `directory`. What mdBook only warns about is an error here: a
/// missing include would leave a hole in the page.
pub fn build(project: &Project, directory: &Path) -> Result<()> {
    let warnings = Warnings::default();
    let built = subscriber::with_default(warnings.clone(), || {
        let mut book = MDBook::load(project.root.join("book"))?;
        book.config.build.build_dir = directory.to_path_buf();
        book.with_preprocessor(Kit(Project::open(&project.root)?));
        book.build()
    });
    let warnings = warnings.all();
    if built.is_ok() && !warnings.is_empty() {
        bail!("mdBook warns:\n{}", warnings.join("\n"));
    }
    built
}

/// Builds the book into `book/build` and returns that directory. A server
/// that serves it meanwhile finds every page, old or new: each file is
/// renamed into place, and what is no longer made is removed last.
pub fn install(project: &Project) -> Result<PathBuf> {
    let parent = writable(project)?;
    // One build at a time; the kernel gives the lock up with the process, so
    // that a scratch directory found here belongs to nobody any more.
    let lock = File::open(&parent)?;
    lock.lock().context("cannot lock the directory of the book")?;
    let (fresh, shown) = (parent.join(".build"), parent.join("build"));
    remove(&fresh)?;
    build(project, &fresh)?;
    fs::create_dir_all(&shown)?;
    replace(&fresh, &shown)
        .with_context(|| format!("cannot write {}", shown.display()))?;
    remove(&fresh)?;
    Ok(shown)
}

/// `book`, or cargo's target directory where the checkout is read-only.
fn writable(project: &Project) -> Result<PathBuf> {
    let book = project.root.join("book");
    if tempfile::tempfile_in(&book).is_ok() {
        return Ok(book);
    }
    let directory = cargo::target_directory(project)?.join("book");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context(directory.display().to_string())
        }
        _ => Ok(()),
    }
}

/// Moves the files of `fresh` over those of `shown`: pages after what they
/// need, so that no new page asks for a style sheet that is not there yet.
fn replace(fresh: &Path, shown: &Path) -> Result<()> {
    let (new, old) = (files(fresh, "")?, files(shown, "")?);
    let is_page =
        |file: &&PathBuf| file.extension().is_some_and(|end| end == "html");
    let (pages, needed): (Vec<_>, Vec<_>) = new.iter().partition(is_page);
    for file in needed.into_iter().chain(pages) {
        let (from, to) = (fresh.join(file), shown.join(file));
        // A file that is the same keeps its date, and browsers their copy.
        if fs::read(&to)
            .is_ok_and(|old| fs::read(&from).is_ok_and(|new| new == old))
        {
            continue;
        }
        fs::create_dir_all(to.parent().unwrap_or(shown))?;
        fs::rename(from, to)?;
    }
    for file in old.iter().filter(|file| !new.contains(file)) {
        fs::remove_file(shown.join(file))?;
    }
    Ok(())
}

/// Keeps what mdBook logs as warning or error.
#[derive(Clone, Debug, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn all(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
            && metadata.target().starts_with("mdbook")
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut |field: &Field, value: &dyn Debug| {
            if field.name() == "message" {
                self.all().push(format!("{value:?}"));
            }
        });
    }

    // Spans are of no interest: all of them are one.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

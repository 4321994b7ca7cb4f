//! Builds the book with mdBook as a library.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use mdbook_driver::MDBook;
use tracing::{Level, subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

use crate::preprocess::Kit;
use crate::project::files;
use crate::record::cargo;
use crate::{Project, Result};

/// Builds into `directory`. What mdBook only warns about is an error here: a
/// missing include would leave a hole in the page.
pub fn build(project: &Project, directory: &Path) -> Result<()> {
    let log = Arc::new(tempfile::tempfile()?);
    let lines = fmt::layer().with_writer(Arc::clone(&log)).without_time();
    let lines = lines.with_level(false).with_target(false).with_ansi(false);
    let warnings = Targets::new().with_target("mdbook", Level::WARN);
    let subscriber = tracing_subscriber::registry().with(lines).with(warnings);
    let built = subscriber::with_default(subscriber, || {
        let mut book = MDBook::load(project.root.join("book"))?;
        book.config.build.build_dir = directory.to_path_buf();
        book.with_preprocessor(Kit(Project::open(&project.root)?));
        book.build()
    });
    let mut warnings = String::new();
    (&*log).rewind()?;
    (&*log).read_to_string(&mut warnings)?;
    if built.is_ok() && !warnings.is_empty() {
        bail!("mdBook warns:\n{}", warnings.trim_end());
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

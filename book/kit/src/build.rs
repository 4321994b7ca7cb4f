//! Builds the book with mdBook as a library.

use std::fmt::{Debug, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::bail;
use mdbook_driver::MDBook;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};

use crate::preprocess::Kit;
use crate::{Project, Result};

/// Builds into `folder`, or `book/build` if there is none; returns it. What
/// mdBook only warns about is an error here: a missing include would leave a
/// hole in the page.
///
/// # Errors
/// When a chapter names what is not there, or mdBook complains.
pub fn build(project: &Project, folder: Option<&Path>) -> Result<PathBuf> {
    let warnings = Warnings::default();
    let built = subscriber::with_default(warnings.clone(), || {
        let mut book = MDBook::load(project.root.join("book"))?;
        if let Some(folder) = folder {
            book.config.build.build_dir = folder.to_path_buf();
        }
        let folder = book.root.join(&book.config.build.build_dir);
        book.with_preprocessor(Kit(Project::open(&project.root)?));
        book.build()?;
        Ok(folder)
    });
    let warnings = warnings.take();
    match built {
        Ok(folder) if warnings.is_empty() => Ok(folder),
        Ok(_) => bail!("mdBook warns:\n{}", warnings.join("\n")),
        Err(error) => Err(error),
    }
}

/// Keeps what mdBook logs as warning or error.
#[derive(Clone, Debug, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn take(&self) -> Vec<String> {
        let mut warnings =
            self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *warnings)
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
            && metadata.target().starts_with("mdbook")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let mut warnings =
            self.0.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.push(text.0);
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

/// An event's text.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}

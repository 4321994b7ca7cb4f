//! The templates of this program, from a directory.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use shared::cli::Failure;

use super::template::Template;

/// Those that come with step 20.
const DIRECTORY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/steps/20-site/templates");

/// All of them.
#[derive(Debug)]
pub struct Templates {
    pub listing: Template<3>,
    pub row: Template<4>,
    pub guestbook: Template<2>,
    pub entry: Template<4>,
}

impl Templates {
    /// Those in this directory, or ours.
    ///
    /// # Errors
    /// When one cannot be read, or something is wrong with it.
    pub fn load(directory: Option<OsString>) -> Result<Self, Failure> {
        let directory =
            directory.map_or_else(|| DIRECTORY.into(), PathBuf::from);
        let directory = &directory;
        Ok(Templates {
            listing: load(directory, "listing.html", ["path", "rows", "more"])?,
            row: load(
                directory,
                "listing-row.html",
                ["link", "name", "size", "changed"],
            )?,
            guestbook: load(directory, "guestbook.html", ["count", "entries"])?,
            entry: load(
                directory,
                "guestbook-entry.html",
                ["number", "name", "text", "date"],
            )?,
        })
    }
}

fn load<const N: usize>(
    directory: &Path,
    file: &str,
    names: [&str; N],
) -> Result<Template<N>, Failure> {
    let path = directory.join(file);
    let path = path.display();
    let text = fs::read_to_string(directory.join(file)).map_err(|error| {
        Failure::new(format_args!("cannot read {path}"), error)
    })?;
    Template::parse(&path.to_string(), &text, names).map_err(Failure::wrong)
}

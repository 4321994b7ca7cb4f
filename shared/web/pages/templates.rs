//! Enters in step 21: the templates of this program.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::cli::Failure;

use crate::web::template::Template;

/// Those that come with step 20 are a part of the program: it may be started
/// where there is nothing else of it.
macro_rules! ours {
    ($file:literal) => {
        (
            $file,
            include_str!(concat!("../../../steps/20-site/templates/", $file)),
        )
    };
}

/// All of them.
#[derive(Debug)]
pub struct Templates {
    /// A directory.
    pub listing: Template<3>,
    /// What is in it.
    pub row: Template<4>,
    /// The guest book, or a part of it.
    pub guestbook: Template<2>,
    /// One entry.
    pub entry: Template<4>,
}

impl Templates {
    /// Those in this directory, or ours.
    ///
    /// # Errors
    /// When one cannot be read, or something is wrong with it.
    pub fn load(directory: Option<OsString>) -> Result<Self, Failure> {
        let directory = directory.as_ref().map(Path::new);
        Ok(Templates {
            listing: load(
                directory,
                ours!("listing.html"),
                ["path", "rows", "more"],
            )?,
            row: load(
                directory,
                ours!("listing-row.html"),
                ["link", "name", "size", "changed"],
            )?,
            guestbook: load(
                directory,
                ours!("guestbook.html"),
                ["count", "entries"],
            )?,
            entry: load(
                directory,
                ours!("guestbook-entry.html"),
                ["number", "name", "text", "date"],
            )?,
        })
    }
}

fn load<const N: usize>(
    directory: Option<&Path>,
    (file, ours): (&str, &str),
    names: [&str; N],
) -> Result<Template<N>, Failure> {
    let Some(directory) = directory else {
        return Template::parse(file, ours, names).map_err(Failure::wrong);
    };
    let path = directory.join(file);
    let text = fs::read_to_string(&path).map_err(|error| {
        let path = path.display();
        Failure::new(format_args!("cannot read {path}"), error)
    })?;
    let name = path.display().to_string();
    Template::parse(&name, &text, names).map_err(Failure::wrong)
}

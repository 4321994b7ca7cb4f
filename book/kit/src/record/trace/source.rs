//! From a frame of a stack to the line of source that it stands for.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use addr2line::Loader;
use anyhow::{Context, Result, anyhow};
use object::{Object, ObjectSegment};
use regex::Regex;

use crate::items::last_name;
use crate::pattern;

/// `::{closure#0}`, or `::{{closure}}` as compilers wrote it before.
static CLOSURES: LazyLock<Regex> = LazyLock::new(|| pattern(r"::\{+[^{}]*\}+"));

/// The debugging information of one program.
pub struct Source {
    loader: Loader,
    /// Of each PT_LOAD header the part of the file, and the address at which
    /// it is mapped.
    segments: Vec<(Range<u64>, u64)>,
    root: PathBuf,
}

/// A line of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The function, as one speaks of it: `listen`, `Server::accept`.
    pub function: String,
    /// The file's path from the root of the repository.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
}

impl Source {
    /// Opens a program that was built from the sources under `root`.
    pub fn open(program: &Path, root: &Path) -> Result<Source> {
        let bytes = std::fs::read(program)
            .with_context(|| format!("cannot read {}", program.display()))?;
        let object = object::File::parse(&*bytes)?;
        let segments = object
            .segments()
            .map(|segment| {
                let (start, size) = segment.file_range();
                (start..start + size, segment.address())
            })
            .collect();
        let loader = Loader::new(program)
            .map_err(|error| anyhow!("no debugging information: {error}"))?;
        let root = root.canonicalize()?;
        Ok(Source { loader, segments, root })
    }

    /// The place of a return address, given as an offset in the file, if its
    /// source is a step's or a shared one.
    pub fn ours(&self, offset: u64) -> Option<Place> {
        let mut segments = self.segments.iter();
        let (file, start) = segments.find(|(it, _)| it.contains(&offset))?;
        let address = offset - file.start + start;
        // A return address is that of the next instruction: it may already
        // belong to the next line.
        let mut frames = self.loader.find_frames(address - 1).ok()?;
        while let Ok(Some(frame)) = frames.next() {
            let place = frame.location.and_then(|location| {
                let file = self.in_repository(location.file?)?;
                Some((file, location.line? as usize))
            });
            if let Some((file, line)) = place {
                let name = frame.function.as_ref().and_then(|function| {
                    Some(function.demangle().ok()?.into_owned())
                });
                let function = spoken(&name.unwrap_or_default());
                return Some(Place { function, file, line });
            }
        }
        None
    }

    fn in_repository(&self, file: &str) -> Option<PathBuf> {
        let path = Path::new(file).strip_prefix(&self.root).ok()?;
        let room = path.components().next()?.as_os_str();
        (room == "steps" || room == "shared").then(|| path.to_path_buf())
    }
}

/// The part of a function's full name that one says: without crate, modules,
/// type parameters, hashes and the closures inside it.
///
/// `<step02::Guard as core::ops::drop::Drop>::drop` is `Guard::drop`.
fn spoken(name: &str) -> String {
    let function = CLOSURES.replace_all(name, "");
    let Ok(path) = syn::parse_str::<syn::TypePath>(&function) else {
        return name.to_string();
    };
    let segments = path.path.segments.iter();
    let mut names = segments.map(|it| it.ident.to_string()).rev();
    let function = names.next().unwrap_or_default();
    let owner = match &path.qself {
        Some(owner) => Some(last_name(&owner.ty)),
        None => names.next(),
    };
    match owner.filter(|name| name.starts_with(char::is_uppercase)) {
        Some(owner) => format!("{owner}::{function}"),
        None => function,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_as_one_speaks_of_them() {
        for (full, short) in [
            ("step01::listen", "listen"),
            ("shared::cli::Failure::new", "Failure::new"),
            ("step03::copy::{{closure}}::{{closure}}", "copy"),
            ("step03::copy::{closure#0}", "copy"),
            ("<step02::Guard as core::ops::drop::Drop>::drop", "Guard::drop"),
            ("<step02::Guard<u8>>::end", "Guard::end"),
            ("shared::net::stream::write_all::<std::fs::File>", "write_all"),
            ("shared::net::stream::write_all<&std::fs::File>", "write_all"),
            ("step01::main", "main"),
        ] {
            assert_eq!(spoken(full), short, "{full}");
        }
    }
}

//! Which of a program's system calls are ours, and not the runtime's; and
//! from which lines of source they come.
//!
//! A call is ours if a frame of its stack is in a step or in `shared`,
//! directly or through `nix`, the standard library or the C library. Two
//! things below such a frame are the runtime's all the same: what the
//! allocator asks of the kernel, and how a thread's stack is made ready (but
//! `clone3` or `clone`, the thread itself, is ours). `futex` is left out:
//! whether a lock is waited for is a matter of luck.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use addr2line::Loader;
use anyhow::{Context, Result, anyhow};
use object::{Object, ObjectSegment};
use regex::Regex;

use super::Call;
use super::strace::{Event, Frame};
use crate::items::last_name;
use crate::pattern;

/// Our calls among the events of one task, in order, up to a signal that
/// ends the program; arguments and results as strace writes them.
pub fn calls(events: &[Event], program: &Path, source: &Source) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut before = None;
    for event in events {
        let Event { name, args, result, stack } = event;
        match name.as_str() {
            "SIGINT" => break,
            signal if signal.starts_with("SIG") => continue,
            _ => {}
        }
        let found = innermost(stack, program, source);
        let place = match &found {
            Some((at, place)) if is_ours(name, &stack[..*at]) => {
                Some(place.clone())
            }
            // The C library's clone3 cannot be unwound, nor the clone that it
            // makes where there is no clone3: the stack ends in it. It belongs
            // to what made the call before.
            None if name.starts_with("clone") && stack.len() <= 1 => before,
            _ => None,
        };
        before = found.map(|(_, place)| place).or_else(|| place.clone());
        if let Some(Place { function, file, line }) = place {
            let [call, args, result] = [name, args, result].map(String::clone);
            calls.push(Call { call, args, result, function, file, line });
        }
    }
    calls
}

/// The innermost frame in our source: its index and its place.
fn innermost(
    stack: &[Frame],
    program: &Path,
    source: &Source,
) -> Option<(usize, Place)> {
    stack.iter().enumerate().find_map(|(index, frame)| {
        let in_program = Path::new(&frame.object) == program;
        let place = in_program.then(|| source.ours(frame.offset))??;
        Some((index, place))
    })
}

/// Whether a call that one of our functions has led to is our business;
/// `below` are the frames between that function and the kernel.
fn is_ours(name: &str, below: &[Frame]) -> bool {
    let passes = |names: &[&str]| {
        below.iter().any(|frame| {
            // Versions stand behind an @.
            let symbol = frame.symbol.split('@').next().unwrap_or_default();
            names.contains(&symbol.trim_start_matches("__libc_"))
        })
    };
    name != "futex"
        && !passes(&["malloc", "calloc", "realloc", "memalign", "free"])
        && !passes(&["posix_memalign", "aligned_alloc"])
        && (name.starts_with("clone") || !passes(&["pthread_create"]))
}

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
        let path = plain(Path::new(file).strip_prefix(&self.root).ok()?);
        let ours = path.starts_with("steps") || path.starts_with("shared");
        ours.then_some(path)
    }
}

/// The path without its `..`: cargo names a source by way of its package,
/// `shared/service/../../steps/21-service/main.rs`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
        plain
    })
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

    #[test]
    fn a_source_is_where_its_step_is() {
        let named = "shared/service/../../steps/21-service/main.rs";
        let is = Path::new("steps/21-service/main.rs");
        assert_eq!(plain(Path::new(named)), is);
        assert_eq!(plain(is), is);
    }

    #[test]
    fn the_allocator_threads_and_locks_are_the_runtime_s() {
        let thread = ["__mmap", "pthread_create@@GLIBC_2.34"];
        for (name, symbols, ours) in [
            ("write", ["__write", "std::io::write_all"], true),
            ("brk", ["sbrk", "malloc"], false),
            ("brk", ["sbrk", "__libc_malloc"], false),
            ("brk", ["sbrk", "realloc"], false),
            ("brk", ["sbrk", "free"], false),
            // Of a new thread only the thread is ours.
            ("mmap", thread, false),
            ("rt_sigprocmask", thread, false),
            ("clone3", thread, true),
            // A lock is a matter of luck.
            ("futex", ["syscall", "lock"], false),
        ] {
            let frame = |symbol: &str| Frame {
                object: "/lib/libc.so.6".to_string(),
                symbol: symbol.to_string(),
                offset: 1,
            };
            let below = symbols.map(frame);
            assert_eq!(is_ours(name, &below), ours, "{name} {symbols:?}");
        }
    }
}

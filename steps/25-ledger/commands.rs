//! What can be done with a node's blocks while it is not running: look at
//! them, check them, carry them away.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use nix::errno::Errno;
use peer::block::{Block, BodyKind, FIELDS, Flaw, HEADER, MAX_BODY, SIGNATURE};
use peer::disk::{Disk, Files};
use peer::greet;
use peer::log::{Added, Logs};
use peer::network::Network;
use peer::store::{
    RECORD_FIELDS, SEGMENT_FIELDS, SEGMENT_HEADER, Store, records,
};
use peer::wire::annotate;
use shared::cli::{self, Failure};

use super::ledger::take;

/// What a block costs at least, in whatever network it was made.
const BITS: u8 = 8;

/// Does what the command line asks for, if it begins with a command.
pub fn run(words: &[OsString]) -> Option<Result<(), Failure>> {
    let [command, paths @ ..] = words else { return None };
    let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
    Some(match (command.to_str()?, &paths[..]) {
        ("hello", [name]) => hello(&name.to_string_lossy()),
        ("hello", _) => {
            Err(Failure::usage("hello takes one node, as HOST:PORT"))
        }
        ("fsck", [directory]) => check(directory),
        ("dump", [directory]) => dump(directory),
        ("log", [directory]) => log(directory),
        ("export", [directory, file]) => export(directory, file),
        ("import", [directory, file]) => import(directory, file),
        ("fsck" | "dump" | "log", _) => {
            Err(Failure::usage("one directory of a node's data is wanted"))
        }
        ("export" | "import", _) => {
            Err(Failure::usage("a directory and a file are wanted"))
        }
        _ => return None,
    })
}

fn hello(name: &str) -> Result<(), Failure> {
    let network = Network::read(None, None, None)?;
    greet::run(name, network.said())
}

fn cannot(what: &str, path: &Path) -> impl Fn(io::Error) -> Failure {
    let what = format!("cannot {what} {}", path.display());
    move |error| Failure::new(&what, error)
}

/// The blocks of a directory that no node is using.
fn open(directory: &Path) -> Result<(Store<Files>, Vec<Block>, bool), Failure> {
    if !directory.is_dir() {
        return Err(cannot("open", directory)(Errno::ENOENT.into()));
    }
    let files = take(directory)?;
    let (store, found) =
        Store::open(files).map_err(cannot("read", directory))?;
    if found.torn > 0 {
        cli::print(format_args!("{} bytes at the end: cut off", found.torn));
    }
    for (segment, bytes) in &found.damaged {
        let (from, to) = (bytes.start, bytes.end);
        cli::print(format_args!(
            "seg-{segment:06}.blk: damaged from {from} to {to}"
        ));
    }
    Ok((store, found.blocks, !found.damaged.is_empty()))
}

/// Checks each block, and that it follows the one before.
fn check(directory: &Path) -> Result<(), Failure> {
    let (_store, blocks, mut is_damaged) = open(directory)?;
    let mut logs = Logs::default();
    for block in &blocks {
        let wrong = match block.verify(BITS) {
            Err(flaw) => Some(flaw.to_string()),
            Ok(()) => match logs.add(block) {
                Added::New | Added::Duplicate => None,
                Added::Gap(seq) => Some(format!("number {seq} is missing")),
                Added::Fork(_) => Some("there is another one".to_string()),
                Added::Frozen | Added::Diverges => {
                    Some("it follows another one".to_string())
                }
            },
        };
        if let Some(wrong) = wrong {
            cli::print(format_args!("{block:?}: {wrong}"));
            is_damaged = true;
        }
    }
    let (blocks, authors) = (blocks.len(), logs.authors().count());
    cli::print(format_args!("{blocks} blocks of {authors} authors"));
    match is_damaged {
        true => Err(Failure::wrong("something is damaged")),
        false => Ok(()),
    }
}

/// Prints each block as one line, in the order in which they came.
fn log(directory: &Path) -> Result<(), Failure> {
    let (_store, blocks, _) = open(directory)?;
    for block in &blocks {
        cli::print(line(block));
    }
    Ok(())
}

/// A block as a line. Control characters have no business in a terminal.
pub fn line(block: &Block) -> String {
    let body = match (block.body_kind(), str::from_utf8(block.body())) {
        (BodyKind::Text, Ok(text)) if !text.contains(char::is_control) => {
            text.to_string()
        }
        _ => format!("\"{}\"", block.body().escape_ascii()),
    };
    format!("{} #{}: {body}", block.author(), block.seq())
}

/// Prints what each byte is.
fn dump(directory: &Path) -> Result<(), Failure> {
    let wrong = cannot("read", directory);
    let mut files = take(directory)?;
    for number in files.segments().map_err(&wrong)? {
        let bytes = files.read(number).map_err(&wrong)?;
        let header = &bytes[..bytes.len().min(SEGMENT_HEADER as usize)];
        let fields = annotate(&SEGMENT_FIELDS, header);
        cli::print(format_args!("seg-{number:06}.blk\n{fields}"));
        for (place, block) in records(&bytes, number) {
            let size = block.body().len();
            let record = &bytes[place.start..place.end];
            let (from, to) = (place.start, place.end);
            cli::print(format_args!("record, {from} to {to}"));
            cli::print(annotate(&RECORD_FIELDS, record).trim_end());
            cli::print(format_args!("{}", line(&block)));
            cli::print(annotate(&FIELDS, block.bytes()).trim_end());
            let end = HEADER + size;
            cli::print(format_args!(
                "{HEADER:4} {size:4}  body\n{end:4} {SIGNATURE:4}  signature"
            ));
        }
    }
    Ok(())
}

/// Writes all blocks into a file, one after the other.
fn export(directory: &Path, file: &Path) -> Result<(), Failure> {
    let (_store, blocks, _) = open(directory)?;
    let write = || -> io::Result<()> {
        let mut out = io::BufWriter::new(fs::File::create(file)?);
        for block in &blocks {
            out.write_all(block.bytes())?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    };
    write().map_err(cannot("write", file))?;
    cli::print(format_args!("{} blocks", blocks.len()));
    Ok(())
}

/// Takes the blocks of a file that are new.
fn import(directory: &Path, file: &Path) -> Result<(), Failure> {
    let bytes = fs::read(file).map_err(cannot("read", file))?;
    fs::create_dir_all(directory).map_err(cannot("make", directory))?;
    let (mut store, blocks, _) = open(directory)?;
    let mut logs = Logs::default();
    for block in &blocks {
        logs.add(block);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for block in split(&bytes) {
        let what = match block.and_then(|it| it.verify(BITS).map(|()| it)) {
            Err(_) => "not valid",
            Ok(block) => match logs.add(&block) {
                Added::New => {
                    store.append(&block).map_err(cannot("write", directory))?;
                    "new"
                }
                Added::Duplicate => "known",
                Added::Gap(_) => "after a gap",
                _ => "of authors who contradict themselves",
            },
        };
        *counts.entry(what).or_default() += 1;
    }
    store.sync().map_err(cannot("write", directory))?;
    for (what, count) in counts {
        cli::print(format_args!("{count} blocks {what}"));
    }
    Ok(())
}

/// The blocks in a file: each says how long it is.
fn split(mut bytes: &[u8]) -> impl Iterator<Item = Result<Block, Flaw>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let size = bytes.get(96..100).and_then(|it| it.first_chunk());
        let size =
            size.map_or(usize::MAX, |it| u32::from_be_bytes(*it) as usize);
        let length = size.saturating_add(HEADER + SIGNATURE);
        let Some((block, rest)) =
            bytes.split_at_checked(length).filter(|_| size <= MAX_BODY)
        else {
            // Where the next one begins is not known.
            bytes = &[];
            return Some(Err(Flaw::Length));
        };
        bytes = rest;
        Some(Block::parse(block))
    })
}

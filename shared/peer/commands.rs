//! Enters in step 26: what can be done with a node's blocks while it is not
//! running: look at them, check them, carry them away; and how one that runs
//! is made to say something.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use nix::errno::Errno;
use shared::cli::{self, Failure};

use crate::block::{Block, BodyKind, HEADER, MAX_BODY, SIGNATURE};
use crate::disk::Files;
use crate::ledger::open_store;
use crate::log::{Added, Logs};
use crate::network::Network;
use crate::proof::PROOF;
use crate::store::{PROOF_MAGIC, Record, Recovered, Store, parse};
use crate::{greet, say};

/// What each byte of a directory's segments is.
mod dump;

/// What a block costs at least, in whatever network it was made.
const BITS: u8 = 8;

/// Where a node is by default.
const NODE: &str = "127.0.0.1:8000";

/// Does what the command line asks for, if it begins with a command.
pub fn run(words: &[OsString]) -> Option<Result<(), Failure>> {
    let [command, paths @ ..] = words else { return None };
    let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
    Some(match (command.to_str()?, &paths[..]) {
        ("hello", [name]) => hello(&name.to_string_lossy()),
        ("hello", _) => {
            Err(Failure::usage("hello takes one node, as HOST:PORT"))
        }
        ("say", [what]) => say::run(NODE, &what.to_string_lossy()),
        ("say", [node, what]) => {
            say::run(&node.to_string_lossy(), &what.to_string_lossy())
        }
        ("say", _) => Err(Failure::usage(
            "say takes a line or -, and before it a node, as HOST:PORT",
        )),
        ("fsck", [directory]) => check(directory),
        ("dump", [directory]) => dump::run(directory),
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

/// What is in a directory that no node is using.
fn open(directory: &Path) -> Result<(Store<Files>, Recovered), Failure> {
    if !directory.is_dir() {
        return Err(cannot("open", directory)(Errno::ENOENT.into()));
    }
    open_store(directory)
}

/// Checks each block, and that it follows the one before.
fn check(directory: &Path) -> Result<(), Failure> {
    let (_store, found) = open(directory)?;
    let mut logs = Logs::default();
    let mut faults = 0;
    for block in &found.blocks {
        let wrong = match block.verify(BITS) {
            Err(flaw) => flaw.to_string(),
            Ok(()) => match logs.restore(block) {
                Added::Fork(_) => "there is another one".to_string(),
                Added::Diverges => "it follows another one".to_string(),
                Added::New | Added::Duplicate => continue,
                // Those that are missing may come behind it.
                Added::Gap(_) | Added::Frozen => continue,
            },
        };
        cli::print(format_args!("{block:?}: {wrong}"));
        faults += 1;
    }
    for proof in &found.proofs {
        match proof.verify(BITS) {
            Ok(()) => drop(logs.prove(proof)),
            Err(flaw) => {
                cli::print(format_args!("{proof:?}: {flaw}"));
                faults += 1;
            }
        }
    }
    for proof in logs.authors().filter_map(|(_, log)| log.proof()) {
        let (author, seq) = (proof.author(), proof.seq());
        cli::print(format_args!("{author}: frozen, there are two #{seq}"));
    }
    for author in logs.incomplete() {
        let next = logs.log(author).map_or(0, |log| log.head().0);
        cli::print(format_args!("{author}: #{next} is missing"));
        faults += 1;
    }
    let (blocks, authors) = (found.blocks.len(), logs.authors().count());
    cli::print(format_args!("blocks: {blocks}, authors: {authors}"));
    match faults + found.damaged.len() {
        0 => Ok(()),
        1 => Err(Failure::wrong("there is a fault")),
        count => Err(Failure::wrong(format_args!("there are {count} faults"))),
    }
}

/// Prints each block as one line, in the order in which they came.
fn log(directory: &Path) -> Result<(), Failure> {
    let (_store, found) = open(directory)?;
    found.blocks.iter().for_each(|block| cli::print(line(block)));
    Ok(())
}

/// A block as a line. Control characters have no business in a terminal.
pub fn line(block: &Block) -> String {
    let body = match (block.body_kind(), str::from_utf8(block.body())) {
        (BodyKind::Text, Ok(text)) if !text.contains(char::is_control) => {
            text.to_string()
        }
        // Enters in step 27.
        (BodyKind::Profile, Ok(name)) if !name.contains(char::is_control) => {
            format!("is called {name}")
        }
        _ => format!("\"{}\"", block.body().escape_ascii()),
    };
    format!("{} #{}: {body}", block.author(), block.seq())
}

/// What was found, as logs.
fn logs_of(found: &Recovered) -> Logs {
    let mut logs = Logs::default();
    for block in &found.blocks {
        logs.restore(block);
    }
    for proof in &found.proofs {
        logs.prove(proof);
    }
    logs
}

/// Writes the logs of all authors into a file, one after the other, and what
/// proves that one of them has contradicted themselves.
fn export(directory: &Path, file: &Path) -> Result<(), Failure> {
    let (_store, found) = open(directory)?;
    let logs = logs_of(&found);
    let mut count = 0;
    let mut write = || -> io::Result<()> {
        let mut out = io::BufWriter::new(fs::File::create_new(file)?);
        for block in logs.authors().flat_map(|(_, log)| log.blocks()) {
            out.write_all(block.bytes())?;
            count += 1;
        }
        for proof in logs.authors().filter_map(|(_, log)| log.proof()) {
            out.write_all(&PROOF_MAGIC)?;
            out.write_all(proof.bytes())?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    };
    write().map_err(cannot("write", file))?;
    cli::print(format_args!("blocks: {count}"));
    Ok(())
}

/// Takes the blocks of a file that are new.
fn import(directory: &Path, file: &Path) -> Result<(), Failure> {
    let bytes = fs::read(file).map_err(cannot("read", file))?;
    fs::create_dir_all(directory).map_err(cannot("make", directory))?;
    let (mut store, found) = open(directory)?;
    let mut logs = logs_of(&found);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in split(&bytes) {
        let added = match &record {
            Some(Record::Block(it)) if it.verify(BITS).is_ok() => logs.add(it),
            Some(Record::Proof(it)) if it.verify(BITS).is_ok() => {
                logs.prove(it)
            }
            _ => {
                *counts.entry("not valid").or_default() += 1;
                continue;
            }
        };
        let kept = match (added, &record) {
            (Added::New, Some(Record::Block(it))) => store.append(it),
            (Added::Fork(_), Some(Record::Block(it))) => {
                let log = logs.log(it.author());
                log.and_then(|log| log.proof())
                    .map_or(Ok(()), |it| store.append_proof(it))
            }
            (Added::Fork(_), Some(Record::Proof(it))) => store.append_proof(it),
            _ => Ok(()),
        };
        kept.map_err(cannot("write", directory))?;
        let what = match added {
            Added::New => "new",
            Added::Fork(_) => "proof that an author has signed two of a number",
            Added::Duplicate => "known",
            Added::Gap(_) => "behind others that are missing",
            Added::Frozen | Added::Diverges => "of a log that has ended",
        };
        *counts.entry(what).or_default() += 1;
    }
    store.sync().map_err(cannot("write", directory))?;
    for (what, count) in counts {
        cli::print(format_args!("{what}: {count}"));
    }
    Ok(())
}

/// The blocks and proofs in a file: each says how long it is. `None`: it is
/// none.
fn split(mut bytes: &[u8]) -> impl Iterator<Item = Option<Record>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let is_proof = bytes.starts_with(&PROOF_MAGIC);
        let size = bytes.get(96..100).and_then(|it| it.first_chunk());
        let size = size.map(|it| u32::from_be_bytes(*it) as usize);
        let length = match size.filter(|it| *it <= MAX_BODY) {
            _ if is_proof => PROOF_MAGIC.len() + PROOF,
            Some(size) => size + HEADER + SIGNATURE,
            None => usize::MAX,
        };
        let Some((record, rest)) = bytes.split_at_checked(length) else {
            // Where the next one begins is not known.
            bytes = &[];
            return Some(None);
        };
        bytes = rest;
        Some(parse(record))
    })
}

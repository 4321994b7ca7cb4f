//! Reading what is on the disk, after an end that may have been a power cut.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use peer::block::Author;
use peer::committer::Committer;
use peer::disk::Files;
use peer::log::Logs;
use peer::mint::Mint;
use peer::store::{Recovered, Store};
use shared::cli::{self, Failure};

use super::{CONFIRMATION, Ledger, Log};

impl Ledger {
    /// Reads what is in this directory; without one, nothing is kept. The key
    /// is new, or the log has to be confirmed by a peer, who may know more of
    /// it; if there is no log at all, there is no time after which that is
    /// given up, unless it `is_first`.
    ///
    /// # Errors
    /// When something cannot be read: the line says what.
    pub fn open(
        directory: Option<&Path>,
        (key, is_new): (SigningKey, bool),
        is_first: bool,
        (bits, max): (u8, usize),
        threads: usize,
    ) -> Result<Self, Failure> {
        let (store, found) = match directory {
            Some(directory) => {
                let (store, found) = open_store(directory)?;
                (Some(store), found)
            }
            None => (None, Recovered::default()),
        };
        let author = Author(key.verifying_key().to_bytes());
        let mut logs = Logs::default();
        let kept = found.blocks.iter().map(|it| it.bytes().len()).sum();
        for block in &found.blocks {
            logs.add(block);
        }
        let has_log = logs.log(author).is_some();
        let until = Instant::now() + CONFIRMATION;
        let log = match is_new || is_first || directory.is_none() {
            true => Log::Confirmed,
            false => Log::Waits(has_log.then_some(until)),
        };
        Ok(Ledger {
            logs,
            author,
            key,
            bits,
            store,
            committer: Committer::start()?,
            mint: Mint::start(threads)?,
            log,
            waiting: VecDeque::new(),
            draft: None,
            sealed: None,
            ticket: 0,
            unsynced: (0, None),
            kept,
            max,
            failure: None,
        })
    }
}

/// The segments of a directory, which nobody else is using.
///
/// # Errors
/// When another process is, or there is no such directory.
pub fn take(directory: &Path) -> Result<Files, Failure> {
    let shown = directory.display();
    Files::open(directory).map_err(|error| {
        if error.kind() == io::ErrorKind::WouldBlock {
            return Failure::wrong(format_args!(
                "another process has {shown}: one node, one --data"
            ));
        }
        Failure::new(format_args!("cannot use {shown}"), error)
    })
}

/// What is in a directory; what is wrong there is said.
///
/// # Errors
/// When it cannot be read.
pub fn open_store(
    directory: &Path,
) -> Result<(Store<Files>, Recovered), Failure> {
    let shown = directory.display();
    let files = take(directory)?;
    let (store, found) = Store::open(files).map_err(|error| {
        Failure::new(format_args!("cannot read {shown}"), error)
    })?;
    if found.torn > 0 {
        let torn = found.torn;
        cli::log(format_args!(
            "{shown}: {torn} bytes at the end were never whole: cut off"
        ));
    }
    for (segment, bytes) in &found.damaged {
        let (from, to) = (bytes.start, bytes.end);
        cli::log(format_args!(
            "{shown}: seg-{segment:06}.blk is damaged from {from} to {to}: \
             those blocks have to come from peers"
        ));
    }
    Ok((store, found))
}

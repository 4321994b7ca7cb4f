//! Enters in step 26: reading what is on the disk, after an end that may have
//! been a power cut.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use shared::cli::{self, Failure};

use super::{Confirmation, Ledger, tell_fork};
use crate::block::{Author, Block};
use crate::committer::Committer;
use crate::disk::Files;
use crate::key;
use crate::log::Logs;
use crate::mint::Mint;
use crate::store::{Recovered, Store};

impl Ledger {
    /// What was found in a directory; without one, nothing is kept. Unless
    /// the key is new, a peer has to confirm the log: it may know more of it.
    /// If all of it or something of the disk is lost, there is no time after
    /// which that is given up, unless it `is_first`.
    ///
    /// # Errors
    /// When something cannot be read or made: the line says what.
    pub fn open(
        stored: Option<(&Path, (Store<Files>, Recovered))>,
        is_first: bool,
        bits: u8,
        threads: usize,
    ) -> Result<(Self, Logs), Failure> {
        let (key, confirmation, stored) = match stored {
            Some((directory, mut stored)) => {
                let (key, confirmation) =
                    open_key(directory, is_first, &mut stored)?;
                (key, confirmation, Some(stored))
            }
            None => (key::new()?.0, Confirmation::Given, None),
        };
        let (store, found) = stored.unzip();
        let found = found.unwrap_or_default();
        let author = Author(key.verifying_key().to_bytes());
        let mut logs = Logs::default();
        let (ours, others): (Vec<Block>, Vec<Block>) =
            found.blocks.into_iter().partition(|it| it.has_stamp(bits));
        if others.iter().any(|it| it.author() == author) {
            return Err(Failure::wrong(
                "our log here is of a network in which blocks cost less: use \
                 another --data for this one",
            ));
        }
        for block in &ours {
            logs.restore(block);
        }
        for proof in found.proofs.iter().filter(|it| it.verify(bits).is_ok()) {
            logs.prove(proof);
        }
        for proof in logs.authors().filter_map(|(_, log)| log.proof()) {
            tell_fork(proof, author);
        }
        if !others.is_empty() {
            let count = others.len();
            cli::log(format_args!(
                "blocks of another network, which are not used: {count}"
            ));
        }
        let ledger = Ledger {
            author,
            // Nothing is said before the node has said what it is.
            head: None,
            key,
            bits,
            store,
            committer: Committer::start()?,
            mint: Mint::start(threads)?,
            confirmation,
            waiting: VecDeque::new(),
            draft: None,
            sealed: None,
            ticket: 0,
            unsynced: (0, None),
            failure: None,
        };
        Ok((ledger, logs))
    }
}

/// The key in a directory, and whether its log is known to be whole.
fn open_key(
    directory: &Path,
    is_first: bool,
    (store, found): &mut (Store<Files>, Recovered),
) -> Result<(SigningKey, Confirmation), Failure> {
    let shown = directory.display();
    let has_spoken = key::is_in(directory) && !is_first;
    let is_lost = has_spoken && store.has_no_segment();
    if store.has_no_segment() {
        // There is a first segment before there is a key. Where it is missing,
        // that is a hole, now and after the next start.
        let number = if is_lost { 2 } else { 1 };
        store.begin_segment(number).map_err(|error| {
            Failure::new(format_args!("cannot write to {shown}"), error)
        })?;
    }
    let (key, is_new) = key::open(directory)?;
    if is_new {
        cli::log(format_args!(
            "{shown}/key is who you are: keep a copy of it, and use it in one \
             place only"
        ));
    }
    let confirmation = match has_spoken {
        true if is_lost || !found.damaged.is_empty() => Confirmation::needed(),
        true => Confirmation::wanted(Instant::now()),
        false => Confirmation::Given,
    };
    Ok((key, confirmation))
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
        let what = match bytes.is_empty() {
            true => "not there".to_string(),
            false => format!("damaged from {from} to {to}"),
        };
        cli::log(format_args!("{shown}: seg-{segment:06}.blk is {what}"));
    }
    Ok((store, found))
}

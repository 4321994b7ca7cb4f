//! Reading what is on the disk, after an end that may have been a power cut.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use peer::block::{Author, Block};
use peer::committer::Committer;
use peer::disk::Files;
use peer::key;
use peer::log::Logs;
use peer::mint::Mint;
use peer::store::{Recovered, Store};
use shared::cli::{self, Failure};

use super::{Confirmation, Ledger};

impl Ledger {
    /// Reads what is in this directory; without one, nothing is kept. Unless
    /// the key is new, a peer has to confirm the log: it may know more of it.
    /// If all of it or something of the disk is lost, there is no time after
    /// which that is given up, unless it `is_first`.
    ///
    /// # Errors
    /// When something cannot be read or made: the line says what.
    pub fn open(
        directory: Option<&Path>,
        is_first: bool,
        (bits, max): (u8, usize),
        threads: usize,
    ) -> Result<Self, Failure> {
        let (store, found, (key, is_new)) = match directory {
            Some(directory) => {
                let (mut store, found) = open_store(directory)?;
                let is_lost = store.is_empty();
                let (key, is_new) = open_key(directory, &mut store)?;
                let is_new = is_new || is_first;
                (Some((store, is_lost)), found, (key, is_new))
            }
            None => (None, Recovered::default(), key::new()?),
        };
        let author = Author(key.verifying_key().to_bytes());
        let mut logs = Logs::default();
        let (ours, others): (Vec<Block>, Vec<Block>) =
            found.blocks.into_iter().partition(|it| it.has_stamp(bits));
        for block in &ours {
            logs.restore(block);
        }
        if !others.is_empty() {
            let count = others.len();
            cli::log(format_args!(
                "{count} blocks are of another network: they are not used"
            ));
        }
        let is_damaged = !found.damaged.is_empty();
        let confirmation = match &store {
            Some((_, true)) if !is_new => {
                Confirmation::needed("our log is not here, but our key is")
            }
            Some(_) if is_damaged && !is_new => {
                Confirmation::needed("blocks of ours may be damaged")
            }
            Some(_) if !is_new => Confirmation::wanted(Instant::now()),
            _ => Confirmation::Given,
        };
        let store = store.map(|(store, _)| store);
        let all = ours.iter().chain(&others);
        Ok(Ledger {
            kept: all.map(|it| it.bytes().len()).sum(),
            logs,
            author,
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
            max,
            failure: None,
        })
    }
}

/// The key in a directory, and whether it is new. Where there is a key there
/// is a segment from now on: if it is gone, our log is.
fn open_key(
    directory: &Path,
    store: &mut Store<Files>,
) -> Result<(SigningKey, bool), Failure> {
    let shown = directory.display();
    if store.is_empty() {
        store.begin_segment().map_err(|error| {
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
    Ok((key, is_new))
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

//! Enters in step 26: which blocks are missing, who has them, and who has been
//! asked.
//!
//! One GET for an author is under way at a time, and one at a peer. What is
//! announced meanwhile is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::time::{Duration, Instant};

use crate::block::{Author, Block};
use crate::hello::PeerId;
use crate::log::Logs;
use crate::messages::{Get, MAX_COUNT};

/// An announced block may come by itself for so long; and so long a peer may
/// take to answer, before another one is asked.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// Nobody else has it: then it may take so long.
const LAST: Duration = Duration::from_secs(30);

/// Of so many authors.
const MAX_WANTED: usize = 4096;

/// So many of those who have them are remembered.
const MAX_SOURCES: usize = 16;

/// What one of those who have an author's blocks has said.
#[derive(Debug, Clone, Copy)]
struct Source {
    /// The number of the first block that it does not have.
    next: u64,
    /// Its blocks differ from ours somewhere below: ask from this one on.
    from: Option<u64>,
}

/// What is missing of one author.
#[derive(Debug)]
struct Wanted {
    /// In the order in which they said so. Not a map: 4,096 of them would take
    /// megabytes.
    sources: Vec<(PeerId, Source)>,
    /// Who has been asked, for what, and when.
    asked: Option<(PeerId, Get, Instant)>,
    /// When somebody is to be asked, or somebody else. `None`: all who have it
    /// are busy with other GETs.
    due: Option<Instant>,
}

/// What is missing.
#[derive(Debug, Default)]
pub struct Wants {
    authors: BTreeMap<Author, Wanted>,
    /// Somebody is no longer busy.
    is_freed: bool,
}

impl Wants {
    /// A peer has the blocks of an author before `next`, more than we have.
    /// It is asked for them at `due`, if they have not come until then.
    pub fn heard(
        &mut self,
        author: Author,
        peer: PeerId,
        next: u64,
        due: Instant,
    ) {
        if let Some(source) = self.source(author, peer, due) {
            source.next = source.next.max(next);
        }
    }

    /// A peer has another block of this number than we have: it is asked for
    /// those before it, up to it.
    pub fn differs(
        &mut self,
        author: Author,
        peer: PeerId,
        seq: u64,
        now: Instant,
    ) {
        let from = (seq + 1).saturating_sub(MAX_COUNT.into());
        if let Some(source) = self.source(author, peer, now) {
            source.next = source.next.max(seq + 1);
            source.from = Some(source.from.map_or(from, |it| it.min(from)));
        }
    }

    fn source(
        &mut self,
        author: Author,
        peer: PeerId,
        due: Instant,
    ) -> Option<&mut Source> {
        let is_full = self.authors.len() >= MAX_WANTED;
        if is_full && !self.authors.contains_key(&author) {
            // The next HAVE says it again.
            return None;
        }
        let wanted = self.authors.entry(author).or_insert_with(|| Wanted {
            sources: Vec::new(),
            asked: None,
            due: Some(due),
        });
        if wanted.asked.is_none() {
            wanted.due = Some(wanted.due.map_or(due, |it| it.min(due)));
        }
        let sources = &mut wanted.sources;
        let known = sources.iter().position(|(it, _)| *it == peer);
        let place = match known {
            Some(place) => place,
            None if sources.len() >= MAX_SOURCES => return None,
            None => {
                sources.reserve_exact(1);
                sources.push((peer, Source { next: 0, from: None }));
                sources.len() - 1
            }
        };
        sources.get_mut(place).map(|(_, source)| source)
    }

    /// Whether a peer has been asked for this block.
    pub fn is_answer(&self, peer: PeerId, block: &Block) -> bool {
        let wanted = self.authors.get(&block.author());
        let asked = wanted.and_then(|it| it.asked.as_ref());
        asked.is_some_and(|(who, get, _)| *who == peer && get.has(block.seq()))
    }

    /// A block has come, from a peer, or one of ours.
    pub fn came(
        &mut self,
        block: &Block,
        peer: PeerId,
        logs: &Logs,
        now: Instant,
    ) {
        let author = block.author();
        let Some(wanted) = self.authors.get_mut(&author) else { return };
        if let Some((who, get, since)) = &mut wanted.asked
            && *who == peer
            && get.has(block.seq())
        {
            if get.is_last(block) {
                (wanted.asked, wanted.due) = (None, Some(now));
                self.is_freed = true;
            } else {
                (*since, wanted.due) = (now, Some(now + PATIENCE));
            }
        }
        self.forget_known(author, logs);
    }

    /// Forgets those who have no more of an author than we have.
    pub fn forget_known(&mut self, author: Author, logs: &Logs) {
        let Some(wanted) = self.authors.get_mut(&author) else { return };
        let log = logs.log(author);
        let next = log.map_or(0, |log| log.head().0);
        let end = log.and_then(|log| log.fork_at()).unwrap_or(u64::MAX);
        let has_more =
            |it: &Source| next < it.next.min(end) || it.from.is_some();
        wanted.sources.retain(|(_, it)| has_more(it));
        let is_answered = wanted.asked.as_ref().is_none_or(|(_, get, _)| {
            // Blocks before ours are looked at until the last of them.
            get.from.saturating_add(get.count.into()) > next
        });
        if wanted.sources.is_empty() && (is_answered || next >= end) {
            self.forget(author);
        }
    }

    /// A peer does not have what it was asked for.
    pub fn denied(&mut self, peer: PeerId, author: Author, now: Instant) {
        let Some(wanted) = self.authors.get_mut(&author) else { return };
        wanted.sources.retain(|(it, _)| *it != peer);
        wanted.asked.take_if(|(who, _, _)| *who == peer);
        wanted.due = Some(now);
        self.is_freed = true;
        self.drop_unknown();
    }

    /// A peer has gone.
    pub fn gone(&mut self, peer: PeerId, now: Instant) {
        for wanted in self.authors.values_mut() {
            wanted.sources.retain(|(it, _)| *it != peer);
            if wanted.asked.take_if(|(who, _, _)| *who == peer).is_some() {
                wanted.due = Some(now);
            }
        }
        self.is_freed = true;
        self.drop_unknown();
    }

    /// Wants no more of an author.
    pub fn forget(&mut self, author: Author) {
        self.authors.remove(&author);
        self.is_freed = true;
    }

    /// Nobody has it: whoever comes with HAVE says so.
    fn drop_unknown(&mut self) {
        let is_known =
            |it: &Wanted| !it.sources.is_empty() || it.asked.is_some();
        self.authors.retain(|_, it| is_known(it));
    }

    /// When somebody has to be asked.
    pub fn due(&self) -> Option<Instant> {
        self.authors.values().filter_map(|it| it.due).min()
    }

    /// How many blocks a peer has that are not here. Enters in step 27.
    pub fn leads(&self, peer: PeerId, logs: &Logs) -> u64 {
        let sources = self.authors.iter().map(|(author, wanted)| {
            let found = wanted.sources.iter().find(|(it, _)| *it == peer);
            let next = logs.log(*author).map_or(0, |log| log.head().0);
            found.map_or(0, |(_, source)| source.next.saturating_sub(next))
        });
        // They may claim as many as there are numbers.
        sources.fold(0, u64::saturating_add)
    }

    /// Says who is to be asked for what now.
    pub fn ask(&mut self, logs: &Logs, now: Instant) -> Vec<(PeerId, Get)> {
        let is_freed = mem::take(&mut self.is_freed);
        let is_due = |it: &Wanted| it.due.map_or(is_freed, |due| due <= now);
        if !self.authors.values().any(is_due) {
            return Vec::new();
        }
        let busy = self.authors.values();
        let busy = busy.filter_map(|it| it.asked.as_ref());
        let mut busy: BTreeSet<PeerId> = busy.map(|it| it.0).collect();
        let mut gets = Vec::new();
        for (author, wanted) in &mut self.authors {
            if !is_due(wanted) {
                continue;
            }
            let mut free = wanted.sources.iter_mut();
            let free = free.find(|(peer, _)| !busy.contains(peer));
            wanted.due = match (free, &wanted.asked) {
                (Some((peer, source)), asked) => {
                    if let Some((slow, _, _)) = asked {
                        busy.remove(slow);
                    }
                    let next = || logs.log(*author).map(|it| it.head().0);
                    let from = source.from.take().or_else(next).unwrap_or(0);
                    let count = source.next.saturating_sub(from);
                    let count = count.clamp(1, MAX_COUNT.into()) as u16;
                    let get = Get { author: *author, from, count };
                    busy.insert(*peer);
                    wanted.asked = Some((*peer, get, now));
                    gets.push((*peer, get));
                    Some(now + PATIENCE)
                }
                (None, Some((peer, _, since))) if *since + LAST <= now => {
                    // It had its time, and may say again what it has.
                    wanted.sources.retain(|(it, _)| it != peer);
                    wanted.asked = None;
                    self.is_freed = true;
                    None
                }
                (None, Some(_)) => Some(now + PATIENCE),
                (None, None) => None,
            };
        }
        self.drop_unknown();
        gets
    }
}

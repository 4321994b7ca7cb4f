//! Enters in step 18: what has been found, so that it is not looked for again
//! at once.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::libc::rlim_t;

use crate::collections::list::Lists;
use crate::collections::slab::{Key, Slab};

use super::document::Document;

/// How long a document is taken for what it was.
const FRESH: Duration = Duration::from_secs(1);

const MAX_ENTRIES: usize = 4096;

/// A large file stays open. Of the descriptors that there may be, most are for
/// clients: one in so many may be a file's.
const DESCRIPTORS_A_FILE: rlim_t = 4;

const MAX_DESCRIPTORS: rlim_t = 256;

/// The only list: who has been asked for last is last.
const LIST: u32 = 0;

struct Entry {
    path: Rc<[u8]>,
    document: Rc<Document>,
    /// When it was last looked for.
    looked: Instant,
}

/// Documents by the path that was requested. When there is no room, those go
/// that have not been requested for longest.
pub struct Cache {
    keys: HashMap<Rc<[u8]>, Key>,
    entries: Slab<Entry>,
    order: Lists,
    bytes: usize,
    descriptors: usize,
    max_bytes: usize,
    max_descriptors: usize,
    /// What was found until then may be another by now. Enters in step 20.
    expired: Option<Instant>,
}

impl Cache {
    /// An empty one, with room for this many bytes, and for files that take
    /// no more than a part of so many descriptors.
    pub fn new(max_bytes: usize, descriptors: rlim_t) -> Self {
        let share = descriptors / DESCRIPTORS_A_FILE;
        Cache {
            keys: HashMap::new(),
            entries: Slab::new(),
            order: Lists::new(1),
            bytes: 0,
            descriptors: 0,
            max_bytes,
            max_descriptors: share.min(MAX_DESCRIPTORS) as usize,
            // Enters in step 20.
            expired: None,
        }
    }

    /// The document at `path`: what was found before, if that is not long ago,
    /// or else what `look` finds, which is told what was found before.
    ///
    /// # Errors
    /// What is there instead.
    pub fn document<E>(
        &mut self,
        path: &[u8],
        now: Instant,
        look: impl FnOnce(Option<&Rc<Document>>) -> Result<Rc<Document>, E>,
    ) -> Result<Rc<Document>, E> {
        let key = self.keys.get(path).copied();
        let entry = key.and_then(|key| self.entries.get_mut(key));
        let before = match (key, entry) {
            (Some(key), Some(entry)) => {
                let age = now.saturating_duration_since(entry.looked);
                // Enters in step 20.
                let is_valid = self.expired.is_none_or(|it| entry.looked > it);
                if age < FRESH && is_valid {
                    self.order.push_back(LIST, key.index());
                    return Ok(entry.document.clone());
                }
                self.remove(key)
            }
            _ => None,
        };
        let document = look(before.as_ref())?;
        if document.may_be_kept() {
            self.insert(path, document.clone(), now);
        }
        Ok(document)
    }

    /// Believes nothing any more that has been found until now. Enters in step
    /// 20.
    pub fn expire(&mut self, now: Instant) {
        self.expired = Some(now);
    }

    /// How large the content of a document may be that so many descriptors
    /// are for; `None` if it cannot be kept in any case. Enters in step 21.
    pub fn room(&self, descriptors: usize) -> Option<u64> {
        // What is said of it takes room, too.
        let bytes = self.max_bytes as u64 / 2;
        (descriptors <= self.max_descriptors).then_some(bytes)
    }

    /// Puts a document in the place of the one at this path, if that is kept,
    /// as if it had been found then. Enters in step 21.
    pub fn renew(&mut self, path: &[u8], document: Rc<Document>) {
        let key = self.keys.get(path).copied();
        let entry = key.and_then(|key| self.entries.get_mut(key));
        if let (Some(key), Some(entry)) = (key, entry) {
            let looked = entry.looked;
            self.remove(key);
            self.insert(path, document, looked);
        }
    }

    /// Adds a document, and takes out others until there is room.
    fn insert(&mut self, path: &[u8], document: Rc<Document>, now: Instant) {
        let (bytes, descriptors) =
            (cost(path, &document), document.descriptors());
        // Nothing need go for one that does not fit.
        if bytes > self.max_bytes || descriptors > self.max_descriptors {
            return;
        }
        self.bytes += bytes;
        self.descriptors += descriptors;
        let path: Rc<[u8]> = path.into();
        let entry = Entry { path: path.clone(), document, looked: now };
        let key = self.entries.insert(entry);
        self.keys.insert(path, key);
        self.order.push_back(LIST, key.index());
        while self.is_over() {
            let first = self.order.front(LIST);
            match first.and_then(|index| self.entries.at(index)) {
                Some((key, _)) => self.remove(key),
                None => break,
            };
        }
    }

    fn is_over(&self) -> bool {
        self.bytes > self.max_bytes
            || self.descriptors > self.max_descriptors
            || self.keys.len() > MAX_ENTRIES
    }

    fn remove(&mut self, key: Key) -> Option<Rc<Document>> {
        let Entry { path, document, .. } = self.entries.remove(key)?;
        self.order.remove(key.index());
        self.keys.remove(&path);
        self.bytes -= cost(&path, &document);
        self.descriptors -= document.descriptors();
        Some(document)
    }
}

/// What an entry takes, in bytes.
fn cost(path: &[u8], document: &Document) -> usize {
    size_of::<Entry>() + path.len() + document.bytes()
}

//! Enters in step 21: what is compressed once, for all workers.
//!
//! Who needs it first has it begun, by another thread; who needs it meanwhile
//! waits for the same. It is there as long as a worker keeps it.

use std::collections::HashMap;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::content::Content;
use crate::http::validators::Validators;
use crate::web::site::Tell;

/// Compresses all of a content.
pub type Encode = fn(&[u8]) -> io::Result<Vec<u8>>;

/// Gives a compression to another thread. One that is dropped instead has
/// failed: the clients get the file as it is.
pub type Submit = Box<dyn Fn(Compression) + Send + Sync>;

/// A file in one state: its device, and what else the file system tells.
type Id = (u64, Validators);

/// Compresses files, each once.
pub struct Compressor {
    encode: Encode,
    submit: Submit,
    all: Mutex<HashMap<Id, Weak<Compressed>>>,
}

impl Compressor {
    /// One that compresses by `encode`, in other threads.
    pub fn new(encode: Encode, submit: Submit) -> Arc<Self> {
        Arc::new(Compressor { encode, submit, all: Mutex::default() })
    }

    /// The file on this device, in this state, compressed: what others have of
    /// it, or else one that has not been begun.
    pub fn compressed(
        self: &Arc<Self>,
        device: u64,
        state: Validators,
    ) -> Arc<Compressed> {
        let mut all = lock(&self.all);
        let known = all.get(&(device, state)).and_then(Weak::upgrade);
        // What failed may succeed the next time.
        if let Some(known) = known.filter(|it| !it.has_failed()) {
            return known;
        }
        // What nobody keeps any more is of no use.
        all.retain(|_, it| it.strong_count() > 0);
        let compressed = Arc::new(Compressed {
            compressor: Arc::clone(self),
            state,
            is_begun: AtomicBool::new(false),
            result: OnceLock::new(),
            waiting: Mutex::default(),
        });
        all.insert((device, state), Arc::downgrade(&compressed));
        compressed
    }
}

/// A file's content compressed: to be made, being made, or made.
pub struct Compressed {
    compressor: Arc<Compressor>,
    /// Of the file.
    state: Validators,
    is_begun: AtomicBool,
    /// `None` in it if that failed.
    result: OnceLock<Option<Made>>,
    waiting: Mutex<Vec<Tell>>,
}

/// Compressed content.
pub struct Made {
    /// To be sent.
    pub content: Content,
    /// In bytes.
    pub size: u64,
}

impl Compressed {
    /// Has it made of this content, unless somebody else has.
    pub fn begin(self: &Arc<Self>, content: &Content) {
        if !self.is_begun.swap(true, Ordering::Relaxed) {
            let (compressed, content) = (Arc::clone(self), content.clone());
            (self.compressor.submit)(Compression { compressed, content });
        }
    }

    /// What has come of it; `None` before.
    pub fn result(&self) -> Option<Option<&Made>> {
        self.result.get().map(Option::as_ref)
    }

    fn has_failed(&self) -> bool {
        matches!(self.result(), Some(None))
    }

    /// Calls `tell` when there is a result: at once, if there is one.
    pub fn register(&self, tell: Tell) {
        let mut waiting = lock(&self.waiting);
        if self.result.get().is_none() {
            return waiting.push(tell);
        }
        drop(waiting);
        tell();
    }

    fn make(&self, content: &Content) -> Option<Made> {
        let bytes = content.bytes(self.state)?;
        let bytes = (self.compressor.encode)(&bytes).ok()?;
        let size = bytes.len() as u64;
        Some(Made { content: Content::in_memory(bytes).ok()?, size })
    }

    /// Only the first result counts.
    fn finish(&self, result: Option<Made>) {
        if self.result.set(result).is_ok() {
            // Who comes from now on sees the result.
            let waiting = mem::take(&mut *lock(&self.waiting));
            waiting.into_iter().for_each(|tell| tell());
        }
    }
}

/// A compression that another thread is to do.
pub struct Compression {
    compressed: Arc<Compressed>,
    content: Content,
}

impl Compression {
    /// Does it, and tells those who wait.
    pub fn run(self) {
        let Compression { compressed, content } = &self;
        let make = AssertUnwindSafe(|| compressed.make(content));
        compressed.finish(panic::catch_unwind(make).ok().flatten());
    }
}

impl Drop for Compression {
    fn drop(&mut self) {
        // In case it has not been done.
        self.compressed.finish(None);
    }
}

/// Nothing that is done under the lock panics halfway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Enters in step 25: stamps, made by all threads of a pool together.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::eventfd::{EfdFlags, EventFd};
use shared::cli::Failure;
use shared::sync::stealing::Pool;

use crate::block::Draft;
use crate::stamp::{leading_zeros, required_bits};

/// So many nonces are tried before a thread looks whether another has found
/// one: about a millisecond.
const PIECE: u64 = 4096;

/// A draft for which a nonce is looked for.
struct Search {
    draft: Draft,
    bits: u32,
    /// The first nonce that nobody has tried.
    next: AtomicU64,
    is_over: AtomicBool,
}

/// What the threads share.
pub struct Work {
    search: Mutex<Option<Arc<Search>>>,
    nonce: Mutex<Option<u64>>,
    /// Not 0 if there is a nonce.
    count: EventFd,
}

impl Work {
    /// Looks for nonces as long as one is wanted: what each thread does.
    pub fn run(self: Arc<Self>) {
        while let Some(search) = self.search() {
            let mut draft = search.draft.clone();
            while !search.is_over.load(Relaxed) {
                let first = search.next.fetch_add(PIECE, Relaxed);
                let found = find(&mut draft, search.bits, first);
                let Some(nonce) = found else { continue };
                if !search.is_over.swap(true, Relaxed) {
                    *lock(&self.nonce) = Some(nonce);
                    // It fails only if the number is near 2^64.
                    let _ = self.count.write(1);
                }
            }
        }
    }

    /// The search that is under way.
    fn search(&self) -> Option<Arc<Search>> {
        let search = lock(&self.search).clone();
        search.filter(|it| !it.is_over.load(Relaxed))
    }
}

/// Has stamps made, one after the other.
pub struct Mint {
    pool: Arc<Pool<Arc<Work>>>,
    threads: usize,
    work: Arc<Work>,
}

impl Mint {
    /// With so many threads.
    ///
    /// # Errors
    /// When there cannot be so many, or no eventfd.
    pub fn start(threads: usize) -> Result<Self, Failure> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let count = EventFd::from_value_and_flags(0, flags)
            .map_err(|errno| Failure::new("cannot make an eventfd", errno))?;
        let (search, nonce) = (Mutex::default(), Mutex::default());
        let work = Arc::new(Work { search, nonce, count });
        let pool = Pool::start(threads, threads, Work::run)?;
        Ok(Mint { pool, threads, work })
    }

    /// Begins to look for a nonce for this draft, in a network of so many
    /// `bits`. The one before has been taken.
    pub fn begin(&self, draft: Draft, bits: u8) {
        let bits = required_bits(bits, draft.size());
        let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        let search = Search { draft, bits, next, is_over };
        *lock(&self.work.search) = Some(Arc::new(search));
        for _ in 0..self.threads {
            // No room: then others wait for a thread, and find this search.
            let _ = self.pool.submit(Box::new(Arc::clone(&self.work)));
        }
    }

    /// The nonce, if one has been found.
    pub fn take(&self) -> Option<u64> {
        // It fails only if the number is 0.
        let _ = self.work.count.read();
        lock(&self.work.nonce).take()
    }
}

/// Nothing that is done under these locks panics halfway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsFd for Mint {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.work.count.as_fd()
    }
}

/// Looks for a nonce in a piece of them, from `first` on.
fn find(draft: &mut Draft, bits: u32, first: u64) -> Option<u64> {
    let mut nonces = first..first.saturating_add(PIECE);
    nonces.find(|nonce| leading_zeros(&draft.hash(*nonce).0) >= bits)
}

//! Enters in step 25: stamps, made by all threads of a pool together.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::eventfd::{EfdFlags, EventFd};
use shared::cli::Failure;
use shared::sync::stealing::Pool;

use crate::block::Draft;
use crate::stamp::{leading_zeros, required_bits};

/// So many nonces are tried before a thread looks whether another has found
/// one: about a millisecond.
const PIECE: u64 = 4096;

/// A draft for which a nonce is looked for.
pub struct Search {
    draft: Draft,
    bits: u32,
    /// The first nonce that nobody has tried.
    next: AtomicU64,
    is_over: AtomicBool,
    result: Arc<Found>,
}

struct Found {
    nonce: Mutex<Option<u64>>,
    /// Not 0 if there is one.
    count: EventFd,
}

impl Search {
    /// Looks as long as nobody has found one: what each thread does.
    pub fn run(self: Arc<Self>) {
        let mut draft = self.draft.clone();
        while !self.is_over.load(Relaxed) {
            let first = self.next.fetch_add(PIECE, Relaxed);
            let found = search(&mut draft, self.bits, first, PIECE);
            let Some(nonce) = found else { continue };
            if !self.is_over.swap(true, Relaxed) {
                let place = self.result.nonce.lock();
                let mut place = place.unwrap_or_else(PoisonError::into_inner);
                *place = Some(nonce);
                // It fails only if the number is near 2^64.
                let _ = self.result.count.write(1);
            }
        }
    }
}

/// Has stamps made, one after the other.
pub struct Mint {
    pool: Arc<Pool<Arc<Search>>>,
    threads: usize,
    result: Arc<Found>,
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
        let result = Arc::new(Found { nonce: Mutex::default(), count });
        let pool = Pool::start(threads, threads, Search::run)?;
        Ok(Mint { pool, threads, result })
    }

    /// Begins to look for a nonce for this draft, in a network of so many
    /// `bits`. The one before has been taken.
    pub fn begin(&self, draft: Draft, bits: u8) {
        let bits = required_bits(bits, draft.size());
        let search = Arc::new(Search {
            draft,
            bits,
            next: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            result: Arc::clone(&self.result),
        });
        for _ in 0..self.threads {
            // Those that find no room are helped by those that did.
            let _ = self.pool.submit(Box::new(Arc::clone(&search)));
        }
    }

    /// The nonce, if one has been found.
    pub fn take(&self) -> Option<u64> {
        // It fails only if the number is 0.
        let _ = self.result.count.read();
        let place = self.result.nonce.lock();
        place.unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl AsFd for Mint {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.result.count.as_fd()
    }
}

/// Looks for a nonce among `count` of them, from `first` on.
fn search(draft: &mut Draft, bits: u32, first: u64, count: u64) -> Option<u64> {
    let mut nonces = first..first.saturating_add(count);
    nonces.find(|nonce| leading_zeros(&draft.hash(*nonce).0) >= bits)
}

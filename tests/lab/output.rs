//! What a program prints.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::time::Deadline;

/// How much of it is kept at least: the end.
const KEPT: usize = 16 << 20;

/// How often a wait looks whether its limit is over.
const LOOK: Duration = Duration::from_millis(50);

/// An output of the program, read by a thread of its own: a full pipe would
/// stop the program.
#[derive(Clone, Default)]
pub struct Output {
    shared: Arc<(Mutex<Buffer>, Condvar)>,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    closed: bool,
}

impl Output {
    /// Begins to read `source`, to its end; `seen` hears of each piece.
    /// Without a source nothing will come.
    pub fn drain(
        source: Option<impl Read + Send + 'static>,
        seen: impl Fn(&[u8]) + Send + 'static,
    ) -> Output {
        let output = Output::default();
        let Some(mut source) = source else {
            output.lock().closed = true;
            return output;
        };
        let writer = output.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            loop {
                let taken = source.read(&mut chunk).unwrap_or(0);
                if taken > 0 {
                    seen(&chunk[..taken]);
                }
                let mut buffer = writer.lock();
                buffer.bytes.extend_from_slice(&chunk[..taken]);
                if buffer.bytes.len() > 2 * KEPT {
                    buffer.bytes.drain(..KEPT);
                }
                buffer.closed = taken == 0;
                writer.shared.1.notify_all();
                if taken == 0 {
                    return;
                }
            }
        });
        output
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been printed so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// Waits until `probe` finds what it looks for. `None` if nothing more
    /// can come, or the limit is over.
    pub fn find<T>(
        &self,
        deadline: &Deadline,
        mut probe: impl FnMut(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let mut buffer = self.lock();
        loop {
            if let Some(found) = probe(&buffer.bytes) {
                return Some(found);
            }
            if buffer.closed || deadline.is_over() {
                return None;
            }
            let waited = self.shared.1.wait_timeout(buffer, LOOK);
            buffer = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// All that is printed, once nobody can print any more. A descendant
    /// that holds the pipe open is not waited for.
    pub fn whole(&self) -> Vec<u8> {
        let buffer = self.lock();
        let limit = Duration::from_secs(5);
        let waited =
            self.shared
                .1
                .wait_timeout_while(buffer, limit, |buffer| !buffer.closed);
        let (buffer, _) = waited.unwrap_or_else(PoisonError::into_inner);
        buffer.bytes.clone()
    }
}

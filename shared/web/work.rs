//! Enters in step 21: what the pool does: responses that take long, and what
//! is left over.

use std::sync::Arc;

use crate::sync::stealing::Pool;
use crate::web::documents::compressor::Compression;
use crate::web::late::{Submit, Task};

use crate::files::replacement::Replacement;

/// Something that no loop does.
pub enum Work {
    /// For a client who waits.
    Task(Box<Task>),
    /// A file that nobody waits for any more.
    Sweep(Replacement),
    /// A file that is to be compressed.
    Compression(Compression),
}

impl Work {
    /// Does it.
    pub fn run(self) {
        match self {
            Work::Task(task) => task.run(),
            Work::Sweep(file) => drop(file),
            Work::Compression(it) => it.run(),
        }
    }
}

/// Gives the tasks of a loop to this pool.
pub fn submit(pool: &Arc<Pool<Work>>) -> Submit {
    let pool = Arc::clone(pool);
    Box::new(move |task| match pool.submit(Box::new(Work::Task(task))) {
        Err(work) => match *work {
            Work::Task(task) => Err(task),
            Work::Sweep(_) | Work::Compression(_) => Ok(()),
        },
        Ok(()) => Ok(()),
    })
}

/// Gives a file to this pool that is to be removed. If it has too much to do,
/// the loop does it: that is better than to leave the file.
pub fn sweep(pool: &Arc<Pool<Work>>, file: Replacement) {
    drop(pool.submit(Box::new(Work::Sweep(file))));
}

/// Gives a file to this pool that is to be compressed. If it has too much to
/// do, the clients get the file as it is.
pub fn compress(pool: &Arc<Pool<Work>>, compression: Compression) {
    drop(pool.submit(Box::new(Work::Compression(compression))));
}

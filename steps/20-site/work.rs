//! What the pool does: responses that take long, and what is left over.

use std::sync::Arc;

use shared::sync::stealing::Pool;
use shared::web::late::{Submit, Task};

use super::replacement::Replacement;
use super::uploads::Sweep;

/// Something that no loop does.
pub enum Work {
    /// For a client who waits.
    Task(Box<Task>),
    /// A file that nobody waits for any more.
    Sweep(Replacement),
}

impl Work {
    /// Does it.
    pub fn run(self) {
        match self {
            Work::Task(task) => task.run(),
            Work::Sweep(file) => drop(file),
        }
    }
}

/// Gives the tasks of a loop to this pool.
pub fn submit(pool: &Arc<Pool<Work>>) -> Submit {
    let pool = Arc::clone(pool);
    Box::new(move |task| match pool.submit(Box::new(Work::Task(task))) {
        Err(work) => match *work {
            Work::Task(task) => Err(task),
            Work::Sweep(_) => Ok(()),
        },
        Ok(()) => Ok(()),
    })
}

/// Gives files to this pool that are to be removed. If it has too much to do,
/// the loop does it: that is better than to leave them.
pub fn sweep(pool: &Arc<Pool<Work>>) -> Sweep {
    let pool = Arc::clone(pool);
    Box::new(move |file| drop(pool.submit(Box::new(Work::Sweep(file)))))
}

//! Enters in step 18: which processors there are for this process, and staying
//! on one of them.

use nix::sched::{self, CpuSet};
use nix::unistd::Pid;

/// The calling thread, for both calls.
const THIS: Pid = Pid::from_raw(0);

/// The numbers of those on which the scheduler may run this thread: all, or
/// those that a container or taskset(1) leaves it.
///
/// # Errors
/// Those of sched_getaffinity(2): `EINVAL` if the machine has more than 1,024.
pub fn allowed() -> nix::Result<Vec<usize>> {
    let set = sched::sched_getaffinity(THIS)?;
    let is_allowed = |number: &usize| set.is_set(*number) == Ok(true);
    Ok((0..CpuSet::count()).filter(is_allowed).collect())
}

/// Keeps this thread on the processor with this number.
///
/// # Errors
/// Those of sched_setaffinity(2): `EINVAL` if it is not allowed any more.
pub fn stay_on(number: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(number)?;
    sched::sched_setaffinity(THIS, &set)
}

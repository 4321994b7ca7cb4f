//! Writing to files: a process killed in the middle, a disk that is full.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use libc::off_t;

use crate::fail;
use crate::real::interpose;
use crate::settings::Settings;

/// Whether `fd` is a regular file, and not one that the process was given
/// as its standard input or output.
fn is_file(fd: c_int) -> bool {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: fstat(2) writes one stat, or fails and writes nothing.
    unsafe {
        fd > 2
            && libc::fstat(fd, status.as_mut_ptr()) == 0
            && status.assume_init().st_mode & libc::S_IFMT == libc::S_IFREG
    }
}

/// Decides a write to `fd`: it may go on, or it fails for want of space, or
/// `half` of it is written and the process ends.
pub fn before_write(
    fd: c_int,
    half: impl FnOnce() -> isize,
) -> Result<(), c_int> {
    let settings = Settings::get();
    if !is_file(fd) {
        return Ok(());
    }
    if settings.die.is_now() {
        half();
        die();
    }
    if settings.full_disk.has_come() { Err(libc::ENOSPC) } else { Ok(()) }
}

fn before_sync(fd: c_int) {
    if is_file(fd) && Settings::get().die.is_now() {
        die();
    }
}

/// As a power cut would, without a chance to tidy up.
fn die() -> ! {
    // SAFETY: kill(2) and pause(2) touch no memory.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
        loop {
            libc::pause();
        }
    }
}

interpose! {
    real;

    fn pwrite(fd: c_int, from: *const c_void, size: usize, at: off_t) -> isize {
        match before_write(fd, || real(fd, from, size / 2, at)) {
            Err(error) => fail(error),
            Ok(()) => real(fd, from, size, at),
        }
    }

    fn fsync(fd: c_int) -> c_int {
        before_sync(fd);
        real(fd)
    }

    fn fdatasync(fd: c_int) -> c_int {
        before_sync(fd);
        real(fd)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(
    fd: c_int,
    from: *const c_void,
    size: usize,
    at: off_t,
) -> isize {
    // SAFETY: off_t has 64 bits on every machine this is built for.
    unsafe { pwrite(fd, from, size, at) }
}

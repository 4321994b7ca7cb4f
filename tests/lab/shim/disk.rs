//! A disk that is full, or fails when it is told to write what the kernel has
//! taken. One that is slow to change a name: others come in between. And a
//! program that is killed in the middle of that.

use std::ffi::{c_char, c_int, c_uint};
use std::io::Read;
use std::time::Duration;
use std::{fs, mem, thread};

use crate::fail;
use crate::real::interpose;
use crate::settings::Settings;

/// The kind of a file, and its size.
fn kind_and_size(fd: c_int) -> (libc::mode_t, libc::off_t) {
    // SAFETY: every field of a stat may be zero.
    let mut stat: libc::stat = unsafe { mem::zeroed() };
    // SAFETY: fstat(2) writes one stat. If it fails, so will the call that
    // comes next.
    unsafe { libc::fstat(fd, &raw mut stat) };
    (stat.st_mode & libc::S_IFMT, stat.st_size)
}

/// What a sync of `fd` returns, if it must fail.
fn before_sync(fd: c_int) -> Option<c_int> {
    die();
    let settings = Settings::get();
    let script = match kind_and_size(fd) {
        (libc::S_IFDIR, _) => &settings.directory_sync,
        // Whoever asks before there is anything has not asked yet.
        (_, 0) => return None,
        _ => {
            if let Some(gate) = settings.gate {
                // It is there, or nothing holds it up.
                let gate = fs::File::open(gate);
                let _ = gate.and_then(|mut it| it.read_exact(&mut [0]));
            }
            &settings.file_sync
        }
    };
    Some(fail(script.next()?) as c_int)
}

/// What a write to `fd` fails with, if that is a file and it must.
pub fn write_error(fd: c_int) -> Option<c_int> {
    let is_file = kind_and_size(fd).0 == libc::S_IFREG;
    is_file.then(die)?;
    Settings::get().file_write.next()
}

/// Before a call that changes what is on the disk: the last one is not made.
fn die() {
    if Settings::get().die.strikes() {
        // SAFETY: both calls take numbers.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
}

/// Before a name is changed.
fn before_change() {
    die();
    if let Some(milliseconds) = Settings::get().slow_names {
        // By the call that locks wait with: a sandbox may allow no other.
        thread::park_timeout(Duration::from_millis(milliseconds));
    }
}

interpose! {
    real;

    fn fsync(fd: c_int) -> c_int {
        before_sync(fd).unwrap_or_else(|| real(fd))
    }

    fn fdatasync(fd: c_int) -> c_int {
        before_sync(fd).unwrap_or_else(|| real(fd))
    }

    fn renameat2(
        from: c_int,
        old: *const c_char,
        to: c_int,
        new: *const c_char,
        flags: c_uint,
    ) -> c_int {
        before_change();
        real(from, old, to, new, flags)
    }

    fn unlinkat(at: c_int, name: *const c_char, flags: c_int) -> c_int {
        before_change();
        real(at, name, flags)
    }
}

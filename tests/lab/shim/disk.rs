//! A disk that fails when it is told to write what the kernel has taken.

use std::ffi::c_int;
use std::mem;

use crate::fail;
use crate::real::interpose;
use crate::settings::Settings;

/// What a sync of `fd` returns, if it must fail.
fn before_sync(fd: c_int) -> Option<c_int> {
    // SAFETY: every field of a stat may be zero.
    let mut stat: libc::stat = unsafe { mem::zeroed() };
    // SAFETY: fstat(2) writes one stat. If it fails, so will the sync.
    unsafe { libc::fstat(fd, &raw mut stat) };
    let settings = Settings::get();
    let script = match stat.st_mode & libc::S_IFMT {
        libc::S_IFDIR => &settings.directory_sync,
        // Whoever asks before there is anything has not asked yet.
        _ if stat.st_size == 0 => return None,
        _ => &settings.file_sync,
    };
    Some(fail(script.next()?) as c_int)
}

interpose! {
    real;

    fn fsync(fd: c_int) -> c_int {
        before_sync(fd).unwrap_or_else(|| real(fd))
    }

    fn fdatasync(fd: c_int) -> c_int {
        before_sync(fd).unwrap_or_else(|| real(fd))
    }
}

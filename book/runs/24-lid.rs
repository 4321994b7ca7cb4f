//! A laptop's lid: if there is a file `closed`, the clock that goes on while
//! the machine sleeps is an hour ahead.

use std::ffi::{c_int, c_long};
use std::path::Path;

#[repr(C)]
pub struct Timespec {
    seconds: c_long,
    nanoseconds: c_long,
}

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

const CLOCK_GETTIME: c_long = 228;
const CLOCK_BOOTTIME: c_int = 7;

/// In the place of libc's.
///
/// # Safety
/// As clock_gettime(2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(
    id: c_int,
    time: *mut Timespec,
) -> c_int {
    let result = unsafe { syscall(CLOCK_GETTIME, id, time) } as c_int;
    if result == 0 && id == CLOCK_BOOTTIME && Path::new("closed").exists() {
        unsafe { (*time).seconds += 3600 };
    }
    result
}

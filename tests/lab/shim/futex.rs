//! Calls that go through libc's `syscall`. Spurious wake-ups: a wait on a futex
//! that ends although nobody woke it. And a kernel that is too old for openat2,
//! Landlock or seccomp.
//!
//! If a wait ended at once, a program that waits in a loop would spin: the wait
//! lasts for a moment.

use std::ffi::{c_int, c_long};

use crate::fail;
use crate::real::interpose;
use crate::settings::Settings;

/// How long such a wait lasts, in microseconds.
const MOMENT: libc::useconds_t = 10_000;

interpose! {
    real;

    // Declared with six arguments, as `syscall` in fact takes them: a variable
    // number of integers travels in the same registers as a fixed one.
    fn syscall(
        number: c_long,
        a: c_long,
        b: c_long,
        c: c_long,
        d: c_long,
        e: c_long,
        f: c_long,
    ) -> c_long {
        let settings = Settings::get();
        let error = match number {
            libc::SYS_openat2 => settings.openat2.next(),
            libc::SYS_landlock_create_ruleset => settings.landlock.next(),
            libc::SYS_seccomp => settings.seccomp.next(),
            _ => None,
        };
        let is_wait = number == libc::SYS_futex && waits(b);
        if let Some(error) = error {
            fail(error) as c_long
        } else if is_wait && settings.spurious.strikes() {
            libc::usleep(MOMENT);
            0
        } else {
            real(number, a, b, c, d, e, f)
        }
    }
}

fn waits(operation: c_long) -> bool {
    let flags = libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME;
    let command = operation as c_int & !flags;
    command == libc::FUTEX_WAIT || command == libc::FUTEX_WAIT_BITSET
}

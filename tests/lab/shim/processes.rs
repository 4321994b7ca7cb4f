//! A kernel that has as many processes, or threads, as it wants.

use std::ffi::{c_int, c_void};

use libc::{pid_t, pthread_attr_t, pthread_t};

use crate::fail;
use crate::real::interpose;
use crate::settings::Settings;

interpose! {
    real;

    fn fork() -> pid_t {
        if Settings::get().fork.strikes() {
            fail(libc::EAGAIN) as pid_t
        } else {
            real()
        }
    }

    fn pthread_create(
        thread: *mut pthread_t,
        attributes: *const pthread_attr_t,
        start: extern "C" fn(*mut c_void) -> *mut c_void,
        argument: *mut c_void,
    ) -> c_int {
        if Settings::get().thread.strikes() {
            // The error is what it returns: it does not set errno.
            libc::EAGAIN
        } else {
            real(thread, attributes, start, argument)
        }
    }
}

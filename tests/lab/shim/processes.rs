//! A kernel that has as many processes as it wants.

use libc::pid_t;

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
}

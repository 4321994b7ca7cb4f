//! Waiting for sockets: a signal comes in between.
//!
//! A wait that is interrupted has waited for a while. So the wait goes on
//! for a slice of its time, and only if nothing happened in it, fails with
//! EINTR. A program that starts its whole time again never ends.

use std::ffi::c_int;

use libc::{clockid_t, epoll_event, nfds_t, pollfd, sigset_t, timespec};

use crate::fail;
use crate::real::interpose;
use crate::settings::Settings;

/// How long an interrupted wait lasts, in milliseconds.
const SLICE: c_int = 20;

/// Whether this wait, of `limit` milliseconds (negative: for ever), must be
/// interrupted after a slice.
fn is_cut(limit: c_int) -> bool {
    !(0..=SLICE).contains(&limit) && Settings::get().alarm.strikes()
}

/// What a wait that was cut to a slice returns.
fn after_slice(result: c_int) -> c_int {
    if result == 0 { fail(libc::EINTR) as c_int } else { result }
}

/// How long a wait of `limit` milliseconds lasts where the clock runs faster.
fn in_real_time(limit: c_int) -> c_int {
    let Some(speed) = Settings::get().speed else { return limit };
    let speed = c_int::try_from(speed).unwrap_or(c_int::MAX);
    // Rounded up: a deadline must have passed when the wait ends.
    if limit > 0 { (limit - 1) / speed + 1 } else { limit }
}

fn milliseconds(seconds: i64, nanoseconds: i64) -> c_int {
    let whole = seconds.saturating_mul(1000);
    c_int::try_from(whole.saturating_add(nanoseconds / 1_000_000))
        .unwrap_or(c_int::MAX)
}

interpose! {
    real;

    fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
        let result = real(clock, time);
        if let (0, libc::CLOCK_MONOTONIC, Some(speed)) =
            (result, clock, Settings::get().speed)
        {
            let Ok(speed) = i64::try_from(speed) else { return result };
            let nanoseconds = (*time).tv_nsec * speed;
            (*time).tv_sec *= speed;
            (*time).tv_sec += nanoseconds / 1_000_000_000;
            (*time).tv_nsec = nanoseconds % 1_000_000_000;
        }
        if clock == libc::CLOCK_BOOTTIME {
            let hours = Settings::get().nap.times();
            (*time).tv_sec += 3600 * i64::try_from(hours).unwrap_or(0);
        }
        result
    }

    fn poll(list: *mut pollfd, count: nfds_t, limit: c_int) -> c_int {
        let limit = in_real_time(limit);
        if is_cut(limit) {
            after_slice(real(list, count, SLICE))
        } else {
            real(list, count, limit)
        }
    }

    fn epoll_wait(
        fd: c_int,
        events: *mut epoll_event,
        count: c_int,
        limit: c_int,
    ) -> c_int {
        let limit = in_real_time(limit);
        if is_cut(limit) {
            after_slice(real(fd, events, count, SLICE))
        } else {
            real(fd, events, count, limit)
        }
    }

    fn ppoll(
        list: *mut pollfd,
        count: nfds_t,
        limit: *const timespec,
        mask: *const sigset_t,
    ) -> c_int {
        let tv_nsec = i64::from(SLICE) * 1_000_000;
        let slice = timespec { tv_sec: 0, tv_nsec };
        let wanted = limit
            .as_ref()
            .map_or(-1, |limit| milliseconds(limit.tv_sec, limit.tv_nsec));
        if is_cut(wanted) {
            after_slice(real(list, count, &raw const slice, mask))
        } else {
            real(list, count, limit, mask)
        }
    }
}

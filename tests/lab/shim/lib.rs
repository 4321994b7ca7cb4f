//! A kernel that keeps its promises and does no more.
//!
//! On a quiet machine `write` takes all it is offered and nothing is ever
//! interrupted, so a program that is wrong looks right. This library is
//! loaded before libc (`LD_PRELOAD`) and makes the calls do what the man
//! pages allow. It changes only what `SHIM` asks for, a list such as
//! `SHIM=w=700,eintr=3`; `cargo ex shim --help` says what there is.
//!
//! It creates the file `$SHIM_SEEN`, so that nobody takes a run without it
//! for a run with it. It sees the calls made through libc, hence those of
//! std and nix; a static program, or one with system calls in assembly,
//! escapes it. So do `recvfrom`, `sendto`, `recvmsg` and `sendmsg`: they are
//! for datagrams, addresses and descriptors.

mod disk;
mod futex;
mod names;
mod processes;
mod real;
mod settings;
mod sockets;
mod waiting;

use std::ffi::c_int;

use settings::Settings;

/// Called by the dynamic loader before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn() = at_load;

extern "C" fn at_load() {
    if let Some(wrong) = Settings::get().wrong {
        let line = format!("shim: not understood in SHIM: {wrong}\n");
        // SAFETY: pointer and length are those of one string; _exit takes
        // any number.
        unsafe {
            libc::write(2, line.as_ptr().cast(), line.len());
            libc::_exit(2);
        }
    }
    // SAFETY: the name is a C string, and what getenv returned is one or
    // null; nobody changes the environment before main.
    unsafe {
        let path = libc::getenv(c"SHIM_SEEN".as_ptr());
        if !path.is_null() {
            let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_CLOEXEC;
            let file = libc::open(path, flags, 0o644);
            if file != -1 {
                libc::close(file);
            }
        }
    }
}

/// What a system call returns that failed for the reason `errno`.
fn fail(errno: c_int) -> isize {
    // SAFETY: the location is this thread's own errno, always valid.
    unsafe { *libc::__errno_location() = errno }
    -1
}

//! How long a system call takes, without the filters of step 22 and with them.

use std::error::Error;
use std::time::Instant;

use nix::libc;
use service::sandbox::{self, Mode, Places};

const CALLS: u32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    tell("without")?;
    let places = Places { read: vec!["site".into()], ..Places::default() };
    sandbox::enter(Mode::Require, &places)
        .map_err(|_| "there is no sandbox here")?;
    tell("with")
}

fn tell(name: &str) -> Result<(), Box<dyn Error>> {
    // SAFETY: it has no arguments.
    let getpid = time(|| unsafe { libc::syscall(libc::SYS_getpid) })?;
    let nowhere = std::ptr::null_mut::<libc::c_void>();
    let read = libc::PROT_READ;
    // SAFETY: no bytes are changed.
    let mprotect = time(|| unsafe {
        libc::syscall(libc::SYS_mprotect, nowhere, 0usize, read)
    })?;
    println!("{name:8} getpid {getpid:4} ns, mprotect {mprotect:4} ns");
    Ok(())
}

/// How many nanoseconds it takes: the best of 500 rounds.
fn time(call: impl Fn() -> libc::c_long) -> Result<u128, Box<dyn Error>> {
    let mut best = u128::MAX;
    for _ in 0..500 {
        let start = Instant::now();
        for _ in 0..CALLS {
            if call() == -1 {
                return Err(std::io::Error::last_os_error().into());
            }
        }
        best = best.min(start.elapsed().as_nanos() / u128::from(CALLS));
    }
    Ok(best)
}

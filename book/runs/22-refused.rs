//! Refuses clone3 with an error, and starts a thread.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::error::Error;
use std::thread;

use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("EPERM or ENOSYS?")?;
    let errno = if name == "EPERM" { libc::EPERM } else { libc::ENOSYS };
    let filter = SeccompFilter::new(
        BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(errno as u32),
        TargetArch::try_from(ARCH)?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    if name == "EPERM" {
        print(&program);
    }
    seccompiler::apply_filter(&program)?;
    match thread::Builder::new().spawn(|| println!("the thread runs")) {
        Ok(thread) => thread.join().map_err(|_| "it has panicked")?,
        Err(error) => println!("no thread: {error}"),
    }
    Ok(())
}

/// What is in the program.
fn print(program: &BpfProgram) {
    for (at, step) in program.iter().enumerate() {
        let (yes, no) =
            (at + 1 + usize::from(step.jt), at + 1 + usize::from(step.jf));
        let k = step.k;
        let text = match step.code {
            0x20 => format!("load the word at {k}"),
            0x15 => format!("is it {k:#x}? go to {yes}, else to {no}"),
            0x05 => format!("go to {}", at + 1 + k as usize),
            0x06 => format!("return {k:#x}"),
            code => format!("code {code:#x}"),
        };
        println!("{at:3}: {text}");
    }
}

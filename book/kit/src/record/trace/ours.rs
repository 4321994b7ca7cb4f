//! Which of a program's system calls are ours, and not the runtime's.
//!
//! A call is ours if a frame of its stack is in a step or in `shared`,
//! directly or through `nix`, the standard library or the C library. Two
//! things below such a frame are the runtime's all the same: what the
//! allocator asks of the kernel, and how a thread's stack is made ready (but
//! `clone3`, the thread itself, is ours). `futex` is left out: whether a lock
//! is waited for is a matter of luck.

use std::path::Path;

use super::Call;
use super::source::{Place, Source};
use super::strace::{Event, Frame};

/// Our calls among the events of one task, in order, up to a signal that
/// ends the program; arguments and results as strace writes them.
pub fn calls(events: &[Event], program: &Path, source: &Source) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut before = None;
    for event in events {
        let Event { name, args, result, stack } = event;
        match name.as_str() {
            "SIGINT" => break,
            signal if signal.starts_with("SIG") => continue,
            _ => {}
        }
        let found = innermost(stack, program, source);
        let place = match &found {
            Some((at, place)) if is_ours(name, &stack[..*at]) => {
                Some(place.clone())
            }
            // The C library's clone3 cannot be unwound: the stack ends in
            // it. It belongs to what made the call before.
            None if name == "clone3" && stack.len() <= 1 => before,
            _ => None,
        };
        before = found.map(|(_, place)| place);
        if let Some(Place { function, file, line }) = place {
            let [call, args, result] = [name, args, result].map(String::clone);
            calls.push(Call { call, args, result, function, file, line });
        }
    }
    calls
}

/// The innermost frame in our source: its index and its place.
fn innermost(
    stack: &[Frame],
    program: &Path,
    source: &Source,
) -> Option<(usize, Place)> {
    stack.iter().enumerate().find_map(|(index, frame)| {
        let in_program = Path::new(&frame.object) == program;
        let place = in_program.then(|| source.ours(frame.offset))??;
        Some((index, place))
    })
}

/// Whether a call that one of our functions has led to is our business;
/// `below` are the frames between that function and the kernel.
fn is_ours(name: &str, below: &[Frame]) -> bool {
    let passes = |names: &[&str]| {
        below.iter().any(|frame| {
            // Versions stand behind an @.
            let symbol = frame.symbol.split('@').next().unwrap_or_default();
            names.contains(&symbol.trim_start_matches("__libc_"))
        })
    };
    name != "futex"
        && !passes(&["malloc", "calloc", "realloc", "memalign", "free"])
        && !passes(&["posix_memalign", "aligned_alloc"])
        && (name.starts_with("clone") || !passes(&["pthread_create"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allocator_threads_and_locks_are_the_runtime_s() {
        let thread = ["__mmap", "pthread_create@@GLIBC_2.34"];
        for (name, symbols, ours) in [
            ("write", ["__write", "std::io::write_all"], true),
            ("brk", ["sbrk", "malloc"], false),
            ("brk", ["sbrk", "__libc_malloc"], false),
            ("brk", ["sbrk", "realloc"], false),
            ("brk", ["sbrk", "free"], false),
            // Of a new thread only the thread is ours.
            ("mmap", thread, false),
            ("rt_sigprocmask", thread, false),
            ("clone3", thread, true),
            // A lock is a matter of luck.
            ("futex", ["syscall", "lock"], false),
        ] {
            let frame = |symbol: &str| Frame {
                object: "/lib/libc.so.6".to_string(),
                symbol: symbol.to_string(),
                offset: 1,
            };
            let below = symbols.map(frame);
            assert_eq!(is_ours(name, &below), ours, "{name} {symbols:?}");
        }
    }
}

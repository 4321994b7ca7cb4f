//! What a program costs: memory and processor time. Counts and ratios, not
//! milliseconds: machines differ.

use std::fs;

use super::program::Program;
use super::trouble::Outcome;

/// How often a ratio may be measured again: other programs disturb.
const ATTEMPTS: u32 = 3;

/// The most memory that `pid` ever had at a time, in kilobytes: see VmHWM in
/// proc(5).
pub fn peak_memory(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut lines = status.lines();
    let text = lines.find_map(|line| line.strip_prefix("VmHWM:"))?;
    text.trim().split(' ').next()?.parse().ok()
}

/// Fails if the program has ever had more than this many kilobytes.
pub fn expect_memory(program: &Program, most: u64) -> Outcome {
    match peak_memory(program.pid()) {
        Some(peak) if peak > most => {
            let expected = format!("never more than {most} kB of memory");
            Err(program.failed(expected, format!("{peak} kB")))
        }
        Some(_) => Ok(()),
        None => Err(program.failed("it goes on", "it ended")),
    }
}

/// Makes `work` of size 1 and of size 4, and fails if the second costs the
/// program more than six times the processor time of the first: then the
/// cost grows faster than the work.
pub fn expect_linear(
    program: &Program,
    what: &str,
    mut work: impl FnMut(usize) -> Outcome,
) -> Outcome {
    let mut measure = |size| {
        let before = program.ran();
        work(size).map(|()| program.ran().saturating_sub(before))
    };
    let mut worst = String::new();
    for _ in 0..ATTEMPTS {
        let (small, large) = (measure(1)?, measure(4)?);
        if large <= small * 6 {
            return Ok(());
        }
        let times = large.as_secs_f64() / small.as_secs_f64();
        worst = format!(
            "{times:.1} times as much: {} ms after {} ms",
            large.as_millis(),
            small.as_millis()
        );
    }
    let expected = format!("{what} costs at most six times the processor time");
    Err(program.failed(expected, worst))
}

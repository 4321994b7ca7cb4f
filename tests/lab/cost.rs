//! What a program costs: memory and processor time. Counts and ratios, not
//! milliseconds: machines differ.

use super::proc;
use super::program::Program;
use super::trouble::Outcome;

/// How often a ratio may be measured again: other programs disturb.
const ATTEMPTS: u32 = 3;

/// Fails if the program has ever had more than this many kilobytes.
pub fn expect_memory(program: &Program, most: u64) -> Outcome {
    match proc::peak_memory(program.pid()) {
        Some(peak) if peak > most => {
            let expected = format!("never more than {most} kB of memory");
            Err(program.failed(expected, format!("{peak} kB")))
        }
        Some(_) => Ok(()),
        None => Err(program.failed("it goes on", "it ended")),
    }
}

/// Makes `work` of size 1 and of size 4, and fails if the second costs the
/// program more than eight times the processor time of the first: then the
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
        if large <= small * 8 {
            return Ok(());
        }
        let times = large.as_secs_f64() / small.as_secs_f64();
        worst = format!(
            "{times:.1} times as much: {} ms after {} ms",
            large.as_millis(),
            small.as_millis()
        );
    }
    let expected =
        format!("{what} costs at most eight times the processor time");
    Err(program.failed(expected, worst))
}

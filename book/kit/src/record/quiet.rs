//! Has everything come to rest? The recorder's answer to "wait a little".
//!
//! Programs under record are brought on one act at a time. After each act
//! the recorder waits until every one of them sleeps and nothing moves any
//! more, which the kernel tells in `/proc`; a slow machine only takes longer.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use super::process::{self, stat_field};

/// How many equal looks in a row count as rest, and the time between two.
const LOOKS: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(4);

/// A task's number and how often it has gone to sleep or been put aside.
type Tasks = BTreeMap<u32, u64>;

/// Waits until all tasks of these sessions sleep and stay so. Between looks
/// `meanwhile` runs; it says whether it has seen something move.
///
/// Gives up after `limit`, for a program that never rests, and returns
/// whether there was rest.
pub fn wait(
    sessions: &[u32],
    limit: Duration,
    mut meanwhile: impl FnMut() -> bool,
) -> bool {
    let start = Instant::now();
    let mut before: Option<Tasks> = None;
    let mut equal = 0;
    while equal < LOOKS {
        if start.elapsed() > limit {
            return false;
        }
        let moved = meanwhile();
        let now = sleeping(sessions);
        if !moved && now.is_some() && now == before {
            equal += 1;
        } else {
            equal = 0;
        }
        before = now;
        std::thread::sleep(BETWEEN);
    }
    true
}

/// All tasks of the sessions, or nothing if one of them is awake.
fn sleeping(sessions: &[u32]) -> Option<Tasks> {
    let mut tasks = Tasks::new();
    for pid in process::members(sessions) {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let state = stat_field(path.join("stat"), 0)?;
            // Asleep until something happens, or ended and not yet reaped.
            // "t", stopped by strace, is a call in the middle of its report.
            if !matches!(state.as_str(), "S" | "Z" | "T") {
                return None;
            }
            let number = entry.file_name().to_str()?.parse().ok()?;
            tasks.insert(number, switches(&path.join("status"))?);
        }
    }
    Some(tasks)
}

fn switches(status: &std::path::Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let counts = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let wanted = name.ends_with("ctxt_switches");
        wanted.then(|| value.trim().parse::<u64>().ok())?
    });
    Some(counts.sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_sleeper_rests_and_a_spinner_never() {
        for (program, argument, limit, rests) in
            [("sleep", "60", 10_000, true), ("yes", "again", 200, false)]
        {
            let mut command = Command::new(program);
            command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null());
            let running = process::Running::start(&mut command).unwrap();
            let limit = Duration::from_millis(limit);
            assert_eq!(wait(&[running.session()], limit, || false), rests);
        }
    }

    #[test]
    fn what_moves_meanwhile_is_no_rest() {
        let mut looks = 0;
        assert!(wait(&[], Duration::from_secs(10), || {
            looks += 1;
            looks < 10
        }));
        assert!(looks >= 10);
    }
}

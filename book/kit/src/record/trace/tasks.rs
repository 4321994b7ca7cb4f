//! Strace's files in the reader's order: the task that began, then those it
//! started, each followed by its own.

use anyhow::{Context, Result, ensure};

use super::run::TaskFile;
use super::strace::{self, Event};

/// A process or thread, with what strace saw of it.
pub struct TaskEvents {
    /// Its number in the kernel.
    pub number: u32,
    /// What it is called in the book.
    pub label: String,
    pub events: Vec<Event>,
}

/// Reads the files and puts them in order.
pub fn in_order(files: Vec<TaskFile>) -> Result<Vec<TaskEvents>> {
    let mut left = Vec::new();
    for (number, text) in files {
        left.push((number, strace::parse(&text)?));
    }
    let first = left
        .iter()
        .position(|(_, it)| it.first().is_some_and(|it| it.name == "execve"))
        .context("strace has not seen the program's beginning")?;
    let (number, events) = left.remove(first);
    let (mut threads, mut processes) = (0, 0);
    let mut order =
        vec![TaskEvents { number, label: "main".to_string(), events }];
    let mut next = 0;
    while next < order.len() {
        for (number, is_thread) in started(&order[next].events) {
            let found = left.iter().position(|(n, _)| *n == number);
            let (number, events) =
                left.remove(found.context("a task left no trace")?);
            let (kind, count) = if is_thread {
                ("thread", &mut threads)
            } else {
                ("process", &mut processes)
            };
            *count += 1;
            let label = format!("{kind} {count}");
            order.push(TaskEvents { number, label, events });
        }
        next += 1;
    }
    ensure!(left.is_empty(), "strace has seen tasks that nobody started");
    Ok(order)
}

/// The numbers of the tasks that this one started, and whether each is a
/// thread.
fn started(events: &[Event]) -> Vec<(u32, bool)> {
    let started = events.iter().filter_map(|event| {
        let Event { name, args, result, .. } = event;
        let starts = ["clone", "clone3", "fork", "vfork"].contains(&&**name);
        let number = result.parse().ok().filter(|_| starts)?;
        Some((number, args.contains("CLONE_THREAD")))
    });
    started.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_come_in_the_order_in_which_they_were_started() {
        let files = vec![
            (12, "close(4) = 0\n".to_string()),
            (9, "write(1, \"\", 0) = 0\n".to_string()),
            (
                10,
                "execve(\"/t\", [], []) = 0\n\
                 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 12\n\
                 clone(child_stack=NULL, flags=SIGCHLD) = 9\n\
                 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = -1 EAGAIN (No)\n"
                    .to_string(),
            ),
        ];
        let order = in_order(files).unwrap();
        let labels: Vec<_> =
            order.iter().map(|task| (task.number, &*task.label)).collect();
        assert_eq!(labels, [(10, "main"), (12, "thread 1"), (9, "process 1")]);
    }

    #[test]
    fn a_task_without_a_parent_is_no_trace() {
        let files = vec![(1, "close(3) = 0\n".to_string())];
        assert!(in_order(files).is_err());
    }
}

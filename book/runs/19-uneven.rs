//! The same tasks for the queue of step 12 and for the pool of step 19, two
//! threads each. Of five times, the least: something else may run
//! meanwhile.

use std::error::Error;
use std::hash::{DefaultHasher, Hasher};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use shared::sync::queue::Queue;
use shared::sync::stealing::Pool;

/// So many hashes take about a microsecond.
const ROUNDS: u32 = 180;

/// More tasks than ever wait.
const CAPACITY: usize = 1 << 18;

/// What is to be done, since when, and for whom.
struct Task {
    micros: u32,
    sent: Instant,
    all: Arc<All>,
}

/// Tasks that are measured together.
struct All {
    left: AtomicUsize,
    sender: Thread,
    /// How many microseconds the one of 1 us has waited, if there is one.
    waited: Option<AtomicU64>,
}

type Submit = dyn Fn(Task) + Send + Sync;

impl Task {
    fn run(self) {
        let waited = self.sent.elapsed();
        for _ in 0..self.micros * ROUNDS {
            let mut hasher = DefaultHasher::new();
            hasher.write_u64(black_box(7));
            black_box(hasher.finish());
        }
        if let (Some(micros), 1) = (&self.all.waited, self.micros) {
            micros.store(waited.as_micros() as u64, Relaxed);
        }
        if self.all.left.fetch_sub(1, AcqRel) == 1 {
            self.all.sender.unpark();
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let queue = Arc::new(Queue::new(CAPACITY));
    for _ in 0..2 {
        let queue: Arc<Queue<Task>> = Arc::clone(&queue);
        thread::spawn(move || {
            while let Some(task) = queue.pop() {
                task.run()
            }
        });
    }
    let pool = Pool::start(2, CAPACITY, Task::run)
        .map_err(|failure| format!("{failure:?}"))?;
    // There is room for all.
    let push = move |task| assert!(queue.try_push(task).is_ok());
    let submit = move |task| assert!(pool.submit(Box::new(task)).is_ok());
    let ways: [(&str, Box<Submit>); 3] = [
        ("itself", Box::new(Task::run)),
        ("queue", Box::new(push)),
        ("pool", Box::new(submit)),
    ];
    let (small, large) = (vec![1; 50_000], vec![10_000; 20]);
    let mixed = mixed(100);
    println!("as fast as they can                              ms  switches");
    for (name, tasks) in [
        ("50000 of 1 us", &small),
        ("100 of 1 us to 10 ms", &mixed),
        ("20 of 10 ms", &large),
    ] {
        for (way, submit) in &ways[1..] {
            for senders in [1, 2] {
                let all = || at_once(&**submit, tasks, senders);
                let (time, switches) = sorted(all)?[0];
                let who = format!("{way}, {senders} senders");
                println!("{name:25} {who:18} {time:7} {switches:9}");
            }
        }
    }
    println!("5000 of 1 us, each when the last is done         ms  switches");
    for (way, submit) in &ways {
        let in_turn = || in_turn(&**submit, 5_000);
        let (time, switches) = sorted(in_turn)?[0];
        println!("{:25} {way:18} {time:7} {switches:9}", "");
    }
    println!("behind one of 50 ms, before 59 of 1 ms: one of 1 us waits");
    // Before them two of 5 ms, so that both threads are busy.
    let mut tasks = vec![1_000; 63];
    tasks[..4].copy_from_slice(&[5_000, 5_000, 50_000, 1]);
    for (way, submit) in &ways[1..] {
        let waited = sorted(|| waits(&**submit, &tasks))?[2];
        println!("{:25} {way:18} {:7}", "", waited.as_millis());
    }
    Ok(())
}

/// Numbers of microseconds, of five orders of magnitude and as if by chance.
fn mixed(count: usize) -> Vec<u32> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        10u32.pow((state >> 16) % 5)
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Five times, the least first.
fn sorted<T: Ord>(measure: impl Fn() -> nix::Result<T>) -> nix::Result<Vec<T>> {
    let mut all = (0..5).map(|_| measure()).collect::<nix::Result<Vec<T>>>()?;
    all.sort();
    Ok(all)
}

/// From so many threads, as fast as they can.
fn at_once(
    submit: &Submit,
    tasks: &[u32],
    senders: usize,
) -> nix::Result<(u128, i64)> {
    let left = AtomicUsize::new(tasks.len());
    let all = Arc::new(All { left, sender: thread::current(), waited: None });
    let before = switches()?;
    let start = Instant::now();
    thread::scope(|scope| {
        for part in tasks.chunks(tasks.len() / senders) {
            let all = &all;
            scope.spawn(move || {
                for &micros in part {
                    let (sent, all) = (start, Arc::clone(all));
                    submit(Task { micros, sent, all });
                }
            });
        }
    });
    while all.left.load(Acquire) > 0 {
        thread::park();
    }
    Ok((start.elapsed().as_millis(), switches()? - before))
}

/// One after the other, each waited for.
fn in_turn(submit: &Submit, tasks: usize) -> nix::Result<(u128, i64)> {
    let before = switches()?;
    let start = Instant::now();
    for _ in 0..tasks {
        let left = AtomicUsize::new(1);
        let all =
            Arc::new(All { left, sender: thread::current(), waited: None });
        let (sent, own) = (start, Arc::clone(&all));
        submit(Task { micros: 1, sent, all: own });
        while all.left.load(Acquire) > 0 {
            thread::park();
        }
    }
    Ok((start.elapsed().as_millis(), switches()? - before))
}

/// How long the one of 1 us waits for a thread.
fn waits(submit: &Submit, tasks: &[u32]) -> nix::Result<Duration> {
    let left = AtomicUsize::new(tasks.len());
    let waited = Some(AtomicU64::new(0));
    let all = Arc::new(All { left, sender: thread::current(), waited });
    for &micros in tasks {
        let (sent, all) = (Instant::now(), Arc::clone(&all));
        submit(Task { micros, sent, all });
    }
    while all.left.load(Acquire) > 0 {
        thread::park();
    }
    let micros = all.waited.as_ref().map_or(0, |it| it.load(Relaxed));
    Ok(Duration::from_micros(micros))
}

/// How often threads of this process have left their processor.
fn switches() -> nix::Result<i64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let own = usage.voluntary_context_switches();
    Ok(own + usage.involuntary_context_switches())
}

//! How busy a program is, whatever else the machine does.

use std::time::{Duration, Instant};

use super::proc::{self, Thread};
use super::program::Program;
use super::time;
use super::trouble::{Outcome, Trouble};

/// How long one look takes, or several.
const MOMENT: Duration = Duration::from_millis(200);

impl Program {
    /// Its threads, and those of all that it has started.
    fn threads(&self) -> impl Iterator<Item = Thread> {
        proc::tree(self.pid()).into_iter().flat_map(proc::threads)
    }

    /// The processor time that it has wanted, whether it got it or not.
    pub fn wanted(&self) -> Duration {
        self.threads().map(|thread| thread.ran + thread.delay).sum()
    }

    /// The processor time that it has had.
    pub fn ran(&self) -> Duration {
        self.threads().map(|thread| thread.ran).sum()
    }

    /// The share of a processor that it wants.
    pub fn load(&self, over: Duration) -> f64 {
        let spin = Spin::new(self);
        std::thread::sleep(over);
        spin.load()
    }

    /// It sleeps while there is nothing to do. On a busy machine nobody runs
    /// much, and one that wakes up for a moment now and then waits for its
    /// turn most of the time; but who spins is never found asleep.
    pub fn expect_idle(&self) -> Outcome {
        let (spin, deadline) = (Spin::new(self), self.deadline());
        while !deadline.is_over() {
            if self.ended().is_some() {
                return Err(self.failed("it goes on", "it ended"));
            }
            let before = self.ran();
            std::thread::sleep(MOMENT);
            let ran = self.ran().saturating_sub(before);
            // One that has just woken up sleeps again soon.
            let sleeps =
                || self.threads().all(|it| it.state != 'R').then_some(());
            let found = time::eventually(MOMENT, self.pid(), sleeps);
            if ran * 3 < MOMENT && found.is_some() {
                return Ok(());
            }
            if spin.is_proven() {
                let load = spin.load() * 100.0;
                let got = format!("it wants {load:.0} % of a processor");
                let expected = "it sleeps while there is nothing to do";
                return Err(self.failed(expected, got));
            }
        }
        Err(Trouble::blocked("this machine is too busy to tell idle from not"))
    }
}

/// A look at how busy a program is, from one moment on.
pub struct Spin {
    program: Program,
    wanted: Duration,
    ran: Duration,
    start: Instant,
}

impl Spin {
    /// From now on.
    pub fn new(program: &Program) -> Spin {
        let program = program.clone();
        let (wanted, ran) = (program.wanted(), program.ran());
        Spin { program, wanted, ran, start: Instant::now() }
    }

    /// The share of a processor that the program has wanted since.
    pub fn load(&self) -> f64 {
        let wanted = self.program.wanted().saturating_sub(self.wanted);
        wanted.as_secs_f64() / self.start.elapsed().as_secs_f64()
    }

    /// Whether it has done nothing but compute, for a second at least, and
    /// for half of one on a processor: with much to do on a busy machine,
    /// it may well have waited for its turn most of the time.
    pub fn is_proven(&self) -> bool {
        self.start.elapsed() >= Duration::from_secs(1)
            && self.load() >= 0.9
            && self.program.ran().saturating_sub(self.ran)
                >= Duration::from_millis(500)
    }
}

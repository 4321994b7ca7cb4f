//! The exercises' tables of checks. The wrong answers that prove them stand
//! in `tests/exercises/ID.wrong`.

/// The rows of a table, in few lines: name, points, what it needs, what the
/// starter does, the heading to read, and the observation.
macro_rules! checks {
    ($($name:expr, $points:literal, needs $needs:expr, $starter:ident,
        read $read:literal, $run:expr;)*) => {
        &[$($crate::checks::Check {
            name: $name,
            points: $points,
            needs: &$needs,
            read: $read,
            starter: $crate::checks::Starter::$starter,
            run: $run,
        }),*]
    };
}

/// The tables of these modules, each with the id in the module's name.
macro_rules! tables {
    ($($module:ident),* $(,)?) => {
        &[$(Table {
            id: stringify!($module).split_at(2).1,
            checks: $module::CHECKS,
        }),*]
    };
}

mod ex01a;
mod ex01b;
mod ex02a;
mod ex02b;
mod ex03a;
mod ex03b;
mod ex03c;
mod ex04a;
mod ex04b;
mod ex05a;
mod ex05b;
mod ex06a;
mod ex06b;
mod ex07a;
mod ex07b;
mod ex08a;
mod ex08b;
mod ex09a;
mod ex09b;
mod ex10a;
mod ex10b;
mod ex11a;
mod ex11b;
mod ex12a;
mod ex12b;
mod ex13a;
mod ex13b;
mod ex14a;
mod ex14b;
mod ex14c;
mod ex15a;
mod ex15b;
mod ex16a;
mod ex16b;
mod ex17a;
mod ex17b;
mod ex18a;
mod ex18b;
mod ex19a;
mod ex19b;
mod ex20a;
mod ex20b;
mod ex21a;
mod ex21b;
mod ex22a;
mod ex22b;
mod ex23a;
mod ex23b;
mod ex23c;
mod ex24a;
mod ex24b;
mod ex25a;
mod ex25b;
mod ex26a;
mod ex26b;
mod ex27a;
mod ex27b;
mod expect;
mod held;
mod http;
mod parts;

/// What nearly every table needs.
mod prelude {
    pub use super::expect::{UNREAD, end, ensure, exits_naming, round_trip};
    pub use super::held::{Held, await_sleep, start_workers, terminate};
    pub use super::{Check, TIDY};
    pub use crate::lab::client::Client;
    pub use crate::lab::fixtures::letters;
    pub use crate::lab::launch::Launch;
    pub use crate::lab::program::Program;
    pub use crate::lab::tree::Tree;
    pub use crate::lab::{
        Advice, Lab, Outcome, Trouble, cost, linger, proc, show, tidy, time,
    };
}

use crate::lab::{Lab, Outcome};

/// Every server's last check: see `lab::tidy`.
pub const TIDY: &str = "serves on and leaves nothing behind";

/// What belongs to one exercise besides its files.
pub struct Table {
    /// As in steps/steps.toml.
    pub id: &'static str,
    /// In the order in which they are made.
    pub checks: &'static [Check],
}

/// One observation that the grader makes, worth some points.
pub struct Check {
    /// Completes "the program …".
    pub name: &'static str,
    /// Whole points.
    pub points: u32,
    /// Earlier checks without which this one makes no sense.
    pub needs: &'static [&'static str],
    /// The heading in the step's chapter to read when it fails.
    pub read: &'static str,
    /// What the starter does.
    pub starter: Starter,
    /// Makes the observation.
    pub run: fn(&Lab) -> Outcome,
}

/// What becomes of the starter in a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// It does this already.
    Passes,
    /// It is the student's work.
    Fails,
    /// It is not made, because it needs one that the starter fails.
    Waits,
}

/// All tables, in the exercises' order.
pub const TABLES: &[Table] = tables![
    ex01a, ex01b, ex02a, ex02b, ex03a, ex03b, ex03c, ex04a, ex04b, ex05a,
    ex05b, ex06a, ex06b, ex07a, ex07b, ex08a, ex08b, ex09a, ex09b, ex10a,
    ex10b, ex11a, ex11b, ex12a, ex12b, ex13a, ex13b, ex14a, ex14b, ex14c,
    ex15a, ex15b, ex16a, ex16b, ex17a, ex17b, ex18a, ex18b, ex19a, ex19b,
    ex20a, ex20b, ex21a, ex21b, ex22a, ex22b, ex23a, ex23b, ex23c, ex24a,
    ex24b, ex25a, ex25b, ex26a, ex26b, ex27a, ex27b
];

/// The table of the exercise `id`.
pub fn table(id: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.id == id)
}

impl Table {
    /// How cargo is to build a program that plays another end, if there is one:
    /// one that needs more libraries than everybody's runner has.
    pub fn fake(&self) -> &'static [&'static str] {
        if self.id == "27a" { &["--example", "27a-stranger"] } else { &[] }
    }

    /// The points for everything.
    pub fn points(&self) -> u32 {
        self.checks.iter().map(|check| check.points).sum()
    }
}

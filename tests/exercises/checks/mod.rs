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
mod expect;
mod held;
mod http;
mod parts;

/// What nearly every table needs.
mod prelude {
    pub use super::expect::{
        UNREAD, connect_all, end, ensure, names_on_stderr, round_trip,
    };
    pub use super::held::{Held, await_sleep, terminate};
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
pub const TABLES: &[Table] = &[
    Table { id: "01a", checks: ex01a::CHECKS },
    Table { id: "01b", checks: ex01b::CHECKS },
    Table { id: "02a", checks: ex02a::CHECKS },
    Table { id: "02b", checks: ex02b::CHECKS },
    Table { id: "03a", checks: ex03a::CHECKS },
    Table { id: "03b", checks: ex03b::CHECKS },
    Table { id: "03c", checks: ex03c::CHECKS },
    Table { id: "04a", checks: ex04a::CHECKS },
    Table { id: "04b", checks: ex04b::CHECKS },
    Table { id: "05a", checks: ex05a::CHECKS },
    Table { id: "05b", checks: ex05b::CHECKS },
    Table { id: "06a", checks: ex06a::CHECKS },
    Table { id: "06b", checks: ex06b::CHECKS },
    Table { id: "07a", checks: ex07a::CHECKS },
    Table { id: "07b", checks: ex07b::CHECKS },
    Table { id: "08a", checks: ex08a::CHECKS },
    Table { id: "08b", checks: ex08b::CHECKS },
    Table { id: "09a", checks: ex09a::CHECKS },
    Table { id: "09b", checks: ex09b::CHECKS },
    Table { id: "10a", checks: ex10a::CHECKS },
    Table { id: "10b", checks: ex10b::CHECKS },
    Table { id: "11a", checks: ex11a::CHECKS },
    Table { id: "11b", checks: ex11b::CHECKS },
    Table { id: "12a", checks: ex12a::CHECKS },
    Table { id: "12b", checks: ex12b::CHECKS },
    Table { id: "13a", checks: ex13a::CHECKS },
    Table { id: "13b", checks: ex13b::CHECKS },
    Table { id: "14a", checks: ex14a::CHECKS },
    Table { id: "14b", checks: ex14b::CHECKS },
    Table { id: "14c", checks: ex14c::CHECKS },
    Table { id: "15a", checks: ex15a::CHECKS },
    Table { id: "15b", checks: ex15b::CHECKS },
    Table { id: "16a", checks: ex16a::CHECKS },
    Table { id: "16b", checks: ex16b::CHECKS },
    Table { id: "17a", checks: ex17a::CHECKS },
    Table { id: "17b", checks: ex17b::CHECKS },
    Table { id: "18a", checks: ex18a::CHECKS },
    Table { id: "18b", checks: ex18b::CHECKS },
    Table { id: "19a", checks: ex19a::CHECKS },
    Table { id: "19b", checks: ex19b::CHECKS },
    Table { id: "20a", checks: ex20a::CHECKS },
    Table { id: "20b", checks: ex20b::CHECKS },
    Table { id: "21a", checks: ex21a::CHECKS },
    Table { id: "21b", checks: ex21b::CHECKS },
    Table { id: "22a", checks: ex22a::CHECKS },
    Table { id: "22b", checks: ex22b::CHECKS },
];

/// The table of the exercise `id`.
pub fn table(id: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.id == id)
}

impl Table {
    /// The points for everything.
    pub fn points(&self) -> u32 {
        self.checks.iter().map(|check| check.points).sum()
    }
}

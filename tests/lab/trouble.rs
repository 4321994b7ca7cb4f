//! Why a check did not pass.

use std::fmt;

use super::transcript::Transcript;

/// How a report says that a program spins.
pub const SPINS: &str = "computes without end";

/// What a check, or a step of one, ends with.
pub type Outcome<T = ()> = Result<T, Trouble>;

/// Why a check did not pass.
pub enum Trouble {
    /// The program did not do what the task asks.
    Failed(Box<Failure>),
    /// The check could not be made on this machine, so it is not passed.
    Blocked(String),
}

/// What the student reads.
#[derive(Debug, Default)]
pub struct Failure {
    /// What should have been observed.
    pub expected: String,
    /// What was observed.
    pub got: String,
    /// The one guess at the cause.
    pub likely: Option<String>,
    /// What the kernel says about the program at this moment.
    pub server: Option<String>,
    /// What was done up to then.
    pub log: Transcript,
}

impl Trouble {
    /// The grader itself could not do something: never the student's fault.
    pub fn blocked(why: impl Into<String>) -> Trouble {
        Trouble::Blocked(why.into())
    }
}

/// As a test that ends with it reports it.
impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = match self {
            Trouble::Blocked(why) => return write!(f, "not tested: {why}"),
            Trouble::Failed(failure) => failure,
        };
        writeln!(f, "expected {}", failure.expected)?;
        writeln!(f, "  got      {}", failure.got)?;
        if let Some(server) = &failure.server {
            writeln!(f, "  program  {server}")?;
        }
        write!(f, "{}", failure.log.story())
    }
}

/// What a check knows better than the harness.
pub trait Advice {
    /// Adds a guess at the cause, unless there is a better one already.
    fn likely(self, guess: &str) -> Self;
    /// The same, but only if these words were observed.
    fn likely_if(self, observed: &str, guess: &str) -> Self;
    /// Replaces what was expected by words of this check.
    fn expecting(self, what: &str) -> Self;
    /// Says what was being tried: one row of a table.
    fn about(self, row: &str) -> Self;
}

impl<T> Advice for Outcome<T> {
    fn likely(mut self, guess: &str) -> Self {
        if let Err(Trouble::Failed(failure)) = &mut self {
            failure.likely.get_or_insert_with(|| guess.to_string());
        }
        self
    }

    fn likely_if(self, observed: &str, guess: &str) -> Self {
        match &self {
            Err(Trouble::Failed(failure)) if failure.got.contains(observed) => {
                self.likely(guess)
            }
            _ => self,
        }
    }

    fn expecting(mut self, what: &str) -> Self {
        if let Err(Trouble::Failed(failure)) = &mut self {
            failure.expected = what.to_string();
        }
        self
    }

    fn about(mut self, row: &str) -> Self {
        if let Err(Trouble::Failed(failure)) = &mut self {
            failure.expected = format!("{row}: {}", failure.expected);
        }
        self
    }
}

//! What a check has found wrong, and where.

use std::fmt::{self, Display};
use std::path::PathBuf;

/// One thing that is wrong, shown as `file:line: what; how to mend it`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Relative to the project's root.
    pub file: PathBuf,
    /// Counted from 1; 0 if the fault is of the whole file.
    pub line: usize,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl Fault {
    /// A fault in `line` of `file`; line 0 stands for the whole file.
    pub fn new(
        file: impl Into<PathBuf>,
        line: usize,
        message: impl Display,
    ) -> Self {
        Fault { file: file.into(), line, message: message.to_string() }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A line of the terminal can be clicked in most editors.
        let file = self.file.display();
        match self.line {
            0 => write!(f, "{file}: {}", self.message),
            line => write!(f, "{file}:{line}: {}", self.message),
        }
    }
}

/// Many faults as one error, such as all those of a build.
#[derive(Debug)]
pub struct Faults(pub Vec<Fault>);

impl Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

impl std::error::Error for Faults {}

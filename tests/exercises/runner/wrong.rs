//! Wrong answers as data: `tests/exercises/02a.wrong`.
//!
//! ```text
//! === what the student thought
//! fails the check's name
//! hears words that the student must read
//! --- find
//! lines that occur once in the solution
//! --- replace
//! lines that stand there instead
//! ```
//!
//! With `also right` instead of `fails` and `hears` the change is another
//! way to be right.

use std::path::Path;

use crate::text;

/// The solution with one place changed.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongAnswer {
    /// What the student thought.
    pub name: String,
    /// Occurs exactly once in the solution.
    pub find: String,
    /// Stands there instead.
    pub replace: String,
    /// What must become of it.
    pub verdict: Verdict,
}

/// What the checks must say of a changed solution.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This check fails, and the student hears these words.
    Fails(String, String),
    /// It is another way to be right.
    AlsoRight,
}

/// Reads the file at `path`.
///
/// # Errors
/// When it cannot be read, or an entry is not whole.
pub fn read(path: &Path) -> Result<Vec<WrongAnswer>, String> {
    let text = text::read(path)?;
    let entries = format!("\n{text}");
    let mut entries = entries.split("\n=== ");
    if entries.next().is_some_and(|before| !before.trim().is_empty()) {
        return Err(format!("{}: no `=== ` first", path.display()));
    }
    let read = entries.map(|entry| {
        parse(entry).ok_or_else(|| {
            let name = entry.lines().next().unwrap_or_default();
            format!("{}: \"{name}\" is not whole", path.display())
        })
    });
    read.collect()
}

fn parse(entry: &str) -> Option<WrongAnswer> {
    let (head, rest) = entry.split_once("\n--- find\n")?;
    let (find, replace) = rest.split_once("\n--- replace\n")?;
    let mut head = head.lines();
    let name = head.next()?.to_string();
    let verdict = match head.next()? {
        "also right" => Verdict::AlsoRight,
        fails => {
            let check = fails.strip_prefix("fails ")?.to_string();
            let words = head.next()?.strip_prefix("hears ")?.to_string();
            Verdict::Fails(check, words)
        }
    };
    let none_left = head.next().is_none() && !find.is_empty();
    none_left.then(|| WrongAnswer {
        name,
        find: find.to_string(),
        replace: replace.trim_end_matches('\n').to_string(),
        verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_taken_literally() {
        let entry = "a\nfails b c\nhears d\n--- find\n  x \"\\n\"\ny\n\
                     --- replace\n  z\n\n";
        let read = parse(entry);
        assert_eq!(
            read,
            Some(WrongAnswer {
                name: "a".into(),
                find: "  x \"\\n\"\ny".into(),
                replace: "  z".into(),
                verdict: Verdict::Fails("b c".into(), "d".into()),
            })
        );
        assert_eq!(parse("a\nfails b\n--- find\nx\n--- replace\n"), None);
    }
}

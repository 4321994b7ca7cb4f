//! Wrong answers as data: `tests/exercises/02a.wrong`.
//!
//! ```text
//! # fails the check's name
//! ## what the student thought
//! hears words that the student must read
//!  a line of the solution
//! -the next one, which goes
//! +what stands there instead
//! ```
//!
//! The lines behind a blank or a `-` occur once in the solution, one below
//! the other; the first and the last may be parts of lines. What stands below
//! `# also right` is another way to be right, and nobody hears of it.

use std::path::Path;

use crate::checks::TIDY;
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
    /// The check that must fail, and the words that the student must hear;
    /// none for another way to be right.
    pub fails: Option<(String, String)>,
}

/// Reads the file at `path`. If none of its answers fails [`TIDY`], and the
/// solution has one call that accepts, one that leaks is among them.
pub fn read(path: &Path, solution: &str) -> Result<Vec<WrongAnswer>, String> {
    let mut answers = parse(&text::read(path)?)
        .map_err(|reason| format!("{}: {reason}", path.display()))?;
    let mut failed = answers.iter().filter_map(|it| it.fails.as_ref());
    if failed.all(|(check, _)| check != TIDY) {
        let calls = [".accept()", ".try_accept()", "\n            .accept()"];
        let calls = calls.map(|call| format!("listener{call}"));
        let mut calls = calls.iter();
        let call = calls.find(|call| solution.matches(*call).count() == 1);
        answers.extend(call.map(|call| leak(call)));
    }
    Ok(answers)
}

fn leak(call: &str) -> WrongAnswer {
    let open = ".inspect(|_| std::mem::forget(std::fs::File::open(\"/\")))";
    WrongAnswer {
        name: "leaves a file open for each client".to_string(),
        find: call.to_string(),
        replace: format!("{call}{open}"),
        fails: Some((TIDY.to_string(), "open descriptors".to_string())),
    }
}

fn parse(text: &str) -> Result<Vec<WrongAnswer>, String> {
    let first = text.strip_prefix("# ").ok_or("no `# ` first")?;
    let mut answers = Vec::new();
    for group in first.split("\n# ") {
        let mut entries = group.split("\n## ");
        let verdict = entries.next().unwrap_or_default();
        for entry in entries {
            let answer = parse_entry(verdict, entry);
            answers.push(answer.ok_or_else(|| {
                let name = entry.lines().next().unwrap_or_default();
                format!("\"{name}\" is not whole")
            })?);
        }
    }
    Ok(answers)
}

fn parse_entry(verdict: &str, entry: &str) -> Option<WrongAnswer> {
    let mut lines = entry.trim_end_matches('\n').lines();
    let name = lines.next()?.to_string();
    let fails = match verdict.strip_prefix("fails ") {
        Some(check) => {
            let words = lines.next()?.strip_prefix("hears ")?;
            Some((check.to_string(), words.to_string()))
        }
        None if verdict == "also right" => None,
        None => return None,
    };
    let (mut find, mut replace) = (Vec::new(), Vec::new());
    for line in lines {
        let (mark, code) = line.split_at_checked(1)?;
        match mark {
            " " => {
                find.push(code);
                replace.push(code);
            }
            "-" => find.push(code),
            "+" => replace.push(code),
            _ => return None,
        }
    }
    let (find, replace) = (find.join("\n"), replace.join("\n"));
    let is_whole = !find.is_empty();
    is_whole.then_some(WrongAnswer { name, find, replace, fails })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_is_named() {
        for entry in [
            "# fails b\n## a\n-x",
            "# b\n## a\n-x",
            "# fails b\n## a\nhears d\nx",
        ] {
            let refusal = parse(entry);
            assert_eq!(refusal, Err("\"a\" is not whole".to_string()));
        }
    }
}

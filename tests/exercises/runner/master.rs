//! The annotated master of an exercise: the solution, in which marks say
//! what the student finds instead.
//!
//! ```text
//! //-solution
//! code of the solution
//! //-starter
//! // the student's lines, each behind "// "
//! //-end
//! ```
//!
//! Either half may be left out. The marks may be indented. For one line, the
//! mark stands behind it: `use std::thread; //-solution`. And a mark such as
//! `//-server` stands for a [piece](pieces) that several masters have.

mod pieces;

use std::path::Path;

use crate::text;

/// The two programs that a master holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// What passes.
    pub solution: String,
    /// What the student begins with.
    pub starter: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Solution,
    Starter,
}

/// Reads the master at `path`.
pub fn read(path: &Path) -> Result<Programs, String> {
    let id = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut master = text::read(path)?;
    for (mark, piece) in pieces::all() {
        master = master.replace(&format!("//-{mark}\n"), piece.trim_start());
    }
    let master = master.replace("usage: ID", &format!("usage: {id}"));
    split(&master).map_err(|reason| format!("{}: {reason}", path.display()))
}

fn split(master: &str) -> Result<Programs, String> {
    let mut programs = Programs::default();
    let mut part = Part::Both;
    for (number, line) in (1..).zip(master.lines()) {
        part = programs
            .take(line, part)
            .map_err(|what| format!("line {number}: {what}"))?;
    }
    match part {
        Part::Both => Ok(programs),
        _ => Err("the last mark is not ended by `//-end`".to_string()),
    }
}

impl Programs {
    /// Takes a line that stands in `part`; the part that the next is in.
    fn take(&mut self, line: &str, part: Part) -> Result<Part, &'static str> {
        let (code, mark) = line.split_once("//-").unwrap_or((line, ""));
        let code = code.trim_end();
        let marked = match (mark, part) {
            ("", part) => part,
            ("solution", Part::Both) => Part::Solution,
            ("starter", Part::Both) => Part::Starter,
            ("starter", Part::Solution) if code.is_empty() => Part::Starter,
            ("end", Part::Solution | Part::Starter) if code.is_empty() => {
                Part::Both
            }
            _ => return Err("this mark is out of place"),
        };
        if code.is_empty() && !mark.is_empty() {
            return Ok(marked);
        }
        if marked != Part::Starter {
            self.solution.push_str(code);
            self.solution.push('\n');
        }
        let starters = match marked {
            Part::Solution => return Ok(part),
            Part::Both => Some(code.to_string()),
            Part::Starter => uncomment(code),
        };
        let code = starters.ok_or("a starter's line begins with `// `")?;
        self.starter.push_str(&code);
        self.starter.push('\n');
        Ok(part)
    }
}

/// The line without its first comment mark, its indentation kept.
fn uncomment(line: &str) -> Option<String> {
    let (indentation, rest) = line.split_once("//")?;
    if !indentation.trim().is_empty() {
        return None;
    }
    if rest.is_empty() {
        return Some(String::new());
    }
    Some(format!("{indentation}{}", rest.strip_prefix(' ')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_out_of_place_are_refused() {
        for master in [
            "//-end\n",
            "//-solution\n",
            "//-solution\n//-solution\n//-end\n",
            "//-starter\ncode\n//-end\n",
            "//-strater\n",
            "//-solution\ncode //-solution\n//-end\n",
            "code //-starter\n",
            "//-solution\n// code //-starter\n//-end\n",
        ] {
            assert!(split(master).is_err(), "{master}");
        }
    }
}

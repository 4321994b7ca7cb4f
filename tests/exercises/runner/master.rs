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
//! Either half may be left out. The marks may be indented.

/// The two programs that a master holds.
#[derive(Debug, PartialEq, Eq)]
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

/// Takes a master apart.
///
/// # Errors
/// When a mark is out of place, or a starter's line is no comment.
pub fn split(master: &str) -> Result<Programs, String> {
    let mut programs =
        Programs { solution: String::new(), starter: String::new() };
    let mut part = Part::Both;
    for (number, line) in (1..).zip(master.lines()) {
        let wrong = |what: &str| Err(format!("line {number}: {what}"));
        match (line.trim(), part) {
            ("//-solution", Part::Both) => part = Part::Solution,
            ("//-starter", Part::Both | Part::Solution) => {
                part = Part::Starter;
            }
            ("//-end", Part::Solution | Part::Starter) => part = Part::Both,
            (mark, _) if mark.starts_with("//-") => {
                return wrong("this mark is out of place");
            }
            (_, Part::Starter) => match uncomment(line) {
                Some(line) => add(&mut programs.starter, &line),
                None => return wrong("a starter's line begins with `// `"),
            },
            (_, Part::Solution) => add(&mut programs.solution, line),
            (_, Part::Both) => {
                add(&mut programs.solution, line);
                add(&mut programs.starter, line);
            }
        }
    }
    match part {
        Part::Both => Ok(programs),
        _ => Err("the last mark is not ended by `//-end`".to_string()),
    }
}

fn add(program: &mut String, line: &str) {
    program.push_str(line);
    program.push('\n');
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
    fn each_program_gets_its_part() {
        let master = "fn main() {\n    //-solution\n    right();\n    \
            //-starter\n    // // TODO: make it right.\n    // wrong();\n    \
            //\n    //-end\n}\n";
        let programs = split(master).ok();
        let Some(programs) = programs else { panic!("not split") };
        assert_eq!(programs.solution, "fn main() {\n    right();\n}\n");
        assert_eq!(
            programs.starter,
            "fn main() {\n    // TODO: make it right.\n    wrong();\n\n}\n"
        );
    }

    #[test]
    fn marks_out_of_place_are_refused() {
        for master in [
            "//-end\n",
            "//-solution\n",
            "//-solution\n//-solution\n//-end\n",
            "//-starter\ncode\n//-end\n",
            "//-strater\n",
        ] {
            assert!(split(master).is_err(), "{master}");
        }
    }
}

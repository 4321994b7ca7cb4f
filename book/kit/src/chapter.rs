//! A chapter as the kit reads it: lines of text and directives.

/// A piece of a chapter.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line that stays as it is.
    Text(&'a str),
    /// A heading of a system call's entry, `### accept4(2)`: the call.
    Call(&'a str),
    /// A line `{{#name …}}`: what is inside. expand.rs knows the names.
    Directive(&'a str),
}

/// The pieces of a chapter's text, each with its first line's number.
pub fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut pieces = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(fence) = fence(line) {
            pieces.push((number, Piece::Text(line)));
            for (number, line) in lines.by_ref() {
                pieces.push((number, Piece::Text(line)));
                if closes(line, fence) {
                    break;
                }
            }
        } else if let Some(directive) = directive(line) {
            pieces.push((number, Piece::Directive(directive)));
        } else if let Some(call) = call(line) {
            pieces.push((number, Piece::Call(call)));
        } else {
            pieces.push((number, Piece::Text(line)));
        }
    }
    pieces
}

/// The marks that open a fence, such as "```".
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|&mark| "`~".contains(mark))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    (length >= 3).then(|| &line[..length])
}

fn closes(line: &str, fence: &str) -> bool {
    let marks = line.trim();
    marks.starts_with(fence) && marks.chars().all(|c| fence.contains(c))
}

/// The call that has its entry under this heading: `### accept4(2)`.
fn call(line: &str) -> Option<&str> {
    let name = line.strip_prefix("### ")?.trim().strip_suffix("(2)")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// The directive on a line, if the line is one. Those of mdBook itself
/// (`include` and so on) are left to it.
fn directive(line: &str) -> Option<&str> {
    let inside = line.trim().strip_prefix("{{#")?.strip_suffix("}}")?;
    let name = inside.split_whitespace().next().unwrap_or_default();
    let own = ["include", "rustdoc_include", "playground", "title"];
    (!own.contains(&name)).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_and_entries_of_calls_stand_alone_on_their_lines() {
        let text = "a {{#code 02 x}}\n{{#code 02 impl A for B}}\n\
            ```text\n{{#trace 02}}\n```\n  {{#diff 02}}\n{{#include a.md}}\n\
            ### accept4(2)\n### Not a call\n";
        let found = pieces(text).into_iter();
        let found = found.filter(|(_, it)| !matches!(it, Piece::Text(_)));
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                (2, Piece::Directive("code 02 impl A for B")),
                (6, Piece::Directive("diff 02")),
                (8, Piece::Call("accept4")),
            ]
        );
    }
}

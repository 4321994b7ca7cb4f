//! The transcript as HTML: a table, one call a row.

use std::fmt::Write;

use super::{Call, Script, Task};
use crate::html::{block, call_link, escape, source_link};
use crate::{Project, Result};

/// A string longer than this many characters is cut on the page.
const LONG: usize = 48;

/// The strace transcript of a step, as HTML.
///
/// # Errors
/// When there is no such recording.
pub fn render(project: &Project, step: u8) -> Result<String> {
    let step = project.step(step)?;
    let trace = super::load(project, step)?;
    let script = Script::parse(&project.read(super::script_file(step))?)?;
    let mut html = format!(
        "<figure class=\"trace\">\n<figcaption>{}</figcaption>\n",
        escape(&script.about)
    );
    let alone = trace.tasks.len() == 1;
    for task in &trace.tasks {
        table(&mut html, task, alone)?;
    }
    if trace.interrupted {
        html.push_str(
            "<p class=\"trace-end\">Then Ctrl-C ends the program. A result \
             of <code class=\"nohighlight\">?</code> is one that never came: \
             the call was still waiting.</p>\n",
        );
    }
    html.push_str("</figure>");
    Ok(block(&html))
}

fn table(html: &mut String, task: &Task, alone: bool) -> Result<()> {
    html.push_str("<div class=\"table-wrapper\">\n<table>\n");
    if !alone {
        writeln!(html, "<caption>{}</caption>", escape(&task.label))?;
    }
    html.push_str(
        "<thead><tr><th scope=\"col\">System call</th>\
         <th scope=\"col\">Result</th>\
         <th scope=\"col\">Asked for by</th></tr></thead>\n<tbody>\n",
    );
    for call in &task.calls {
        let Call { result, function, file, line, .. } = call;
        writeln!(
            html,
            "<tr><td><code class=\"nohighlight\">{}({})</code></td>\
             <td><code class=\"nohighlight\">{}</code></td>\
             <td><code class=\"nohighlight\">{}</code> {}</td></tr>",
            call_link(&call.call, &call.call),
            marked(&call.args),
            marked(result),
            escape(function),
            source_link(file, *line),
        )?;
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    Ok(())
}

/// Arguments with long strings cut, and what strace adds to a descriptor
/// marked, so that it can be shown paler than the number.
fn marked(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '<']) {
        html.push_str(&escape(&rest[..at]));
        let end = if rest[at..].starts_with('"') {
            end_of_string(&rest[at..])
        } else {
            // TCP:[a->b] has a ">" inside its square brackets.
            end_of_note(&rest[at..])
        };
        let (part, after) = rest[at..].split_at(end);
        if part.starts_with('"') {
            html.push_str(&escape(&cut(part)));
        } else {
            html.push_str("<span class=\"trace-note\">");
            html.push_str(&escape(part));
            html.push_str("</span>");
        }
        rest = after;
    }
    html + &escape(rest)
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn end_of_note(text: &str) -> usize {
    let mut open = 0_i32;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => open += 1,
            ']' => open -= 1,
            '>' if open == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A string cut as strace itself cuts, but never inside of an escape.
fn cut(string: &str) -> String {
    if string.chars().count() <= LONG + 2 {
        return string.to_string();
    }
    let mut kept = String::new();
    let mut letters = string.chars();
    while let Some(letter) = letters.next() {
        if kept.chars().count() > LONG {
            break;
        }
        kept.push(letter);
        if letter == '\\' {
            kept.extend(letters.next());
        }
    }
    kept + "\"..."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_keep_their_number_apart_from_the_note() {
        assert_eq!(
            marked("4<TCP:[1:8080->2:50000]>, \"<b>\", 3"),
            "4<span class=\"trace-note\">&lt;TCP:[1:8080-&gt;2:50000]&gt;\
             </span>, &quot;&lt;b&gt;&quot;, 3"
        );
    }

    #[test]
    fn long_strings_are_cut_between_escapes() {
        let string = format!("\"{}\\r\\n{}\"", "a".repeat(47), "b".repeat(40));
        let cut = cut(&string);
        assert_eq!(cut, format!("\"{}\\r\"...", "a".repeat(47)));
        assert_eq!(super::cut("\"short\""), "\"short\"");
    }

    #[test]
    fn a_string_that_strace_has_cut_stays_whole_to_its_dots() {
        assert_eq!(
            marked("\"ab\\\"<\"..., 2"),
            "&quot;ab\\&quot;&lt;&quot;..., 2"
        );
    }
}

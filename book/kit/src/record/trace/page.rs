//! The transcript as HTML: a table, one call a row; and a table of the calls.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::{Call, Script, Task};
use crate::html::{call_link, escape, source_link, table};
use crate::{Project, Result, grouped, pattern};

/// A string longer than this many characters is cut on the page.
const LONG: usize = 48;

/// A string, or a descriptor with its note, such as `4<TCP:[a->b]>`, which
/// has a `>` inside its square brackets.
static PART: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?xs) (?<string> "(?:\\.|[^"\\])*"? )
        | (?<number>\d*) (?<note> <(?:\[(?:\[.*?\]|[^]])*\]|[^>\[])*> )"#,
    )
});

/// The strace transcript of a step, as HTML.
pub fn render(project: &Project, step: u8) -> Result<String> {
    let step = project.step(step)?;
    let trace = super::load(project, step)?;
    let script = Script::parse(&project.read(super::script_file(step))?)?;
    let mut html = format!(
        "<figure class=\"trace\">\n<figcaption>{}</figcaption>\n",
        escape(&script.caption)
    );
    for task in &trace.tasks {
        let caption = match trace.tasks.len() {
            1 => String::new(),
            _ => format!("\n<caption>{}</caption>", escape(&task.label)),
        };
        let heads = ["System call", "Result", "Asked for by"];
        html += &table(&format!("<table>{caption}"), &heads, &rows(task));
    }
    if trace.interrupted {
        html.push_str(
            "<p class=\"trace-end\">Then Ctrl-C ends the program. A result \
             of <code class=\"nohighlight\">?</code> is one that never came: \
             the call was still waiting.</p>\n",
        );
    }
    html.push_str("</figure>");
    Ok(html)
}

/// The table of the system calls that a step makes, as HTML.
pub fn calls(project: &Project, step: u8) -> Result<String> {
    let step = project.step(step)?;
    let trace = super::load(project, step)?;
    let row = |(name, calls): (&str, Vec<&Call>)| {
        let new = step.calls.iter().any(|call| call == name);
        format!(
            "<tr><th scope=\"row\"><code class=\"nohighlight\">{}</code>{}\
             </th><td>{}</td><td>{}</td></tr>\n",
            call_link(name, name),
            if new { " <strong class=\"calls-new\">new</strong>" } else { "" },
            calls.len(),
            functions(&calls).join(", "),
        )
    };
    let rows: String =
        grouped(trace.calls(), |it| &*it.call).into_iter().map(row).collect();
    let heads = ["System call", "Times", "Asked for by"];
    Ok(table("<table class=\"calls\">", &heads, &rows))
}

/// Who makes the calls: each function once, with the line of its first.
fn functions(calls: &[&Call]) -> Vec<String> {
    let functions = grouped(calls, |call| (&call.function, &call.file));
    let shown = functions.iter().map(|((function, file), calls)| {
        format!(
            "<code class=\"nohighlight\">{}</code> {}",
            escape(function),
            source_link(file, calls[0].line)
        )
    });
    shown.collect()
}

fn rows(task: &Task) -> String {
    let mut notes = Notes::new();
    let rows = task.calls.iter().map(|call| {
        let Call { call, args, result, function, file, line } = call;
        format!(
            "<tr><td><code class=\"nohighlight\">{}({})</code></td>\
             <td><code class=\"nohighlight\">{}</code></td>\
             <td><code class=\"nohighlight\">{}</code> {}</td></tr>\n",
            call_link(call, call),
            marked(args, &mut notes),
            marked(result, &mut notes),
            escape(function),
            source_link(file, *line),
        )
    });
    rows.collect()
}

/// What strace has said of each descriptor, by its number.
type Notes = BTreeMap<String, String>;

/// Arguments with long strings cut, and what strace adds to a descriptor
/// marked, so that it can be shown paler than the number. It is shown where
/// it is new, not each time.
fn marked(text: &str, notes: &mut Notes) -> String {
    let mut html = String::new();
    let mut done = 0;
    for found in PART.captures_iter(text) {
        let Some(part) = found.get(0) else { continue };
        html.push_str(&escape(&text[done..part.start()]));
        done = part.end();
        if let Some(string) = found.name("string") {
            // Of a string that strace has cut it says so itself.
            let dots = if text[done..].starts_with("...") { "" } else { "..." };
            html.push_str(&escape(&cut(string.as_str(), dots)));
            continue;
        }
        let (number, note) = (&found["number"], &found["note"]);
        html.push_str(number);
        let known = notes.insert(number.to_string(), note.to_string());
        if known.as_deref() != Some(note) {
            html.push_str("<span class=\"trace-note\">");
            html.push_str(&escape(note));
            html.push_str("</span>");
        }
    }
    html + &escape(&text[done..])
}

/// A string cut as strace itself cuts, with `dots` behind it, but never inside
/// of an escape.
fn cut(string: &str, dots: &str) -> String {
    if string.chars().count() <= LONG + 2 {
        return string.to_string();
    }
    let upto = |count| {
        let end = string.char_indices().nth(count);
        &string[..end.map_or(string.len(), |(at, _)| at)]
    };
    let kept = upto(LONG + 1);
    let marks = kept.len() - kept.trim_end_matches('\\').len();
    format!("{}\"{dots}", upto(LONG + 1 + marks % 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_s_note_is_shown_where_it_is_new() {
        let mut notes = Notes::new();
        assert_eq!(
            marked("4<TCP:[1:8080->2:50000]>, \"<b>\", 3", &mut notes),
            "4<span class=\"trace-note\">&lt;TCP:[1:8080-&gt;2:50000]&gt;\
             </span>, &quot;&lt;b&gt;&quot;, 3"
        );
        assert_eq!(marked("4<TCP:[1:8080->2:50000]>", &mut notes), "4");
        assert!(marked("4<TCP:[other]>", &mut notes).contains("other"));
        assert!(marked("5<TCP:[other]>", &mut notes).contains("other"));
    }

    #[test]
    fn long_strings_are_cut_between_escapes() {
        let string = format!("\"{}\\r\\n{}\"", "a".repeat(47), "b".repeat(40));
        let kept = format!("\"{}\\r\"", "a".repeat(47));
        assert_eq!(cut(&string, "..."), format!("{kept}..."));
        assert_eq!(cut("\"short\"", "..."), "\"short\"");
        let by_strace = marked(&format!("{string}..., 99"), &mut Notes::new());
        assert_eq!(by_strace, escape(&format!("{kept}..., 99")));
    }

    #[test]
    fn a_quote_inside_a_string_does_not_end_it() {
        let marked = marked("\"ab\\\"<\"..., 2", &mut Notes::new());
        assert_eq!(marked, "&quot;ab\\&quot;&lt;&quot;..., 2");
    }
}

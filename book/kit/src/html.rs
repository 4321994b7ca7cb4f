//! Small pieces of HTML.

use std::path::Path;

/// `text` as it must be between tags or in a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // mdBook's links preprocessor would take it for one of its own.
            '{' => escaped.push_str("&#123;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `html` as one HTML block of Markdown: a blank line would end the block,
/// so it gets an empty element, which neither shows nor is copied.
pub fn block(html: &str) -> String {
    let mut block = String::from("\n");
    for line in html.trim().lines() {
        let blank = line.trim().is_empty();
        block.push_str(if blank { "<span></span>" } else { line });
        block.push('\n');
    }
    block.push('\n');
    block
}

/// A table that scrolls by itself where it is too wide: its opening tag, the
/// heads of its columns, and its rows.
pub fn table(opening: &str, heads: &[&str], rows: &str) -> String {
    let head = |it: &&str| format!("<th scope=\"col\">{}</th>", escape(it));
    let heads: String = heads.iter().map(head).collect();
    format!(
        "<div class=\"table-wrapper\">\n{opening}\n<thead><tr>{heads}</tr>\
         </thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

/// A closed box in a listing or a diff.
pub fn fold(summary: &str, html: &str) -> String {
    format!(
        "<details class=\"fold\"><summary>{}</summary>\n{html}\n</details>\n",
        escape(summary)
    )
}

/// The id of a line of a source file, wherever a page shows it:
/// `01-socket-main-57` for line 57 of `steps/01-socket/main.rs`.
pub fn anchor(file: &Path, line: usize) -> String {
    let file = file.strip_prefix("steps").unwrap_or(file);
    let name = file.with_extension("");
    let name = name.to_string_lossy().replace('/', "-");
    format!("{name}-{line}")
}

/// A line of a source file (`main.rs:57`) that becomes a link to where the
/// book shows that line, or plain text if it does not. `file` is named from
/// the root.
pub fn source_link(file: &Path, line: usize) -> String {
    let short = file.strip_prefix("steps").unwrap_or(file);
    let short = match short.components().count() {
        2 if short != file => short.file_name().map(Path::new),
        _ => None,
    }
    .unwrap_or(short);
    let text = format!("{}:{line}", short.display());
    marker("source", &anchor(file, line), &text)
}

/// `text` (escaped here) that becomes a link to the entry of a system call,
/// or stays plain text if the book has none.
pub fn call_link(call: &str, text: &str) -> String {
    marker("call", call, text)
}

/// What becomes a link when the kit knows all pages.
fn marker(kind: &str, target: &str, text: &str) -> String {
    format!("\u{E000}{kind}|{target}|{}\u{E001}", escape(text))
}

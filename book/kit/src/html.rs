//! Small pieces of HTML.

/// `text` as it must stand between tags or in a quoted attribute.
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

/// `text` as one HTML block of Markdown: a blank line would end the block,
/// so an empty line keeps an invisible character reference.
pub fn block(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        lines.push(if line.trim().is_empty() { "&#8203;" } else { line });
    }
    format!("\n{}\n", lines.join("\n"))
}

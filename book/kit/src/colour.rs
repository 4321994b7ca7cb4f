//! Colours Rust as highlight.js would, but when the book is built: its
//! classes are styled by all of mdBook's themes.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::html::escape;
use crate::pattern;

/// What has a colour, each as a whole; words may have one. Nothing in one of
/// them begins another.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r##"(?x) (?<comment> //.* | /\*(?s:.*?)\*/ )
        | (?<meta> \#\[(?:[^\[\]"]|"(?:\\.|[^"\\])*"|\[[^\]]*\])*\] )
        | (?<string> [bc]?"(?s:\\.|[^"\\])*"
            | [bc]?r"[^"]*" | [bc]?r\#"(?s:.*?)"\#
            | b?'(?:\\u\{\w+\}|\\x\w\w|\\.|[^'\\])' )
        | (?<number> \d\w*(?:\.\d\w*)? )
        | [[:alpha:]_]\w*"##,
    )
});

/// Each line of `text` as HTML. Each is complete: no element spans two.
pub fn rust(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut done = 0;
    for found in TOKEN.captures_iter(text) {
        let token = found.get_match();
        write(&mut lines, &text[done..token.start()], None);
        done = token.end();
        let kinds = ["comment", "meta", "string", "number"];
        let class = kinds.into_iter().find(|it| found.name(it).is_some());
        let class = class.or_else(|| class_of(text, token.range()));
        write(&mut lines, token.as_str(), class);
    }
    write(&mut lines, &text[done..], None);
    lines.truncate(text.lines().count());
    lines
}

fn write(lines: &mut Vec<String>, text: &str, class: Option<&str>) {
    for (number, part) in text.split('\n').enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        let Some(line) = lines.last_mut() else { return };
        let part = escape(part.trim_end_matches('\r'));
        match class {
            Some(class) if !part.is_empty() => {
                line.push_str(&format!(
                    "<span class=\"hljs-{class}\">{part}</span>"
                ));
            }
            _ => line.push_str(&part),
        }
    }
}

/// The class of a word, if it has one.
fn class_of(text: &str, token: Range<usize>) -> Option<&'static str> {
    const KEYWORDS: &str = " as async await break const continue crate dyn \
        else enum extern fn for if impl in let loop match mod move mut pub \
        ref return Self self static struct super trait type unsafe use where \
        while ";
    const TYPES: &str = " bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 \
        u16 u32 u64 u128 usize ";
    let (before, after) = (&text[..token.start], &text[token.end..]);
    let word = &text[token];
    let spaced = format!(" {word} ");
    let has_lower_case = || word.contains(|c: char| c.is_lowercase());
    if KEYWORDS.contains(&spaced) {
        Some("keyword")
    } else if word == "true" || word == "false" {
        Some("literal")
    } else if TYPES.contains(&spaced)
        || word.starts_with(char::is_uppercase) && has_lower_case()
    {
        Some("type")
    } else if before.ends_with("fn ") {
        Some("title")
    } else if after.starts_with('!') && !after.starts_with("!=") {
        Some("built_in")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_tokens_and_comments() {
        let lines = rust("//! Docs.\n#[cfg(x)]\nfn f<'a>() { // why\n}\n");
        assert_eq!(
            lines,
            [
                "<span class=\"hljs-comment\">//! Docs.</span>",
                "<span class=\"hljs-meta\">#[cfg(x)]</span>",
                "<span class=\"hljs-keyword\">fn</span> \
                 <span class=\"hljs-title\">f</span>&lt;&#39;a&gt;() &#123; \
                 <span class=\"hljs-comment\">// why</span>",
                "}",
            ]
        );
    }

    #[test]
    fn each_line_of_a_long_string_is_complete() {
        let lines = rust("const A: &str = \"x\\\n  // y\";");
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[1],
            "<span class=\"hljs-string\">  // y&quot;</span>;"
        );
    }

    #[test]
    fn every_line_of_any_text_comes_back() {
        for text in ["", "\n\n", "a", "not \" rust\n'", "/* a\n b */\nc\n"] {
            assert_eq!(rust(text).len(), text.lines().count(), "{text:?}");
        }
    }
}

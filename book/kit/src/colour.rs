//! Colours Rust as highlight.js would, but when the book is built: its
//! classes are styled by all of mdBook's themes.

use std::ops::Range;

use proc_macro2::{Spacing, TokenStream, TokenTree};

use crate::html::escape;

/// Each line of `text` as HTML. Each is complete: no element spans two.
/// What is no Rust comes back without colours.
pub fn rust(text: &str) -> Vec<String> {
    let mut painter = Painter { text, done: 0, html: vec![String::new()] };
    if let Ok(tokens) = text.parse() {
        painter.stream(tokens);
    }
    painter.gap(text.len());
    painter.html.truncate(text.lines().count());
    painter.html
}

struct Painter<'a> {
    text: &'a str,
    /// How many bytes have been written.
    done: usize,
    html: Vec<String>,
}

impl Painter<'_> {
    fn stream(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let after = tokens.get(at + 1);
            match token {
                TokenTree::Group(group) => {
                    self.gap(group.span_open().byte_range().end);
                    self.stream(group.stream());
                    self.gap(group.span_close().byte_range().end);
                }
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    self.attribute(mark.span().byte_range(), after);
                }
                TokenTree::Ident(word) => {
                    let range = word.span().byte_range();
                    let class = class_of(&self.text[range.clone()]);
                    let class = class.or_else(|| {
                        (is_word(before, "fn")).then_some("hljs-title")
                    });
                    let class = class.or_else(|| {
                        is_call_mark(after).then_some("hljs-built_in")
                    });
                    self.paint(range, class);
                }
                TokenTree::Literal(literal) => {
                    let range = literal.span().byte_range();
                    let digit = self.text[range.clone()]
                        .starts_with(|first: char| first.is_ascii_digit());
                    let class =
                        if digit { "hljs-number" } else { "hljs-string" };
                    self.paint(range, Some(class));
                }
                TokenTree::Punct(mark) => {
                    self.paint(mark.span().byte_range(), None);
                }
            }
        }
    }

    /// `#[…]` in one colour. A doc comment is an attribute too, whose marks
    /// all have the range of the comment.
    fn attribute(&mut self, mark: Range<usize>, after: Option<&TokenTree>) {
        if self.text[mark.clone()].starts_with('/') {
            self.paint(mark, Some("hljs-comment"));
        } else if let Some(TokenTree::Group(group)) = after {
            let end = group.span_close().byte_range().end;
            self.paint(mark.start..end, Some("hljs-meta"));
        } else {
            self.paint(mark, None);
        }
    }

    /// Writes one token, and before it what the parser has left out.
    fn paint(&mut self, range: Range<usize>, class: Option<&str>) {
        if range.start < self.done {
            // A part of an attribute that is painted already.
            return;
        }
        self.gap(range.start);
        self.write(range, class);
    }

    /// What is between tokens: white space and comments.
    fn gap(&mut self, end: usize) {
        while self.done < end {
            let rest = &self.text[self.done..end];
            let comment = rest.find("//").into_iter().chain(rest.find("/*"));
            match comment.min() {
                None => self.write(self.done..end, None),
                Some(0) => {
                    let length = comment_length(rest);
                    let range = self.done..self.done + length;
                    self.write(range, Some("hljs-comment"));
                }
                Some(at) => self.write(self.done..self.done + at, None),
            }
        }
    }

    fn write(&mut self, range: Range<usize>, class: Option<&str>) {
        self.done = range.end;
        for (number, part) in self.text[range].split('\n').enumerate() {
            if number > 0 {
                self.html.push(String::new());
            }
            let Some(line) = self.html.last_mut() else { return };
            let part = escape(part.trim_end_matches('\r'));
            match class {
                Some(class) if !part.is_empty() => {
                    line.push_str(&format!(
                        "<span class=\"{class}\">{part}</span>"
                    ));
                }
                _ => line.push_str(&part),
            }
        }
    }
}

fn comment_length(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    text.find("*/").map_or(text.len(), |at| at + 2)
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}

/// The `!` of a macro's call, which is not that of `!=`.
fn is_call_mark(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(mark))
        if mark.as_char() == '!' && mark.spacing() == Spacing::Alone)
}

fn class_of(word: &str) -> Option<&'static str> {
    const KEYWORDS: &str = " as async await break const continue crate dyn \
        else enum extern fn for if impl in let loop match mod move mut pub \
        ref return Self self static struct super trait type unsafe use where \
        while ";
    const TYPES: &str = " bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 \
        u16 u32 u64 u128 usize ";
    let spaced = format!(" {word} ");
    let has_lower_case = || word.contains(|c: char| c.is_lowercase());
    if KEYWORDS.contains(&spaced) {
        Some("hljs-keyword")
    } else if word == "true" || word == "false" {
        Some("hljs-literal")
    } else if TYPES.contains(&spaced)
        || word.starts_with(char::is_uppercase) && has_lower_case()
    {
        Some("hljs-type")
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

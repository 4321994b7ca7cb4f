//! Enters in step 21: a page with gaps: `<h1>{{title}}</h1>`.
//!
//! A template is taken apart once, when the server starts: what is wrong with
//! it is found then. To render it is to write texts and values in turn; a
//! value is never looked into for gaps.

use std::fmt::Write;

/// HTML that a template has become: the only text that may stand in another
/// one as it is.
#[derive(Debug, Default)]
pub struct Html(String);

impl Html {
    /// The text.
    pub fn utf8(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Adds more behind it.
    pub fn push_html(&mut self, other: &Html) {
        self.0.push_str(&other.0);
    }
}

/// What goes into a gap.
pub enum Value<'v> {
    /// Text, as people write it: `<` and `&` are what they are.
    Text(&'v str),
    /// HTML.
    Html(&'v Html),
}

/// A template with gaps of `N` names.
#[derive(Debug)]
pub struct Template<const N: usize> {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    /// The value with this number.
    Gap(usize),
}

impl<const N: usize> Template<N> {
    /// Takes apart the template in `file`, in which these names may stand.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(
        file: &str,
        text: &str,
        names: [&str; N],
    ) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let (mut rest, mut line) = (text, 1);
        while let Some((before, after)) = rest.split_once("{{") {
            line += lines(before);
            let Some((tag, behind)) = after.split_once("}}") else {
                return Err(format!("{file}:{line}: {{{{ without its }}}}"));
            };
            let name = tag.trim();
            let Some(number) = names.iter().position(|it| *it == name) else {
                let name = name.escape_debug();
                let names = names.join(", ");
                return Err(format!(
                    "{file}:{line}: no value called \"{name}\" (there are: \
                     {names})"
                ));
            };
            pieces.push(Piece::Text(before.to_string()));
            pieces.push(Piece::Gap(number));
            line += lines(tag);
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_string()));
        Ok(Template { pieces })
    }

    /// Fills the gaps, with values in the order of the names.
    pub fn render(&self, values: [Value; N]) -> Html {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Gap(number) => match &values[*number] {
                    Value::Text(text) => escape(text, &mut out),
                    Value::Html(html) => out.push_str(&html.0),
                },
            }
        }
        Html(out)
    }
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

/// Writes text so that it is nothing but text, between tags and in the quotes
/// of an attribute.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            // The number of the letter: the five have no name in common.
            '&' | '<' | '>' | '"' | '\'' => {
                // Writing into a string does not fail.
                let _ = write!(out, "&#{};", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
}

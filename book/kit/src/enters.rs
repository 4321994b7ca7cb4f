//! When a part of `shared/` enters the course.
//!
//! The first line of a file says it: `//! Enters in step 08: …`. What comes
//! later than its file says it in the comment above it: `Enters in step 16.`
//! on an item, a variant, a field, a match arm or a statement.

use quote::ToTokens;
use syn::visit::{self, Visit};

use crate::items::{Lines, lines_of};

/// A part of a file that comes in a step of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The step's number.
    pub step: u8,
    /// From the comment that says so.
    pub lines: Lines,
}

/// The step that a comment names.
fn named(comment: &str) -> Option<u8> {
    let (_, rest) = comment.split_once("Enters in step ")?;
    rest.get(..2)?.parse().ok()
}

/// The parts that enter in steps of their own, in order; not the parts of
/// such a part. Of what is no Rust: none.
pub fn parts(text: &str) -> Vec<Entry> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let lines = text.lines().collect();
    let mut finder = Finder { lines, found: Vec::new() };
    finder.visit_file(&file);
    finder.found
}

struct Finder<'a> {
    lines: Vec<&'a str>,
    found: Vec<Entry>,
}

impl Finder<'_> {
    /// Remembers a node that names its step; otherwise its parts may.
    fn node(&mut self, node: &impl ToTokens, inside: impl FnOnce(&mut Self)) {
        let lines = lines_of(&self.lines, node);
        // Its words, wherever the lines were broken.
        let comment = self.lines[lines.start() - 1..]
            .iter()
            .take_while(|line| line.trim_start().starts_with("//"))
            .map(|line| line.trim_start().trim_start_matches('/').trim());
        match named(&comment.collect::<Vec<_>>().join(" ")) {
            Some(step) => self.found.push(Entry { step, lines }),
            None => inside(self),
        }
    }
}

/// The nodes that may name their step.
macro_rules! nodes {
    ($($visit:ident $node:ident),*) => {
        impl<'ast> Visit<'ast> for Finder<'_> {
            $(fn $visit(&mut self, node: &'ast syn::$node) {
                self.node(node, |this| visit::$visit(this, node));
            })*
        }
    };
}

nodes!(
    visit_item Item, visit_impl_item ImplItem, visit_trait_item TraitItem,
    visit_variant Variant, visit_field Field, visit_field_value FieldValue,
    visit_arm Arm, visit_stmt Stmt
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_variants_and_arms_say_when_they_enter() {
        let text = "\
//! Enters in step 08: bodies.

enum Body {
    Written,
    /// Some of a file. Enters in step 16.
    File(u8),
}

/// Sends a lot. Enters in
/// step 17.
fn send(body: Body) {
    match body {
        Body::Written => {}
        // Enters in step 20.
        Body::File(_) => {}
    }
}

fn write(body: Body) {
    match body {
        Body::Written => {}
        // Enters in step 16.
        Body::File(_) => {}
    }
}
";
        let found = parts(text).into_iter();
        let found: Vec<_> = found.map(|it| (it.step, it.lines)).collect();
        assert_eq!(found, [(16, 5..=6), (17, 9..=17), (16, 22..=23)]);
    }
}

//! Finds the items of a Rust source file by name.
//!
//! The names are those a reader would use: `listen`, `Failure`,
//! `Failure::usage`, `impl Display for Failure`; `use` for all imports
//! together and `docs` for the file's first comment.

use std::ops::RangeInclusive;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{ImplItem, Item, TraitItem};

/// Lines of a file, counted from 1.
pub type Lines = RangeInclusive<usize>;

/// A named piece of a source file, with its comments and attributes.
#[derive(Debug)]
struct Named {
    /// As people read it.
    title: String,
    /// Without white space; several, where an impl is known by a short and
    /// a full name.
    names: Vec<String>,
    lines: Lines,
    is_function: bool,
}

/// The items of one file.
#[derive(Debug)]
pub struct Items(Vec<Named>);

impl Items {
    /// Reads the items out of a file's text.
    ///
    /// # Errors
    /// When the text is not Rust.
    pub fn parse(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        let lines: Vec<&str> = text.lines().collect();
        let mut found = Collector { lines: &lines, named: Vec::new() };
        found.head();
        found.imports(&file.items);
        found.items(&file.items, "");
        Ok(Items(found.named))
    }

    /// Where items of that name stand.
    pub fn find(&self, name: &str) -> Vec<Lines> {
        let name = plain(name);
        let named = self.0.iter().filter(|item| item.names.contains(&name));
        named.map(|item| item.lines.clone()).collect()
    }

    /// The name of the function around that line, if there is one.
    pub fn function_at(&self, line: usize) -> Option<&str> {
        let mut around = self
            .0
            .iter()
            .filter(|item| item.is_function && item.lines.contains(&line));
        around.next().map(|item| item.title.as_str())
    }

    /// The name of the item around that line: a function before the impl
    /// around it.
    pub fn item_at(&self, line: usize) -> Option<&str> {
        let around = self.0.iter().filter(|item| item.lines.contains(&line));
        around
            .min_by_key(|item| item.lines.end() - item.lines.start())
            .map(|item| item.title.as_str())
    }
}

/// A name without white space: `impl Display for Failure` however spelt.
fn plain(name: &str) -> String {
    name.split_whitespace().collect()
}

struct Collector<'a> {
    lines: &'a [&'a str],
    named: Vec<Named>,
}

impl Collector<'_> {
    /// The file's first comment: `docs`.
    fn head(&mut self) {
        let is_head = |line: &&&str| line.trim_start().starts_with("//!");
        let length = self.lines.iter().take_while(is_head).count();
        if length > 0 {
            self.add("docs", 1..=length, false);
        }
    }

    /// All imports together: from the first `use` to the last.
    fn imports(&mut self, items: &[Item]) {
        let mut imports =
            items.iter().filter(|item| matches!(item, Item::Use(_)));
        let Some(first) = imports.next() else { return };
        let last = imports.next_back().unwrap_or(first);
        let lines = *self.place(first).start()..=*self.place(last).end();
        self.add("use", lines, false);
    }

    fn items(&mut self, items: &[Item], path: &str) {
        for item in items {
            let lines = self.place(item);
            let is_function = matches!(item, Item::Fn(_));
            if let Some(name) = name_of(item) {
                self.add(&format!("{path}{name}"), lines, is_function);
            }
            match item {
                Item::Impl(item) => self.implementation(item, path),
                Item::Trait(item) => {
                    for member in &item.items {
                        if let TraitItem::Fn(method) = member {
                            let name = &method.sig.ident;
                            let name = format!("{path}{}::{name}", item.ident);
                            self.add(&name, self.place(member), true);
                        }
                    }
                }
                Item::Mod(item) => {
                    let content = item.content.iter();
                    for (_, inner) in content {
                        self.items(inner, &format!("{path}{}::", item.ident));
                    }
                }
                _ => {}
            }
        }
    }

    fn implementation(&mut self, item: &syn::ItemImpl, path: &str) {
        let owner = last_name(&item.self_ty);
        let full_owner = plain(&item.self_ty.to_token_stream().to_string());
        let mut title = format!("impl {path}{owner}");
        let mut full_title = format!("impl {path}{full_owner}");
        if let Some((implemented, _)) = &item.trait_ {
            let full = plain(&implemented.to_token_stream().to_string());
            let short = implemented.segments.last();
            let short = short.map_or(String::new(), |s| s.ident.to_string());
            title = format!("impl {path}{short} for {owner}");
            full_title = format!("impl {path}{full} for {full_owner}");
        }
        let names = vec![plain(&title), plain(&full_title)];
        let lines = self.place(item);
        self.named.push(Named { title, names, lines, is_function: false });
        for member in &item.items {
            let name = match member {
                ImplItem::Fn(method) => &method.sig.ident,
                ImplItem::Const(constant) => &constant.ident,
                _ => continue,
            };
            let is_function = matches!(member, ImplItem::Fn(_));
            let lines = self.place(member);
            self.add(&format!("{path}{owner}::{name}"), lines, is_function);
        }
    }

    fn add(&mut self, name: &str, lines: Lines, is_function: bool) {
        let (title, names) = (name.to_string(), vec![plain(name)]);
        self.named.push(Named { title, names, lines, is_function });
    }

    /// The lines of an item, from the first comment right above it.
    fn place(&self, item: &impl ToTokens) -> Lines {
        let span = item.span();
        let mut first = span.start().line;
        while first > 1 && is_plain_comment(self.lines[first - 2]) {
            first -= 1;
        }
        first..=span.end().line
    }
}

fn is_plain_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") && !line.starts_with("//!")
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Mod(item) => item.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// The type's own name, without path, references and parameters.
fn last_name(kind: &syn::Type) -> String {
    match kind {
        syn::Type::Path(path) => path
            .path
            .segments
            .last()
            .map_or(String::new(), |segment| segment.ident.to_string()),
        syn::Type::Reference(reference) => last_name(&reference.elem),
        other => plain(&other.to_token_stream().to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXT: &str = "\
//! What it is.
//! More.

use std::fmt;
use std::io::{
    self, Read,
};

// Why it is seven.
const SIZE: usize = 7;

/// A thing.
#[derive(Debug)]
struct Thing<T> {
    field: T,
}

impl<T> Thing<T> {
    /// Makes one.
    fn new() -> Self {
        todo!()
    }
}

impl<T> fmt::Display for Thing<T> {
    fn fmt(&self) {}
}

impl From<u8> for Thing<u8> {}
impl From<u16> for Thing<u16> {}

fn main() {
    read();
}
";

    fn find(name: &str) -> Vec<Lines> {
        Items::parse(TEXT).unwrap().find(name)
    }

    #[test]
    fn finds_items_with_their_comments() {
        assert_eq!(find("docs"), [1..=2]);
        assert_eq!(find("use"), [4..=7]);
        assert_eq!(find("SIZE"), [9..=10]);
        assert_eq!(find("Thing"), [12..=16]);
        assert_eq!(find("Thing::new"), [19..=22]);
        assert_eq!(find("impl Thing"), [18..=23]);
        assert_eq!(find("impl Display for Thing"), [25..=27]);
        assert_eq!(find("main"), [32..=34]);
        assert!(find("read").is_empty());
    }

    #[test]
    fn tells_impls_of_one_trait_apart_by_their_full_names() {
        assert_eq!(find("impl From for Thing").len(), 2);
        assert_eq!(find("impl From<u16> for Thing<u16>"), [30..=30]);
    }

    #[test]
    fn knows_the_function_around_a_line() {
        let items = Items::parse(TEXT).unwrap();
        assert_eq!(items.function_at(21), Some("Thing::new"));
        assert_eq!(items.item_at(14), Some("Thing"));
        assert_eq!(items.function_at(10), None);
    }
}

//! Finds the items of a Rust source file by name.
//!
//! The names: `listen`, `Failure`, `Failure::usage`, `impl Display for
//! Failure`; `use` for all imports; `docs` for the file's first comment.

use std::ops::RangeInclusive;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{ImplItem, TraitItem};

/// Lines of a file, counted from 1.
pub type Lines = RangeInclusive<usize>;

/// What an item is, as far as diffs need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `docs`, `use`, and what belongs to no item: every file has its own.
    File,
    /// An impl, a trait or a module: holds items of their own.
    Block,
    /// A function or method.
    Function,
    /// Everything else.
    Other,
}

/// A named piece of a source file, with its comments and attributes.
#[derive(Clone, Debug)]
pub struct Item {
    /// As people read it.
    pub title: String,
    /// With all parameters, where a title may occur twice: of impls.
    full_title: String,
    /// Its lines, with those of the items in it.
    pub lines: Lines,
    pub kind: Kind,
}

impl Item {
    /// What belongs to no item of a file, such as an attribute of all of it.
    pub fn around(text: &str) -> Self {
        Item::new("outside items", 1..=text.lines().count(), Kind::File)
    }

    fn new(title: &str, lines: Lines, kind: Kind) -> Self {
        let [title, full_title] = [title, title].map(str::to_string);
        Item { title, full_title, lines, kind }
    }

    /// Whether a reader may call it so; white space does not matter.
    pub fn is_called(&self, name: &str) -> bool {
        [&self.title, &self.full_title]
            .iter()
            .any(|it| plain(it) == plain(name))
    }

    /// Whether it has the same name, of an impl with all parameters.
    pub fn is_same(&self, other: &Self) -> bool {
        plain(&self.full_title) == plain(&other.full_title)
    }

    /// The name without the type that it belongs to.
    pub fn last_name(&self) -> &str {
        self.title.rsplit("::").next().unwrap_or(&self.title)
    }
}

/// The items of a file's text; an impl comes before its methods.
pub fn items(text: &str) -> syn::Result<Vec<Item>> {
    let file = syn::parse_file(text)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Collector { lines: &lines, items: Vec::new() };
    let head = lines.iter().take_while(|line| line.starts_with("//!")).count();
    if head > 0 {
        found.items.push(Item::new("docs", 1..=head, Kind::File));
    }
    found.imports(&file.items);
    found.items(&file.items, "");
    Ok(found.items)
}

/// The lines of a node, from the first comment right above it.
pub(crate) fn lines_of(lines: &[&str], node: &impl ToTokens) -> Lines {
    let span = node.span();
    let is_comment = |line: &str| {
        let line = line.trim_start();
        line.starts_with("//") && !line.starts_with("//!")
    };
    let first = span.start().line;
    let above = lines[..first - 1].iter().rev();
    let comment = above.take_while(|line| is_comment(line)).count();
    first - comment..=span.end().line
}

/// A name without white space: `impl Display for Failure` however spelt.
fn plain(name: &str) -> String {
    name.split_whitespace().collect()
}

struct Collector<'a> {
    lines: &'a [&'a str],
    items: Vec<Item>,
}

impl Collector<'_> {
    /// All imports together: from the first `use` to the last.
    fn imports(&mut self, items: &[syn::Item]) {
        let is_import = |item: &&syn::Item| matches!(item, syn::Item::Use(_));
        let mut imports = items.iter().filter(is_import);
        let Some(first) = imports.next() else { return };
        let last = imports.next_back().unwrap_or(first);
        let [first, last] = [first, last].map(|it| lines_of(self.lines, it));
        let lines = *first.start()..=*last.end();
        self.items.push(Item::new("use", lines, Kind::File));
    }

    fn items(&mut self, items: &[syn::Item], path: &str) {
        for item in items {
            if let Some((name, kind)) = name_of(item) {
                self.add(&format!("{path}{name}"), item, kind);
            }
            match item {
                syn::Item::Impl(item) => self.implementation(item, path),
                syn::Item::Trait(item) => {
                    let path = format!("{path}{}::", item.ident);
                    for member in &item.items {
                        let TraitItem::Fn(method) = member else { continue };
                        let name = format!("{path}{}", method.sig.ident);
                        self.add(&name, member, Kind::Function);
                    }
                }
                syn::Item::Mod(item) => {
                    if let Some((_, inner)) = &item.content {
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
            let short = last_of(implemented);
            title = format!("impl {path}{short} for {owner}");
            full_title = format!("impl {path}{full} for {full_owner}");
        }
        let lines = lines_of(self.lines, item);
        self.items.push(Item { title, full_title, lines, kind: Kind::Block });
        for member in &item.items {
            let (name, kind) = match member {
                ImplItem::Fn(method) => (&method.sig.ident, Kind::Function),
                ImplItem::Const(constant) => (&constant.ident, Kind::Other),
                _ => continue,
            };
            self.add(&format!("{path}{owner}::{name}"), member, kind);
        }
    }

    fn add(&mut self, name: &str, node: &impl ToTokens, kind: Kind) {
        let lines = lines_of(self.lines, node);
        self.items.push(Item::new(name, lines, kind));
    }
}

/// The name of an item that has one.
fn name_of(item: &syn::Item) -> Option<(String, Kind)> {
    let (name, kind) = match item {
        syn::Item::Const(item) => (&item.ident, Kind::Other),
        syn::Item::Enum(item) => (&item.ident, Kind::Other),
        syn::Item::Fn(item) => (&item.sig.ident, Kind::Function),
        syn::Item::Macro(item) => (item.ident.as_ref()?, Kind::Other),
        syn::Item::Mod(item) => (&item.ident, Kind::Block),
        syn::Item::Static(item) => (&item.ident, Kind::Other),
        syn::Item::Struct(item) => (&item.ident, Kind::Other),
        syn::Item::Trait(item) => (&item.ident, Kind::Block),
        syn::Item::Type(item) => (&item.ident, Kind::Other),
        syn::Item::Union(item) => (&item.ident, Kind::Other),
        _ => return None,
    };
    Some((name.to_string(), kind))
}

/// The type's own name, without path, references and parameters.
pub(crate) fn last_name(kind: &syn::Type) -> String {
    match kind {
        syn::Type::Path(path) => last_of(&path.path),
        syn::Type::Reference(reference) => last_name(&reference.elem),
        other => plain(&other.to_token_stream().to_string()),
    }
}

fn last_of(path: &syn::Path) -> String {
    let last = path.segments.last();
    last.map_or(String::new(), |segment| segment.ident.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
//! What it is.
//! More.
use std::fmt;
use std::io;
// Why it is seven.
const SIZE: usize = 7;
/// A thing.
struct Thing<T>(T);

impl<T> Thing<T> {
    /// Makes one.
    fn new() -> Self {}
}
impl<T> fmt::Display for Thing<T> {}
impl From<u8> for Thing<u8> {}
impl From<u16> for Thing<u16> {}
";

    #[test]
    fn finds_items_with_their_comments() {
        for (name, lines) in [
            ("docs", vec![1..=2]),
            ("use", vec![3..=4]),
            ("SIZE", vec![5..=6]),
            ("Thing", vec![7..=8]),
            ("Thing::new", vec![11..=12]),
            ("impl Thing", vec![10..=13]),
            ("impl Display for Thing", vec![14..=14]),
            ("impl From for Thing", vec![15..=15, 16..=16]),
            ("impl From<u16> for Thing<u16>", vec![16..=16]),
        ] {
            let items = items(TEXT).unwrap().into_iter();
            let found = items.filter(|item| item.is_called(name));
            let found: Vec<Lines> = found.map(|item| item.lines).collect();
            assert_eq!(found, lines, "{name}");
        }
    }
}

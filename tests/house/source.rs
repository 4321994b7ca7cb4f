//! What a source file says of itself: its items, and what it uses.

use syn::Visibility::Public;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Ident, ItemUse, Token, UseTree};

use crate::tree::rust_files;

/// A file of `shared/`.
pub struct Module {
    /// `http/head.rs`
    pub name: String,
    pub text: String,
    /// The step in which it enters.
    pub entry: i64,
    pub items: Vec<Item>,
}

/// A function, a type, a variant… that others may use.
pub struct Item {
    pub name: String,
    /// The type or trait that it belongs to.
    pub owner: Option<String>,
    /// Its own step, or that of its module.
    pub entry: i64,
    /// It is called as a method.
    pub has_self: bool,
}

/// The modules of `shared/`, without the files that only list others.
pub fn shared() -> Vec<Module> {
    let mut files = rust_files("shared");
    files.retain(|(file, _)| {
        !file.ends_with("/mod.rs") && !file.ends_with("/lib.rs")
    });
    let modules = files.into_iter().map(|(file, text)| {
        let name = file.strip_prefix("shared/").unwrap();
        let entry = text.strip_prefix("//! ").and_then(entry_in);
        let entry = entry.unwrap_or_else(|| {
            panic!("{file} begins without `Enters in step NN: …`")
        });
        let mut items = Items { entry, found: Vec::new() };
        items.add_all(&syn::parse_file(&text).unwrap().items);
        Module { name: name.to_string(), items: items.found, text, entry }
    });
    modules.collect()
}

/// The step in `… Enters in step 08…`, which a line may break.
fn entry_in(text: &str) -> Option<i64> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, after) = text.split_once("Enters in step ")?;
    after.get(..2)?.parse().ok()
}

/// The items so far of a module that enters in step `entry`.
struct Items {
    entry: i64,
    found: Vec<Item>,
}

impl Items {
    fn add(
        &mut self,
        owner: Option<&Ident>,
        name: &Ident,
        attributes: &[Attribute],
    ) -> &mut Item {
        let lines = attributes.iter().filter_map(|attribute| {
            let value = &attribute.meta.require_name_value().ok()?.value;
            let Expr::Lit(value) = value else { return None };
            let syn::Lit::Str(line) = &value.lit else { return None };
            attribute.path().is_ident("doc").then(|| line.value())
        });
        let docs = lines.collect::<Vec<_>>().join(" ");
        self.found.push(Item {
            name: name.to_string(),
            owner: owner.map(Ident::to_string),
            entry: entry_in(&docs).unwrap_or(self.entry),
            has_self: false,
        });
        self.found.last_mut().expect("the one just added")
    }

    fn add_all(&mut self, items: &[syn::Item]) {
        use syn::Item::*;
        for item in items {
            let (vis, ident, attributes) = match item {
                Const(it) => (&it.vis, &it.ident, &it.attrs),
                Static(it) => (&it.vis, &it.ident, &it.attrs),
                Struct(it) => (&it.vis, &it.ident, &it.attrs),
                Type(it) => (&it.vis, &it.ident, &it.attrs),
                Fn(it) => (&it.vis, &it.sig.ident, &it.attrs),
                Enum(it) => (&it.vis, &it.ident, &it.attrs),
                Trait(it) => (&it.vis, &it.ident, &it.attrs),
                // What a trait demands is the trait's.
                Impl(it) if it.trait_.is_none() => {
                    self.add_methods(it);
                    continue;
                }
                Mod(syn::ItemMod { content: Some((_, items)), .. }) => {
                    self.add_all(items);
                    continue;
                }
                _ => continue,
            };
            if !matches!(vis, Public(_)) {
                continue;
            }
            self.add(None, ident, attributes);
            if let Enum(it) = item {
                for variant in &it.variants {
                    self.add(Some(ident), &variant.ident, &variant.attrs);
                }
            }
            if let Trait(it) = item {
                for method in &it.items {
                    let syn::TraitItem::Fn(f) = method else { continue };
                    self.add(Some(ident), &f.sig.ident, &f.attrs);
                }
            }
        }
    }

    fn add_methods(&mut self, item: &syn::ItemImpl) {
        let syn::Type::Path(owner) = &*item.self_ty else { return };
        let owner = owner.path.segments.last().map(|part| &part.ident);
        for method in &item.items {
            let syn::ImplItem::Fn(f) = method else { continue };
            if matches!(f.vis, Public(_)) {
                let added = self.add(owner, &f.sig.ident, &f.attrs);
                added.has_self = f.sig.receiver().is_some();
            }
        }
    }
}

/// The paths that a file names, from a root such as `shared` or `crate`, and
/// the methods that it calls.
#[derive(Default)]
pub struct Uses {
    pub paths: Vec<Vec<String>>,
    pub methods: Vec<String>,
}

impl Uses {
    pub fn of(text: &str) -> Self {
        let mut uses = Uses::default();
        uses.visit_file(&syn::parse_file(text).unwrap());
        uses
    }

    fn walk(&mut self, before: &[String], tree: &UseTree) {
        let mut end = |name: &dyn ToString| {
            self.paths.push([before, &[name.to_string()]].concat());
        };
        match tree {
            UseTree::Name(name) if name.ident == "self" => end(&""),
            UseTree::Name(name) => end(&name.ident),
            UseTree::Rename(name) => end(&name.ident),
            UseTree::Glob(_) => end(&"*"),
            UseTree::Path(path) => {
                let so_far = [before, &[path.ident.to_string()]].concat();
                self.walk(&so_far, &path.tree);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(before, tree);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.walk(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.paths.push(names.collect());
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.methods.push(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let list = Punctuated::<Expr, Token![,]>::parse_terminated;
        for argument in call.parse_body_with(list).unwrap_or_default() {
            // It lives no longer than this call, unlike the rest.
            let mut uses = Uses::default();
            uses.visit_expr(&argument);
            self.paths.extend(uses.paths);
            self.methods.extend(uses.methods);
        }
    }
}

/// The words of a file's code: not those of its comments.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

//! What a source file says of itself: its items, and what it uses.

use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ItemUse, Token, UseTree, Visibility};

use crate::tree::root;

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
    let directory = root().join("shared");
    let mut files = rust_files(&directory);
    files.retain(|path| !path.ends_with("mod.rs") && !path.ends_with("lib.rs"));
    let modules = files.into_iter().map(|path| {
        let name = path.strip_prefix(&directory).unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let entry = text.strip_prefix("//! ").and_then(entry_in);
        let entry = entry.unwrap_or_else(|| {
            panic!("shared/{name} begins without `Enters in step NN: …`")
        });
        let mut items = Items { entry, owner: None, found: Vec::new() };
        items.visit_file(&syn::parse_file(&text).unwrap());
        Module { name: name.to_string(), items: items.found, text, entry }
    });
    modules.collect()
}

/// The Rust files below `directory`, in order.
pub fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The step in `… Enters in step 08…`, which a line may break.
fn entry_in(text: &str) -> Option<i64> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, after) = text.split_once("Enters in step ")?;
    after.get(..2)?.parse().ok()
}

struct Items {
    entry: i64,
    owner: Option<String>,
    found: Vec<Item>,
}

impl Items {
    fn add(&mut self, name: &syn::Ident, attributes: &[Attribute]) {
        let lines = attributes.iter().filter_map(|attribute| {
            let value = &attribute.meta.require_name_value().ok()?.value;
            let Expr::Lit(value) = value else { return None };
            let syn::Lit::Str(line) = &value.lit else { return None };
            attribute.path().is_ident("doc").then(|| line.value())
        });
        let docs = lines.collect::<Vec<_>>().join(" ");
        self.found.push(Item {
            name: name.to_string(),
            owner: self.owner.clone(),
            entry: entry_in(&docs).unwrap_or(self.entry),
            has_self: false,
        });
    }

    fn inside(&mut self, owner: String, go_on: impl FnOnce(&mut Self)) {
        self.owner = Some(owner);
        go_on(self);
        self.owner = None;
    }
}

macro_rules! items {
    ($($visit:ident: $item:ident),* $(,)?) => {$(
        fn $visit(&mut self, item: &'ast syn::$item) {
            if matches!(item.vis, Visibility::Public(_)) {
                self.add(&item.ident, &item.attrs);
            }
        }
    )*};
}

impl<'ast> Visit<'ast> for Items {
    items! {
        visit_item_struct: ItemStruct,
        visit_item_const: ItemConst,
        visit_item_static: ItemStatic,
        visit_item_type: ItemType,
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.add(&item.sig.ident, &item.attrs);
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.add(&item.ident, &item.attrs);
            self.inside(item.ident.to_string(), |items| {
                visit::visit_item_enum(items, item);
            });
        }
    }

    fn visit_variant(&mut self, item: &'ast syn::Variant) {
        self.add(&item.ident, &item.attrs);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.add(&item.ident, &item.attrs);
        self.inside(item.ident.to_string(), |items| {
            visit::visit_item_trait(items, item);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.add(&item.sig.ident, &item.attrs);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let syn::Type::Path(owner) = &*item.self_ty else { return };
        // What a trait demands is the trait's.
        if let (None, Some(owner)) = (&item.trait_, owner.path.segments.last())
        {
            self.inside(owner.ident.to_string(), |items| {
                visit::visit_item_impl(items, item);
            });
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.add(&item.sig.ident, &item.attrs);
            if let Some(added) = self.found.last_mut() {
                added.has_self = item.sig.receiver().is_some();
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

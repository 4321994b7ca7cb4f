//! The rooms of `shared/`: when each module enters, and who may use it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{ItemUse, UseTree};

use crate::tree::{root, steps};

/// For each module of shared/, such as `net/stream.rs`, the step in which
/// it enters.
fn entries() -> BTreeMap<String, i64> {
    let mut entries = BTreeMap::new();
    for step in steps() {
        for module in &step.modules {
            let before = entries.insert(module.clone(), step.number);
            assert_eq!(before, None, "{module} enters twice");
        }
    }
    entries
}

/// The files below `folder`, but for `lib.rs` and `mod.rs`, which only list
/// the others.
fn modules(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            modules(&path, found);
        } else if !path.ends_with("mod.rs") && !path.ends_with("lib.rs") {
            found.push(path);
        }
    }
}

fn shared() -> BTreeMap<String, String> {
    let folder = root().join("shared");
    let mut files = Vec::new();
    modules(&folder, &mut files);
    let named = files.into_iter().map(|path| {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        (name.to_string(), fs::read_to_string(&path).unwrap())
    });
    named.collect()
}

#[test]
fn a_module_says_when_it_enters() {
    let entries = entries();
    let shared = shared();
    let listed: Vec<_> = entries.keys().collect();
    assert_eq!(shared.keys().collect::<Vec<_>>(), listed, "steps.toml");
    for (name, text) in &shared {
        let start = format!("//! Enters in step {:02}: ", entries[name]);
        assert!(text.starts_with(&start), "shared/{name}: {start}…");
    }
}

/// Every path that a file names, from a root such as `shared` or `crate`.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn of(text: &str) -> Vec<Vec<String>> {
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(text).unwrap());
        paths.0
    }

    fn walk(&mut self, before: &[String], tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                let so_far = [before, &[path.ident.to_string()]].concat();
                self.walk(&so_far, &path.tree);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(before, tree);
                }
            }
            UseTree::Name(name) => {
                self.0.push([before, &[name.ident.to_string()]].concat());
            }
            UseTree::Rename(name) => {
                self.0.push([before, &[name.ident.to_string()]].concat());
            }
            _ => self.0.push([before, &["*".to_string()]].concat()),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.walk(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.0.push(names.collect());
        visit::visit_path(self, path);
    }
}

/// The modules of shared/ that `text` uses. In the library itself `room`
/// are the rooms that the file is in: `["net"]`.
fn used(text: &str, room: Option<&[String]>) -> Vec<String> {
    let entries = entries();
    let mut modules = Vec::new();
    for path in Paths::of(text) {
        let inside: Vec<String> = match (path[0].as_str(), room) {
            ("shared", None) | ("crate", Some(_)) => path[1..].to_vec(),
            ("super", Some(room)) => [room, &path[1..]].concat(),
            _ => continue,
        };
        let found = (1..=inside.len())
            .map(|length| format!("{}.rs", inside[..length].join("/")))
            .find(|name| entries.contains_key(name));
        // A whole room, or everything in one, hides what is used of it.
        let name = inside.join("::");
        assert!(found.is_some(), "`{name}` is no module that has entered");
        modules.extend(found);
    }
    modules
}

#[test]
fn a_step_uses_what_has_entered_by_then() {
    let entries = entries();
    let mut all = 0;
    for step in steps() {
        for source in step.sources() {
            let text = fs::read_to_string(&source).unwrap();
            for module in used(&text, None) {
                all += 1;
                let entered = entries[&module];
                assert!(
                    entered <= step.number,
                    "{}: shared/{module} enters in step {entered:02} only",
                    source.display()
                );
            }
        }
    }
    assert!(all >= steps().len(), "every step uses shared::cli");
}

#[test]
fn a_module_uses_what_has_entered_by_then() {
    let entries = entries();
    for (name, text) in shared() {
        let mut room: Vec<String> =
            name.split('/').map(str::to_string).collect();
        room.pop();
        for module in used(&text, Some(&room)) {
            assert!(
                entries[&module] <= entries[&name],
                "shared/{name} uses {module}, which enters later"
            );
        }
    }
}

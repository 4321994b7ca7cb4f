//! What git keeps: what stands at the top, and what stands nowhere.

use std::collections::BTreeSet;

use crate::tree::{root, tracked};

/// The whole of the top, but for dotfiles.
const TOP: &str = "Cargo.lock Cargo.toml LICENSE README.md book rustfmt.toml \
    shared steps tests";

#[test]
fn the_top_is_short() {
    let Some(files) = tracked("the_top_is_short") else { return };
    let top: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.split('/').next())
        .filter(|name| !name.starts_with('.'))
        .collect();
    assert_eq!(top, TOP.split(' ').collect());
}

/// What names somebody's machine, written in two parts so that it does not
/// stand here.
const MACHINES: [(&str, &str); 6] = [
    ("/work", "/"),
    ("/root", "/"),
    ("/home", "/"),
    ("/Users", "/"),
    ("arti", "factory"),
    ("replace-", "with ="),
];

/// The homes of packages that everybody has.
const REGISTRIES: [&str; 2] = [
    "registry+https://github.com/rust-lang/crates.io-index",
    "https://registry.npmjs.org/",
];

#[test]
fn no_file_names_a_machine_or_its_registry() {
    let test = "no_file_names_a_machine_or_its_registry";
    let Some(files) = tracked(test) else { return };
    for file in files {
        let bytes = std::fs::read(root().join(&file)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for (index, line) in text.lines().enumerate() {
            let place = format!("{file}:{}", index + 1);
            for (start, end) in MACHINES {
                let name = format!("{start}{end}");
                assert!(!line.contains(&name), "{place} names {name}");
            }
            if let Some(source) = source(&file, line) {
                let known = REGISTRIES
                    .iter()
                    .any(|registry| source.starts_with(registry));
                assert!(known, "{place}: a package of {source}");
            }
        }
    }
}

/// Where a line of a lock file takes a package from.
fn source<'a>(file: &str, line: &'a str) -> Option<&'a str> {
    let line = line.trim();
    let value = if file.ends_with("Cargo.lock") {
        line.strip_prefix("source = ")?
    } else if file.ends_with("package-lock.json") {
        line.strip_prefix("\"resolved\": ")?
    } else {
        return None;
    };
    Some(value.trim_matches(['"', ',']))
}

//! Cargo.toml: which libraries the steps stand on, and the rules that the
//! compiler watches over.

use std::collections::BTreeSet;

use toml::Value;

use crate::tree::{root, table, tracked_rust};

/// The libraries of the steps, each with its reason.
const LIBRARIES: &[(&str, &str)] = &[
    ("httparse", "step 05 does it by hand; from step 06 on, faster"),
    ("lexopt", "arguments are not what a step is about"),
    ("libc", "step 01 calls the kernel as C would"),
    ("memchr", "finds the end of a line as fast as the machine can"),
    ("mime_guess", "media types: a table that others maintain"),
    ("nix", "from step 02 on: owned descriptors, errors as values"),
];

fn names(table: &Value) -> BTreeSet<&str> {
    table.as_table().expect("a table").keys().map(String::as_str).collect()
}

#[test]
fn the_steps_stand_on_few_libraries() {
    let manifest = table("Cargo.toml");
    let listed: BTreeSet<&str> =
        LIBRARIES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(&manifest["dependencies"]), listed);
    for unexpected in ["build-dependencies", "target", "patch", "features"] {
        assert!(!manifest.contains_key(unexpected), "[{unexpected}]");
    }
}

#[test]
fn one_package_and_the_book_beside_it() {
    let manifest = table("Cargo.toml");
    let package = &manifest["package"];
    assert_eq!(package["name"].as_str(), Some("socket-to-swarm"));
    assert_eq!(package["edition"].as_str(), Some("2024"));
    assert_eq!(package["license"].as_str(), Some("MIT OR Apache-2.0"));
    let workspace = &manifest["workspace"];
    let strings = |value: &Value| -> Vec<String> {
        let list = value.as_array().expect("a list").iter();
        list.map(|item| item.as_str().expect("text").to_string()).collect()
    };
    assert_eq!(strings(&workspace["members"]), [".", "book/kit", "tests/loom"]);
    // A reader's first `cargo run` compiles nothing of the book's.
    assert_eq!(strings(&workspace["default-members"]), ["."]);
}

#[test]
fn the_compiler_watches_over_the_rules() {
    for file in ["Cargo.toml", "book/kit/Cargo.toml"] {
        let manifest = table(file);
        let lint = |group: &str, name: &str| {
            let level = manifest["lints"][group].get(name);
            level.and_then(Value::as_str).unwrap_or("missing").to_string()
        };
        // Warnings are errors in .ci/run.
        assert_eq!(lint("rust", "missing_docs"), "warn", "{file}");
        for name in ["undocumented_unsafe_blocks", "unwrap_used", "expect_used"]
        {
            assert_eq!(lint("clippy", name), "warn", "{file}: {name}");
        }
    }
}

#[test]
fn no_step_lifts_a_rule() {
    let test = "no_step_lifts_a_rule";
    let Some(mut sources) = tracked_rust(test) else { return };
    sources.retain(|(file, _)| {
        let ours = file.starts_with("steps/") || file.starts_with("shared/");
        // Exercises include what they use a part of.
        ours && !file.contains("/ex_")
    });
    assert!(!sources.is_empty(), "no sources");
    for (file, text) in sources {
        let lifted = text.contains("clippy::") || text.contains("[allow(");
        assert!(!lifted, "{file}: a rule is lifted");
    }
}

/// `autotests` is off: a file that is not listed tests nothing.
#[test]
fn every_test_is_listed() {
    let manifest = table("Cargo.toml");
    let listed: BTreeSet<&str> = ["test", "bin"]
        .iter()
        .flat_map(|kind| manifest[*kind].as_array().expect("a list"))
        .map(|target| target["path"].as_str().expect("a path"))
        .collect();
    for path in &listed {
        assert!(root().join(path).is_file(), "{path} does not exist");
    }
    let Some(sources) = tracked_rust("every_test_is_listed") else { return };
    for (file, _) in sources {
        let Some(name) = file.strip_prefix("tests/") else { continue };
        if !name.contains('/') || name.ends_with("/main.rs") {
            assert!(listed.contains(&*file), "{file} is in no target");
        }
    }
}

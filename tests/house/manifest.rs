//! Cargo.toml: which libraries the steps stand on, and the rules that the
//! compiler watches over.

use std::collections::BTreeSet;

use toml::Value;

use crate::tree::{root, table, tracked_rust};

/// The packages that steps are in.
const PACKAGES: [&str; 3] =
    ["Cargo.toml", "shared/service/Cargo.toml", "shared/peer/Cargo.toml"];

/// The libraries of the steps, each with its reason. The root's are few enough
/// if its crates are.
const LIBRARIES: &[(&str, &str)] = &[
    ("flate2", "compression is no lesson of this course"),
    ("landlock", "rules for files, as each kernel knows them"),
    ("seccompiler", "programs for the kernel, out of lists of calls"),
    ("httparse", "step 05 does it by hand; from step 06 on, faster"),
    ("lexopt", "arguments are not what a step is about"),
    ("libc", "step 01 calls the kernel as C would"),
    ("memchr", "finds the end of a line as fast as the machine can"),
    ("mime_guess", "media types: a table that others maintain"),
    ("nix", "from step 02 on: owned descriptors, errors as values"),
    ("crc32fast", "finds what was mistyped"),
    ("curve25519-dalek", "the public half of a key; ed25519-dalek has it"),
    ("snow", "Noise: secret links are no lesson to learn by trial either"),
    ("service", "for a node, which is a web server as well"),
    ("ed25519-dalek", "signatures are no lesson to learn by trial"),
    ("sha2", "a hash that nobody can find a second text for"),
    ("shared", "for another package, the root"),
    ("toml", "nor is a format of settings a lesson"),
];

fn names(table: &Value) -> BTreeSet<&str> {
    table.as_table().expect("a table").keys().map(String::as_str).collect()
}

#[test]
fn the_steps_stand_on_few_libraries() {
    let mut used = BTreeSet::new();
    let manifests = PACKAGES.map(table);
    for manifest in &manifests {
        used.extend(names(&manifest["dependencies"]));
        for unexpected in ["build-dependencies", "target", "patch", "features"]
        {
            assert!(!manifest.contains_key(unexpected), "[{unexpected}]");
        }
    }
    let listed: BTreeSet<&str> =
        LIBRARIES.iter().map(|(name, _)| *name).collect();
    assert_eq!(used, listed);
}

#[test]
fn few_packages_and_the_book_beside_them() {
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
    let members =
        [".", "shared/service", "shared/peer", "book/kit", "tests/loom"];
    assert_eq!(strings(&workspace["members"]), members);
    // A reader's first `cargo run` compiles nothing of the book's.
    assert_eq!(strings(&workspace["default-members"]), members[..3]);
}

#[test]
fn the_compiler_watches_over_the_rules() {
    for file in PACKAGES.iter().chain(&["book/kit/Cargo.toml"]) {
        let lints = table(file)["lints"].to_string();
        assert_eq!(lints, "{ workspace = true }", "{file}");
    }
    let lints = table("Cargo.toml")["workspace"]["lints"].to_string();
    let rules = ["missing_docs", "undocumented_unsafe_blocks"];
    for name in [&rules[..], &["unwrap_used", "expect_used"]].concat() {
        // Warnings are errors in .ci/run.
        assert!(lints.contains(&format!("{name} = \"warn\"")), "{name}");
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
    let manifests = PACKAGES.map(table);
    let kinds = ["test", "bin", "example"];
    let targets =
        manifests.iter().flat_map(|it| kinds.map(|kind| it.get(kind)));
    // From the root, which `../../` leads to from a package in shared/.
    let listed: BTreeSet<&str> = targets
        .flatten()
        .flat_map(|targets| targets.as_array().expect("a list"))
        .map(|target| target["path"].as_str().expect("a path"))
        .map(|path| path.trim_start_matches("../"))
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

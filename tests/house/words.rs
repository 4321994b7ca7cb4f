//! Names are the field's, and have replaced these.

use crate::tree::{root, tracked};

/// Each in two parts, so that it does not stand here.
const REPLACED: [(&str, &str); 24] = [
    ("visi", "tor"),
    ("visi", "tors"),
    ("fol", "der"),
    ("say_good", "bye"),
    ("listen", "_to"),
    ("HEAD", "_TIME"),
    ("BODY", "_TIME"),
    ("WRITE", "_TIME"),
    ("IDLE", "_TIME"),
    ("LINGER", "_TIME"),
    ("LAST", "_WORD"),
    ("flush_", "enough"),
    ("Field", "Space"),
    ("Stays", "IfTold"),
    ("to_", "kernel"),
    ("from_", "kernel"),
    ("length", "_of"),
    ("is_pass", "ing"),
    ("is_short", "age"),
    ("server_", "settings"),
    ("Belong", "ings"),
    ("na", "sty"),
    ("star", "ve"),
    ("crum", "bs"),
];

/// The exercises are texts of their own.
fn is_ours(path: &str) -> bool {
    let starts = ["steps/", "shared/", "tests/"];
    starts.iter().any(|start| path.starts_with(start))
        && path.ends_with(".rs")
        && !path.contains("/ex_")
        && !path.starts_with("tests/exercises/")
}

#[test]
fn names_are_those_of_the_field() {
    let test = "names_are_those_of_the_field";
    let Some(files) = tracked(test) else { return };
    for file in files {
        let path = file.to_str().unwrap();
        if !is_ours(path) {
            continue;
        }
        let text = std::fs::read_to_string(root().join(path));
        let text = text.unwrap_or_default();
        for (start, end) in REPLACED {
            let name = format!("{start}{end}");
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let mut words = text.split(|c| !is_word(c));
            assert!(words.all(|word| word != name), "{path} says {name}");
        }
    }
}

/// The connection that is tested is the one that runs.
#[test]
fn no_test_has_a_connection_of_its_own() {
    let test = "no_test_has_a_connection_of_its_own";
    let Some(files) = tracked(test) else { return };
    let name = ["struct ", "Connection"].concat();
    for file in files.iter().filter(|file| file.starts_with("tests")) {
        if file.starts_with("tests/exercises") {
            continue;
        }
        let text = std::fs::read_to_string(root().join(file));
        let text = text.unwrap_or_default();
        let ends = |rest: &str| !rest.starts_with(char::is_alphanumeric);
        let found = text.split(&name).skip(1).any(ends);
        assert!(!found, "{} has one", file.display());
    }
}

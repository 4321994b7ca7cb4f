//! Names are the field's, and have replaced these.

use crate::tree::tracked_rust;

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
        && !path.contains("/ex_")
        && !path.starts_with("tests/exercises/")
}

#[test]
fn names_are_those_of_the_field() {
    let test = "names_are_those_of_the_field";
    let Some(mut sources) = tracked_rust(test) else { return };
    sources.retain(|(file, _)| is_ours(file));
    let replaced = REPLACED.map(|(start, end)| format!("{start}{end}"));
    for (file, text) in sources {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let is_old = replaced.iter().any(|name| name == word);
            assert!(!is_old, "{file} says {word}");
        }
    }
}

/// The connection that is tested is the one that runs.
#[test]
fn no_test_has_a_connection_of_its_own() {
    let test = "no_test_has_a_connection_of_its_own";
    let Some(mut sources) = tracked_rust(test) else { return };
    sources.retain(|(file, _)| {
        file.starts_with("tests/") && !file.starts_with("tests/exercises/")
    });
    let name = ["struct ", "Connection"].concat();
    for (file, text) in sources {
        let ends = |rest: &str| !rest.starts_with(char::is_alphanumeric);
        let found = text.split(&name).skip(1).any(ends);
        assert!(!found, "{file} has one");
    }
}

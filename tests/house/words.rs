//! What no test may say.

use crate::tree::tracked_rust;

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

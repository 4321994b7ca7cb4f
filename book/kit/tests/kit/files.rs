//! Files that are generated, missing, or in no list.

use crate::course::{Course, planted};

const LIST: &str = "steps/steps.toml";

#[test]
fn generated_files_that_are_stale() {
    let course = Course::new();
    course.edit(LIST, "title = \"Waiting\"", "title = \"Patience\"");
    course.edit("book/src/02-wait.md", "# Waiting\n", "# Patience\n");
    course.edit("Cargo.toml", "\"steps/02-wait/main.rs\"", "\"x.rs\"");
    course.expect(&[
        ("Cargo.toml:22", "mend it with `cargo book sync`"),
        ("README.md:8", "mend it with `cargo book sync`"),
        ("book/src/SUMMARY.md:10", "mend it with `cargo book sync`"),
    ]);
    let written = kit::sync::write(&course.project()).unwrap();
    assert_eq!(written.len(), 3);
    course.expect(&[]);
    assert!(kit::sync::write(&course.project()).unwrap().is_empty());
}

#[test]
fn the_highest_step_runs_by_default() {
    let (from, to) = ("default-run = \"step02\"", "default-run = \"x\"");
    planted("Cargo.toml", from, to, 5, "cargo book sync");
}

#[test]
fn a_step_without_folder_and_a_folder_without_step() {
    let course = Course::new();
    course.write("steps/03-more/main.rs", "fn main() {}\n");
    course.expect(&[("steps/03-more", "is in no [[step]]")]);
    course.remove("steps/03-more").remove("steps/02-wait");
    course.has("steps/steps.toml:18: step 02 has no steps/02-wait/main.rs");
}

#[test]
fn an_exercise_that_is_missing_or_lacks_a_part() {
    let course = Course::new();
    let (file, hint) = (
        "steps/01-speak/ex_a.md",
        "### 2\n\nLook at the methods of strings.\n\n",
    );
    let (other, right) = ("# Other\n", "# Louder\n");
    course.edit(file, right, other).has("first line must be `# Louder`");
    course.edit(file, other, right);
    course.edit(file, hint, "").has("no `### 2`");
    let missing = "step 01 has no steps/01-speak/ex_a.md";
    course.remove(file).expect(&[("steps/steps.toml:2", missing)]);
}

#[test]
fn a_page_that_is_not_in_the_summary() {
    let course = Course::new();
    course.write("book/src/lost.md", "# Lost\n");
    course.expect(&[("book/src/lost.md", "not in book/src/SUMMARY.md")]);
}

#[test]
fn a_checkout_with_other_line_ends() {
    let course = Course::new();
    for file in kit::project::files(course.root(), "").unwrap() {
        let file = file.to_str().unwrap();
        course.write(file, &course.read(file).replace('\n', "\r\n"));
    }
    course.expect(&[]);
}

//! Faults against the book's promises, planted one at a time: the check must
//! name each, and nothing else.

use crate::course::{Course, planted};

const ONE: &str = "book/src/01-speak.md";
const TWO: &str = "book/src/02-wait.md";
const LIST: &str = "steps/steps.toml";

#[test]
fn nothing_is_wrong_with_an_intact_course() {
    Course::new().expect(&[]);
}

#[test]
fn names_that_are_not_there() {
    let wrong = "no item `sleep` in steps/02-wait";
    planted(TWO, "{{#code 02 wait}}", "{{#code 02 sleep}}", 24, wrong);
    for (directive, words) in [
        ("{{#run nothing}}", "nothing"),
        ("{{#chart nothing}}", "nothing"),
        ("{{#picture nothing}}", "book/src/img/nothing.svg"),
        ("{{#module shared/nothing.rs}}", "cannot read shared/nothing.rs"),
        ("{{#module shared/voice.rs open nothing}}", "no item `nothing`"),
        ("{{#diff 01}}", "step 01 grows out of no step"),
        ("{{#diff 02 nothing}}", "`02 nothing` is no step"),
        ("{{#trace 2}}", "`2` is no step: write two digits"),
        ("{{#code 02}}", "write {{#code NN item}}"),
        ("{{#module ../secret.rs}}", "`../secret.rs` is no source"),
        ("{{#module shared/../../a.rs}}", "`shared/../../a.rs` is no source"),
        ("{{#module shared/voice.rs open}}", "write `folded`, or `open`"),
        ("{{#run}}", "the name of a run is missing"),
        ("{{#index all}}", "`index all` is no directive"),
        ("{{#trace 09}}", "has no step 09"),
        ("{{#exercises 02}}", "step 02 has no exercises"),
        ("{{#nothing}}", "no directive"),
    ] {
        planted(TWO, "It says nothing new:", directive, 50, words);
    }
}

#[test]
fn a_name_that_is_there_twice() {
    let course = Course::new();
    course.write("steps/01-speak/other.rs", "//! More.\n\nfn main() {}\n");
    course.has(
        "book/src/01-speak.md:19: `main` occurs twice: \
         steps/01-speak/main.rs:5 and steps/01-speak/other.rs:3",
    );
}

#[test]
fn a_module_that_is_not_printed() {
    let module = "{{#module shared/voice.rs folded}}\n";
    planted(ONE, module, "", 0, "lacks {{#module shared/voice.rs}}");
}

#[test]
fn a_diff_that_is_too_long_and_an_exception_no_longer_needed() {
    let course = Course::new();
    let more: String =
        (0..130).map(|n| format!("    let _ = {n};\n")).collect();
    course.edit(
        "steps/02-wait/main.rs",
        "    thread::yield_now();\n",
        &format!("{more}    thread::yield_now();\n"),
    );
    // The trace's line numbers do not matter here.
    let long = ("steps/steps.toml:18", "more than 120");
    course.expect(&[long, ("steps/steps.toml:18", "claims 5 minutes")]);
    course.edit(LIST, "minutes = 5\nidea = \"G", "minutes = 15\nidea = \"G");
    course.expect(&[long]);

    let reason = "modules = []\nlong_diff = \"it counts\"";
    course.edit(LIST, "modules = []", reason);
    course.expect(&[]);

    course.edit("steps/02-wait/main.rs", &more, "");
    course.expect(&[("steps/steps.toml:18", "remove its `long_diff`")]);
}

#[test]
fn calls_that_are_not_explained_or_not_made() {
    let new = "step 02 calls sched_yield, which is new and not explained";
    planted(TWO, "### sched_yield(2)\n", "", 0, new);
    let more = "A turn.\n\n### fork(2)\n\nNo.";
    planted(TWO, "Gives others a turn.", more, 48, "explains fork, which");
}

#[test]
fn a_list_of_calls_that_is_not_the_trace() {
    let course = Course::new();
    course.edit(LIST, "\"sched_yield\"", "\"write\"");
    course.expect(&[
        ("steps/steps.toml:18", "calls sched_yield for the first time; add"),
        ("steps/steps.toml:18", "does not call write for the first time"),
    ]);
}

#[test]
fn a_trace_that_was_never_recorded() {
    let course = Course::new();
    course.remove("book/traces/02.json");
    course.has("book/traces/02.json: there is no trace of step 02");
}

#[test]
fn a_chapter_without_its_parts() {
    let other = "here `## The picture` must come, not `## A picture`";
    planted(TWO, "## The picture\n", "## A picture\n", 13, other);
    let last = "## Predict, break, extend\n";
    planted(TWO, last, "", 48, "but the chapter ends");
    let more = format!("{last}\n## More\n");
    planted(TWO, last, &more, 56, "`## More` is no part");
    let (before, changed) = ("## The conv", "## What changed\n\n## The conv");
    planted(ONE, before, changed, 25, "must come, not `## What changed`");

    let course = Course::new();
    let costs = "## What it costs\n\n## What is still";
    course.edit(TWO, "## What is still", costs).expect(&[]);
}

#[test]
fn a_chapter_without_its_directives_or_title() {
    let course = Course::new();
    course.edit(ONE, "{{#exercises 01}}\n", "");
    course.edit(ONE, "# Speaking\n", "# Talking\n");
    course.edit(TWO, "{{#diff 02}}\n", "");
    course.expect(&[
        (TWO, "lacks {{#diff 02}}"),
        (ONE, "lacks {{#exercises 01}}"),
        ("book/src/01-speak.md:1", "must be `# Speaking`"),
    ]);
}

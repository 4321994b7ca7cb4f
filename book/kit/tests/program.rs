//! The program `book` as people and mdBook call it.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod course;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use course::Course;
use kit::record::trace;
use mdbook_driver::MDBook;

/// `book` in that course. What it builds there must not be mistaken for the
/// steps of this repository, which have the same names.
fn book(course: &Course, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
    command.args(words).current_dir(course.root());
    command.env("CARGO_TARGET_DIR", course.root().join("target"));
    command
}

fn output(course: &Course, words: &[&str]) -> (Output, String) {
    let output = book(course, words).output().unwrap();
    // What cargo and `book` say of how far they are is not looked at.
    let text = String::from_utf8_lossy(&output.stderr);
    let is_progress =
        |line: &&str| line.starts_with(' ') || line.starts_with("book: ");
    let lines = text.lines().filter(|line| !is_progress(line));
    let text = lines.map(|line| format!("{line}\n")).collect();
    (output, text)
}

#[test]
fn a_check_says_what_is_wrong_and_how_to_mend_it() {
    let course = Course::new();
    let (intact, words) = output(&course, &["check", "--no-runs"]);
    assert!(intact.status.success(), "{words}");
    assert_eq!(words, "");

    course.edit("book/src/preface.md", "#the-code", "#the-coda");
    let (faulty, words) = output(&course, &["check", "--no-runs"]);
    assert_eq!(faulty.status.code(), Some(1), "{words}");
    assert_eq!(
        words,
        "book/src/preface.md:3: `01-speak.html#the-coda` names an id that \
         01-speak.html does not have: `the-coda`; mend the link\n"
    );
}

#[test]
fn a_trace_that_no_longer_matches() {
    if let Some(why) = trace::impossible() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "cannot trace: {why}");
        eprintln!("SKIPPED a_trace_that_no_longer_matches: {why}");
        return;
    }
    let course = Course::new();
    let (intact, words) = output(&course, &["check"]);
    assert!(intact.status.success(), "{words}");

    // One line more, which the chapter shows: only the line numbers of the
    // calls below it are others.
    let text = "/// Gives other threads a turn.\n";
    course.edit("steps/02-wait/main.rs", text, &format!("{text}///\n"));
    let (faulty, words) = output(&course, &["check"]);
    assert_eq!(faulty.status.code(), Some(1), "{words}");
    let place = "book/traces/02.json:7: was `  {\"call\":\"sched_yield\"";
    assert!(words.starts_with(place), "{words}");
    assert!(words.contains("cargo book record traces 02"), "{words}");
    assert_eq!(words.lines().count(), 1, "{words}");

    let (recorded, words) = output(&course, &["record", "traces", "02"]);
    assert!(recorded.status.success(), "{words}");
    let (mended, words) = output(&course, &["check"]);
    assert!(mended.status.success(), "{words}");
}

#[test]
fn a_session_that_no_longer_matches() {
    let course = Course::new();
    course.edit("steps/02-wait/main.rs", "\"hello\"", "\"hello again\"");
    let (faulty, words) = output(&course, &["check"]);
    assert_eq!(faulty.status.code(), Some(1), "{words}");
    let fault = words.lines().find(|it| it.starts_with("book/runs/"));
    let fault = fault.expect("no fault of the session");
    assert!(fault.starts_with("book/runs/02-wait.txt:3: "), "{words}");
    assert!(fault.contains("hello again"), "{words}");
    assert!(fault.contains("cargo book record runs 02-wait"), "{words}");

    let (recorded, words) = output(&course, &["record"]);
    assert!(recorded.status.success(), "{words}");
    // What has not changed since is played only if all is.
    for (words, plays) in [(&["check"][..], false), (&["check", "--all"], true)]
    {
        let check = book(&course, words).output().unwrap();
        let said = String::from_utf8_lossy(&check.stderr);
        assert!(check.status.success(), "{said}");
        assert_eq!(said.contains("1 of 1: run 02-wait"), plays, "{said}");
    }
    // An edit by hand is noticed, and so is one of what the step is made of.
    let files = ["book/runs/02-wait.txt", "shared/voice.rs"];
    for (file, more) in files.into_iter().zip(["here| more\n", "//\n"]) {
        let text = course.read(file);
        course.write(file, &format!("{text}{more}"));
        let check = book(&course, &["check"]).output().unwrap();
        let said = String::from_utf8_lossy(&check.stderr);
        assert!(said.contains("1 of 1: run 02-wait"), "{file}: {said}");
        course.write(file, &text.replace('\n', "\r\n"));
        let check = book(&course, &["check"]).output().unwrap();
        let said = String::from_utf8_lossy(&check.stderr);
        assert!(!said.contains("1 of 1: run 02-wait"), "{file}: {said}");
        course.write(file, &text);
    }
}

#[test]
fn a_new_step_is_unfinished_until_it_is_written() {
    let course = Course::new();
    let list = course.read("steps/steps.toml");
    let planned = |number| {
        format!(
            "\n[[planned]]\nnumber = {number}\nslug = \"more\"\n\
             title = \"More\"\nidea = \"Of the same\"\n"
        )
    };
    let plan = format!("{list}{}{}", planned(3), planned(4));
    course.write("steps/steps.toml", &plan);
    let (made, words) = output(&course, &["new", "03", "more"]);
    assert!(made.status.success(), "{words}");
    let still = &course.project().planned;
    assert!(matches!(&still[..], [four] if four.number == 4), "{still:?}");
    let main = course.read("steps/03-more/main.rs");
    assert!(main.starts_with("//! Step 03: TODO: "), "{main}");
    assert!(course.read("Cargo.toml").contains("\"steps/03-more/main.rs\""));
    let (check, words) = output(&course, &["check", "--no-runs"]);
    assert!(check.status.success(), "{words}");
    let trace = "unfinished: book/traces/03.json: there is no trace of step 03";
    assert!(words.contains(trace), "{words}");
    assert!(words.lines().all(|it| it.starts_with("unfinished: ")), "{words}");

    course.edit("steps/steps.toml", "unfinished = true\n", "");
    let (check, words) = output(&course, &["check", "--no-runs"]);
    assert_eq!(check.status.code(), Some(1), "{words}");
    assert!(!words.contains("unfinished: "), "{words}");
    let (again, _) = output(&course, &["new", "03", "more"]);
    assert_eq!(again.status.code(), Some(2));
}

#[test]
fn sync_writes_and_its_check_only_looks() {
    let course = Course::new();
    course.edit("README.md", "Waiting", "Sleeping");
    let (stale, words) = output(&course, &["sync", "--check"]);
    assert_eq!(stale.status.code(), Some(1));
    assert!(words.starts_with("README.md:8: differs"), "{words}");
    let (written, _) = output(&course, &["sync"]);
    assert_eq!(String::from_utf8_lossy(&written.stdout), "README.md\n");
    assert!(output(&course, &["sync", "--check"]).0.status.success());
}

#[test]
fn wrong_words_are_refused() {
    let course = Course::new();
    for words in [&["paint"][..], &["--port", "x"], &["--colour"]] {
        let refused = book(&course, words).output().unwrap();
        let message = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{words:?}");
        assert!(message.starts_with("book: "), "{message}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_book"))
        .arg("build")
        .current_dir(nowhere.path())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&refused.stderr);
    assert!(message.contains("no steps/steps.toml here"), "{message}");
}

/// mdBook by itself, calling our program as the preprocessor that book.toml
/// names, must make the same book as ours.
#[test]
fn mdbook_alone_builds_the_same_book() {
    let course = Course::new();
    let program = env!("CARGO_BIN_EXE_book");
    course.edit(
        "book/book.toml",
        "\"book preprocess\"",
        &format!("\"'{program}' preprocess\""),
    );
    let [ours, theirs] = ["ours", "theirs"].map(|it| course.root().join(it));
    kit::build::build(&course.project(), &ours).unwrap();
    let mut mdbook = MDBook::load(course.root().join("book")).unwrap();
    mdbook.config.build.build_dir = theirs.clone();
    mdbook.build().unwrap();
    let (ours, theirs) = (files(&ours), files(&theirs));
    assert!(ours.contains_key("ex/01a.html"), "{:?}", ours.keys());
    let names = |files: &BTreeMap<String, _>| -> Vec<String> {
        files.keys().cloned().collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    for (name, text) in ours {
        assert!(theirs[&name] == text, "{name} differs");
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            let below = files(&entry.path()).into_iter();
            found.extend(
                below.map(|(path, text)| (format!("{name}/{path}"), text)),
            );
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

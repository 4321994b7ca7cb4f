//! The program `book` as people and mdBook call it.

use std::fs;

use crate::course::{Course, book};
use kit::record::cannot_trace;
use mdbook_driver::MDBook;

#[test]
fn a_check_says_what_is_wrong_and_how_to_mend_it() {
    let course = Course::new();
    assert_eq!(book(course.root(), "check --no-runs", 0).faults, "");
    course.edit("book/src/preface.md", "#the-code", "#the-coda");
    assert_eq!(
        book(course.root(), "check --no-runs", 1).faults,
        "book/src/preface.md:3: `01-speak.html#the-coda` names an id that \
         01-speak.html does not have: `the-coda`; mend the link\n"
    );
}

#[test]
fn a_trace_that_no_longer_matches() {
    if let Some(why) = cannot_trace() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "cannot trace: {why}");
        eprintln!("SKIPPED a_trace_that_no_longer_matches: {why}");
        return;
    }
    let course = Course::new();
    book(course.root(), "check", 0);
    // One line more, which the chapter shows: only the line numbers of the
    // calls below it are others.
    let text = "/// Gives other threads a turn.\n";
    course.edit("steps/02-wait/main.rs", text, &format!("{text}///\n"));
    let words = book(course.root(), "check", 1).faults;
    let place = "book/traces/02.json:7: was `  {\"call\":\"sched_yield\"";
    assert!(words.starts_with(place), "{words}");
    assert!(words.contains("cargo book record traces 02"), "{words}");
    assert_eq!(words.lines().count(), 1, "{words}");
    book(course.root(), "record traces 02", 0);
    book(course.root(), "check", 0);
}

#[test]
fn a_session_that_no_longer_matches() {
    let course = Course::new();
    course.edit("steps/02-wait/main.rs", "\"hello\"", "\"hello again\"");
    let words = book(course.root(), "check", 1).faults;
    let fault = words.lines().find(|it| it.starts_with("book/runs/"));
    let fault = fault.expect("no fault of the session");
    assert!(fault.starts_with("book/runs/02-wait.txt:3: "), "{words}");
    assert!(fault.contains("hello again"), "{words}");
    assert!(fault.contains("cargo book record runs 02-wait"), "{words}");

    book(course.root(), "record", 0);
    let plays = |words| {
        let said = book(course.root(), words, 0).progress;
        said.contains("1 of 1: runs 02-wait")
    };
    // What has not changed since is played only if all is.
    assert!(!plays("check"));
    assert!(plays("check --all"));
    // An edit by hand is noticed, and so is one of what the step is made of.
    let files = ["book/runs/02-wait.txt", "shared/voice.rs"];
    for (file, more) in files.into_iter().zip(["here| more\n", "//\n"]) {
        let text = course.read(file);
        course.write(file, &format!("{text}{more}"));
        let said = book(course.root(), "check", i32::from(more != "//\n"));
        assert!(said.progress.contains("1 of 1: runs 02-wait"), "{file}");
        course.write(file, &text.replace('\n', "\r\n"));
        assert!(!plays("check"), "{file}");
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
    book(course.root(), "new 03 more", 0);
    let still = &course.project().planned;
    assert!(matches!(&still[..], [four] if four.number == 4), "{still:?}");
    let main = course.read("steps/03-more/main.rs");
    assert!(main.starts_with("//! Step 03: TODO: "), "{main}");
    assert!(course.read("Cargo.toml").contains("\"steps/03-more/main.rs\""));
    let words = book(course.root(), "check --no-runs", 0).faults;
    let trace = "unfinished: book/traces/03.json: there is no trace of step 03";
    assert!(words.contains(trace), "{words}");
    assert!(words.lines().all(|it| it.starts_with("unfinished: ")), "{words}");

    course.edit("steps/steps.toml", "unfinished = true\n", "");
    let words = book(course.root(), "check --no-runs", 1).faults;
    assert!(!words.contains("unfinished: "), "{words}");
    book(course.root(), "new 03 more", 2);
}

#[test]
fn sync_writes_and_its_check_only_looks() {
    let course = Course::new();
    course.edit("README.md", "Waiting", "Sleeping");
    let words = book(course.root(), "sync --check", 1).faults;
    assert!(words.starts_with("README.md:8: differs"), "{words}");
    assert_eq!(book(course.root(), "sync", 0).stdout, "README.md\n");
    book(course.root(), "sync --check", 0);
}

/// A step may be in a package of its own, and so is what grows out of it.
#[test]
fn a_package_has_its_steps_in_its_own_manifest() {
    let course = Course::new();
    let list = course.read("steps/steps.toml");
    course.write("steps/steps.toml", &(list + "package = \"shared/more\"\n"));
    let more = "[package]\nautobins = false\n# sync: begin\n# sync: end\n";
    course.write("shared/more/Cargo.toml", more);
    book(course.root(), "new 03 more", 0);
    let [root, more] = ["Cargo.toml", "shared/more/Cargo.toml"];
    let [root, more] = [root, more].map(|file| course.read(file));
    assert!(root.contains("\"step01\"") && !root.contains("step02"), "{root}");
    let run = "default-run = \"step02\"\nautobins = false\n";
    assert!(more.contains(run) && !more.contains("step01"), "{more}");
    for path in ["steps/02-wait/main.rs", "steps/03-more/main.rs"] {
        assert!(more.contains(&format!("path = \"../../{path}\"\n")), "{more}");
    }
    book(course.root(), "sync --check", 0);
}

#[test]
fn wrong_words_are_refused() {
    let course = Course::new();
    for words in ["paint", "--port x", "--colour"] {
        let said = book(course.root(), words, 2).progress;
        assert!(said.starts_with("book: "), "{said}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let said = book(nowhere.path(), "build", 2).progress;
    assert!(said.contains("no steps/steps.toml here"), "{said}");
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
    let page = fs::read_to_string(ours.join("02-wait.html")).unwrap();
    for link in [
        "source\" href=\"#02-wait-main-13\">main.rs:13</a>",
        "source\" href=\"01-speak.html#shared-voice-5\">shared/voice.rs:5</a>",
        "call\" href=\"01-speak.html#call-write\">write</a>",
    ] {
        assert!(page.contains(link), "{link}");
    }
    let files = kit::project::files(&ours, "").unwrap();
    assert!(files.contains(&"ex/01a.html".into()), "{files:?}");
    assert_eq!(files, kit::project::files(&theirs, "").unwrap());
    for file in files {
        let [ours, theirs] = [&ours, &theirs].map(|it| it.join(&file));
        let same = fs::read(ours).unwrap() == fs::read(theirs).unwrap();
        assert!(same, "{} differs", file.display());
    }
}

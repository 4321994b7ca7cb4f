//! What `cargo book diff` and `{{#diff}}` show, and what `sizes` counts.

use std::process::{Command, Stdio};

use crate::course::{Course, book};
use kit::listing;
use kit::page::Page;
use kit::sizes::Sizes;

const ONE: &str = "steps/01-speak/main.rs";
const TWO: &str = "steps/02-wait/main.rs";

fn diff_in_terminal(course: &Course) -> String {
    book(course.root(), "diff 02", 0).stdout
}

#[track_caller]
fn has(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted:?} in {text}");
    }
}

#[test]
fn items_are_new_changed_and_gone() {
    let course = Course::new();
    assert_eq!(
        diff_in_terminal(&course),
        "\
01-speak → 02-wait: 6 lines of code new or changed

No longer in 02-wait
  text: gone

steps/02-wait/main.rs

  docs: changed
    1 - //! Step 01: says one line.
    1 + //! Step 02: waits, and says one line.

  use: changed
    3   use shared::voice;
    4 + use std::thread;

  main: changed
    6   fn main() {
    6 -     let text = text();
    7 -     voice::say(text);
    7 +     wait();
    8 +     voice::say(\"hello\");
    9   }

  wait: new
   11 + /// Gives other threads a turn.
   12 + fn wait() {
   13 +     thread::yield_now();
   14 + }
"
    );
}

#[test]
fn an_item_that_moves_is_no_change() {
    let course = Course::new();
    // Into a file of the step, and further in; under another name.
    let text =
        "/// What is said.\nfn text() -> &'static str {\n    \"hello\"\n}\n";
    course.edit(ONE, text, &format!("{text}\n{LONG}"));
    course.edit(TWO, "/// Gives", "mod words;\n\n/// Gives");
    let inside = LONG.replace("count_all", "count").replace('\n', "\n    ");
    course.write(
        "steps/02-wait/words.rs",
        &format!("{text}\nstruct Words;\n\nimpl Words {{\n    {inside}\n}}\n"),
    );
    let shown = diff_in_terminal(&course);
    has(
        &shown,
        &[
            "\nsteps/02-wait/words.rs\n\n  text: from main.rs\n       … 4",
            "\n  Words::count: was count_all, from main.rs\n   15 - fn count",
            "\n       … 3 lines unchanged\n",
        ],
    );
    assert!(!shown.contains("gone"), "{shown}");
    // Besides the 6 lines of step 02: `mod`, the signature, the type, its
    // impl with the brace; not the body, which is only further in.
    let sizes = sizes(&course);
    assert_eq!((sizes.changed, sizes.shared), (6 + 5, 0));
}

const LONG: &str = "\
fn count_all(words: &[&str]) -> usize {
    let mut count = 0;
    for word in words {
        count += word.len();
    }
    count
}
";

fn sizes(course: &Course) -> Sizes {
    let project = course.project();
    Sizes::of(&project, project.step(2).unwrap()).unwrap()
}

#[test]
fn a_module_that_was_in_the_step_has_moved() {
    let course = Course::new();
    course.edit(ONE, "    \"hello\"\n", "    // So they say.\n    \"hello\"\n");
    let list = "steps/steps.toml";
    course.edit(list, "modules = []", "modules = [\"text.rs\"]");
    course.write(
        "shared/text.rs",
        "//! Enters in step 02: what is said.\n\n/// What is said.\npub fn \
         text() -> &'static str {\n    // So they say.\n    \"hello\"\n}\n\n\
         /// Enters in step 03.\npub fn later() {}\n",
    );
    let shown = diff_in_terminal(&course);
    has(
        &shown,
        &[
            "\n  text: now shared/text.rs, 1 line changed\n",
            "\nshared/text.rs: moved, 4 lines unchanged\n",
            "\n   11 - fn text() -> &'static str {\n    4 + pub fn text()",
        ],
    );
    assert!(!shown.contains("later"), "{shown}");
    assert_eq!(sizes(&course).shared, 1);
}

#[test]
fn a_module_grows_when_its_items_enter() {
    let course = Course::new();
    let voice = course.read("shared/voice.rs");
    let whisper = "\n/// Enters in step 02.\npub fn whisper() {}\n";
    course.edit(ONE, "/// What is said.", "fn whisper() {}\n\n/// Said.");
    course.write("shared/voice.rs", &format!("{voice}{whisper}"));
    let shown = diff_in_terminal(&course);
    let grown = "\nshared/voice.rs: what enters now\n\n  whisper: from main.rs";
    let gone = "\n  whisper: now shared/voice.rs, 2 lines changed\n";
    has(&shown, &[grown, gone]);
    assert_eq!(sizes(&course).shared, 1);

    // Folded in the chapter before.
    let project = course.project();
    let listing = |address: &str| {
        let mut page = Page::new(&project, address);
        // Only what is new in the step's own files has a bar.
        assert!(!page.new_lines(TWO.as_ref()).unwrap().is_empty());
        let open = ["say".to_string()];
        let file = "shared/voice.rs".as_ref();
        listing::module(&mut page, file, Some(&open)).unwrap()
    };
    let early = listing("01-speak.html");
    let later = "<summary>2 lines that enter in step 02";
    has(&early, &[later, "<summary>2 lines</summary>"]);
    assert!(!early.contains("line new"), "{early}");
    assert!(!listing("02-wait.html").contains("enter in step"));
}

#[test]
fn a_page_shows_the_same() {
    let course = Course::new();
    let project = course.project();
    let mut page = Page::new(&project, "02-wait.html");
    let html = kit::diff::render(&mut page, 2).unwrap();
    has(
        &html,
        &[
            "<li><code>text</code>: gone</li>",
            "<div class=\"hunk\">wait <span>new</span></div>",
            "<ins class=\"line added\" id=\"02-wait-main-7\" data-line=\"7\">\
         <span class=\"sign\">+</span>    wait();</ins>",
            "<del class=\"line removed\" data-line=\"6\">",
        ],
    );
}

#[test]
fn a_fresh_program_has_no_diff() {
    let course = Course::new();
    let list = "steps/steps.toml";
    course.edit(list, "modules = []", "modules = []\nfresh = true");
    let refused = book(course.root(), "diff 02", 2).progress;
    has(&refused, &["cargo book diff 01 02"]);
    book(course.root(), "diff 1 2", 0);
    assert_eq!(sizes(&course).changed, 9);
    course.has("must come, not `## What changed`");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let course = Course::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
    command.args(["diff", "01", "02"]).current_dir(course.root());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

//! That the student's commands work. That each exercise bites, `.ci/run`
//! shows by `cargo ex prove`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[allow(dead_code, reason = "the lab uses all of it")]
#[path = "lab/scratch.rs"]
mod scratch;

use scratch::Scratch;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn ex(directory: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ex"));
    command.args(args).current_dir(directory);
    command.output().expect("ex starts")
}

/// A copy of what the student's commands read and write.
struct Copy(Scratch);

impl Copy {
    fn new() -> Copy {
        let copy = Copy(Scratch::new().unwrap());
        for directory in ["steps", "tests/exercises"] {
            let to = copy.path(directory);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            let from = Path::new(ROOT).join(directory);
            let mut cp = Command::new("cp");
            cp.args(["-r", "--no-preserve=mode"]).arg(from).arg(to);
            assert!(cp.status().unwrap().success());
        }
        // Whatever the student has in the original: here the starters.
        copy.ex(0, &["sync"]);
        copy
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// What a command says that ends with `status`.
    fn ex(&self, status: i32, args: &[&str]) -> String {
        let output = ex(self.0.path(), args);
        let mut words = String::from_utf8(output.stdout).unwrap();
        words.push_str(&String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(status), "{args:?}: {words}");
        words
    }
}

#[test]
fn the_list_shows_all_and_the_next() {
    let copy = Copy::new();
    let words = copy.ex(0, &[]);
    for part in [
        "01  One connection\n    01a  Two addresses",
        "~25 min   0/11",
        "next: cargo ex 01a",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    copy.write(".progress", "01a 8\n");
    let words = copy.ex(0, &[]);
    assert!(words.contains("8/8   done, changed since"), "{words}");
    assert!(words.contains("next: cargo ex 01b"), "{words}");
}

#[test]
fn hints_come_in_three_levels() {
    let copy = Copy::new();
    let levels = ["1", "2", "3"].map(|level| {
        let words = copy.ex(0, &["hint", "02a", level]);
        assert!(words.contains(&format!("Hint {level} of 3")), "{words}");
        words
    });
    assert!(levels[0].starts_with("02a  Nothing lost  ★  ~25 min\n"));
    assert!(levels[0].contains("more: cargo ex hint 02a 2"));
    assert!(!levels[2].contains("more:"));
    copy.ex(2, &["hint", "02a", "4"]);
}

#[test]
fn a_reset_keeps_the_students_file() {
    let copy = Copy::new();
    let file = "steps/02-echo/ex_a.rs";
    let starter = copy.read(file);
    copy.write(file, "mine\n");
    copy.ex(0, &["reset", "02a"]);
    assert_eq!(copy.read(file), starter);
    assert_eq!(copy.read("steps/02-echo/ex_a.rs.kept-1"), "mine\n");
    assert!(copy.ex(0, &["reset", "02a"]).contains("already"));
}

#[test]
fn the_solution_is_for_those_who_passed_or_give_up() {
    let copy = Copy::new();
    let words = copy.ex(1, &["solution", "02a"]);
    assert!(!words.contains("make_ascii_uppercase"), "{words}");
    let words = copy.ex(0, &["solution", "02a", "--give-up"]);
    assert!(words.contains("while !rest.is_empty()"), "{words}");
    copy.write(".progress", "02a 11\n");
    copy.ex(0, &["solution", "02a"]);
}

#[test]
fn sync_writes_starters_and_keeps_a_students_work() {
    let copy = Copy::new();
    copy.write("steps/01-socket/ex_b.rs", "mine\n");
    copy.write(".progress", "01b 1\n");
    let words = copy.ex(0, &["sync"]);
    assert!(words.ends_with("wrote steps/01-socket/ex_b.rs\n"), "{words}");
    assert_eq!(copy.ex(0, &["sync"]), "");
    assert!(copy.path("steps/01-socket/ex_b.rs.kept-1").exists());
}

#[test]
fn lines_that_end_in_cr_lf_are_the_same_lines() {
    let copy = Copy::new();
    for path in [
        "steps/steps.toml",
        "steps/02-echo/ex_a.md",
        "steps/02-echo/ex_a.rs",
        "tests/exercises/02a.rs",
    ] {
        copy.write(path, &copy.read(path).replace('\n', "\r\n"));
    }
    assert_eq!(copy.ex(0, &["sync"]), "");
    copy.ex(0, &["hint", "02a", "3"]);
    assert!(copy.ex(0, &["reset", "02a"]).contains("already"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_panic() {
    let copy = Copy::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ex"));
    command.current_dir(copy.0.path()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn an_unknown_exercise_is_a_usage_error_with_a_suggestion() {
    let copy = Copy::new();
    for (id, meant) in [
        ("5a", "did you mean 05a?"),
        ("05", "did you mean 05a or 05b?"),
        ("nothing", "did you mean 02a or 20b or 22b?"),
        ("99", "see cargo ex"),
    ] {
        let words = copy.ex(2, &[id]);
        assert!(words.contains(meant), "{id}: {words}");
    }
}

#[test]
fn what_is_not_understood_is_a_usage_error() {
    let copy = Copy::new();
    for args in [
        &["99z"][..],
        &["shim", "w=7"],
        &["--nonsense"],
        &["hint"],
        &["hint", "99z"],
    ] {
        copy.ex(2, args);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_ex"));
    command.arg(OsStr::from_bytes(b"\xFF")).current_dir(copy.0.path());
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    assert_eq!(ex(Path::new("/"), &[]).status.code(), Some(2));
}

//! That the student's commands work. That each exercise bites, `.ci/run`
//! shows by `cargo ex prove`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn ex(directory: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ex"));
    command.args(args).current_dir(directory);
    command.output().expect("ex starts")
}

/// A copy of what the student's commands read and write.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Copy {
        let name = format!("ex-copy-{name}-{}", std::process::id());
        let copy = Copy(std::env::temp_dir().join(name));
        for directory in ["steps", "tests/exercises"] {
            copy.take(
                &Path::new(ROOT).join(directory),
                &copy.0.join(directory),
            );
        }
        // Whatever the student has in the original: here the starters.
        let synced = ex(&copy.0, &["sync"]);
        assert!(synced.status.success(), "{synced:?}");
        copy
    }

    fn take(&self, from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                self.take(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }

    fn ex(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = ex(&self.0, args);
        let mut words = String::from_utf8(output.stdout).unwrap();
        words.push_str(&String::from_utf8(output.stderr).unwrap());
        (output.status.code(), words)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_list_shows_all_and_the_next() {
    let copy = Copy::new("list");
    let (status, words) = copy.ex(&[]);
    assert_eq!(status, Some(0), "{words}");
    for part in ["01a  Two addresses", "~25 min   0/11", "next: cargo ex 01a"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    fs::write(copy.0.join(".progress"), "01a two-doors 00 8/8\n").unwrap();
    let (_, words) = copy.ex(&[]);
    assert!(words.contains("8/8   done, changed since"), "{words}");
    assert!(words.contains("next: cargo ex 01b"), "{words}");
}

#[test]
fn hints_come_in_three_levels() {
    let copy = Copy::new("hint");
    let levels = ["1", "2", "3"].map(|level| {
        let (status, words) = copy.ex(&["hint", "02a", level]);
        assert_eq!(status, Some(0), "{words}");
        assert!(words.contains(&format!("Hint {level} of 3")), "{words}");
        words
    });
    assert!(levels[0].contains("more: cargo ex hint 02a 2"));
    assert!(!levels[2].contains("more:"));
    assert_eq!(copy.ex(&["hint", "02a", "4"]).0, Some(2));
}

#[test]
fn a_reset_keeps_the_students_file() {
    let copy = Copy::new("reset");
    let file = copy.0.join("steps/02-echo/ex_a.rs");
    let starter = fs::read_to_string(&file).unwrap();
    fs::write(&file, "mine\n").unwrap();
    let (status, words) = copy.ex(&["reset", "02a"]);
    assert_eq!(status, Some(0), "{words}");
    assert_eq!(fs::read_to_string(&file).unwrap(), starter);
    let kept = copy.0.join("steps/02-echo/ex_a.rs.kept-1");
    assert_eq!(fs::read_to_string(kept).unwrap(), "mine\n");
    assert!(copy.ex(&["reset", "02a"]).1.contains("already"));
}

#[test]
fn the_solution_is_for_those_who_passed_or_give_up() {
    let copy = Copy::new("solution");
    let (status, words) = copy.ex(&["solution", "02a"]);
    assert_eq!(status, Some(1), "{words}");
    assert!(!words.contains("make_ascii_uppercase"), "{words}");
    let (status, words) = copy.ex(&["solution", "02a", "--give-up"]);
    assert_eq!(status, Some(0), "{words}");
    assert!(words.contains("while !rest.is_empty()"), "{words}");
    fs::write(copy.0.join(".progress"), "02a nothing-lost 00 11/11\n").unwrap();
    assert_eq!(copy.ex(&["solution", "02a"]).0, Some(0));
}

#[test]
fn sync_writes_starters_and_keeps_a_students_work() {
    let copy = Copy::new("sync");
    assert_eq!(copy.ex(&["sync", "--check"]).0, Some(0));
    let file = copy.0.join("steps/01-socket/ex_b.rs");
    fs::write(&file, "mine\n").unwrap();
    fs::write(copy.0.join(".progress"), "01b back-at-once 00 1/9\n").unwrap();
    let (status, words) = copy.ex(&["sync", "--check"]);
    assert_eq!(status, Some(1), "{words}");
    assert!(words.contains("ex_b.rs: not the starter"), "{words}");
    assert_eq!(copy.ex(&["sync"]).0, Some(0));
    assert_eq!(copy.ex(&["sync", "--check"]).0, Some(0));
    assert!(copy.0.join("steps/01-socket/ex_b.rs.kept-1").exists());
}

#[test]
fn lines_that_end_in_cr_lf_are_the_same_lines() {
    let copy = Copy::new("crlf");
    for path in [
        "steps/steps.toml",
        "steps/02-echo/ex_a.md",
        "steps/02-echo/ex_a.rs",
        "tests/exercises/02a.rs",
    ] {
        let path = copy.0.join(path);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    }
    assert_eq!(copy.ex(&["sync", "--check"]), (Some(0), String::new()));
    let (status, words) = copy.ex(&["hint", "02a", "3"]);
    assert_eq!(status, Some(0), "{words}");
    assert!(copy.ex(&["reset", "02a"]).1.contains("already"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_panic() {
    let copy = Copy::new("pipe");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ex"));
    command.current_dir(&copy.0).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn an_unknown_exercise_is_a_usage_error_with_a_suggestion() {
    let copy = Copy::new("suggest");
    for (id, meant) in [
        ("5a", "did you mean 05a?"),
        ("05", "did you mean 05a or 05b?"),
        ("nothing", "did you mean 02a?"),
        ("99", "see cargo ex"),
    ] {
        let (status, words) = copy.ex(&[id]);
        assert_eq!(status, Some(2), "{words}");
        assert!(words.contains(meant), "{id}: {words}");
    }
}

#[test]
fn what_is_not_understood_is_a_usage_error() {
    let copy = Copy::new("usage");
    for args in [
        &["99z"][..],
        &["shim", "w=7"],
        &["--nonsense"],
        &["hint"],
        &["hint", "99z"],
    ] {
        let (status, words) = copy.ex(args);
        assert_eq!(status, Some(2), "{args:?}: {words}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_ex"));
    command.arg(OsStr::from_bytes(b"\xFF")).current_dir(&copy.0);
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    let nowhere = ex(Path::new("/"), &[]);
    assert_eq!(nowhere.status.code(), Some(2));
}

//! Sessions in real terminals, with programs that every machine has.

use std::fs;

use super::*;
use crate::record::cargo::Built;

fn stage() -> Stage {
    Stage::new(&Built::new()).unwrap()
}

/// Has a tool at hand for step 01.
fn stage_with(tool: &str) -> Stage {
    let tool = process::tool(tool).unwrap();
    Stage::new(&Built::from([("step01".to_string(), tool)])).unwrap()
}

fn play(stage: &Stage, acts: &str) -> Result<String> {
    let script = Script::parse(&format!("# A session\n{acts}")).unwrap();
    let lines = record(&script, stage, &Ports::fresh("").unwrap())?;
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

fn played(acts: &str) -> String {
    play(&stage(), acts).unwrap()
}

/// What was printed in terminal `a`.
fn output(shown: &str) -> impl Iterator<Item = &str> {
    shown.lines().filter(|line| line.starts_with("a|"))
}

fn failure(stage: &Stage, acts: &str) -> String {
    format!("{:#}", play(stage, acts).unwrap_err())
}

#[test]
fn what_is_shown_follows_the_script() {
    let shown = played(
        "one& cat\none< hello\ntwo$ echo between\none> hello\none<^D\none.\n",
    );
    assert_eq!(
        shown,
        "one$ cat\none< hello\none| hello\ntwo$ echo between\n\
         two| between\none<^D\n"
    );
}

#[test]
fn a_terminal_that_is_waited_for_comes_before_the_others() {
    // Both have printed when the first act is over.
    let shown = played(
        "one& echo 1; cat\ntwo& echo 2; cat\ntwo> 2\none> 1\n\
         two<^D\none<^D\n",
    );
    // What one has printed was shown before two began.
    assert_eq!(
        shown,
        "one$ echo 1; cat\none| 1\ntwo$ echo 2; cat\ntwo| 2\n\
         two<^D\none<^D\n"
    );
}

#[test]
fn what_another_terminal_prints_meanwhile_comes_after_the_command_s_output() {
    let shown = played(
        "one& mkfifo f; read x < f; echo 1; touch done; cat\n\
         two$ echo go > f; until test -e done; do :; done; echo 2\n",
    );
    assert!(shown.ends_with("two| 2\none| 1\n"), "{shown}");
}

#[test]
fn it_is_a_terminal_of_eighty_columns() {
    let shown = played(
        "a$ test -t 0 -a -t 1 -a -t 2 && stty size\n\
         a$ echo out; echo err >&2; echo out\n",
    );
    assert!(shown.contains("a| 24 80\n"), "{shown}");
    assert!(shown.ends_with("a| out\na| err\na| out\n"), "{shown}");
}

#[test]
fn the_environment_is_empty_and_the_folder_is_new() {
    let file = fs::File::open("/dev/null").unwrap();
    // Leaves a descriptor that a program would inherit.
    let _inherited = nix::unistd::dup(&file).unwrap();
    let shown = played(
        "a$ echo $LANG$USER$CARGO; ls; pwd; echo $LC_ALL\n\
         a$ echo /dev/fd/*\n",
    );
    let output: Vec<_> = output(&shown).collect();
    // The last one is that of the directory, while bash reads it.
    let descriptors = "a| /dev/fd/0 /dev/fd/1 /dev/fd/2 /dev/fd/3";
    assert_eq!(output, ["a|", "a| ~", "a| C", descriptors]);
}

#[test]
fn ends_are_told_but_not_those_by_ctrl_c() {
    let shown = played(
        "a$ exit 3\na$ kill -PIPE $$\na$ true\n\
         a& sleep 60\na^C\n\
         a& trap 'exit 4' INT; echo ready; while :; do sleep 9; done\n\
         a> ready\na^C\n",
    );
    let ends: Vec<_> =
        shown.lines().filter(|line| line.starts_with("a=")).collect();
    assert_eq!(
        ends,
        ["a= exit status 3", "a= killed by SIGPIPE", "a= exit status 4"]
    );
}

#[test]
fn a_line_is_shown_when_it_is_whole_or_waited_for() {
    let shown = played(
        "a& echo one; printf tw; read x; echo o\na> one\nb$ true\n\
         a< x\na.\n",
    );
    assert!(shown.ends_with("a| one\nb$ true\na< x\na| two\n"), "{shown}");
    let shown = played("a& printf 'name? '; cat\na> name?\na< me\na<^D\na.\n");
    assert!(shown.contains("a| name?\na< me\na| me\n"), "{shown}");
}

#[test]
fn ports_are_free_ones_and_shown_as_written() {
    let shown = played(
        "a$ p=127.0.0.1:8080; echo to $p; test ${p#*:} != 8080 && echo 8080\n\
         a$ echo 127.0.0.1:40001 127.0.0.1:40002 127.0.0.1:40001 40001\n",
    );
    let output: Vec<_> = output(&shown).collect();
    assert_eq!(
        output,
        [
            "a| to 127.0.0.1:8080",
            "a| 8080",
            "a| 127.0.0.1:50000 127.0.0.1:50001 127.0.0.1:50000 40001"
        ]
    );
}

#[test]
fn masks_replace_what_differs_in_each_run() {
    let shown = played("mask pid=\\d+ pid=1000\na$ echo pid=$$ $((1+1))\n");
    assert_eq!(shown, "a$ echo pid=$$ $((1+1))\na| pid=1000 2\n");
}

#[test]
fn a_step_is_run_as_the_reader_runs_it() {
    let stage = stage_with("echo");
    let shown = play(
        &stage,
        "a$ cargo run --bin step01 -- --root x\n\
         a$ cargo run --bin step01 -- [::1]:8081\n\
         a$ target/debug/step01 y\n",
    )
    .unwrap();
    let output: Vec<_> = output(&shown).collect();
    assert_eq!(output, ["a| 127.0.0.1:8080 --root x", "a| [::1]:8081", "a| y"]);
}

#[test]
fn the_library_is_preloaded_into_the_step_alone() {
    let stage = stage_with("env");
    let acts = "a$ cargo ex shim w=7 -- cargo run --bin step01 -- A=:\n";
    let shown = play(&stage, acts).unwrap();
    assert!(shown.contains("SHIM=w=7\n"), "{shown}");
    assert!(shown.contains("/bin/shim.so\n"), "{shown}");
}

#[test]
fn bytes_are_typed_as_they_are() {
    let shown = played("a& cat -v\na<= he\na<= llo\\r\\n\na> ^M\na<^D\na.\n");
    assert_eq!(shown, "a$ cat -v\na< he\na< llo\\r\\n\na| hello^M\na<^D\n");
}

#[test]
fn a_text_that_does_not_come_is_reported_and_nothing_is_left_running() {
    let mut stage = stage();
    stage.patience = Duration::from_millis(300);
    let text = failure(
        &stage,
        "a$ true\na& sleep 300 & echo $! > pid; echo hello; wait\na> bye\n",
    );
    assert_eq!(
        text,
        "line 4: \"bye\" was not printed: waited 300ms; it printed \
         \"hello\\n\"; so far:\n  a$ true\n  \
         a$ sleep 300 & echo $! > pid; echo hello; wait\n  a| hello"
    );
    let pid = fs::read_to_string(stage.path().join("pid")).unwrap();
    let stat = process::stat_field(format!("/proc/{}/stat", pid.trim()), 0);
    assert!(stat.is_none_or(|state| state == "Z"), "sleep {pid} is left");
}

#[test]
fn a_program_that_has_ended_is_not_waited_for() {
    let text = failure(&stage(), "a& echo no; exit 2\na> yes\n");
    assert!(text.contains("the program has ended (exit status 2)"), "{text}");
    assert!(text.contains("it printed \"no\\n\""), "{text}");
}

#[test]
fn a_program_that_does_not_end_is_reported() {
    let mut stage = stage();
    stage.longest = Duration::from_millis(300);
    let text = failure(&stage, "a$ echo hello; cat\n");
    assert_eq!(
        text,
        "line 2: waited 300ms for the end; it printed \"hello\\n\"; \
         so far:\n  a$ echo hello; cat\n  a| hello"
    );
}

#[test]
fn what_cannot_be_done_is_refused() {
    for (acts, part) in [
        ("a< x\n", "no program runs there"),
        ("a& sleep 60\na$ true\n", "a program still runs there"),
        ("a$ seq 300\n", "301 lines"),
    ] {
        let text = failure(&stage(), acts);
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn control_characters_and_odd_bytes_are_visible() {
    assert_eq!(
        printable(b"a\r\nb\tc\x1b[1m\xffd\n"),
        "a\nb       c\\u{1b}[1m\\xffd\n"
    );
    assert_eq!(printable("\u{e9}\t|".as_bytes()), "\u{e9}       |");
}

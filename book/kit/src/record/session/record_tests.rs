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

/// What was printed in terminal `a`, and how programs ended there.
fn output(shown: &str) -> Vec<&str> {
    let ours = |line: &&str| line.starts_with("a|") || line.starts_with("a=");
    shown.lines().filter(ours).collect()
}

fn failure(stage: &Stage, acts: &str) -> String {
    format!("{:#}", play(stage, acts).unwrap_err())
}

#[test]
fn what_is_shown_follows_the_script() {
    for (acts, expected) in [
        (
            "a& cat\na< hello\nb$ echo between\na> hello\na<^D\na.\n",
            "a$\na< hello\na| hello\nb$\nb| between\na<^D\n",
        ),
        // Both have printed when the first act is over, and what one has
        // printed was shown before two began.
        (
            "a& echo 1; cat\nb& echo 2; cat\nb> 2\na> 1\nb<^D\na<^D\n",
            "a$\na| 1\nb$\nb| 2\nb<^D\na<^D\n",
        ),
        // What another prints meanwhile comes after the command's output.
        (
            "a& mkfifo f; read x < f; echo 1; touch done; cat\n\
             b$ echo go > f; until test -e done; do :; done; echo 2\n",
            "a$\nb$\nb| 2\na| 1\n",
        ),
        // A line is shown when it is whole or waited for.
        (
            "a& echo one; printf tw; read x; echo o\na> one\nb$ :\na< x\na.\n",
            "a$\na| one\nb$\na< x\na| two\n",
        ),
        (
            "a& printf 'name? '; cat\na> name?\na< me\na<^D\na.\n",
            "a$\na| name?\na< me\na| me\na<^D\n",
        ),
        // Bytes are typed as they are.
        (
            "a& cat -v\na<= he\na<= llo\\r\\n\na> ^M\na<^D\na.\n",
            "a$\na< he\na< llo\\r\\n\na| hello^M\na<^D\n",
        ),
    ] {
        let shown = play(&stage(), acts).unwrap();
        // Commands are shown as they are written.
        let short = shown.lines().map(|line| match line.split_once("$ ") {
            Some((terminal, command)) if acts.contains(command) => {
                format!("{terminal}$\n")
            }
            _ => format!("{line}\n"),
        });
        assert_eq!(short.collect::<String>(), expected, "{acts}");
    }
}

#[test]
fn what_programs_print_is_shown_and_how_they_end() {
    for (acts, expected) in [
        // It is a terminal of eighty columns.
        ("a$ test -t 0 -a -t 1 -a -t 2 && stty size\n", &["a| 24 80"][..]),
        (
            "a$ echo out; echo err >&2; echo out\n",
            &["a| out", "a| err", "a| out"],
        ),
        // Ends are told, but not those by Ctrl-C.
        ("a$ exit 3\n", &["a= exit status 3"]),
        ("a$ kill -PIPE $$\na$ true\n", &["a= killed by SIGPIPE"]),
        ("a& sleep 60\na^C\n", &[]),
        (
            "a& trap 'exit 4' INT; echo on; while :; do sleep 9; done\n\
             a> on\na^C\n",
            &["a| on", "a= exit status 4"],
        ),
        // Ports are free ones and shown as written.
        (
            "a$ p=127.0.0.1:8080; echo to $p; test ${p#*:} != 8080 && echo 1\n",
            &["a| to 127.0.0.1:8080", "a| 1"],
        ),
        (
            "a$ h=127.0.0.1; echo $h:40001 $h:40002 $h:40001 $h:9 $h:8080 7\n",
            &["a| 127.0.0.1:50000 127.0.0.1:50001 127.0.0.1:50000 \
               127.0.0.1:9 127.0.0.1:8080 7"],
        ),
        // Masks replace what differs in each run.
        (
            "mask pid=\\d+ pid=1000\na$ echo pid=$$ $((1+1))\n",
            &["a| pid=1000 2"],
        ),
    ] {
        let shown = play(&stage(), acts).unwrap();
        assert_eq!(output(&shown), expected, "{acts}");
    }
}

#[test]
fn the_environment_is_empty_and_the_folder_is_new() {
    let file = fs::File::open("/dev/null").unwrap();
    // Leaves a descriptor that a program would inherit.
    let _inherited = nix::unistd::dup(&file).unwrap();
    let shown = play(
        &stage(),
        "a$ echo $LANG$USER$CARGO; ls; pwd; echo $LC_ALL\n\
         a$ echo /dev/fd/*\n",
    )
    .unwrap();
    // The last one is that of the directory, while bash reads it.
    let descriptors = "a| /dev/fd/0 /dev/fd/1 /dev/fd/2 /dev/fd/3";
    assert_eq!(output(&shown), ["a|", "a| ~", "a| C", descriptors]);
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
    let expected = ["a| 127.0.0.1:8080 --root x", "a| [::1]:8081", "a| y"];
    assert_eq!(output(&shown), expected);
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
        (
            "a& echo no; exit 2\na> yes\n",
            "the program has ended (exit status 2); it printed \"no\\n\"",
        ),
    ] {
        let text = failure(&stage(), acts);
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn control_characters_and_odd_bytes_are_visible() {
    let odd = printable(b"a\r\nb\tc\x1b[1m\xffd\n");
    assert_eq!(odd, ["a", "b       c\\u{1b}[1m\\xffd"]);
    assert_eq!(printable("\u{e9}\t|".as_bytes()), ["\u{e9}       |"]);
}

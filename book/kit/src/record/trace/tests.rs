//! A real program under strace, and what of it is ours.

use std::fs;

use super::*;

/// Its lines are counted below.
const PROGRAM: &str = r#"
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let big = vec![1_u8; 1 << 20];
    let address = std::env::args().nth(1).unwrap();
    let listener = TcpListener::bind(&address).unwrap();
    say("listening", &address);
    let (visitor, _) = listener.accept().unwrap();
    let greeter = std::thread::spawn(move || greet(visitor, big));
    greeter.join().unwrap();
    let _ = listener.accept();
}

fn say(what: &str, to: &str) {
    println!("{what} {to}");
}

fn greet(mut visitor: TcpStream, big: Vec<u8>) {
    let mut letters = [0; 4];
    visitor.read_exact(&mut letters).unwrap();
    assert!(big.len() > 4);
    visitor.write_all(&letters).unwrap();
}
"#;

const SCRIPT: &str = "# A client.
server& program 127.0.0.1:8080
server> listening 127.0.0.1:8080
client& nc 127.0.0.1 8080
client<= four
client> four
client.
again& nc 127.0.0.1 8080
server.
";

/// Compiles the program as steps are compiled for traces.
fn compiled(root: &Path) -> PathBuf {
    let folder = root.join("steps/01-test");
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join("main.rs");
    fs::write(&source, PROGRAM).unwrap();
    let program = root.join("program");
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let output = Command::new(rustc)
        .args(["-g", "--edition=2024", "-Clinker-features=-lld"])
        .args(["-Cdebug-assertions=off", "-o"])
        .arg(&program)
        .arg(&source)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    program
}

#[test]
fn our_calls_of_a_real_program_are_found_with_their_lines() {
    if let Some(why) = impossible() {
        // Where traces must be possible, that is a failure.
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        eprintln!("SKIPPED traces of a real program: {why}");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let program = compiled(root.path());
    let trace = |script: &str| {
        let script = Script::parse(script).unwrap();
        trace_program(&script, &program, root.path(), "")
    };
    let tasks = trace(SCRIPT).unwrap();
    let shown: Vec<Vec<String>> = tasks
        .iter()
        .map(|task| {
            let calls = task.calls.iter().map(|c| {
                let Call { call, function, line, .. } = c;
                format!("{call} {function}:{line}")
            });
            calls.collect()
        })
        .collect();
    assert_eq!(
        shown,
        [
            vec![
                "socket main:8",
                "setsockopt main:8",
                "bind main:8",
                "listen main:8",
                "write say:17",
                "accept4 main:10",
                "clone3 main:11",
                "accept4 main:13",
                "close main:13",
                "close main:14",
            ],
            vec!["recvfrom greet:22", "sendto greet:24", "close greet:25"],
        ],
        "{tasks:#?}"
    );
    let write = &tasks[0].calls[4];
    assert_eq!(write.args, "1<pipe>, \"listening 127.0.0.1:8080\\n\", 25");
    assert_eq!(write.file, Path::new("steps/01-test/main.rs"));
    let labels: Vec<_> = tasks.iter().map(|task| &*task.label).collect();
    assert_eq!(labels, ["main", "thread 1"]);
    // Nothing is left of what this one run had.
    assert_eq!(tasks, trace(SCRIPT).unwrap());

    // What the program does not do is reported.
    let failure = |script: &str| format!("{:#}", trace(script).unwrap_err());
    let text = failure(&SCRIPT.replace("> four", "> five"));
    assert!(text.starts_with("line 6: "), "{text}");
    assert!(text.contains("it printed \"four\""), "{text}");
    let step = "so far:\n  server$ program 127.0.0.1:8080\n  server| listen";
    assert!(text.contains(step), "{text}");
    // What the script does not end is left to nobody.
    let end = "again& nc 127.0.0.1 8080\nserver.\n";
    let text = failure(&SCRIPT.replace(end, ""));
    assert!(text.contains("does not end the step"), "{text}");
}

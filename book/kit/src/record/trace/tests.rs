//! A real program under strace, and what of it is ours.

use std::fs;

use super::*;

/// Its lines are counted below.
const PROGRAM: &str = r#"
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let address = std::env::args().nth(1).unwrap();
    let listener = TcpListener::bind(&address).unwrap();
    println!("listening {address}");
    let (visitor, _) = listener.accept().unwrap();
    let greeter = std::thread::spawn(move || greet(visitor));
    greeter.join().unwrap();
}

fn greet(mut visitor: TcpStream) {
    let mut letters = vec![0; 1 << 20];
    visitor.read_exact(&mut letters[..4]).unwrap();
    visitor.write_all(&letters[..4]).unwrap();
}
"#;

const SCRIPT: &str = "# A client.
server& program 127.0.0.1:8080
server> listening 127.0.0.1:8080
client& nc 127.0.0.1 8080
client<= four
client> four
client.
server.
";

/// Compiles the program as steps are compiled for traces.
fn compiled(root: &Path) -> PathBuf {
    let source = root.join("steps/01-test/main.rs");
    let program = root.join("program");
    fs::create_dir_all(root.join("steps/01-test")).unwrap();
    fs::write(&source, PROGRAM).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["-g", "--edition=2024"]).args(cargo::FOR_TRACES.split(' '));
    rustc.arg("-o").args([&program, &source]);
    assert!(rustc.status().unwrap().success());
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
    let shown = |task: &Task| {
        let calls = task.calls.iter().map(|c| {
            let Call { call, function, line, .. } = c;
            format!("{call} {function}:{line}")
        });
        (task.label.clone(), calls.collect::<Vec<_>>().join(", "))
    };
    let [main, thread] = &tasks[..] else { panic!("{tasks:#?}") };
    let by_main = "socket main:7, setsockopt main:7, bind main:7, \
                   listen main:7, write main:8, accept4 main:9, \
                   clone3 main:10, close main:12";
    let by_thread = "recvfrom greet:16, sendto greet:17, close greet:18";
    assert_eq!(shown(main), ("main".into(), by_main.into()), "{tasks:#?}");
    assert_eq!(shown(thread), ("thread 1".into(), by_thread.into()));
    let write = &main.calls[4];
    assert_eq!(write.args, "1<pipe>, \"listening 127.0.0.1:8080\\n\", 25");
    assert_eq!(write.file, Path::new("steps/01-test/main.rs"));
    // Nothing is left of what this one run had.
    assert_eq!(tasks, trace(SCRIPT).unwrap());
    // What the script does not end is left to nobody.
    let endless = trace(&SCRIPT.replace("server.\n", "")).unwrap_err();
    let words = endless.to_string();
    assert!(words.contains("does not end the step"), "{words}");
}

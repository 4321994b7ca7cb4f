//! 10a A gateway: a program for each request, and no process left.

use std::time::{Duration, Instant};

use super::http::{self, ask};
use super::prelude::*;
use crate::lab::fixtures::pattern;

const RUNS: &str = "runs a program, and sends what it writes";

pub const CHECKS: &[Check] = checks![
    RUNS, 1, needs [], Passes, read "The program's process",
        |lab| hello(&mut start(lab)?.connect()?);
    "tells it of its request alone, and gives it three descriptors", 4,
        needs [RUNS], Fails, read "What a program is told", told;
    "takes eight megabytes through it", 3, needs [RUNS], Fails,
        read "Two pipes at once", through;
    "says 502 when it fails", 1, needs [RUNS], Fails,
        read "What comes out", fails;
    "kills it after a second, with all that it has started", 3, needs [RUNS],
        Fails, read "The end of a program", hangs;
    "does not wait for what a program leaves behind", 2, needs [RUNS], Fails,
        read "The end of a program", leaves;
    TIDY, 1, needs [RUNS], Passes, read "The end of a program",
        |lab| tidy::check(lab, &start(lab)?, hello);
];

/// Programs, each with what the shell runs.
const PROGRAMS: [(&str, &str); 9] = [
    ("hello", "echo hello"),
    ("environ", "exec cat /proc/self/environ"),
    ("descriptors", "exec ls /proc/self/fd"),
    ("cat", "exec cat"),
    ("deaf", "exec <&-; echo done"),
    ("fails", "echo hello; exit 3"),
    ("killed", "echo hello; kill -KILL $$"),
    // Both wait for the end of a FIFO that each of their processes has open.
    ("hangs", "exec 3<held; trap '' TERM; cat <&3 & wait"),
    ("leaves", "exec 3<held; cat <&3 & echo done"),
];

/// The program under test, beside these.
fn start(lab: &Lab) -> Outcome<Program> {
    start_with(lab, "60")
}

fn start_with(lab: &Lab, seconds: &str) -> Outcome<Program> {
    let tree = Tree::new(lab);
    for (name, script) in PROGRAMS {
        tree.program(&format!("cgi/{name}"), script)?;
    }
    lab.launch(&["127.0.0.1:0", "--timeout", seconds]).at_home().start()
}

fn hello(client: &mut Client) -> Outcome {
    for _ in 0..2 {
        ask(client, "GET", "/cgi/hello")?;
        http::expect(client, b"hello\n").likely(
            "its output comes to where dup2 has led its descriptor 1",
        )?;
    }
    Ok(())
}

/// Sends a body to a program.
fn post(client: &mut Client, name: &str, body: &[u8]) -> Outcome {
    let length = body.len();
    let head = format!(
        "POST /cgi/{name} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\
         \r\n\r\n"
    );
    client.send(&[head.as_bytes(), body].concat())
}

fn told(lab: &Lab) -> Outcome {
    let mut client = start(lab)?.connect()?;
    client.send(
        b"GET /cgi/environ?a=b%20c HTTP/1.1\r\nHost: a\r\nProxy: evil:80\r\n\
          X-Some-Field: some value\r\n\r\n",
    )?;
    let told = client.response()?.body;
    let query = "QUERY_STRING=a=b%20c";
    let field = "HTTP_X_SOME_FIELD=some value";
    expect_told(&client, &told, &["REQUEST_METHOD=GET", query, field])?;
    ask(&mut client, "GET", "/cgi/descriptors")?;
    // The last is the directory itself, which `ls` has open.
    http::expect(&mut client, b"0\n1\n2\n3\n").map(drop).likely(
        "what has no O_CLOEXEC stays open across exec; 3 is that of `ls`",
    )
}

/// These variables, none of the server's own, and none that is dangerous.
pub fn expect_told(client: &Client, told: &[u8], wanted: &[&str]) -> Outcome {
    let told = String::from_utf8_lossy(told);
    let told: Vec<&str> = told.split_terminator('\0').collect();
    for variable in wanted {
        ensure(told.contains(variable), || {
            client.failed(*variable, format!("{told:?}"))
        })
        .likely("execve takes the variables as its third argument")?;
    }
    for (start, guess) in [
        ("HOME=", "execve takes the variables: none of the server's own"),
        ("HTTP_PROXY=", "a client can call a field Proxy: that is httpoxy"),
    ] {
        ensure(!told.iter().any(|it| it.starts_with(start)), || {
            client.failed(format!("no {start}"), format!("{told:?}"))
        })
        .likely(guess)?;
    }
    Ok(())
}

fn through(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let mut client = program.connect()?;
    let body = pattern(8 << 20);
    post(&mut client, "cat", &body)?;
    http::expect(&mut client, &body).likely(
        "the pipes hold 64 KiB each: write and read at once, as poll says, \
         and close its input, so that the program reads the end of its input",
    )?;
    post(&mut client, "deaf", &body)?;
    http::expect(&mut client, b"done\n")
        .likely("EPIPE: a program need not read all of its input")
        .map(drop)
}

fn fails(lab: &Lab) -> Outcome {
    let mut client = start(lab)?.connect()?;
    for (name, guess) in [
        ("fails", "waitpid tells how it has ended: exit status 0 is success"),
        ("killed", "a program that a signal has ended has not succeeded"),
        ("missing", "a process that cannot exec ends, with another status"),
    ] {
        ask(&mut client, "GET", &format!("/cgi/{name}"))?;
        http::refused(&mut client, &[502]).about(name).likely(guess)?;
    }
    Ok(())
}

const KILL: &str = "its group, all of it: setpgid before exec, killpg with \
                    SIGKILL, which no program can refuse";

fn hangs(lab: &Lab) -> Outcome {
    let mut held = Held::new(lab, "held")?;
    // Not a moment less. All others have a minute, which no busy machine takes
    // away from them.
    let limit = Duration::from_secs(1);
    let program = start_with(lab, "1")?;
    let mut client = program.connect()?;
    let start = Instant::now();
    ask(&mut client, "GET", "/cgi/hangs")?;
    let has_begun = held.await_worker(&program);
    program
        .eventually("responds after about one second", || {
            client.has_something().then_some(())
        })
        .likely(
            "what is left of the second is the limit of each poll; then \
             SIGKILL, to its group",
        )?;
    let passed = start.elapsed();
    http::refused(&mut client, &[504]).about("when the second is over")?;
    ensure(passed >= limit, || {
        let got = format!("504 after {} ms", passed.as_millis());
        client.failed("one second for the program: not less", got)
    })?;
    has_begun?;
    held.await_gone(&program).likely(KILL)?;
    // It serves on. Nothing is run, for which the second might be too short.
    let mut next = program.connect()?;
    ask(&mut next, "GET", "/cgi/missing")?;
    http::refused(&mut next, &[502]).map(drop)
}

fn leaves(lab: &Lab) -> Outcome {
    let mut held = Held::new(lab, "held")?;
    let program = start(lab)?;
    let mut client = program.connect()?;
    ask(&mut client, "GET", "/cgi/leaves")?;
    held.await_worker(&program)?;
    http::expect(&mut client, b"done\n").likely(
        "what the program has started has a copy of the pipe: wait for the \
         end of the program, not of its output",
    )?;
    held.await_gone(&program).likely(KILL)
}

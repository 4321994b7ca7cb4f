//! 21b One or the other: settings that change while clients are served.

use super::prelude::*;

const ANSWERS: &str = "has an answer of three lines";
const READS: &str = "reads its settings at SIGHUP";

pub const CHECKS: &[Check] = checks![
    ANSWERS, 1, needs [], Passes, read "Settings",
        |lab| answer(&mut start(lab)?.connect()?, "a");
    READS, 2, needs [ANSWERS], Fails, read "While clients are served",
        |lab| {
        let program = start(lab)?;
        change(&program, settings("b"))?;
        arrives(&program, "b")
    };
    "has each answer as it begins, and nobody wait", 5, needs [READS], Waits,
        read "While clients are served", begins;
    "keeps its settings if the file is wrong", 3, needs [READS], Waits,
        read "Settings", wrong;
    "mixes nothing and grows by nothing", 2, needs [READS], Waits,
        read "While clients are served", often;
    TIDY, 1, needs [ANSWERS], Passes, read "While clients are served",
        |lab| tidy::check(lab, &start(lab)?, |client| answer(client, "a"));
];

/// A file of settings that are of one state.
fn settings(state: &str) -> String {
    format!("greeting = hi {state}\ntext=ok {state}\nsignature =by {state}\n")
}

/// What a client gets then.
fn lines(state: &str) -> String {
    format!("hi {state}\nok {state}\nby {state}\n")
}

fn start(lab: &Lab) -> Outcome<Program> {
    Tree::new(lab).file("settings", settings("a"))?;
    lab.server_with(&["--settings", "settings"])
}

fn answer(client: &mut Client, state: &str) -> Outcome {
    round_trip(client, b"\n\n\n", lines(state).as_bytes())
}

/// Gives the name of the settings to another file, and sends SIGHUP.
fn change(program: &Program, text: String) -> Outcome {
    let tree = Tree::new(program.lab());
    tree.file("new", text)?;
    tree.rename("new", "settings")?;
    program.signal(libc::SIGHUP);
    Ok(())
}

/// Waits until clients who come are told of this state.
fn arrives(program: &Program, state: &str) -> Outcome {
    let line = format!("hi {state}\n");
    program.eventually("reads the file, and takes what it says", || {
        let mut client = program.connect().ok()?;
        round_trip(&mut client, b"\n", line.as_bytes()).ok()
    })
}

/// The new settings are a pipe, in which they come slowly.
fn begins(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let (mut one, mut other) = (program.connect()?, program.connect()?);
    round_trip(&mut one, b"\n", b"hi a\n")?;
    let mut held = Held::new(lab, "settings")?;
    program.signal(libc::SIGHUP);
    held.await_worker(&program)?;
    answer(&mut other, "a")
        .and_then(|()| answer(&mut program.connect()?, "a"))
        .likely("the file is read under the lock, or in a signal handler")?;
    held.release(lab, &settings("b"));
    arrives(&program, "b")?;
    round_trip(&mut one, b"\n\n", b"ok a\nby a\n")
        .likely("the settings have changed in the middle of an answer")?;
    answer(&mut other, "b").likely("an answer begins when it is asked for")
}

fn wrong(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let mut client = program.connect()?;
    let good = settings("b");
    for (text, words) in [
        (good.replace("text=", "text "), "settings:2"),
        (good.clone() + "colour = red", "settings:4"),
        (good.replace("signature =by b\n", ""), "signature"),
    ] {
        change(&program, text)?;
        program.expect_note(words)?;
        answer(&mut client, "a").likely("what is wrong changes nothing")?;
    }
    change(&program, good)?;
    arrives(&program, "b")
}

fn often(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let had = program.resources();
    let mut clients = program.connect_many(10)?;
    for state in ["b", "a"].repeat(50) {
        clients.iter_mut().try_for_each(|it| it.send(b"\n\n\n"))?;
        change(&program, settings(state))?;
        for client in &mut clients {
            let (got, _) = client.receive(lines(state).len())?;
            ensure(
                ["a", "b"].iter().any(|it| got == lines(it).as_bytes()),
                || client.failed("an answer of one state", show::bytes(&got)),
            )?;
        }
    }
    drop(clients);
    let memory = |number: usize| {
        let state = format!("{number:03}{}", "x".repeat(100_000));
        change(&program, settings(&state))?;
        arrives(&program, &state)?;
        Ok(proc::memory(program.pid()).unwrap_or(0))
    };
    let before = memory(0)?;
    (1..99).try_for_each(|number| memory(number).map(drop))?;
    let more = memory(99)?.saturating_sub(before);
    ensure(more < 10_000, || {
        let expected = "a hundred times settings of 300 kB, and 10 MB more";
        program.failed(expected, format!("{more} kB more"))
    })
    .likely("what no answer uses is nobody's any more: let it go")?;
    program.expect_back(&had)
}

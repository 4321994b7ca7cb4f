//! 20b All or nothing: a text is replaced as a whole, or not at all.

use std::fs;

use nix::sys::inotify::{AddWatchFlags as Watch, InitFlags, Inotify};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};

use super::parts::rows;
use super::prelude::*;

const KEEPS: &str = "keeps notes";

pub const CHECKS: &[Check] = checks![
    KEEPS, 1, needs [], Passes, read "All or nothing",
        |lab| talk(&mut launch(lab)?.start()?.connect()?, NOTES);
    "has names that lead nowhere else", 2, needs [KEEPS], Fails,
        read "All or nothing", names;
    "leaves alone what somebody reads", 2, needs [KEEPS], Fails,
        read "All or nothing", reads;
    "keeps the old text if there is no room for the new one", 3,
        needs [KEEPS], Fails, read "All or nothing",
        |lab| fails(crowded(lab, SigHandler::SigIgn)?, "LONG", "old");
    "says ok when text and name are on the disk", 4, needs [KEEPS], Fails,
        read "All or nothing",
        |lab| fails(launch(lab)?.shim("fsync=EIO"), "new", "old")
            .and_then(|()| fails(launch(lab)?.shim("dirsync=EIO"), "b", "b"));
    "has the old text if it dies in the middle", 3, needs [KEEPS], Fails,
        read "All or nothing", dies;
    TIDY, 1, needs [KEEPS], Passes, read "All or nothing",
        |lab| tidy::check(lab, &launch(lab)?.start()?, |it| talk(it, NOTES));
];

/// The program, and the first time a note for it.
fn launch(lab: &Lab) -> Outcome<Launch> {
    let tree = Tree::new(lab);
    if !tree.path("notes").exists() {
        tree.file("notes/a", "old")?;
    }
    Ok(lab.launch(&["127.0.0.1:0", "--root", &tree.argument("notes")]))
}

/// The same where no file becomes as long as `LONG`: a write is short, and the
/// next one fails if the signal is ignored.
fn crowded(lab: &Lab, action: SigHandler) -> Outcome<Launch> {
    let restrict = move || {
        // SAFETY: no function is called when it comes.
        unsafe { signal(Signal::SIGXFSZ, action) }?;
        Ok(setrlimit(Resource::RLIMIT_FSIZE, 1 << 16, 1 << 16)?)
    };
    // SAFETY: the closure makes two system calls.
    Ok(unsafe { launch(lab)?.before(restrict) })
}

/// Rows of a response, and the request for it.
fn talk(client: &mut Client, table: &str) -> Outcome {
    for (rule, response, request) in rows(table) {
        let line = |it: &str| it.replace("LONG", &"x".repeat(100_000)) + "\n";
        round_trip(client, line(request).as_bytes(), line(response).as_bytes())
            .likely(rule)?;
    }
    Ok(())
}

fn names(lab: &Lab) -> Outcome {
    let (program, tree) = (launch(lab)?.start()?, Tree::new(lab));
    tree.directory("notes/c")?;
    tree.link("notes/link", "a")?;
    talk(&mut program.connect()?, NAMES)
}

/// Nobody finds the name without a file, or the file with another text.
fn reads(lab: &Lab) -> Outcome {
    let (program, notes) = (launch(lab)?.start()?, lab.scratch().join("notes"));
    let flags = Watch::IN_MODIFY | Watch::IN_DELETE | Watch::IN_MOVED_FROM;
    let inotify = Inotify::init(InitFlags::IN_NONBLOCK)
        .and_then(|it| it.add_watch(&notes, flags).map(|_| it))
        .map_err(|errno| Trouble::blocked(format!("inotify(7): {errno}")))?;
    talk(&mut program.connect()?, NOTES)?;
    let mut events = inotify.read_events().unwrap_or_default();
    events.retain(|event| event.name == Some("a".into()));
    ensure(events.is_empty(), || {
        let got = format!("inotify: {:?}", events[0].mask);
        program.failed("the name leads to another file, at once", got)
    })
    .likely("write another file, and give it the name when it is whole")
}

/// What is in the directory besides the note.
fn others(lab: &Lab) -> Vec<String> {
    let notes = fs::read_dir(lab.scratch().join("notes"));
    let entries = notes.into_iter().flatten().flatten();
    let names = entries.filter_map(|it| it.file_name().into_string().ok());
    names.filter(|name| name != "a").collect()
}

/// The note cannot be set once, has this text then, and is set again.
fn fails(launch: Launch, new: &str, text: &str) -> Outcome {
    let program = launch.start()?;
    let table = FAILS.replace("NEW", new).replace("TEXT", text);
    talk(&mut program.connect()?, &table)?;
    let others = others(program.lab());
    ensure(others.is_empty(), || {
        program.failed("no file but the note's", others.join(" "))
    })
    .likely("what has failed takes its own file away")
}

fn dies(lab: &Lab) -> Outcome {
    let program = crowded(lab, SigHandler::SigDfl)?.start()?;
    // There is no response: the signal ends it, or else ours does.
    let _ = talk(&mut program.connect()?, "ok | set a LONG");
    program.signal(libc::SIGKILL);
    program.wait(program.patience())?;
    let left = others(lab).into_iter().map(|it| format!("\nerror | get {it}"));
    let table = DIES.to_string() + &left.collect::<String>();
    talk(&mut launch(lab)?.start()?.connect()?, &table)
}

const NOTES: &str = "\
# a note has the text that was set last
ok | set b 2 words
ok 2 words | get b
ok | set a LONG
ok LONG | get a
error | get nothing";
const NAMES: &str = "\
# a name is one in the directory itself, without a dot in front
error | set .b new
error | get c/../a
error | set c/../a new
# a symbolic link is replaced, and not followed
ok | set link new
ok old | get a
ok new | get link";
const FAILS: &str = "\
# in this order: all of it, fsync, the name, fsync of the directory, ok; or error
error | set a NEW
ok TEXT | get a
ok | set a next";
const DIES: &str = "\
# what is left behind is no note, and in nobody's way
ok old | get a
ok | set a new";

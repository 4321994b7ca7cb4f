//! The thread that writes the log, where there is no room, or it has to wait.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::alarm;
use service::log::{Log, open_log};
use shared::cli;
use shared::web::log::{Buffers, count};

use crate::scratch::Scratch;

const LINES: &[u8] = b"a line\nanother line\n";

const WHY: &str = " lines: file too large";

/// Has a process of its own do the work of this name with a log at `path`.
fn start(name: &str, path: &Path, pause: &str) -> Child {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", &format!("log::{name}")]);
    child.env("LOG_PATH", path).env("LOG_PAUSE", pause);
    child.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null());
    child.spawn().unwrap()
}

/// Where that is: in such a process, which ends if it waits for ever.
fn path() -> Option<PathBuf> {
    let path = env::var_os("LOG_PATH")?;
    alarm::set(100);
    Some(path.into())
}

/// How many lines have been lost, if it is this that is said.
fn lost(said: &str) -> Option<u64> {
    let rest = said.strip_prefix("the log has lost ")?;
    rest.split(' ').next()?.parse().ok()
}

/// No test: what the next one does in a process whose files cannot grow.
#[test]
fn work_without_room() {
    let Some(path) = path() else { return };
    let (_, most) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, 30, most).unwrap();
    let pause = env::var("LOG_PAUSE").unwrap().parse();
    let pause = pause.ok().map(Duration::from_millis);
    let log = open_log(&path).and_then(|file| match pause {
        Some(pause) => Log::start_telling(file, pause),
        None => Log::start(file),
    });
    let log = log.ok().unwrap();
    (0..5).for_each(|_| log.handle().put(LINES.to_vec()));
    // The parent has heard what it waits for.
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
    cli::log("the end");
    if pause.is_some() {
        setrlimit(Resource::RLIMIT_FSIZE, most, most).unwrap();
        assert!(log.reopen(&path.join("log")).is_err());
        fs::rename(&path, path.with_extension("old")).unwrap();
        assert!(log.reopen(&path).is_ok());
        log.handle().put(LINES.to_vec());
    }
    log.stop();
}

/// At first what is lost is said at once, and then after a pause, even if
/// nothing more is to be written; and at the end. Of a line that has begun
/// there is room for the rest in the end, or there is not.
#[test]
fn lines_are_whole_or_counted() {
    let twice = LINES.repeat(2);
    for (pause, sums, most, old, new) in [
        ("", [2, 5], 2, None, &twice[..30]),
        // It may be over before the next lines are lost.
        ("100", [6, 0], 3, Some(&twice), LINES),
    ] {
        let directory = Scratch::new().unwrap();
        let path = directory.path().join("log");
        let mut child = start("work_without_room", &path, pause);
        let mut input = child.stdin.take();
        let (mut told, mut said) = ([0, 0], Vec::new());
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            said.push(line.unwrap());
            let is_after = said.iter().any(|it| it == "the end");
            let Some(lost) = lost(&said[said.len() - 1]) else { continue };
            told[usize::from(is_after)] += lost;
            if told[0] >= sums[0] {
                drop(input.take());
            }
        }
        assert!(child.wait().unwrap().success(), "{said:?}");
        let is_right = told == sums && said.len() <= most + 1;
        assert!(is_right, "{said:?}");
        assert!(said.iter().all(|it| it == "the end" || it.ends_with(WHY)));
        let before = fs::read(path.with_extension("old")).ok();
        assert_eq!(before.as_ref(), old);
        assert_eq!(fs::read(&path).unwrap(), new);
    }
}

/// No test: what the next one does in a process of its own. Its log is a pipe,
/// which it reads only when there is another one.
#[test]
fn work_that_waits() {
    let Some(path) = path() else { return };
    let (mut pipe, input) = io::pipe().unwrap();
    let log = Log::start(input.into()).ok().unwrap();
    // The first are more than a pipe has room for.
    log.handle().put(LINES.repeat(10_000));
    (0..600).for_each(|_| log.handle().put(LINES.to_vec()));
    assert!(log.reopen(&path).is_ok());
    let mut old = Vec::new();
    pipe.read_to_end(&mut old).unwrap();
    log.stop();
    fs::write(path.with_extension("old"), old).unwrap();
}

/// Of so many, some: but none because the log has been opened again.
#[test]
fn what_waits_for_too_long_is_counted() {
    let directory = Scratch::new().unwrap();
    let path = directory.path().join("log");
    let output = start("work_that_waits", &path, "").wait_with_output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.ends_with(" lines: the disk is too slow\n"), "{said}");
    let lost = said.lines().filter_map(lost).sum::<u64>();
    let files = [path.with_extension("old"), path];
    let kept = files.map(|it| count(&fs::read(it).unwrap()));
    assert_eq!(kept.iter().sum::<u64>() + lost, 20_000 + 1200, "{said}");
}

#[test]
fn a_full_queue_is_counted() {
    let buffers = Buffers::default();
    (0..600).for_each(|_| buffers.put(LINES.to_vec()));
    let taken = (0..512).map(|_| count(&buffers.take(None).unwrap())).sum();
    assert_eq!((buffers.lost(), taken, buffers.lost()), (176, 1024, 0));
}

//! The thread that writes the log, where there is no room.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use service::log::{Log, open_log};
use shared::web::log::{Buffers, count};

use crate::scratch::Scratch;

const LINES: &[u8] = b"a line\nanother line\n";

/// No test: what the next one does in a process whose files cannot grow.
#[test]
fn work_without_room() {
    let Some(path) = env::var_os("LOG_PATH").map(PathBuf::from) else { return };
    let (_, most) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, 30, most).unwrap();
    let log = open_log(&path).and_then(Log::start).ok().unwrap();
    (0..3).for_each(|_| log.handle().put(LINES.to_vec()));
    // The parent has heard of what has been lost.
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, most, most).unwrap();
    assert!(log.reopen(&path.join("log")).is_err());
    fs::rename(&path, path.with_extension("old")).unwrap();
    assert!(log.reopen(&path).is_ok());
    log.handle().put(LINES.to_vec());
    log.stop();
}

#[test]
fn lines_are_whole_or_counted() {
    let directory = Scratch::new().unwrap();
    let path = directory.path().join("log");
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "log::work_without_room"]).env("LOG_PATH", &path);
    child.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null());
    let mut child = child.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    said.read_line(&mut text).unwrap();
    drop(child.stdin.take());
    said.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    assert_eq!(text, "the log has lost 2 lines: file too large\n");
    let old = fs::read(path.with_extension("old")).unwrap();
    assert_eq!((&*old, &*fs::read(&path).unwrap()), (&*LINES.repeat(2), LINES));
}

#[test]
fn a_full_queue_is_counted() {
    let buffers = Buffers::default();
    (0..600).for_each(|_| buffers.put(LINES.to_vec()));
    let taken = (0..512).map(|_| count(&buffers.take().unwrap())).sum();
    assert_eq!((buffers.lost(), taken, buffers.lost()), (176, 1024, 0));
}

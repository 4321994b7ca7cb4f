//! What whoever has got hold of the process can no longer do. The rest of it
//! is tried in chapter 22, by book/runs/22-attacks.rs.

use std::backtrace::Backtrace;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::libc::{self, c_long};
use service::sandbox::calls::ATTACKS;
use service::sandbox::{Mode, Places, enter};

use crate::landlock;
use crate::scratch::Scratch;
use crate::skip::skip;

/// In a directory of its own each: what can be read, written and logged in,
/// and where sockets are.
fn places(scratch: &Scratch) -> Places {
    let [read, write, log, sockets] =
        ["read", "write", "log", "sockets"].map(|name| {
            let path = scratch.path().join(name);
            fs::create_dir_all(path.join("down")).unwrap();
            fs::write(path.join("old"), "old").unwrap();
            vec![path]
        });
    Places { read, write, log, sockets, ..Places::default() }
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let flags = RenameFlags::RENAME_NOREPLACE;
    Ok(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags)?)
}

/// An attempt, and whether it succeeds.
type Attempt = (&'static str, fn(&Path) -> io::Result<()>, Result<(), Errno>);

const NO: Result<(), Errno> = Err(Errno::EACCES);

/// In this order: some find what others have made.
const FILES: [Attempt; 23] = [
    ("/etc/passwd", |it| fs::read(it).map(drop), NO),
    // Landlock is about neither of the two; a mode is seccomp's.
    ("/etc/passwd", |it| fs::metadata(it).map(drop), Ok(())),
    ("read/old", |it| set_mode(it), Err(Errno::ENOSYS)),
    ("read", |it| fs::read_dir(it).map(drop), Ok(())),
    ("read/old", |it| fs::read(it).map(drop), Ok(())),
    ("read/old", |it| append(it), NO),
    ("read/new", |it| fs::write(it, "new"), NO),
    ("read/old", |it| fs::remove_file(it), NO),
    ("write", |it| fs::read_dir(it).map(drop), Ok(())),
    ("write/old", |it| fs::read(it).map(drop), Ok(())),
    ("write/old", |it| fs::write(it, "shorter"), Ok(())),
    ("write/new", |it| fs::write(it, "new"), Ok(())),
    ("write/new", |it| rename(it, &it.with_extension("er")), Ok(())),
    ("write/new.er", |it| rename(it, &down(it)), Err(Errno::EXDEV)),
    ("write/new.er", |it| fs::remove_file(it), Ok(())),
    ("log", |it| fs::read_dir(it).map(drop), NO),
    ("log/old", |it| fs::read(it).map(drop), NO),
    ("log/old", |it| append(it), Ok(())),
    ("log/new", |it| append(it), Ok(())),
    ("log/new", |it| fs::remove_file(it), NO),
    ("sockets/old", |it| append(it), NO),
    ("sockets/old", |it| fs::remove_file(it), Ok(())),
    // Landlock knows of this from version 3 on.
    ("log/old", |it| fs::write(it, "gone"), NO),
];

fn set_mode(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777))
}

fn append(path: &Path) -> io::Result<()> {
    let mut file = fs::File::options();
    file.append(true).create(true).open(path).map(drop)
}

fn down(path: &Path) -> PathBuf {
    path.with_file_name("down").join("new")
}

#[test]
fn what_can_no_longer_be_done() {
    let scratch = Scratch::new().unwrap();
    let places = places(&scratch);
    // In the sandbox nobody can ask for it.
    let landlock = landlock::version();
    let attempts = || {
        enter(Mode::Best, &places).ok().unwrap();
        for (call, numbers) in [
            (libc::SYS_socket, [libc::AF_UNIX, libc::SOCK_STREAM, 0]),
            (libc::SYS_connect, [0; 3]),
            (libc::SYS_clone, [libc::SIGCHLD, 0, 0]),
            (libc::SYS_clone3, [0; 3]),
            (libc::SYS_mmap, [0, 4096, libc::PROT_EXEC]),
            (libc::SYS_mprotect, [0, 0, libc::PROT_EXEC]),
        ] {
            let [a, b, c] = numbers.map(c_long::from);
            // SAFETY: there is no memory that this changes.
            let result = unsafe { libc::syscall(call, a, b, c, 0, 0, 0) };
            assert_eq!(Errno::result(result), Err(Errno::ENOSYS), "{call}");
        }
        let fails = || panic!("{}", Backtrace::force_capture());
        assert!(thread::spawn(fails).join().is_err());
        let Some(version) = landlock else {
            let test = "what_can_no_longer_be_done";
            let why = "this kernel has no Landlock";
            return skip(test, why, landlock::TO_ENABLE);
        };
        let known = if version < 3 { FILES.len() - 1 } else { FILES.len() };
        let files = FILES[..known].iter().enumerate();
        for (number, (name, attempt, expected)) in files {
            let result = attempt(&scratch.path().join(name));
            let errno =
                |it: io::Error| Errno::from_raw(it.raw_os_error().unwrap());
            assert_eq!(result.map_err(errno), *expected, "{number}: {name}");
        }
    };
    // It binds this thread, and those that it starts.
    thread::scope(|scope| scope.spawn(attempts).join().unwrap());
}

/// No test: what the next one does in a process that does not survive it.
#[test]
fn an_attack() {
    let Ok(number) = env::var("ATTACK") else { return };
    // SAFETY: it takes a number. Whatever comes, the process ends.
    unsafe { libc::alarm(60) };
    enter(Mode::Best, &Places::default()).ok().unwrap();
    // SAFETY: there is no memory that this changes: no pointer leads to any.
    unsafe { libc::syscall(number.parse().unwrap(), 0, 0, 0, 0, 0, 0) };
}

#[test]
fn attacks_are_the_end() {
    for (name, number) in ATTACKS {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "sandbox::an_attack"]);
        let child = child.env("ATTACK", number.to_string()).output().unwrap();
        assert_eq!(child.status.signal(), Some(libc::SIGSYS), "{name}");
    }
}

//! `cargo ex shim`: a command under the kernel that keeps its promises and
//! does no more. The runs of the book are repeated with it.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::lab::preload::Preload;

/// What `cargo ex shim --help` prints.
pub const HELP: &str = "\
Runs a command under a kernel that keeps its promises and does no more.

  cargo ex shim SETTINGS -- COMMAND…
  cargo ex shim w=7 -- cargo run --bin step02

Under cargo the settings hold for the program that it runs, not for cargo.

SETTINGS is a list such as w=700,eintr=3:

  w=N, r=N     a write, or read, of a stream socket moves at most N bytes
  eintr=N      every Nth read, write or accept of a socket fails with EINTR
  again=N      every Nth write of a non-blocking socket fails with EAGAIN
  alarm=N      every Nth poll or epoll_wait fails with EINTR after 20 ms
  speed=N      the clock of poll and epoll_wait runs N times as fast
  fork=N       every Nth fork fails with EAGAIN
  thread=N     every Nth thread fails to start, with EAGAIN
  spurious=N   every Nth wait for a lock or a condition ends after 10 ms,
               although nobody has woken it
  nap=N        every Nth look at CLOCK_BOOTTIME, an hour was slept
  die=N        the Nth write, sync, renameat2 or unlinkat of a file is not
               made: SIGKILL comes before
  accept=E+F   the first accept fails with E, the next with F: EMFILE, ENFILE
               or ECONNABORTED
  bind=E+F     the same for bind: EACCES
  openat2=E+F  the same for openat2: ENOSYS
  landlock=E+F the same for landlock_create_ruleset: ENOSYS
  seccomp=E+F  the same for seccomp: EINVAL
  sendfile=E+F the same for sendfile: EINVAL, ENOSYS or EIO
  fsync=E+F    the same for fsync and fdatasync of a file with something in it:
               EIO, or 0 for one that does not fail
  dirsync=E+F  the same for fsync and fdatasync of a directory
  disk=E+F     the same for a write to a file: ENOSPC, EDQUOT or EROFS
  gate=PIPE    a sync of a file with something in it waits for a byte from PIPE
  slow=N       renameat2 and unlinkat begin N ms later
  gai=A+B      every host name resolves to these addresses, or fails: NONAME,
               AGAIN, FAIL
  own          a socket connects from the very port that it connects to
";

/// Runs `command` with the library preloaded and these settings; under cargo
/// only the program that it runs, not cargo itself. Returns its status.
pub fn run(
    library: &Path,
    settings: &str,
    command: &[&str],
) -> Result<ExitStatus, String> {
    let [program, arguments @ ..] = command else {
        return Err("which command? cargo ex shim w=7 -- COMMAND".to_string());
    };
    let preload = Preload::new(library)
        .map_err(|error| format!("cannot link to the shim: {error}"))?;
    let path = preload.path().to_string_lossy();
    let mut child = Command::new(program);
    if *program == "cargo" {
        let runner = format!(
            "target.'cfg(unix)'.runner = \
             ['env', 'LD_PRELOAD={path}', 'SHIM={settings}']"
        );
        child.arg("--config").arg(runner);
    } else {
        child.env("LD_PRELOAD", &*path).env("SHIM", settings);
    }
    child
        .args(arguments)
        .status()
        .map_err(|error| format!("cannot run {program}: {error}"))
}

/// The exit status of a child as that of this program.
pub fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|number| 128 + number));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

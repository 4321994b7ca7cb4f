//! A program for a request: started with pipes for its input and output, and
//! killed with all that it has started.

use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::fmt::Display;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::time::Instant;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc::{self, c_int, c_uint};
use nix::sys::prctl;
use nix::sys::signal::{self, SigHandler, SigSet, Signal};
use nix::sys::wait::{self, WaitStatus};
use nix::unistd::{self, ForkResult, Pid};
use shared::cli;
use shared::events::handlers;
use shared::http::status::Refusal;

use crate::pipes::{Pipes, bad, broken};

/// The process group of the program that runs; 0 if none does.
static GROUP: AtomicI32 = AtomicI32::new(0);

/// What is to be run.
pub struct Command<'c> {
    /// Where it is, and where it runs.
    pub directory: BorrowedFd<'c>,
    /// Its name there.
    pub name: &'c CStr,
    /// Its variables, each `NAME=value`.
    pub environment: &'c [CString],
    /// For whom: without this client the program is of no use.
    pub client: BorrowedFd<'c>,
    /// When it is killed.
    pub deadline: Instant,
}

impl Command<'_> {
    /// Runs the program with `content` as its standard input, and returns
    /// what it has written to its standard output.
    ///
    /// # Errors
    /// What to tell the client if that is not a whole output: 502, 503, 504.
    pub fn run(&self, content: &[u8]) -> Result<Vec<u8>, Refusal> {
        let (pid, pipes) = self.start().map_err(broken)?;
        let output = pidfd_open(pid)
            .map_err(broken)
            .and_then(|ended| pipes.exchange(content, &ended, self));
        // Whatever came of it, no process is left.
        let status = end(pid).map_err(broken)?;
        let output = output?;
        // The program says itself whether its output is whole.
        if let WaitStatus::Exited(_, 0) = status {
            return Ok(output);
        }
        self.log(format_args!("{status:?}"));
        Err(bad("the program has failed"))
    }

    /// Prints a line about this program.
    pub fn log(&self, what: impl Display) {
        cli::log(format_args!("{}: {what}", self.name.to_string_lossy()));
    }

    /// Starts it.
    fn start(&self) -> nix::Result<(Pid, Pipes)> {
        // Ask for a pipe: what is written to its second end comes out of its
        // first. It fails if there may be no more descriptors.
        let (input, stdin) = unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (stdout, output) = unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (server, ends) = (unistd::getpid(), [input, output]);
        // SAFETY: there is one thread, so the copy finds no lock held by a
        // thread that was not copied.
        let pid = match unsafe { unistd::fork() }? {
            ForkResult::Child => {
                let Err(errno) = self.become_it(server, ends);
                self.log(cli::strerror(errno));
                // SAFETY: _exit(2) takes a number.
                unsafe { libc::_exit(127) }
            }
            ForkResult::Parent { child } => child,
        };
        // It does the same itself: both, since neither knows who is first,
        // and the group is killed here, and joined by what starts there.
        // After its exec it fails, and is done.
        let _ = unistd::setpgid(pid, pid);
        GROUP.store(pid.as_raw(), Relaxed);
        // Our copies of its ends are closed here: as long as one is open, its
        // output has no end.
        let (stdin, stdout) = (Some(stdin), Some(stdout));
        Ok((pid, Pipes { stdin, stdout, output: Vec::new() }))
    }

    /// Makes the program of this process, which is a copy of the server's.
    fn become_it(
        &self,
        server: Pid,
        [stdin, stdout]: [OwnedFd; 2],
    ) -> nix::Result<Infallible> {
        // Ask for a process group of its own, with the number of this process.
        let this = Pid::from_raw(0);
        unistd::setpgid(this, this)?;
        // If the server is killed, so is the program.
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        if unistd::getppid() != server {
            return Err(Errno::ESRCH);
        }
        // Ask that 0 and 1 be further numbers of the pipes. These copies stay
        // open across exec. (No pipe has such a number already: Rust opens
        // what it finds closed there before `main`.)
        unistd::dup2_stdin(stdin)?;
        unistd::dup2_stdout(stdout)?;
        unistd::fchdir(self.directory)?;
        // Our descriptors are closed by exec, all with O_CLOEXEC. But whoever
        // started the server may have left others open. It fails before Linux
        // 5.9, and these stay open then.
        // SAFETY: no descriptor is used from here on but 2.
        unsafe { libc::syscall(libc::SYS_close_range, 3, c_uint::MAX, 0) };
        // Rust ignores SIGPIPE, and what is ignored stays so across exec. Most
        // programs rely on being ended by it. A mask stays, too.
        // SAFETY: no handler is set.
        unsafe { signal::signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
        SigSet::empty().thread_set_mask()?;
        // Ask the kernel to put another program in the place of this one. If
        // that works there is no one to return to.
        unistd::execve(self.name, &[self.name], self.environment)
    }
}

/// Kills the program and all that it has started, but for what has left its
/// group; and says how the program has ended.
fn end(pid: Pid) -> nix::Result<WaitStatus> {
    // Ask that each process of the group end: none can handle SIGKILL. The
    // program has not been waited for, so that the number is its own still.
    // If it has ended by itself, it stays so.
    let _ = signal::killpg(pid, Signal::SIGKILL);
    GROUP.store(0, Relaxed);
    // No handler returns, so that none can interrupt this.
    wait::waitpid(pid, None)
}

/// Asks for a descriptor for a process, which can be read when it has ended.
fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two numbers.
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let descriptor = Errno::result(result)? as c_int;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// A handler that ends this process, and before that its program, if one runs.
pub extern "C" fn terminate(_: c_int) {
    let group = GROUP.load(Relaxed);
    if group > 0 {
        // SAFETY: the call takes two numbers.
        unsafe { libc::killpg(group, libc::SIGKILL) };
    }
    handlers::exit()
}

//! Starting a program under test, with its own directory, process group,
//! limits and environment.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};

use super::program::Program;
use super::trouble::{Outcome, Trouble};
use super::{Lab, time};

/// How the program is to be started.
pub struct Launch {
    lab: Lab,
    command: Command,
    args: String,
    shim: Option<String>,
    descriptors: u64,
    addresses: usize,
}

impl Launch {
    /// Of the lab's program, with these arguments.
    pub(super) fn new(lab: &Lab, args: &[&str]) -> Self {
        let mut command = Command::new(&lab.program);
        command
            .args(args)
            .env_clear()
            .current_dir(lab.scratch())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        Launch {
            lab: lab.clone(),
            command,
            args: args.join(" "),
            shim: None,
            descriptors: 256,
            addresses: 1,
        }
    }

    /// With these arguments as well.
    pub fn with(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self.args = [&[&*self.args], args].concat().join(" ");
        self
    }

    /// Under the preloaded library, with these settings of it.
    pub fn shim(mut self, settings: &str) -> Self {
        self.shim = Some(settings.to_string());
        self
    }

    /// With at most this many descriptors.
    pub fn descriptors(mut self, most: u64) -> Self {
        self.descriptors = most;
        self
    }

    /// Ready when this many addresses are announced.
    pub fn addresses(mut self, count: usize) -> Self {
        self.addresses = count;
        self
    }

    /// With this standard input; `Stdio::piped()` lets the test type.
    pub fn stdin(mut self, input: impl Into<Stdio>) -> Self {
        self.command.stdin(input);
        self
    }

    /// With this standard output, which the test does not see then.
    pub fn stdout(mut self, output: impl Into<Stdio>) -> Self {
        self.command.stdout(output);
        self
    }

    /// With this standard error, which the test does not see then.
    pub fn stderr(mut self, output: impl Into<Stdio>) -> Self {
        self.command.stderr(output);
        self
    }

    /// With the search path, and the scratch directory as its home: for
    /// what is not ours.
    pub fn at_home(mut self) -> Self {
        self.command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        self.command.env("HOME", self.lab.scratch());
        self
    }

    /// With all signals blocked: a mask is inherited.
    pub fn signals_blocked(self) -> Self {
        // SAFETY: the closure makes one system call; what comes next is exec.
        unsafe { self.before(|| Ok(SigSet::all().thread_block()?)) }
    }

    /// Without these rights of root's, whoever starts it; it does not start
    /// where root cannot give them up.
    pub fn without(self, rights: &'static [libc::c_ulong]) -> Self {
        // SAFETY: the closure makes system calls that take numbers.
        unsafe {
            self.before(move || {
                let drop = libc::PR_CAPBSET_DROP;
                let is_kept =
                    |right: &libc::c_ulong| libc::prctl(drop, *right) != 0;
                // A user never had them.
                match libc::geteuid() == 0 && rights.iter().any(is_kept) {
                    true => Err(io::Error::last_os_error()),
                    false => Ok(()),
                }
            })
        }
    }

    /// Does `setup` in the new process, before the program begins.
    ///
    /// # Safety
    /// As for [`CommandExt::pre_exec`].
    pub unsafe fn before(
        mut self,
        setup: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        // SAFETY: as promised by our caller.
        unsafe { self.command.pre_exec(setup) };
        self
    }

    /// Starts it and waits until it has announced its addresses.
    pub fn start(self) -> Outcome<Program> {
        let count = self.addresses;
        let program = self.spawn()?;
        program.await_announcement(count)?;
        Ok(program)
    }

    /// Starts it.
    pub fn spawn(mut self) -> Outcome<Program> {
        let trusts = self.lab.trusts;
        let descriptors = self.descriptors;
        let restrain = move || restrain(trusts, descriptors);
        // SAFETY: between fork and exec the closure makes only system calls.
        unsafe { self.command.pre_exec(restrain) };
        let (log, args) = (self.lab.log(), &self.args);
        let mut by_hand = format!("{} {args}", self.lab.program.display());
        let mut settings = String::new();
        if let Some(shim) = &self.shim {
            let (library, seen) = (self.lab.shim.path(), self.seen());
            if !library.exists() {
                let why = "no shim yet: cargo build --example shim";
                return Err(Trouble::blocked(why));
            }
            self.command
                .env("LD_PRELOAD", library)
                .env("SHIM", shim)
                .env("SHIM_SEEN", seen);
            by_hand = format!(
                "LD_PRELOAD={} SHIM={shim} {by_hand}",
                library.display()
            );
            settings = format!(" under SHIM={shim}");
        }
        log.command(by_hand);
        log.head(format!("start {args}{settings}"));
        let child = self.command.spawn().map_err(|error| {
            Trouble::blocked(format!("the program does not start: {error}"))
        })?;
        let program = Program::new(child, &self.lab);
        if self.shim.is_some() {
            self.await_preload(&program)?;
        }
        Ok(program)
    }

    /// The library announces itself before `main` begins.
    fn await_preload(&self, program: &Program) -> Outcome {
        let seen = self.seen();
        let found = time::eventually(time::PATIENCE, program.pid(), || {
            (seen.exists() || program.ended().is_some()).then_some(())
        });
        if found.is_none() || !seen.exists() {
            return Err(Trouble::blocked(
                "preload not active: the program must be linked with libc \
                 dynamically",
            ));
        }
        Ok(())
    }

    fn seen(&self) -> PathBuf {
        self.lab.scratch().join("shim-seen")
    }
}

/// In the new process, before the program begins: it dies with us, and one
/// that is not trusted leaves no core file, and may use only so much.
fn restrain(trusts: bool, descriptors: u64) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // What we have open ourselves, and who started us, is no business of the
    // program. Before Linux 5.11 the call is not there.
    let mark = libc::CLOSE_RANGE_CLOEXEC;
    // SAFETY: both calls take numbers.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, mark);
        // A shell has what it starts in the background ignore Ctrl-C.
        libc::signal(libc::SIGINT, libc::SIG_DFL);
    }
    let limits = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_CPU, 60),
        (Resource::RLIMIT_FSIZE, 64 << 20),
        (Resource::RLIMIT_NOFILE, descriptors),
    ];
    for (what, most) in limits.into_iter().filter(|_| !trusts) {
        // Where less is allowed, less will do.
        let (_, allowed) = getrlimit(what)?;
        setrlimit(what, allowed.min(most), allowed.min(most))?;
    }
    Ok(())
}

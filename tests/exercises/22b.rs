//! Exercise 22b, Nothing else: a server that does whatever it is told.
//!
//! Try it: `cargo run --example 22b -- 127.0.0.1:8080 --root /tmp`

use std::error::Error; //-solution
use std::ffi::{CString, OsString};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::{fs::FileExt, process::CommandExt};
use std::process::{Command, ExitCode};
use std::thread;

//-solution
use landlock::{
    ABI, Access, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus,
};
//-end
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::libc; //-solution
use nix::unistd::execveat;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter}; //-solution
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: 22b [ADDRESS] --root DIRECTORY [--sandbox require]";
        let (address, [root, sandbox]) =
            cli::server_arguments(usage, ["root", "sandbox"])?;
        serve(address, root.unwrap_or(".".into()), sandbox.is_some())
            .map_err(|error| Failure::new("cannot serve", error))
    })
}

fn serve(address: SocketAddr, root: OsString, strict: bool) -> io::Result<()> {
    let listener: &'static _ = Box::leak(Box::new(Listener::open(address)?));
    let motd = File::open("motd")?;
    let service: &'static _ = Box::leak(Box::new(Service { motd }));
    //-solution
    if !give_up(root).map_err(io::Error::other)? {
        let line = "this kernel has no Landlock: all files can be read";
        if strict {
            return Err(io::Error::other(line));
        }
        cli::log(line);
    }
    //-starter
    // // TODO: only this directory, no program, and no other socket.
    // let _ = (root, strict);
    //-end
    cli::print(format_args!("listening on {}", listener.address()));
    for _ in 0..3 {
        thread::Builder::new().spawn(|| work(listener, service))?;
    }
    work(listener, service)
}
//-solution

/// Leaves nothing but what is needed to this thread, and to those that it
/// starts. Returns whether the kernel has Landlock.
fn give_up(root: OsString) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new(root)?, read))?
        .restrict_self()?;
    let calls = [
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_socket,
        // It makes calls of its own, which no filter sees.
        libc::SYS_io_uring_setup,
    ];
    let filter = SeccompFilter::new(
        calls.map(|call| (call, Vec::new())).into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        std::env::consts::ARCH.try_into()?,
    )?;
    seccompiler::apply_filter(&BpfProgram::try_from(filter)?)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
//-end

/// Serves one client after the other.
fn work(listener: &Listener, service: &Service) -> io::Result<()> {
    loop {
        let (socket, peer) = listener.accept()?;
        if let Err(error) = talk(socket.into(), service) {
            cli::log(format_args!("{peer} lost: {error}"));
        }
    }
}

//-talk

/// What is open from the start.
struct Service {
    motd: File,
}

impl Service {
    /// Does what a line says, whatever it is: stay away from here.
    fn respond(&self, line: &[u8]) -> String {
        let line = String::from_utf8_lossy(line);
        let (word, what) = line.split_once(' ').unwrap_or((&line, ""));
        let result = match word {
            "get" => fs::read_to_string(what),
            "run" => Err(Command::new(what).exec()),
            "start" => start(what),
            "call" => TcpStream::connect(what).map(|_| "connected".into()),
            _ => {
                let mut text = [0; 80];
                let count = self.motd.read_at(&mut text, 0);
                count.map(|it| String::from_utf8_lossy(&text[..it]).into())
            }
        };
        let failed = |error| format!("error: {}", cli::strerror(error));
        result.unwrap_or_else(failed) + "\n"
    }
}

/// Makes another program of this one.
fn start(path: &str) -> io::Result<String> {
    let (path, flags) = (CString::new(path)?, AtFlags::empty());
    let Err(errno) = execveat(AT_FDCWD, &path, &[&path], &[c""; 0], flags);
    Err(errno.into())
}

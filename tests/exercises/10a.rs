//! Exercise 10a, A gateway: a program for each request, and no process left.
//!
//! Try it: `cargo run --example 10a -- 127.0.0.1:8080`

use std::convert::Infallible;
use std::ffi::CString;
// use std::fs::File; //-starter
// use std::io::{self, Read, Write}; //-starter
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::fd::{AsFd, FromRawFd}; //-solution
use std::process::ExitCode;
use std::ptr;
use std::time::Duration;
use std::time::Instant; //-solution

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc::{self, c_int};
use nix::poll::{self, PollFd, PollFlags, PollTimeout}; //-solution
use nix::sys::signal::{self, SigHandler, Signal};
use nix::sys::wait;
use nix::sys::wait::WaitStatus; //-solution
use nix::unistd::Pid; //-solution
use nix::unistd::{self, ForkResult};
use shared::cli::{self, Failure};
use shared::events::handlers;
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::net::listener::Listener;
use shared::web::blocking;
use shared::web::site::{Body, Limits, Request, Responder, Site, Takes};

static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(60),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

/// What a program is given, and what it is.
struct Resource {
    /// `cgi/NAME`, in the directory where the server was started.
    path: CString,
    /// Each is `NAME=value`.
    environment: Vec<CString>,
}

struct Gateway {
    /// How long a program may run.
    timeout: Duration,
}

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let usage = "usage: 10a [ADDRESS] [--timeout SECONDS]";
    let (address, [timeout]) = cli::server_arguments(usage, ["timeout"])?;
    let timeout = cli::count("timeout", timeout, 1)?;
    let site = Gateway { timeout: Duration::from_secs(timeout as u64) };
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    handlers::handle(&[(Signal::SIGCHLD, reap)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    serve(&listener, &site).map_err(|errno| Failure::new("cannot go on", errno))
}

/// Serves each client in a process of its own.
fn serve(listener: &Listener, site: &Gateway) -> nix::Result<()> {
    loop {
        let (socket, peer) = listener.accept()?;
        // SAFETY: there is one thread, so the copy finds no lock held by a
        // thread that was not copied.
        if let ForkResult::Child = unsafe { unistd::fork() }? {
            child(&socket, peer, site);
        }
    }
}

/// What a child does. It waits for its own children itself.
fn child(socket: &OwnedFd, peer: SocketAddr, site: &Gateway) -> ! {
    // SAFETY: no handler is set.
    let result = unsafe { signal::signal(Signal::SIGCHLD, SigHandler::SigDfl) };
    if result.is_ok() {
        blocking::serve(socket, peer, site, &LIMITS);
    }
    handlers::exit()
}

extern "C" fn reap(_: c_int) {
    let errno = Errno::last_raw();
    // SAFETY: no status is wanted, so there is no pointer to write through.
    while unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) } > 0 {}
    Errno::set_raw(errno);
}

impl Site for Gateway {
    type Resource = Option<Resource>;

    fn locate(&self, head: &Head) -> Option<Resource> {
        let name = head.target.path.strip_prefix("/cgi/")?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric();
        let is_name = !name.is_empty() && name.bytes().all(is_plain);
        let path = CString::new(format!("cgi/{name}")).ok()?;
        let environment = environment(head);
        is_name.then_some(Resource { path, environment })
    }

    fn takes(&self, _: Method, _: &Option<Resource>) -> Takes {
        Takes::Memory(16 * 1024 * 1024)
    }

    fn respond(
        &self,
        request: Request<Option<Resource>>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let result = match request.resource {
            Some(it) => execute(&it, content, self.timeout),
            None => Err(Status::NotFound),
        };
        let (status, body) = match result {
            Ok(output) => (Status::Ok, output),
            Err(status) => (status, status.reason().into()),
        };
        let response = out.start(status).field("Content-Type", "text/plain");
        response.body(&body);
        Body::Written
    }
}

/// The variables of a request.
fn environment(head: &Head) -> Vec<CString> {
    let mut variables = vec![
        format!("REQUEST_METHOD={:?}", head.method)
            .to_ascii_uppercase()
            .into_bytes(),
        format!("QUERY_STRING={}", head.target.query.unwrap_or_default())
            .into_bytes(),
    ];
    for field in head.fields {
        let name = field.name.to_ascii_uppercase().replace('-', "_");
        //-solution
        // A variable of this name tells programs where to send requests.
        if name == "PROXY" {
            continue;
        }
        //-starter
        // // TODO: HTTP_PROXY means something to many programs: see httpoxy.
        //-end
        let name = format!("HTTP_{name}=");
        variables.push([name.as_bytes(), field.value].concat());
    }
    variables.into_iter().flat_map(CString::new).collect()
}

/// Runs the program with `content` as its input, and returns its output.
///
/// # Errors
/// 502 if it fails, 504 if it takes longer than `timeout`.
fn execute(
    program: &Resource,
    content: &[u8],
    timeout: Duration,
) -> Result<Vec<u8>, Status> {
    let broken = |_| Status::ServiceUnavailable;
    //-solution
    let deadline = Instant::now() + timeout;
    let (theirs, stdin) = unistd::pipe2(OFlag::O_CLOEXEC).map_err(broken)?;
    let (stdout, ours) = unistd::pipe2(OFlag::O_CLOEXEC).map_err(broken)?;
    //-starter
    // // TODO: every process has copies of all four ends, and keeps them.
    // let (theirs, stdin) = unistd::pipe2(OFlag::empty()).map_err(broken)?;
    // let (stdout, ours) = unistd::pipe2(OFlag::empty()).map_err(broken)?;
    //-end
    // SAFETY: there is one thread, so the copy finds no lock held by a thread
    // that was not copied.
    let pid = match unsafe { unistd::fork() }.map_err(broken)? {
        ForkResult::Child => {
            let Err(errno) = become_it(program, theirs, ours);
            cli::log(cli::strerror(errno));
            // SAFETY: _exit(2) takes a number.
            unsafe { libc::_exit(127) }
        }
        ForkResult::Parent { child } => child,
    };
    drop((theirs, ours));
    //-solution
    // The child does the same: whoever comes first.
    let _ = unistd::setpgid(pid, pid);
    let output = exchange(pid, stdin, stdout, content, deadline);
    // The whole group, and before its number is free for others.
    let _ = signal::killpg(pid, Signal::SIGKILL);
    let status = wait::waitpid(pid, None).map_err(broken)?;
    let output = output?;
    match status {
        WaitStatus::Exited(_, 0) => Ok(output),
        _ => Err(Status::BadGateway),
    }
    //-starter
    // // TODO: it may run for as long, and no longer; and has it succeeded?
    // let _ = timeout;
    // let output = exchange(stdin, stdout, content);
    // wait::waitpid(pid, None).map_err(broken)?;
    // output.map_err(|_| Status::ServiceUnavailable)
    //-end
}

//-solution
/// Feeds the program and takes its output, until it has ended.
fn exchange(
    pid: Pid,
    stdin: OwnedFd,
    stdout: OwnedFd,
    mut content: &[u8],
    deadline: Instant,
) -> Result<Vec<u8>, Status> {
    let broken = |_| Status::ServiceUnavailable;
    let ended = pidfd_open(pid).map_err(broken)?;
    let (mut stdin, mut stdout) = (Some(stdin), Some(stdout));
    let mut output = Vec::new();
    loop {
        if content.is_empty() {
            stdin = None;
        }
        let (read, write) = (PollFlags::POLLIN, PollFlags::POLLOUT);
        let mut fds = vec![PollFd::new(ended.as_fd(), read)];
        fds.extend(stdout.iter().map(|fd| PollFd::new(fd.as_fd(), read)));
        fds.extend(stdin.iter().map(|fd| PollFd::new(fd.as_fd(), write)));
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        match poll::poll(&mut fds, left) {
            Ok(0) => return Err(Status::GatewayTimeout),
            Err(Errno::EINTR) => continue,
            result => result.map_err(broken)?,
        };
        let mut told = fds.iter().map(|fd| fd.any().unwrap_or(false));
        let has_ended = told.next().unwrap_or(false);
        let can_read = stdout.is_some() && told.next().unwrap_or(false);
        let can_write = told.next().unwrap_or(false);
        if has_ended && !can_read {
            return Ok(output);
        }
        if let Some(fd) = stdout.as_ref().filter(|_| can_read) {
            let mut piece = [0; 65536];
            match unistd::read(fd, &mut piece).unwrap_or(0) {
                0 => stdout = None,
                count => output.extend_from_slice(&piece[..count]),
            }
        }
        if let Some(fd) = stdin.as_ref().filter(|_| can_write) {
            // For so many there is room: more could wait for it.
            let piece = &content[..content.len().min(libc::PIPE_BUF)];
            let taken = unistd::write(fd, piece).unwrap_or(content.len());
            content = &content[taken..];
        }
    }
}

/// A descriptor that can be read when the process has ended.
fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two numbers.
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let descriptor = Errno::result(result)? as c_int;
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
//-starter
// /// Feeds the program and takes its output.
// fn exchange(
//     stdin: OwnedFd,
//     stdout: OwnedFd,
//     content: &[u8],
// ) -> io::Result<Vec<u8>> {
//     // TODO: a pipe holds 64 KiB: who writes more waits for the reader.
//     File::from(stdin).write_all(content)?;
//     let mut output = Vec::new();
//     File::from(stdout).read_to_end(&mut output)?;
//     Ok(output)
// }
//-end

/// Makes the program of this process.
fn become_it(
    program: &Resource,
    stdin: OwnedFd,
    stdout: OwnedFd,
) -> nix::Result<Infallible> {
    //-solution
    let this = Pid::from_raw(0);
    unistd::setpgid(this, this)?;
    //-end
    unistd::dup2_stdin(stdin)?;
    unistd::dup2_stdout(stdout)?;
    let Resource { path, environment } = program;
    unistd::execve(path, &[path], environment)
}

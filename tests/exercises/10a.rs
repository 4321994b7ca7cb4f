//! Exercise 10a, A gateway: a program for each request, and no process left.
//!
//! Try it: `cargo run --example 10a -- 127.0.0.1:8080`

use std::convert::Infallible;
use std::ffi::CString;
// use std::fs::File; //-starter
// use std::io::Read; //-starter
use std::os::fd::OwnedFd;
use std::os::fd::{AsFd, FromRawFd}; //-solution
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno; //-solution
use nix::fcntl::OFlag;
use nix::libc;
use nix::poll::{self, PollFd, PollFlags, PollTimeout}; //-solution
use nix::sys::signal::{self, SigHandler, Signal};
use nix::sys::wait;
use nix::unistd::Pid; //-solution
use nix::unistd::{self, ForkResult};
use shared::cli::{self, Failure};
use shared::events::handlers;
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::net::listener::Listener;
// use shared::net::stream; //-starter
use shared::web::blocking;
use shared::web::site::{Body, Limits, Request, Responder, Site, Takes, Time};

static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(60),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

/// `cgi/NAME`, in the directory where the server was started, and the
/// program's variables, each `NAME=value`.
type Program = (CString, Vec<CString>);

/// It has the time that a program may take.
struct Gateway(Duration);

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 10a [ADDRESS] [--timeout SECONDS]";
    let (address, [timeout]) = cli::server_arguments(usage, ["timeout"])?;
    let timeout = cli::count("timeout", timeout, 1)?;
    let site = Gateway(Duration::from_secs(timeout as u64));
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    // As long as this is ignored, the kernel waits for children that end.
    // SAFETY: no handler is set.
    unsafe { signal::signal(Signal::SIGCHLD, SigHandler::SigIgn) }
        .map_err(|errno| Failure::new("cannot ignore SIGCHLD", errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    serve(&listener, &site).map_err(|errno| Failure::new("cannot go on", errno))
}

/// Serves each client in a process of its own.
fn serve(listener: &Listener, site: &Gateway) -> nix::Result<()> {
    loop {
        let (socket, peer) = listener.accept()?;
        // SAFETY: there is one thread, so that no other one's lock is copied.
        if let ForkResult::Child = unsafe { unistd::fork() }? {
            // It waits for its own children itself.
            // SAFETY: no handler is set.
            unsafe { signal::signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
            blocking::serve(&socket, peer, site, &LIMITS);
            handlers::exit()
        }
    }
}

impl Site for Gateway {
    type Resource = Option<Program>;

    fn locate(&self, head: &Head, _: &Time) -> Option<Program> {
        let name = head.target.path.strip_prefix("/cgi/")?;
        let is_name = name.bytes().all(|it| it.is_ascii_alphanumeric());
        let path = CString::new(format!("cgi/{name}")).ok()?;
        is_name.then_some((path, environment(head)))
    }

    fn takes(&self, _: Method, _: &Option<Program>) -> Takes {
        Takes::Memory(16 * 1024 * 1024)
    }

    fn respond(
        &self,
        request: Request<Option<Program>>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let program = request.resource.ok_or(Status::NotFound);
        let result = program.and_then(|it| execute(&it, content, self.0));
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
    // The methods are called as their variants are.
    let method = format!("REQUEST_METHOD={:?}", head.method);
    let query = format!("QUERY_STRING={}", head.target.query.unwrap_or(""));
    let method = method.to_ascii_uppercase();
    let mut variables = vec![method.into_bytes(), query.into_bytes()];
    for field in head.fields {
        let name = format!("HTTP_{}=", field.name.replace('-', "_"));
        let name = name.to_ascii_uppercase();
        variables.push([name.as_bytes(), field.value].concat());
    }
    // // TODO: many programs know HTTP_PROXY: see httpoxy. //-starter
    // It tells many programs where to send their own requests. //-solution
    variables.retain(|it| !it.starts_with(b"HTTP_PROXY=")); //-solution
    variables.into_iter().flat_map(CString::new).collect()
}

/// Runs the program with `content` as its input, and returns its output.
///
/// # Errors
/// 502 if it fails, 504 if it takes longer than `timeout`.
fn execute(
    program: &Program,
    content: &[u8],
    timeout: Duration,
) -> Result<Vec<u8>, Status> {
    let broken = |_| Status::ServiceUnavailable;
    let deadline = Instant::now() + timeout;
    let flags = OFlag::O_CLOEXEC; //-solution
    // // TODO: every process has copies of all four ends. //-starter
    // let flags = OFlag::empty(); //-starter
    let (theirs, stdin) = unistd::pipe2(flags).map_err(broken)?;
    let (stdout, ours) = unistd::pipe2(flags).map_err(broken)?;
    // SAFETY: there is one thread, so that no other one's lock is copied.
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
    match wait::waitpid(pid, None).map_err(broken)? {
        wait::WaitStatus::Exited(_, 0) => output,
        _ => Err(output.err().unwrap_or(Status::BadGateway)),
    }
    //-starter
    // // TODO: a pipe holds 64 KiB: who writes more waits for the reader.
    // stream::write_all(stdin, content).map_err(broken)?;
    // let mut output = Vec::new();
    // let result = File::from(stdout).read_to_end(&mut output);
    // // TODO: it may run until then, and no longer; and has it succeeded?
    // let _ = deadline;
    // wait::waitpid(pid, None).map_err(broken)?;
    // result.map(|_| output).map_err(|_| Status::ServiceUnavailable)
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
        stdin = stdin.filter(|_| !content.is_empty());
        let (read, write) = (PollFlags::POLLIN, PollFlags::POLLOUT);
        let mut fds = vec![PollFd::new(ended.as_fd(), read)];
        fds.extend(stdout.iter().map(|fd| PollFd::new(fd.as_fd(), read)));
        fds.extend(stdin.iter().map(|fd| PollFd::new(fd.as_fd(), write)));
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left.as_micros().div_ceil(1000));
        match poll::poll(&mut fds, left.unwrap_or(PollTimeout::MAX)) {
            Ok(0) => return Err(Status::GatewayTimeout),
            Err(Errno::EINTR) => continue,
            result => result.map_err(broken)?,
        };
        let mut told = fds.iter().map(|fd| fd.any().unwrap_or(false));
        let has_ended = told.next().unwrap_or(false);
        let can_read = stdout.is_some() && told.next().unwrap_or(false);
        let can_write = told.next().unwrap_or(false);
        if let Some(fd) = stdout.as_ref().filter(|_| can_read) {
            let mut piece = [0; 65536];
            let count = unistd::read(fd, &mut piece).unwrap_or(0);
            output.extend_from_slice(&piece[..count]);
            stdout = stdout.filter(|_| count > 0);
        } else if has_ended {
            return Ok(output);
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
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    // SAFETY: the kernel has just made it for us.
    Errno::result(fd).map(|fd| unsafe { OwnedFd::from_raw_fd(fd as i32) })
}
//-end

/// Makes the program of this process.
fn become_it(
    (path, environment): &Program,
    stdin: OwnedFd,
    stdout: OwnedFd,
) -> nix::Result<Infallible> {
    let this = Pid::from_raw(0); //-solution
    unistd::setpgid(this, this)?; //-solution
    unistd::dup2_stdin(stdin)?;
    unistd::dup2_stdout(stdout)?;
    unistd::execve(path, &[path], environment)
}

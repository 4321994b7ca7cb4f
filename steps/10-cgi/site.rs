//! Programs under `/cgi/`, files everywhere else.

use std::cell::Cell;
use std::ffi::{CString, OsString};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use shared::cli::Failure;
use shared::files::root::{Entry, Root};
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::path::decode_path;
use shared::http::status::Status;
use shared::web::file_site::{self, Files, status_of};
use shared::web::site::{Body, Request, Responder, Site, Takes, Time};

use crate::environment::variables;
use crate::output::Output;
use crate::program::Command;

/// Larger bodies are refused: they are kept in memory.
const MAX_BODY: u64 = 8 * 1024 * 1024;

/// The programs that come with this step, wherever it is started.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/steps/10-cgi/cgi");

/// What there is to request.
pub struct Gateway {
    files: Files,
    /// The directory of the programs.
    programs: Root,
    /// How long a program may take.
    timeout: Duration,
    /// Our address.
    server: SocketAddr,
}

/// The same, on one connection: a program is told about it.
pub struct Connected<'g> {
    gateway: &'g Gateway,
    client: &'g OwnedFd,
    peer: SocketAddr,
    /// How many bytes waited to be sent when the last response was there, and
    /// when the first program began whose response was among them.
    waiting: Cell<(usize, Instant)>,
}

/// What a target leads to.
pub enum Resource {
    /// A program: its name in its directory, and its variables.
    Program(CString, Vec<CString>),
    /// Something else.
    Other(file_site::Resource),
}

impl Gateway {
    /// The files beneath `root` and the programs in the directory `programs`,
    /// or those that come with the steps.
    ///
    /// # Errors
    /// When a directory cannot be opened: the line says why.
    pub fn open(
        server: SocketAddr,
        [root, programs]: [Option<OsString>; 2],
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let files = Files::open(root)?;
        let path = programs.map_or_else(|| PROGRAMS.into(), PathBuf::from);
        let what = format!("cannot open {}", path.display());
        let programs =
            Root::open(&path).map_err(|errno| Failure::new(what, errno))?;
        Ok(Gateway { files, programs, timeout, server })
    }

    /// For the connection `client`.
    pub fn connect<'g>(
        &'g self,
        client: &'g OwnedFd,
        peer: SocketAddr,
    ) -> Connected<'g> {
        let waiting = Cell::new((0, Instant::now()));
        Connected { gateway: self, client, peer, waiting }
    }
}

impl Connected<'_> {
    /// Finds the program that `head` is for. `None` if it is for none.
    fn find(&self, head: &Head) -> Option<Result<Resource, Status>> {
        let mut path = Vec::new();
        decode_path(head.target.path, &mut path).ok()?;
        let path = path.strip_prefix(b"cgi/")?;
        let slash = path.iter().position(|byte| *byte == b'/');
        let names = path.split_at(slash.unwrap_or(path.len()));
        let addresses = (self.gateway.server, self.peer);
        Some(match self.gateway.programs.open_entry(names.0) {
            Ok(Entry::File(it)) if it.stat.st_mode & 0o111 != 0 => {
                let variables = variables(head, names, addresses);
                CString::new([b"./", names.0].concat())
                    .map(|name| Resource::Program(name, variables))
                    .map_err(|_| Status::NotFound)
            }
            Ok(Entry::File(_)) => Err(Status::Forbidden),
            Ok(Entry::Directory | Entry::NotFound) => Err(Status::NotFound),
            Err(errno) => Err(status_of(errno)),
        })
    }

    /// When a program must have ended whose response goes behind `out`. If a
    /// response waits there it waits for this one, too: so the programs of a
    /// pipeline have one deadline together.
    fn deadline(&self, out: &[u8]) -> Instant {
        let (length, began) = self.waiting.get();
        let is_first = length == 0 || out.len() < length;
        let began = if is_first { Instant::now() } else { began };
        self.waiting.set((length, began));
        began + self.gateway.timeout
    }

    /// Runs a program, and writes its response.
    fn run(
        &self,
        name: &CString,
        mut environment: Vec<CString>,
        content: &[u8],
        out: Responder,
    ) {
        if !content.is_empty() {
            let length = format!("CONTENT_LENGTH={}", content.len());
            environment.extend(CString::new(length));
        }
        let command = Command {
            directory: self.gateway.programs.as_fd(),
            name,
            environment: &environment,
            client: self.client.as_fd(),
            deadline: self.deadline(out.out),
        };
        let written = command.run(content);
        let output = written.as_deref().map_err(|refusal| *refusal);
        let refusal = match output.and_then(Output::parse) {
            Ok(output) => return output.write(out),
            Err(refusal) => refusal,
        };
        command.log(refusal.why);
        let text = format!("{}: {}\n", refusal.status.reason(), refusal.why);
        out.start(refusal.status)
            .field("Content-Type", "text/plain; charset=utf-8")
            .body(text.as_bytes());
    }
}

impl Site for Connected<'_> {
    type Resource = Resource;

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        match self.find(head) {
            Some(Ok(program)) => program,
            Some(Err(status)) => {
                Resource::Other(file_site::Resource::Missing(status))
            }
            None => Resource::Other(self.gateway.files.locate(head, time)),
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match resource {
            Resource::Program(..) => Takes::Memory(MAX_BODY),
            Resource::Other(other) => self.gateway.files.takes(method, other),
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        to: Responder,
    ) -> Body {
        let Request { method, resource, number, persistence } = request;
        let Responder { out, date, .. } = to;
        let to = Responder { out: &mut *out, method, persistence, date };
        let body = match resource {
            Resource::Program(name, variables) => {
                self.run(&name, variables, content, to);
                Body::Written
            }
            Resource::Other(resource) => {
                let request = Request { method, resource, number, persistence };
                self.gateway.files.respond(request, content, to)
            }
        };
        self.waiting.set((out.len(), self.waiting.get().1));
        body
    }
}

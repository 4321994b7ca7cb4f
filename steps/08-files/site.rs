//! What there is to ask for: files, and an interface for programs.

use std::borrow::Cow;

use nix::errno::Errno;
use shared::files::root::{Entry, File, Root};
use shared::http::date::Clock;
use shared::http::framing::Framing;
use shared::http::head::Head;
use shared::http::media;
use shared::http::method::Method;
use shared::http::path::{decode_path, encode_directory};
use shared::http::persistence::Persistence;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::http::target::Target;
use shared::http::validators::Revision;
use shared::web::visit::{ENOUGH, End, Visit};

const NOTHING: &[u8] = b"";
const NOT_SO: &[u8] = b"Not with this method.\n";
const WITH_SLASH: &[u8] = b"Its name ends in a slash.\n";

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// What to know of a request when its head is no longer there.
pub struct Request {
    method: Method,
    place: Place,
    /// How to find the end of its body.
    pub framing: Framing,
    /// The client waits to be told that its body is welcome.
    pub expects_continue: bool,
    /// What becomes of the connection.
    pub persistence: Persistence,
}

enum Place {
    /// With its media type.
    File(File, Cow<'static, str>),
    /// A directory, asked for without the slash that it has here.
    Folder(Vec<u8>),
    Api,
    Echo,
    Everywhere,
    Nowhere(Status),
}

impl Place {
    /// Where `target` leads to.
    fn find(target: &Target, root: &Root) -> Result<Self, Status> {
        if target.path == "*" {
            return Ok(Place::Everywhere);
        }
        let mut name = Vec::new();
        decode_path(target.path, &mut name)?;
        match &name[..] {
            b"api/" => return Ok(Place::Api),
            b"api/echo" => return Ok(Place::Echo),
            b"" | [.., b'/'] => name.extend(b"index.html"),
            _ => {}
        }
        match root.open_entry(&name).map_err(trouble)? {
            Entry::File(file) => {
                Ok(Place::File(file, media::content_type(&name)))
            }
            Entry::Directory => {
                let mut place = Vec::new();
                encode_directory(&name, target.query, &mut place);
                Ok(Place::Folder(place))
            }
            Entry::Nothing => Err(Status::NotFound),
        }
    }

    /// RFC 9110 section 10.2.1: the methods that may be used here.
    fn methods(&self) -> &'static str {
        match self {
            Place::File(..) | Place::Folder(_) | Place::Api => {
                "GET, HEAD, OPTIONS"
            }
            Place::Echo => "POST, OPTIONS",
            Place::Everywhere => "GET, HEAD, POST, OPTIONS",
            Place::Nowhere(_) => "",
        }
    }
}

/// What to tell a client when the kernel does not let us have a file.
fn trouble(errno: Errno) -> Status {
    match errno {
        Errno::EACCES => Status::Forbidden,
        // It may go better in a moment.
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EAGAIN => {
            Status::ServiceUnavailable
        }
        _ => Status::InternalServerError,
    }
}

impl Request {
    /// Takes out of a head what is needed to answer.
    pub fn new(head: &Head, root: &Root) -> Self {
        let place = Place::find(&head.target, root);
        let mut request = Request {
            method: head.method,
            place: place.unwrap_or_else(Place::Nowhere),
            framing: head.framing,
            expects_continue: head.expects_continue,
            persistence: head.persistence,
        };
        if head.expects_continue && !request.wants_body() {
            // Do not ask for it, do not wait for it. Whether it comes all
            // the same cannot be known, hence the close.
            request.framing = Framing::Length(0);
            request.expects_continue = false;
            request.persistence = Persistence::Closes;
        }
        request
    }

    fn wants_body(&self) -> bool {
        matches!((&self.place, self.method), (Place::Echo, Method::Post))
    }

    /// Answers this request, the last that was read: behind what is still to
    /// be sent, and in parts if the answer is large.
    pub fn answer(&self, visit: &mut Visit) -> Result<(), End> {
        let Visit { body, clock, output, .. } = visit;
        let text;
        let (status, kind, content) = match (&self.place, self.method) {
            (Place::Nowhere(status), _) => {
                text = format!("{}\n", status.reason());
                (*status, TEXT, text.as_bytes())
            }
            (Place::File(file, kind), Method::Get | Method::Head) => {
                let response = self.begin(Status::Ok, kind, clock, output);
                describe(file, clock, response);
                let is_get = self.method == Method::Get;
                return if is_get { send(file, visit) } else { Ok(()) };
            }
            (Place::Folder(_), Method::Get | Method::Head) => {
                (Status::MovedPermanently, TEXT, WITH_SLASH)
            }
            (Place::Api, Method::Get | Method::Head) => {
                text = format!("{{\"request\": {}}}\n", visit.requests);
                (Status::Ok, JSON, text.as_bytes())
            }
            (Place::Echo, Method::Post) => (Status::Ok, TEXT, &**body),
            (_, Method::Options) => (Status::Ok, TEXT, NOTHING),
            _ => (Status::MethodNotAllowed, TEXT, NOT_SO),
        };
        let mut response = self.begin(status, kind, clock, output);
        if self.method == Method::Options || status == Status::MethodNotAllowed
        {
            response = response.field("Allow", self.place.methods());
        } else if let Place::Folder(place) = &self.place {
            response = response.field("Location", place);
        }
        response.body(self.method, content);
        Ok(())
    }

    /// What all answers begin with.
    fn begin<'o>(
        &self,
        status: Status,
        kind: &str,
        clock: &Clock,
        output: &'o mut Vec<u8>,
    ) -> Response<'o> {
        Response::new(output, status)
            .field("Date", clock.text())
            .persistence(self.persistence)
            .field("Content-Type", kind)
            // Text is text, even if a browser thinks that it sees a page.
            .field("X-Content-Type-Options", "nosniff")
    }
}

/// Ends the head of an answer whose body is `file`.
fn describe(file: &File, clock: &Clock, response: Response) {
    let revision = Revision {
        seconds: file.seconds,
        nanoseconds: file.nanoseconds,
        size: file.size,
        inode: file.inode,
    };
    let modified = revision.last_modified(clock.date());
    response
        .field("Last-Modified", modified.text())
        .field("ETag", revision.tag())
        .length(file.size);
}

/// Sends the content of `file`, whose length has been promised: not a byte
/// more, if it has grown; if it has shrunk, the client would wait for the
/// rest for ever, so the connection ends.
fn send(file: &File, visit: &mut Visit) -> Result<(), End> {
    let mut sent = 0;
    while sent < file.size {
        visit.flush_enough()?;
        // Behind the answer's head, so that a small file is one write.
        let output = &mut visit.output;
        let start = output.len();
        let left = usize::try_from(file.size - sent).unwrap_or(ENOUGH);
        output.resize(ENOUGH.min(start.saturating_add(left)), 0);
        let count = file.read_at(sent, &mut output[start..])?;
        output.truncate(start + count);
        if count == 0 {
            return Err(End::Broken("the file has shrunk"));
        }
        sent += count as u64;
    }
    Ok(())
}

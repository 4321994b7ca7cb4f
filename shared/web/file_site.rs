//! Enters in step 09: what there is to request: files, and an interface for
//! programs.

use std::ffi::OsString;
use std::path::PathBuf;

use super::site::{Body, Request, Responder, Site, Takes, Time};
use crate::cli::Failure;
use crate::files::root::{Entry, File, Root};
use crate::http::head::Head;
use crate::http::media;
use crate::http::method::Method;
use crate::http::path::{decode_path, encode_directory};
use crate::http::response::Response;
use crate::http::status::Status;
use crate::http::target::Target;
use crate::http::validators::Validators;
use nix::errno::Errno;

/// Larger bodies are refused: they are kept in memory.
const MAX_BODY: u64 = 1024 * 1024;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// The site that comes with step 08, wherever a step is started.
pub const SITE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/steps/08-files/site");

/// The files beneath a root, and `/api/`.
#[derive(Debug)]
pub struct Files {
    root: Root,
    /// The page of a directory. Enters in step 21.
    index: String,
    /// Whether there is `/api/`. Enters in step 21.
    has_api: bool,
}

/// What a target leads to.
pub enum Resource {
    /// A file, and its name.
    File(File, Vec<u8>),
    /// A directory, requested without the slash at its end: the Location
    /// with it.
    Directory(Vec<u8>),
    /// `/api/`
    Api,
    /// `/api/echo`
    Echo,
    /// The server itself: the asterisk-form.
    Server,
    /// Nothing: the status says why.
    Missing(Status),
}

impl Site for Files {
    type Resource = Resource;

    fn locate(&self, head: &Head, _: &Time) -> Resource {
        self.find(&head.target).unwrap_or_else(Resource::Missing)
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match (resource, method) {
            (Resource::Echo, Method::Post) => Takes::Memory(MAX_BODY),
            _ => Takes::No,
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, number, .. } = request;
        let text;
        let (status, media_type, body) = match (&resource, method) {
            (Resource::Missing(status), _) => (*status, TEXT, None),
            (Resource::File(file, name), Method::Get | Method::Head) => {
                return file_response(file, name, method, out);
            }
            (Resource::Directory(_), Method::Get | Method::Head) => {
                (Status::MovedPermanently, TEXT, None)
            }
            (Resource::Api, Method::Get | Method::Head) => {
                text = format!("{{\"request\": {number}}}\n");
                (Status::Ok, JSON, Some(text.as_bytes()))
            }
            (Resource::Echo, Method::Post) => (Status::Ok, TEXT, Some(content)),
            (_, Method::Options) => (Status::Ok, TEXT, Some(&b""[..])),
            _ => (Status::MethodNotAllowed, TEXT, None),
        };
        let mut response = typed(out.start(status), media_type);
        if method == Method::Options || status == Status::MethodNotAllowed {
            response = response.field("Allow", resource.allow());
        } else if let Resource::Directory(location) = &resource {
            response = response.field("Location", location);
        }
        match body {
            Some(body) => response.body(body),
            None => response.body(format!("{}\n", status.reason()).as_bytes()),
        }
        Body::Written
    }
}

impl Files {
    /// Those beneath the directory `root`, or of a small site of ours.
    ///
    /// # Errors
    /// When the directory cannot be opened: the line says why.
    pub fn open(root: Option<OsString>) -> Result<Self, Failure> {
        let path = root.map_or_else(|| SITE.into(), PathBuf::from);
        let root = Root::open(&path).map_err(|errno| {
            let hint = match errno {
                Errno::ENOSYS => ": openat2(2) came with Linux 5.6",
                Errno::EPERM => {
                    ": openat2(2) is forbidden, by a container perhaps"
                }
                _ => "",
            };
            let path = path.display();
            let what = format_args!("cannot open the root {path}{hint}");
            Failure::new(what, errno)
        })?;
        // Enters in step 21.
        let (index, has_api) = ("index.html".to_string(), true);
        Ok(Files { root, index, has_api })
    }

    /// Those beneath a root; if a directory has a file called `index`, that
    /// is its page. Enters in step 21.
    pub fn new(root: Root, index: String, has_api: bool) -> Self {
        Files { root, index, has_api }
    }

    /// Whether there is `/api/`. Enters in step 21.
    pub fn has_api(&self) -> bool {
        self.has_api
    }

    /// Where they are. Enters in step 20.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The file `name` beneath the root, if there is one. Enters in step 17.
    pub fn file(&self, name: &[u8]) -> Option<File> {
        match self.root.open_entry(name) {
            Ok(Entry::File(file)) => Some(file),
            _ => None,
        }
    }

    fn find(&self, target: &Target) -> Result<Resource, Status> {
        if target.path == "*" {
            return Ok(Resource::Server);
        }
        let mut name = Vec::new();
        decode_path(target.path, &mut name)?;
        let is_directory = matches!(&name[..], b"" | [.., b'/']);
        match &name[..] {
            b"api/" if self.has_api => return Ok(Resource::Api),
            b"api/echo" if self.has_api => return Ok(Resource::Echo),
            _ if is_directory => name.extend(self.index.as_bytes()),
            _ => {}
        }
        match self.root.open_entry(&name).map_err(status_of)? {
            Entry::File(file) => Ok(Resource::File(file, name)),
            Entry::Directory if !is_directory => {
                let mut location = Vec::new();
                encode_directory(&name, target.query, &mut location);
                Ok(Resource::Directory(location))
            }
            Entry::Directory | Entry::NotFound => Err(Status::NotFound),
        }
    }
}

impl Resource {
    /// RFC 9110 section 10.2.1: the methods that may be used here.
    pub fn allow(&self) -> &'static str {
        match self {
            Resource::File(..) | Resource::Directory(_) | Resource::Api => {
                "GET, HEAD, OPTIONS"
            }
            Resource::Echo => "POST, OPTIONS",
            Resource::Server => "GET, HEAD, POST, OPTIONS",
            Resource::Missing(_) => "",
        }
    }
}

/// The status for a file that the kernel does not let us have.
pub fn status_of(errno: Errno) -> Status {
    match errno {
        Errno::EACCES => Status::Forbidden,
        // Temporary.
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EAGAIN => {
            Status::ServiceUnavailable
        }
        _ => Status::InternalServerError,
    }
}

/// Adds the media type, and that it is to be believed: text is text, even if
/// it looks like a page to a browser.
pub fn typed<'o>(response: Response<'o>, media_type: &str) -> Response<'o> {
    response
        .field("Content-Type", media_type)
        .field("X-Content-Type-Options", "nosniff")
}

/// Adds what the content of a file called `name` is.
pub fn labelled<'o>(response: Response<'o>, name: &[u8]) -> Response<'o> {
    let response = typed(response, &media::content_type(name));
    match media::content_encoding(name) {
        Some(coding) => response.field("Content-Encoding", coding),
        None => response,
    }
}

/// What the file system tells of an open file.
pub fn validators(file: &File) -> Validators {
    Validators {
        seconds: file.stat.st_mtime,
        nanoseconds: file.stat.st_mtime_nsec as u32,
        size: file.stat.st_size as u64,
        inode: file.stat.st_ino,
    }
}

/// Writes the head; the body is the file.
fn file_response(
    file: &File,
    name: &[u8],
    method: Method,
    out: Responder,
) -> Body {
    let validators = validators(file);
    let modified = validators.last_modified(out.date.date());
    labelled(out.start(Status::Ok), name)
        .field("Last-Modified", modified.imf_fixdate())
        .field("ETag", validators.etag())
        .length(validators.size);
    match method {
        Method::Head => Body::Written,
        _ => Body::File(file.descriptor.clone(), 0..validators.size),
    }
}

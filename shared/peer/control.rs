//! Enters in step 24: what this node can be asked over HTTP, besides files:
//! only by this machine, and only by pages of ours.

use std::net::{IpAddr, SocketAddr};

use crate::hello::PeerId;
use crate::kind::Kind;
use crate::text;
use shared::cli::{self, Failure};
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::web::documents::{self, Documents};
use shared::web::file_site::typed;
use shared::web::site::{Body, Request, Responder, Site, Takes, Time};
use shared::web::template::{Html, Template, Value};
use shared::web::trust::host_name;

use crate::access::Access;
use crate::board::Shared;
use crate::json;

const PAGE: &str = include_str!("board.html");

const TEXT: &str = "text/plain; charset=utf-8";

/// The page has a style and a script, and no other page has it in a frame,
/// where it could be clicked on without being seen.
const POLICY: &str = "default-src 'none'; style-src 'self'; \
    script-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/// Some of a JSON text's characters have six bytes.
const MAX_BODY: u64 = 6 * 1024 + 2;

/// The files of step 19, and what this node knows.
pub struct Control {
    files: Documents,
    board: Shared,
    page: Template<6>,
    access: Access,
    address: String,
    node: String,
}

/// What a target leads to.
pub enum Resource {
    /// Lines, peers, and a form.
    Page,
    /// The script of the page.
    Script,
    /// And its style.
    Style,
    /// Our host, as it was named, and those that we know.
    KnownHosts(IpAddr),
    /// What is known of each peer.
    Peers,
    /// Where lines are sent.
    Lines,
    /// Nothing: the status says why.
    Refused(Status),
    /// Something else.
    File(documents::Resource),
}

impl Control {
    /// The page of this node, which listens there. Others than this machine
    /// may ask only under the name of `host`, if there is one.
    ///
    /// # Errors
    /// Those of getrandom(2).
    pub fn new(
        files: Documents,
        board: Shared,
        address: SocketAddr,
        host: Option<String>,
        node: PeerId,
    ) -> Result<Self, Failure> {
        let names = ["node", "address", "program", "token", "peers", "lines"];
        let page = Template::parse("board.html", PAGE, names);
        Ok(Control {
            files,
            board,
            page: page.map_err(Failure::wrong)?,
            access: Access::new(address, host)?,
            address: address.to_string(),
            node: node.to_string(),
        })
    }

    /// The page, as things are.
    fn page(&self) -> Html {
        let board = self.board.borrow();
        let lines = board.lines.iter().rev().map(|(from, line)| {
            let from = from.map_or("we".to_string(), |it| it.to_string());
            format!("{from}: {line}\n")
        });
        self.page.render([
            Value::Text(&self.node),
            Value::Text(&self.address),
            Value::Text(&cli::program()),
            Value::Text(self.access.token()),
            Value::Text(&board.peers()),
            Value::Text(&lines.collect::<String>()),
        ])
    }

    /// Takes a line out of a request, and has it said.
    fn say(&self, content: &[u8]) -> Status {
        let mut board = self.board.borrow_mut();
        let line = json::string(content);
        let max = Kind::Line.max_length();
        let line = line.filter(|it| !it.is_empty());
        match line.filter(|it| text::line(it.as_bytes(), max).is_ok()) {
            _ if board.is_busy => Status::ServiceUnavailable,
            Some(line) => {
                board.outbox.push(line);
                Status::NoContent
            }
            None => Status::BadRequest,
        }
    }
}

impl Site for Control {
    type Resource = Resource;

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        match head.target.path {
            "/board" => Resource::Page,
            "/board.js" => Resource::Script,
            "/board.css" => Resource::Style,
            "/known_hosts" => Resource::KnownHosts(own_host(head.target.host)),
            "/peers" => Resource::Peers,
            "/lines" => Resource::Lines,
            _ => Resource::File(self.files.locate(head, time)),
        }
    }

    fn restrict(
        &self,
        head: &Head,
        peer: Option<IpAddr>,
        resource: Resource,
    ) -> Resource {
        if let Resource::File(_) = resource {
            return resource;
        }
        let changes = matches!(resource, Resource::Lines);
        match self.access.allows(head, peer, changes) {
            Ok(()) => resource,
            Err(status) => Resource::Refused(status),
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match resource {
            Resource::File(file) => self.files.takes(method, file),
            Resource::Lines => Takes::Memory(MAX_BODY),
            _ => Takes::No,
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, number, persistence } = request;
        let page;
        let text;
        let (media_type, body) = match (resource, method) {
            (Resource::File(resource), _) => {
                let request = Request { method, resource, number, persistence };
                return self.files.respond(request, content, out);
            }
            (Resource::Refused(status), _) => {
                return refuse(out, status, "");
            }
            (Resource::Lines, Method::Post) => match self.say(content) {
                Status::NoContent => {
                    out.start(Status::NoContent).end();
                    return Body::Written;
                }
                status => return refuse(out, status, ""),
            },
            (Resource::Lines, _) => {
                return refuse(out, Status::MethodNotAllowed, "POST");
            }
            (_, method) if !matches!(method, Method::Get | Method::Head) => {
                return refuse(out, Status::MethodNotAllowed, "GET, HEAD");
            }
            (Resource::Page, _) => {
                page = self.page();
                ("text/html; charset=utf-8", page.utf8())
            }
            (Resource::Script, _) => {
                let script = &include_bytes!("board.js")[..];
                ("text/javascript; charset=utf-8", script)
            }
            (Resource::Style, _) => {
                let style = &include_bytes!("board.css")[..];
                ("text/css; charset=utf-8", style)
            }
            (Resource::KnownHosts(own), _) => {
                text = self.board.borrow().known_hosts(own);
                (TEXT, text.as_bytes())
            }
            (Resource::Peers, _) => {
                text = self.board.borrow().peers();
                (TEXT, text.as_bytes())
            }
        };
        typed(out.start(Status::Ok), media_type)
            .field("Content-Security-Policy", POLICY)
            .field("Cache-Control", "no-store")
            .body(body);
        Body::Written
    }
}

/// Says no more than this status.
fn refuse(out: Responder, status: Status, allow: &str) -> Body {
    let mut response = typed(out.start(status), TEXT);
    if status == Status::MethodNotAllowed {
        response = response.field("Allow", allow);
    }
    response.body(format!("{}\n", status.reason()).as_bytes());
    Body::Written
}

/// This host, as the request names it: an address, or a name for this machine.
pub fn own_host(host: &[u8]) -> IpAddr {
    let name = String::from_utf8_lossy(host_name(host));
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.parse().unwrap_or(IpAddr::from([127, 0, 0, 1]))
}

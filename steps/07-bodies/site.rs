//! What there is to ask for: a page, and an interface for programs.

use shared::http::framing::Framing;
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::response::Response;
use shared::http::status::Status;

const PAGE: &[u8] = include_bytes!("page.html");

const NOTHING: &[u8] = b"";
const NOT_HERE: &[u8] = b"Not here.\n";
const NOT_SO: &[u8] = b"Not with this method.\n";

const HTML: &str = "text/html; charset=utf-8";
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Page,
    Api,
    Echo,
    Everywhere,
    Nowhere,
}

impl Place {
    /// RFC 9110 section 10.2.1: the methods that may be used here.
    fn methods(self) -> &'static str {
        match self {
            Place::Page | Place::Api => "GET, HEAD, OPTIONS",
            Place::Echo => "POST, OPTIONS",
            Place::Everywhere => "GET, HEAD, POST, OPTIONS",
            Place::Nowhere => "",
        }
    }
}

impl Request {
    /// Takes out of a head what is needed to answer.
    pub fn new(head: &Head) -> Self {
        let place = match head.target.path {
            "/" => Place::Page,
            "/api/" => Place::Api,
            "/api/echo" => Place::Echo,
            "*" => Place::Everywhere,
            _ => Place::Nowhere,
        };
        let mut request = Request {
            method: head.method,
            place,
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
        (self.place, self.method) == (Place::Echo, Method::Post)
    }

    /// Writes the answer to this request, which had this `body` and was its
    /// connection's request number `count`, behind what is in `output`.
    pub fn answer(&self, count: u64, body: &[u8], output: &mut Vec<u8>) {
        let json;
        let (status, kind, content) = match (self.place, self.method) {
            (Place::Nowhere, _) => (Status::NotFound, TEXT, NOT_HERE),
            (Place::Page, Method::Get | Method::Head) => {
                (Status::Ok, HTML, PAGE)
            }
            (Place::Api, Method::Get | Method::Head) => {
                json = format!("{{\"request\": {count}}}\n");
                (Status::Ok, JSON, json.as_bytes())
            }
            (Place::Echo, Method::Post) => (Status::Ok, TEXT, body),
            (_, Method::Options) => (Status::Ok, TEXT, NOTHING),
            _ => (Status::MethodNotAllowed, TEXT, NOT_SO),
        };
        let mut response = Response::new(output, status)
            .persistence(self.persistence)
            .field("Content-Type", kind)
            // An echo is text, even if a browser thinks that it sees a page.
            .field("X-Content-Type-Options", "nosniff");
        if self.method == Method::Options || status == Status::MethodNotAllowed
        {
            response = response.field("Allow", self.place.methods());
        }
        response.body(self.method, content);
    }
}

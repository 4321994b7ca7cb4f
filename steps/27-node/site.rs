//! What can be asked over HTTP: the sites of the settings, and beside them what
//! the node knows and does: only by this machine, and only by pages of ours.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use peer::access::Access;
use service::hosts::{self, Hosts};
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::status::Status;
use shared::web::file_site::typed;
use shared::web::form::Form;
use shared::web::pages::reply::refuse;
use shared::web::site::{Body, Request, Responder, Sink, Site, Takes, Time};

use super::events::beginning;
use super::orders::{self, Order, Orders};
use super::page::{Page, SharedRoom};

const TEXT: &str = "text/plain; charset=utf-8";

/// The page has a style and a script of ours, and no other page has it in a
/// frame, where it could be clicked on without being seen.
const POLICY: &str = "default-src 'none'; style-src 'self'; \
    script-src 'self'; connect-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'none'";

/// The sites, and the node's own resources.
pub struct NodeSite {
    pub hosts: Hosts,
    pub page: Rc<Page>,
    pub room: SharedRoom,
    pub orders: Orders,
    pub access: Access,
    /// What /metrics shows: the loop writes it.
    pub metrics: Rc<RefCell<String>>,
}

/// What a target leads to.
pub enum Resource {
    /// The page: all of it, or the posts with a tag.
    Page(String),
    Script,
    Style,
    /// What happens, as long as the page is open.
    Events,
    KnownHosts(IpAddr),
    Peers,
    Lines,
    Name,
    Metrics,
    Health,
    Refused(Status),
    Site(hosts::Resource),
}

impl NodeSite {
    /// What has happened last, and then what happens.
    fn begin_events(&self, method: Method, mut out: Responder) -> Body {
        out.persistence = Persistence::Close;
        let events = beginning(&self.page, &self.room.borrow());
        out.start(Status::Ok)
            .field("Content-Type", "text/event-stream")
            .field("Cache-Control", "no-store")
            .endless(&events);
        match method {
            Method::Head => Body::Written,
            _ => Body::Stream,
        }
    }

    /// The content of a resource that is only read.
    fn content(&self, resource: Resource) -> (&'static str, Vec<u8>) {
        let board = || self.page.board_of.borrow();
        match resource {
            Resource::Page(tag) => {
                let page = self.page.render(&self.room.borrow(), &tag);
                ("text/html; charset=utf-8", page.utf8().to_vec())
            }
            Resource::Script => {
                let script = include_bytes!("page/board.js");
                ("text/javascript; charset=utf-8", script.to_vec())
            }
            Resource::Style => {
                let style = include_bytes!("page/board.css");
                ("text/css; charset=utf-8", style.to_vec())
            }
            Resource::KnownHosts(own) => {
                (TEXT, board().known_hosts(own).into_bytes())
            }
            Resource::Metrics => {
                let version = "text/plain; version=0.0.4; charset=utf-8";
                (version, self.metrics.borrow().clone().into_bytes())
            }
            Resource::Health => (TEXT, b"ok\n".to_vec()),
            _ => (TEXT, board().peers().into_bytes()),
        }
    }
}

impl Site for NodeSite {
    type Resource = Resource;

    fn client(&self, head: &Head, peer: Option<IpAddr>) -> Option<IpAddr> {
        self.hosts.client(head, peer)
    }

    fn admits(&self, head: &Head, peer: Option<IpAddr>, time: &Time) -> bool {
        self.hosts.admits(head, peer, time)
    }

    fn is_one_client(&self, peer: Option<IpAddr>) -> bool {
        self.hosts.is_one_client(peer)
    }

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        match head.target.path {
            // A site that has this host by name has all of its paths.
            _ if self.hosts.has_named(head.target.host) => {
                Resource::Site(self.hosts.locate(head, time))
            }
            "/board" => Resource::Page(tag(head.target.query)),
            "/board.js" => Resource::Script,
            "/board.css" => Resource::Style,
            "/board/events" => Resource::Events,
            "/known_hosts" => {
                Resource::KnownHosts(peer::control::own_host(head.target.host))
            }
            "/peers" => Resource::Peers,
            "/lines" => Resource::Lines,
            "/name" => Resource::Name,
            "/metrics" => Resource::Metrics,
            "/healthz" => Resource::Health,
            _ => Resource::Site(self.hosts.locate(head, time)),
        }
    }

    fn restrict(
        &self,
        head: &Head,
        peer: Option<IpAddr>,
        resource: Resource,
    ) -> Resource {
        if let Resource::Site(_) = resource {
            return resource;
        }
        let changes = !matches!(head.method, Method::Get | Method::Head);
        match self.access.allows(head, peer, changes) {
            Ok(()) => resource,
            Err(status) => Resource::Refused(status),
        }
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match resource {
            Resource::Site(site) => self.hosts.takes(method, site),
            Resource::Lines | Resource::Name | Resource::Peers => {
                Takes::Memory(orders::MAX_BODY)
            }
            _ => Takes::No,
        }
    }

    fn sink(
        &self,
        method: Method,
        resource: &Resource,
    ) -> Option<(Box<dyn Sink>, u64)> {
        match resource {
            Resource::Site(site) => self.hosts.sink(method, site),
            _ => None,
        }
    }

    fn fields(&self, method: Method, resource: &Resource) -> Option<Rc<[u8]>> {
        match resource {
            Resource::Site(site) => self.hosts.fields(method, site),
            _ => None,
        }
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, number, persistence } = request;
        let is_read = matches!(method, Method::Get | Method::Head);
        let takes = match &resource {
            Resource::Peers => "GET, HEAD, POST, DELETE",
            Resource::Lines | Resource::Name => "POST",
            _ => "GET, HEAD",
        };
        let order = |read: fn(String) -> Option<Order>| {
            let is_busy = self.page.board_of.borrow().is_busy;
            orders::take(content, is_busy, read, &self.orders)
        };
        match (resource, method) {
            (Resource::Site(resource), _) => {
                let request = Request { method, resource, number, persistence };
                return self.hosts.respond(request, content, out);
            }
            (Resource::Refused(status), _) => refuse(out, status, ""),
            (Resource::Events, _) if is_read => {
                return self.begin_events(method, out);
            }
            (Resource::Lines, Method::Post) => answer(out, order(Order::say)),
            (Resource::Name, Method::Post) => answer(out, order(Order::name)),
            (Resource::Peers, Method::Post) => answer(out, order(Order::dial)),
            (Resource::Peers, Method::Delete) => {
                answer(out, order(Order::forget));
            }
            (resource, _) if is_read && takes.contains("GET") => {
                let (media_type, body) = self.content(resource);
                typed(out.start(Status::Ok), media_type)
                    .field("Content-Security-Policy", POLICY)
                    .field("Cache-Control", "no-store")
                    .body(&body);
            }
            _ => refuse(out, Status::MethodNotAllowed, takes),
        }
        Body::Written
    }
}

/// Says what has come of an order.
fn answer(out: Responder, status: Status) {
    match status {
        Status::NoContent => out.start(status).end(),
        status => refuse(out, status, ""),
    }
}

/// The tag that a query asks for.
fn tag(query: Option<&str>) -> String {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let form = form.unwrap_or_default();
    form.only("tag").unwrap_or_default().to_string()
}

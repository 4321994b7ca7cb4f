//! Enters in step 21: what one worker has of all sites.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use nix::libc::rlim_t;
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::web::documents::Documents;
use shared::web::forwarded;
use shared::web::pages::{self, Pages, reply};
use shared::web::site::{Body, Request, Responder, Sink, Site, Takes, Time};

use crate::sites::{self, Current, Sites};

/// The sites of now, as one worker has them.
pub struct Hosts {
    current: Arc<Current>,
    /// The number of those that are open.
    seen: Cell<u64>,
    open: RefCell<Open>,
    room: Room,
}

/// What a worker may take for the files of all sites.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// In bytes, to keep them in.
    pub cache: usize,
    /// Of which a part may be theirs.
    pub descriptors: rlim_t,
}

/// Sites, and what this worker keeps of each.
struct Open {
    sites: Arc<Sites>,
    pages: Vec<Rc<Pages>>,
}

/// What a target leads to: something of one site, which stays as it is until
/// the request has its response. `None` if no site has the host.
pub struct Resource(Option<(Rc<Pages>, pages::Resource)>);

impl Hosts {
    /// Those of now, and later those of then.
    pub fn new(current: Arc<Current>, room: Room) -> Self {
        let seen = Cell::new(current.number());
        let open = RefCell::new(Open::new(current.present(), room));
        Hosts { current, seen, open, room }
    }

    /// Whether a site has this host by name. Enters in step 27.
    pub fn has_named(&self, host: &[u8]) -> bool {
        self.renew();
        self.open.borrow().sites.find_named(host).is_some()
    }

    /// Opens the sites of now, if they are others than before.
    fn renew(&self) {
        let number = self.current.number();
        if self.seen.replace(number) != number {
            *self.open.borrow_mut() =
                Open::new(self.current.present(), self.room);
        }
    }
}

impl Open {
    fn new(sites: Arc<Sites>, room: Room) -> Self {
        let count = sites.list().len();
        let share = Room {
            cache: room.cache / count,
            descriptors: room.descriptors / count as rlim_t,
        };
        let pages = sites.list().iter().map(|it| Rc::new(pages(it, share)));
        let pages = pages.collect();
        Open { sites, pages }
    }
}

fn pages(site: &sites::Site, room: Room) -> Pages {
    let files = Arc::clone(&site.app.files);
    let mut documents = Documents::new(files, room.cache, room.descriptors);
    documents.watch(Arc::clone(&site.generation));
    documents.cache_rules(site.cache.clone());
    if let Some(compressor) = &site.compressor {
        documents.compresses(Arc::clone(compressor));
    }
    Pages::new(Arc::clone(&site.app), documents, &site.fields)
}

impl Site for Hosts {
    type Resource = Resource;

    fn client(&self, head: &Head, peer: Option<IpAddr>) -> Option<IpAddr> {
        self.renew();
        let open = self.open.borrow();
        forwarded::client(head.fields, peer, &open.sites.trusted_proxies)
    }

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        self.renew();
        let open = self.open.borrow();
        let found = open.sites.find(head.target.host);
        Resource(found.map(|at| {
            let pages = Rc::clone(&open.pages[at]);
            let resource = pages.locate(head, time);
            (pages, resource)
        }))
    }

    fn admits(&self, head: &Head, peer: Option<IpAddr>, time: &Time) -> bool {
        self.renew();
        let sites = &self.open.borrow().sites;
        let Some(rates) = &sites.rates else { return true };
        let client =
            forwarded::client(head.fields, peer, &sites.trusted_proxies);
        // Whoever comes through a Unix socket without a name is of this
        // machine.
        client.is_none_or(|client| rates.take(client, time.now))
    }

    fn is_one_client(&self, peer: Option<IpAddr>) -> bool {
        self.renew();
        !self.open.borrow().sites.trusted_proxies.trusts(peer)
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        match &resource.0 {
            Some((pages, resource)) => pages.takes(method, resource),
            None => Takes::No,
        }
    }

    fn sink(
        &self,
        method: Method,
        resource: &Resource,
    ) -> Option<(Box<dyn Sink>, u64)> {
        let (pages, resource) = resource.0.as_ref()?;
        pages.sink(method, resource)
    }

    fn fields(&self, method: Method, resource: &Resource) -> Option<Rc<[u8]>> {
        let (pages, resource) = resource.0.as_ref()?;
        pages.fields(method, resource)
    }

    fn respond(
        &self,
        request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, number, persistence } = request;
        let Some((pages, resource)) = resource.0 else {
            // RFC 9110 section 15.5.20.
            reply::refuse(out, Status::MisdirectedRequest, "");
            return Body::Written;
        };
        let request = Request { method, resource, number, persistence };
        pages.respond(request, content, out)
    }
}

//! Enters in step 08: what a connection asks of a site.
//!
//! A site is written once and knows nothing of sockets: it finds a resource,
//! writes heads and small bodies, and returns files to be sent.

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::http::date::{Date, DateCache};
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::persistence::Persistence;
use crate::http::response::Response;
use crate::http::status::Status;

/// One look at the clocks, for everything that happens at once.
#[derive(Debug)]
pub struct Time {
    /// For deadlines.
    pub now: Instant,
    /// For the Date field, and for the dates that must not be later.
    pub date: DateCache,
}

impl Time {
    /// The first look. Enters in step 09.
    pub fn now() -> Self {
        Time { now: Instant::now(), date: DateCache::new(today()) }
    }

    /// Looks at both clocks. Enters in step 09.
    pub fn look(&mut self) {
        self.now = Instant::now();
        self.date.set(today());
    }
}

fn today() -> Date {
    Date::from_system_time(SystemTime::now())
}

/// How long a connection may wait for what. Progress does not renew a limit,
/// but the bytes of bodies and responses earn time.
#[derive(Debug)]
pub struct Limits {
    /// Between two requests, and before the first.
    pub keepalive: Duration,
    /// A whole head.
    pub header: Duration,
    /// A body, and what its bytes earn.
    pub body: Duration,
    /// Responses that wait to be sent, and what their bytes earn.
    pub send: Duration,
    /// Reading on after a refusal, so that it arrives.
    pub lingering: Duration,
    /// This many bytes of a body or of a response earn a second; 0: none do.
    pub min_rate: u64,
}

/// The resources of a server. RFC 9110 section 3.1.
pub trait Site {
    /// What a target leads to. It is small and owned: the head that named it
    /// is gone before its body arrives.
    type Resource;

    /// Finds what the target of `head` leads to, be it an error.
    fn locate(&self, head: &Head, time: &Time) -> Self::Resource;

    /// Who sends this request, over a connection with `peer`: the peer itself,
    /// unless a site believes what it says of others. `None` if it came
    /// through a Unix socket. Enters in step 21.
    fn client(
        &self,
        _: &Head,
        peer: Option<std::net::IpAddr>,
    ) -> Option<std::net::IpAddr> {
        peer
    }

    /// Whether this client may ask now. Enters in step 22.
    fn admits(&self, _: &Head, _: Option<std::net::IpAddr>, _: &Time) -> bool {
        true
    }

    /// Whether the connections of this peer are counted as one client's: not
    /// those of a proxy, which speaks for many. Enters in step 22.
    fn is_one_client(&self, _: Option<std::net::IpAddr>) -> bool {
        true
    }

    /// What this peer may have where it asked for `resource`: that, unless a
    /// site keeps it for others. Enters in step 23.
    fn restrict(
        &self,
        _: &Head,
        _peer: Option<std::net::IpAddr>,
        resource: Self::Resource,
    ) -> Self::Resource {
        resource
    }

    /// What a request with `method` may bring as its body.
    fn takes(&self, method: Method, resource: &Self::Resource) -> Takes;

    /// Where the body of a request goes that is too large for memory, and how
    /// many bytes at most; `None` if the site does with it what it [`Takes`].
    /// Enters in step 20.
    fn sink(
        &self,
        _method: Method,
        _resource: &Self::Resource,
    ) -> Option<(Box<dyn Sink>, u64)> {
        None
    }

    /// Fields, as ready lines, that the response has in any case, but for what
    /// the connection itself refuses. Enters in step 20.
    fn fields(
        &self,
        _method: Method,
        _resource: &Self::Resource,
    ) -> Option<std::rc::Rc<[u8]>> {
        None
    }

    /// Responds to a request, whose body was `content`: empty unless the
    /// site [`Takes`] it.
    fn respond(
        &self,
        request: Request<Self::Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body;
}

/// What becomes of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// It is read and dropped.
    No,
    /// It is kept in memory; more than this many bytes are refused.
    Memory(u64),
}

/// A request that is complete.
#[derive(Debug)]
pub struct Request<R> {
    /// What to do.
    pub method: Method,
    /// With what.
    pub resource: R,
    /// Its number on the connection, from 1.
    pub number: u64,
    /// What happens to the connection afterwards.
    pub persistence: Persistence,
}

/// Starts the response to one request, behind those that wait to be sent.
#[derive(Debug)]
pub struct Responder<'o> {
    /// Receives the head and a small body.
    pub out: &'o mut Vec<u8>,
    /// Of the request.
    pub method: Method,
    /// What happens to the connection afterwards.
    pub persistence: Persistence,
    /// When the request was complete.
    pub date: &'o DateCache,
}

impl<'o> Responder<'o> {
    /// Writes what every response starts with. The Date comes first: RFC
    /// 9110 section 6.6.1.
    pub fn start(self, status: Status) -> Response<'o> {
        Response::new(self.out, status, self.method)
            .field("Date", self.date.text())
            .persistence(self.persistence)
    }
}

/// Where the body of a response is.
pub enum Body {
    /// It has been written behind the head, or there is none.
    Written,
    /// These bytes of a file, whose number the head has promised.
    File(Arc<OwnedFd>, Range<u64>),
    /// Nothing has been written yet: a job comes first. Only for a shell that
    /// gives it away. Enters in step 19.
    Later(Job),
    /// Nothing has been written yet: what it needs is being made, for others
    /// as well. Only for such a shell, too. Enters in step 21.
    Awaits(Awaited),
    /// What has been written is the beginning of a body that goes on as long
    /// as the connection. The response is its connection's last, and says so.
    /// Only for a shell that adds to it. Enters in step 27.
    Stream,
}

/// What to do when something has been made that a response needs. Enters in
/// step 21.
pub struct Awaited {
    /// Takes what is to be called then: at once, if it has been made.
    pub register: Register,
    /// Writes the response after that, in the loop. The body is written
    /// behind it, or in a file.
    pub respond: Respond,
}

/// Writes a response, and says where its body is. Enters in step 21.
pub type Respond = Box<dyn FnOnce(Responder) -> Body>;

/// Takes what is to be called when something has been made: by any thread.
/// Enters in step 21.
pub type Register = Box<dyn FnOnce(Tell)>;

/// Says that something has been made. Enters in step 21.
pub type Tell = Box<dyn FnOnce() + Send>;

/// What is to be done before there is a response. Enters in step 19.
pub type Job = Box<dyn FnOnce(&Ticket) -> Done + Send>;

/// Writes a response. Enters in step 19.
pub type Write = Box<dyn FnOnce(Responder) + Send>;

/// What has come of a job. Enters in step 19.
pub enum Done {
    /// This is to write the response.
    Response(Write),
    /// A piece of a body has been taken, and the next may come. Enters in
    /// step 20.
    More(Box<dyn Sink>),
    /// There was no job: what the response awaits has been made. Enters in
    /// step 21.
    Ready,
}

/// Enters in step 20.
impl Done {
    /// A response that is written like this.
    pub fn response(write: impl FnOnce(Responder) + Send + 'static) -> Self {
        Done::Response(Box::new(write))
    }
}

/// Where the body of one request goes, piece by piece. What it does may take
/// long: no loop calls it. When the client has gone it is dropped, and that
/// is for a loop to do. Enters in step 20.
pub trait Sink: Send {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// The response, if it can take no more.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Done>;

    /// There are no more.
    fn finish(self: Box<Self>) -> Done;
}

/// Tells a job whether anybody still waits for it. Enters in step 19.
#[derive(Debug)]
pub struct Ticket(std::sync::Weak<()>);

/// Enters in step 19.
impl Ticket {
    /// A ticket that is good as long as `owner` lives.
    pub fn of(owner: &Arc<()>) -> Self {
        Ticket(Arc::downgrade(owner))
    }

    /// Whether anybody waits for the response. What takes long asks now and
    /// then.
    pub fn is_good(&self) -> bool {
        self.0.strong_count() > 0
    }
}

//! Enters in step 06: a request's head, as views into the connection's
//! buffer.
//!
//! httparse does what step 05 did by hand, faster. Two things are left to
//! do: to find the end of the head without starting over with every byte
//! that drips in, and to apply the rules about the fields that steer the
//! connection. A [`Head`] has passed all of them.

use std::mem::MaybeUninit;

use httparse::{Error, Header, Request};
use memchr::memchr_iter;

use super::fields::is_token;
use super::framing::{Claims, Framing};
use super::method::Method;
use super::persistence::{Options, Persistence};
use super::status::{Refusal, Status};
use super::target::{Host, Target};

/// A longer head than this is nobody's: browsers stay below 8 KiB.
pub const MAX_HEAD: usize = 16 * 1024;

/// More fields than these are nobody's: browsers send twenty.
pub const MAX_FIELDS: usize = 100;

/// The versions of HTTP that are understood here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Version {
    Http10,
    Http11,
}

/// Looks for the end of a head while it arrives.
#[derive(Debug, Default, Clone, Copy)]
pub struct Finder {
    /// How much of what has arrived has been looked at.
    seen: usize,
    /// Where the request line begins, in what has arrived.
    start: usize,
    /// Where the line begins that is being looked at.
    line: usize,
}

impl Finder {
    /// Goes on with `bytes`: all that has arrived, from the head's beginning
    /// on. Each byte is looked at once. Returns the head's length, its blank
    /// line included, once it is known.
    ///
    /// # Errors
    /// 414 or 431 when it is longer than [`MAX_HEAD`]; 400 for a line that
    /// ends in LF alone, which some servers take for an end and some not,
    /// and for what is no HTTP from its first byte on.
    pub fn find(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        let bytes = &bytes[..bytes.len().min(MAX_HEAD)];
        let unseen = self.seen;
        self.seen = bytes.len();
        for lf in memchr_iter(b'\n', &bytes[unseen..]) {
            let end = unseen + lf + 1;
            let line = &bytes[self.line..end];
            let is_first = self.line == self.start;
            self.line = end;
            match line {
                // RFC 9112 section 2.2: empty lines before a request are
                // some old client's fault.
                b"\r\n" if is_first => self.start = end,
                b"\r\n" => return Ok(Some(end)),
                [.., b'\r', b'\n'] => {}
                _ => return Err(Refusal::bad("a line ends in LF alone")),
            }
        }
        // What does not begin like a method need not be waited for: it is
        // TLS, most likely.
        if let Some(&first) = bytes.get(self.start)
            && !is_token(first)
            && first != b'\r'
        {
            return Err(Refusal::bad("this is no HTTP; perhaps it is HTTPS"));
        }
        match (bytes.len() == MAX_HEAD, self.line > self.start) {
            (false, _) => Ok(None),
            (true, false) => Err(Refusal::new(
                Status::UriTooLong,
                "the request line is longer than a head may be here",
            )),
            (true, true) => Err(Refusal::new(
                Status::FieldsTooLarge,
                "the head is longer than it may be here",
            )),
        }
    }
}

/// Room for the fields of one head. It lives on the stack and costs nothing
/// before it is filled.
#[derive(Debug)]
pub struct FieldSpace<'b>([MaybeUninit<Header<'b>>; MAX_FIELDS]);

impl FieldSpace<'_> {
    /// Room for [`MAX_FIELDS`] fields.
    pub fn new() -> Self {
        FieldSpace([const { MaybeUninit::uninit() }; MAX_FIELDS])
    }
}

impl Default for FieldSpace<'_> {
    fn default() -> Self {
        FieldSpace::new()
    }
}

/// A request's head. `'b` is the life of the bytes that it was parsed from:
/// the compiler sees to it that they stay in place as long as it is used.
#[derive(Debug, Clone, Copy)]
pub struct Head<'s, 'b> {
    /// What to do.
    pub method: Method,
    /// With what.
    pub target: Target<'b>,
    /// Which HTTP the client speaks.
    pub version: Version,
    /// All fields, in the order they came, without the white space around
    /// their values.
    pub fields: &'s [Header<'b>],
    /// How to find the end of the body.
    pub framing: Framing,
    /// Whether to expect another request after this one.
    pub persistence: Persistence,
    /// The client sends its body only after `100 Continue`, or after it has
    /// waited in vain for a while.
    pub expects_continue: bool,
}

impl<'s, 'b> Head<'s, 'b> {
    /// Parses a whole head: as many bytes as [`Finder`] said.
    ///
    /// # Errors
    /// 400 for what is no HTTP or could be read in two ways, 417 for an
    /// unknown expectation, 431 for too many fields, 501 for an unknown
    /// method or coding, 505 for another version.
    pub fn parse(
        bytes: &'b [u8],
        space: &'s mut FieldSpace<'b>,
    ) -> Result<Self, Refusal> {
        let mut request = Request::new(&mut []);
        request
            .parse_with_uninit_headers(bytes, &mut space.0)
            .map_err(|error| refusal(error, bytes))?;
        let (Some(method), Some(target), Some(minor)) =
            (request.method, request.path, request.version)
        else {
            return Err(Refusal::bad("no whole head"));
        };
        let Some(method) = Method::from_name(method) else {
            let why = "an unknown method";
            return Err(Refusal::new(Status::NotImplemented, why));
        };
        let version =
            if minor == 0 { Version::Http10 } else { Version::Http11 };
        let fields: &'s [Header<'b>] = request.headers;
        let steering = Steering::gather(fields)?;
        let framing = steering.claims.decide(version)?;
        Ok(Head {
            method,
            target: Target::parse(method, target, steering.host(version)?)?,
            version,
            fields,
            framing,
            persistence: steering.options.decide(version),
            expects_continue: steering.expects_continue(version)?
                && framing != Framing::Length(0),
        })
    }

    /// The value of the first field of that name, in which case does not
    /// matter.
    pub fn field(&self, name: &str) -> Option<&'b [u8]> {
        let has_name = |field: &&Header| field.name.eq_ignore_ascii_case(name);
        self.fields.iter().find(has_name).map(|field| field.value)
    }
}

/// What the fields say that steer the connection.
#[derive(Default)]
struct Steering<'b> {
    host: Host<'b>,
    claims: Claims,
    options: Options,
    expects_continue: bool,
    expects_more: bool,
}

impl<'b> Steering<'b> {
    fn gather(fields: &[Header<'b>]) -> Result<Self, Refusal> {
        let mut steering = Steering::default();
        for Header { name, value } in fields {
            if name.eq_ignore_ascii_case("Host") {
                steering.host.add(value)?;
            } else if name.eq_ignore_ascii_case("Content-Length") {
                steering.claims.content_length(value)?;
            } else if name.eq_ignore_ascii_case("Transfer-Encoding") {
                steering.claims.transfer_encoding(value)?;
            } else if name.eq_ignore_ascii_case("Connection") {
                steering.options.add(value);
            } else if name.eq_ignore_ascii_case("Expect") {
                let known = value.eq_ignore_ascii_case(b"100-continue");
                steering.expects_continue |= known;
                steering.expects_more |= !known;
            }
        }
        Ok(steering)
    }

    /// RFC 9112 section 3.2: HTTP/1.1 demands a Host, even an empty one.
    fn host(&self, version: Version) -> Result<&'b str, Refusal> {
        match (self.host.value(), version) {
            (Some(host), _) => Ok(host),
            (None, Version::Http10) => Ok(""),
            (None, Version::Http11) => Err(Refusal::bad("no Host field")),
        }
    }

    /// RFC 9110 section 10.1.1: HTTP/1.0 does not know expectations.
    fn expects_continue(&self, version: Version) -> Result<bool, Refusal> {
        if version == Version::Http11 && self.expects_more {
            let why = "an expectation other than 100-continue";
            return Err(Refusal::new(Status::ExpectationFailed, why));
        }
        Ok(version == Version::Http11 && self.expects_continue)
    }
}

/// httparse's complaint as ours.
fn refusal(error: Error, head: &[u8]) -> Refusal {
    match error {
        Error::Version if names_a_version(head) => Refusal::new(
            Status::VersionNotSupported,
            "only HTTP/1.1 and HTTP/1.0 are spoken here",
        ),
        Error::TooManyHeaders => {
            Refusal::new(Status::FieldsTooLarge, "too many fields")
        }
        Error::HeaderName => Refusal::bad("a malformed field name"),
        Error::HeaderValue => Refusal::bad("a malformed field value"),
        _ => Refusal::bad("a malformed request line"),
    }
}

/// Whether the third and last word of the request line is `HTTP/`, a digit,
/// a dot and a digit: then the version is another one, and not nonsense.
fn names_a_version(head: &[u8]) -> bool {
    let line = head.trim_ascii_start().split(|&byte| byte == b'\r').next();
    let mut words = line.unwrap_or(head).split(|&byte| byte == b' ');
    matches!(
        (words.nth(2), words.next()),
        (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
            if major.is_ascii_digit() && minor.is_ascii_digit()
    )
}

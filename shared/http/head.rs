//! Enters in step 06: a request's head, as views into the connection's
//! buffer.
//!
//! httparse does what step 05 did by hand, faster. Two things are left to
//! do: to find the end of the head without starting over with every byte
//! that arrives, and to apply the rules about the fields that control
//! framing and the connection. A [`Head`] has passed all of them.

use std::mem::MaybeUninit;

use httparse::{Error, Header, Request};
use memchr::{memchr, memchr_iter};

use super::fields;
use super::framing::{BodyFields, Framing};
use super::method::Method;
use super::persistence::{ConnectionOptions, Persistence};
use super::status::{Refusal, Status};
use super::target::{HostField, Target};
use super::version::Version;

/// Longer heads are refused: browsers stay below 8 KiB.
pub const MAX_HEAD: usize = 16 * 1024;

/// Heads with more fields are refused: browsers send twenty.
pub const MAX_FIELDS: usize = 100;

/// Looks for the end of a head while it arrives.
#[derive(Debug, Default, Clone, Copy)]
pub struct HeadScanner {
    /// How much of what has arrived has been looked at.
    seen: usize,
    /// Where the line begins that is being looked at.
    line: usize,
}

impl HeadScanner {
    /// Goes on with `bytes`: all that has arrived, from the beginning of the
    /// request line on. Each byte is looked at once. Returns the length of
    /// the head, its empty line included, once it is known.
    ///
    /// # Errors
    /// 414 or 431 when it is longer than [`MAX_HEAD`]; 400 for a line that
    /// ends in LF alone, which some servers take for an end and some do not,
    /// and for what cannot be HTTP from its first byte on.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        let bytes = &bytes[..bytes.len().min(MAX_HEAD)];
        // TLS begins with a byte that cannot be seen, and what looks like a
        // line's end in it is none.
        if let Some(first) = bytes.first()
            && !first.is_ascii_graphic()
            && !first.is_ascii_whitespace()
        {
            return Err(Refusal::bad("this is not HTTP; perhaps it is HTTPS"));
        }
        let unseen = self.seen;
        self.seen = bytes.len();
        for lf in memchr_iter(b'\n', &bytes[unseen..]) {
            let end = unseen + lf + 1;
            let line = &bytes[self.line..end];
            self.line = end;
            match line {
                b"\r\n" => return Ok(Some(end)),
                [.., b'\r', b'\n'] => {}
                _ => return Err(Refusal::bad("a line ends in LF alone")),
            }
        }
        match (bytes.len() == MAX_HEAD, self.line) {
            (false, _) => Ok(None),
            (true, 0) => Err(Refusal::new(
                Status::UriTooLong,
                "the request line is too long",
            )),
            (true, _) => Err(Refusal::new(
                Status::FieldsTooLarge,
                "the head is too long",
            )),
        }
    }
}

/// Storage for the fields of one head, on the stack: not initialised, so it
/// costs nothing before it is filled.
#[derive(Debug)]
pub struct HeaderStorage<'b>([MaybeUninit<Header<'b>>; MAX_FIELDS]);

impl Default for HeaderStorage<'_> {
    fn default() -> Self {
        HeaderStorage([const { MaybeUninit::uninit() }; MAX_FIELDS])
    }
}

/// A request's head. `'b` is the lifetime of the bytes that it was parsed
/// from: the compiler makes sure that they stay in place while it is used.
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
    /// What happens to the connection after the response.
    pub persistence: Persistence,
    /// The client sends its body only after `100 Continue`, or after it has
    /// waited in vain for a while.
    pub expects_continue: bool,
}

impl<'s, 'b> Head<'s, 'b> {
    /// Parses a whole head: as many bytes as [`HeadScanner`] said. A version
    /// such as HTTP/1.2 is overwritten by HTTP/1.1, which it is treated as.
    ///
    /// # Errors
    /// 400 for what is not HTTP or could be read in two ways, 417 for an
    /// unknown expectation, 431 for too many fields, 501 for an unknown
    /// method or coding, 505 for another major version.
    pub fn parse(
        bytes: &'b mut [u8],
        storage: &'s mut HeaderStorage<'b>,
    ) -> Result<Self, Refusal> {
        lower_minor(bytes);
        let bytes: &'b [u8] = bytes;
        let mut request = Request::new(&mut []);
        request
            .parse_with_uninit_headers(bytes, &mut storage.0)
            .map_err(|error| refusal(error, bytes))?;
        let (Some(method), Some(target), Some(minor)) =
            (request.method, request.path, request.version)
        else {
            return Err(Refusal::bad("an incomplete head"));
        };
        let Some(method) = Method::from_name(method.as_bytes()) else {
            let why = "an unknown method";
            return Err(Refusal::new(Status::NotImplemented, why));
        };
        let version = Version::from_minor(minor);
        let fields: &'s [Header<'b>] = request.headers;
        let control = ConnectionFields::collect(fields)?;
        let framing = control.body.framing(version)?;
        Ok(Head {
            method,
            target: Target::parse(method, target, control.host(version)?)?,
            version,
            fields,
            framing,
            persistence: control.options.persistence(version),
            expects_continue: control.expects_continue(version)?
                && framing != Framing::Length(0),
        })
    }
}

/// What the fields say that control framing and the connection.
#[derive(Default)]
struct ConnectionFields<'b> {
    host: HostField<'b>,
    body: BodyFields,
    options: ConnectionOptions,
    /// `Expect: 100-continue`, and an expectation that we do not know.
    expects: (bool, bool),
}

impl<'b> ConnectionFields<'b> {
    /// One pass over all fields. Most names differ in length from these
    /// five: no byte of them is compared.
    fn collect(fields: &[Header<'b>]) -> Result<Self, Refusal> {
        let mut control = ConnectionFields::default();
        for Header { name, value } in fields {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match name.len() {
                4 if is("Host") => control.host.add(value)?,
                6 if is("Expect") => control.expect(value),
                10 if is("Connection") => control.options.add(value),
                14 if is("Content-Length") => {
                    control.body.content_length(value)?;
                }
                17 if is("Transfer-Encoding") => {
                    control.body.transfer_encoding(value)?;
                }
                _ => {}
            }
        }
        Ok(control)
    }

    /// RFC 9112 section 3.2: HTTP/1.1 requires a Host, even an empty one.
    /// Enters in step 07.
    fn host(&self, version: Version) -> Result<&'b [u8], Refusal> {
        match (self.host.value(), version) {
            (Some(host), _) => Ok(host),
            (None, Version::Http10) => Ok(b""),
            (None, Version::Http11) => Err(Refusal::bad("no Host field")),
        }
    }

    /// Adds an Expect field: RFC 9110 section 10.1.1, a list. Enters in step
    /// 07.
    fn expect(&mut self, value: &[u8]) {
        for expectation in fields::list(value) {
            let known = expectation.eq_ignore_ascii_case(b"100-continue");
            self.expects.0 |= known;
            self.expects.1 |= !known;
        }
    }

    /// The verdict on the Expect fields; HTTP/1.0 does not know them. Enters
    /// in step 07.
    fn expects_continue(&self, version: Version) -> Result<bool, Refusal> {
        let (known, unknown) = self.expects;
        if version == Version::Http11 && unknown {
            let why = "an expectation other than 100-continue";
            return Err(Refusal::new(Status::ExpectationFailed, why));
        }
        Ok(version == Version::Http11 && known)
    }
}

/// RFC 9110 section 2.5: HTTP/1.2 and later are to be understood as the
/// HTTP/1.1 that they extend. httparse knows only 1.0 and 1.1, so a higher
/// digit in the request line becomes a 1 before it looks. Enters in step 07.
fn lower_minor(head: &mut [u8]) {
    let end = memchr(b'\r', head).unwrap_or(0);
    if let [.., b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] =
        &mut head[..end]
        && matches!(minor, b'2'..=b'9')
    {
        *minor = b'1';
    }
}

/// httparse's error as ours.
fn refusal(error: Error, head: &[u8]) -> Refusal {
    match error {
        Error::Version if names_a_version(head) => Refusal::new(
            Status::VersionNotSupported,
            "only HTTP/1.1 and HTTP/1.0 are supported",
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
/// a dot and a digit: then it is another version, and not nonsense. Enters
/// in step 07.
fn names_a_version(head: &[u8]) -> bool {
    let line = head.split(|&byte| byte == b'\r').next();
    let mut words = line.unwrap_or(head).split(|&byte| byte == b' ');
    matches!(
        (words.nth(2), words.next()),
        (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
            if major.is_ascii_digit() && minor.is_ascii_digit()
    )
}

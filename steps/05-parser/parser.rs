//! A request's head, parsed by hand while it arrives: RFC 9112 sections 2
//! to 5.
//!
//! The parser looks at each byte once. What it has learnt is in its state,
//! so that the next bytes are all that it needs, however few they are.

use std::ops::Range;

use shared::http::method::Method;
use shared::http::status::Status;

/// Heads with more fields are refused: browsers send twenty.
const MAX_FIELDS: usize = 100;

/// What the bytes so far amount to.
#[derive(Debug)]
pub enum Parse<'a> {
    /// A whole head.
    Complete(Head<'a>),
    /// The beginning of one: more bytes are needed.
    Partial,
    /// Not a head, whatever follows: the status to refuse it with.
    Error(Status),
}

/// A head: views into the bytes that it was parsed from.
#[derive(Debug)]
pub struct Head<'a> {
    /// One that we know.
    pub method: Method,
    /// Visible ASCII: nothing else is checked.
    pub target: &'a [u8],
    /// Names and values, in the order they came, without the white space
    /// around the values.
    pub fields: Vec<(&'a [u8], &'a [u8])>,
}

/// What the parser expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The method, or an empty line before it.
    Start,
    /// The LF of that empty line.
    StartLf,
    Method,
    Target,
    /// The byte with this number of `HTTP/1.1`.
    Version(usize),
    LineCr,
    LineLf,
    /// A name, or the CR of the empty line.
    FieldStart,
    Name,
    BeforeValue,
    Value,
    ValueLf,
    /// The LF of the empty line.
    HeadLf,
    Done,
}

/// A parser for one head.
#[derive(Debug)]
pub struct Parser {
    state: State,
    /// How many bytes have been looked at.
    position: usize,
    /// Where the piece begins that is being read.
    start: usize,
    method: Option<Method>,
    target: Range<usize>,
    version: [u8; 2],
    name: Range<usize>,
    fields: Vec<(Range<usize>, Range<usize>)>,
}

impl Parser {
    /// A parser that has seen nothing.
    pub fn new() -> Self {
        Parser {
            state: State::Start,
            position: 0,
            start: 0,
            method: None,
            target: 0..0,
            version: [0; 2],
            name: 0..0,
            fields: Vec::new(),
        }
    }

    /// Goes on with `bytes`: all that has arrived, of which the parser skips
    /// what it has seen.
    pub fn parse<'a>(&mut self, bytes: &'a [u8]) -> Parse<'a> {
        while let Some(&byte) = bytes.get(self.position) {
            match self.next(byte, bytes) {
                Ok(state) => self.state = state,
                Err(status) => return Parse::Error(status),
            }
            self.position += 1;
            if let (State::Done, Some(method)) = (self.state, self.method) {
                return Parse::Complete(self.head(method, bytes));
            }
        }
        Parse::Partial
    }

    /// Whether no request has begun: nothing has arrived, or empty lines.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Start | State::StartLf)
    }

    /// The method, once it is known.
    pub fn method(&self) -> Option<Method> {
        self.method
    }

    /// The status for a head that is too long, by how far we came in it.
    pub fn too_long(&self) -> Status {
        match self.state {
            State::Start | State::StartLf => Status::BadRequest,
            State::Method => Status::NotImplemented,
            State::Target => Status::UriTooLong,
            _ => Status::FieldsTooLarge,
        }
    }

    /// What to expect after `byte`; or the status, if `byte` is none that we
    /// expect.
    fn next(&mut self, byte: u8, bytes: &[u8]) -> Result<State, Status> {
        let here = self.position;
        Ok(match (self.state, byte) {
            // Section 2.2: some clients send an empty line too many.
            (State::Start, b'\r') => State::StartLf,
            (State::StartLf, b'\n') => State::Start,

            (State::Start, _) if is_token(byte) => self.begin(State::Method),
            (State::Method, _) if is_token(byte) => State::Method,
            (State::Method, b' ') => {
                self.method = Method::from_name(&bytes[self.start..here]);
                if self.method.is_none() {
                    return Err(Status::NotImplemented);
                }
                self.start = here + 1;
                State::Target
            }
            (State::Target, b'!'..=b'~') => State::Target,
            (State::Target, b' ') if here > self.start => {
                self.target = self.start..here;
                State::Version(0)
            }
            (State::Version(n), _) => self.version(n, byte)?,
            (State::LineCr, b'\r') => match &self.version {
                // RFC 9110 section 2.5: later ones are 1.1 and more.
                [b'1', _] => State::LineLf,
                _ => return Err(Status::VersionNotSupported),
            },

            (State::LineLf | State::ValueLf, b'\n') => State::FieldStart,
            (State::FieldStart, b'\r') => State::HeadLf,
            (State::FieldStart, _) if is_token(byte) => {
                if self.fields.len() == MAX_FIELDS {
                    return Err(Status::FieldsTooLarge);
                }
                self.begin(State::Name)
            }
            (State::Name, _) if is_token(byte) => State::Name,
            // Section 5.1: white space before the colon must be refused.
            (State::Name, b':') => {
                self.name = self.start..here;
                State::BeforeValue
            }
            (State::BeforeValue, b' ' | b'\t') => State::BeforeValue,
            (State::BeforeValue, _) if is_text(byte) => {
                self.begin(State::Value)
            }
            (State::Value, _) if is_text(byte) => State::Value,
            (State::BeforeValue, b'\r') => self.field(here..here),
            (State::Value, b'\r') => self.field(self.start..here),

            (State::HeadLf, b'\n') => State::Done,
            // A bare CR or LF, a control character, a folded line, or another
            // byte that is not allowed there.
            _ => return Err(Status::BadRequest),
        })
    }

    /// A piece begins here.
    fn begin(&mut self, state: State) -> State {
        self.start = self.position;
        state
    }

    /// Section 2.3: `HTTP/`, a digit, a dot, a digit.
    fn version(&mut self, n: usize, byte: u8) -> Result<State, Status> {
        match (n, byte) {
            (5 | 7, b'0'..=b'9') => self.version[usize::from(n == 7)] = byte,
            (0..=4 | 6, _) if byte == b"HTTP/1."[n] => {}
            _ => return Err(Status::BadRequest),
        }
        Ok(if n == 7 { State::LineCr } else { State::Version(n + 1) })
    }

    /// A field ends here.
    fn field(&mut self, value: Range<usize>) -> State {
        self.fields.push((self.name.clone(), value));
        State::ValueLf
    }

    /// The pieces, now that all are here.
    fn head<'a>(&self, method: Method, bytes: &'a [u8]) -> Head<'a> {
        let field = |(name, value): &(Range<usize>, Range<usize>)| {
            // Only blanks and tabs can be there to trim: section 5.1.
            let value = bytes[value.clone()].trim_ascii_end();
            (&bytes[name.clone()], value)
        };
        Head {
            method,
            target: &bytes[self.target.clone()],
            fields: self.fields.iter().map(field).collect(),
        }
    }
}

/// RFC 9110 section 5.6.2: the bytes of methods and field names.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110 section 5.5: the bytes of field values.
fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

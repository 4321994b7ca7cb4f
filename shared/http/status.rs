//! Enters in step 05: status codes. From step 06 on also refusals.

/// The status of a response: RFC 9110 section 15. Those that are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "`reason` says what each one means")]
pub enum Status {
    /// Enters in step 07.
    Continue = 100,
    Ok = 200,
    /// Enters in step 20.
    Created = 201,
    /// Enters in step 20.
    NoContent = 204,
    /// Enters in step 16.
    PartialContent = 206,
    /// Enters in step 08.
    MovedPermanently = 301,
    /// Enters in step 20.
    SeeOther = 303,
    /// Enters in step 16.
    NotModified = 304,
    BadRequest = 400,
    /// Enters in step 21.
    Unauthorized = 401,
    /// Enters in step 08.
    Forbidden = 403,
    NotFound = 404,
    MethodNotAllowed = 405,
    RequestTimeout = 408,
    /// Enters in step 20.
    Conflict = 409,
    /// Enters in step 16.
    PreconditionFailed = 412,
    /// Enters in step 06.
    ContentTooLarge = 413,
    UriTooLong = 414,
    /// Enters in step 20.
    UnsupportedMediaType = 415,
    /// Enters in step 16.
    RangeNotSatisfiable = 416,
    /// Enters in step 06.
    ExpectationFailed = 417,
    /// Enters in step 21.
    MisdirectedRequest = 421,
    /// RFC 6585 section 4. Enters in step 22.
    TooManyRequests = 429,
    FieldsTooLarge = 431,
    /// Enters in step 08.
    InternalServerError = 500,
    NotImplemented = 501,
    /// Enters in step 10.
    BadGateway = 502,
    /// Enters in step 08.
    ServiceUnavailable = 503,
    /// Enters in step 10.
    GatewayTimeout = 504,
    VersionNotSupported = 505,
    /// RFC 4918 section 11.5. Enters in step 20.
    InsufficientStorage = 507,
}

impl Status {
    /// The number, which programs read.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The reason phrase, which people read.
    pub fn reason(self) -> &'static str {
        match self {
            Status::Continue => "Continue",
            Status::Ok => "OK",
            Status::Created => "Created",
            Status::NoContent => "No Content",
            Status::PartialContent => "Partial Content",
            Status::MovedPermanently => "Moved Permanently",
            Status::SeeOther => "See Other",
            Status::NotModified => "Not Modified",
            Status::BadRequest => "Bad Request",
            Status::Unauthorized => "Unauthorized",
            Status::Forbidden => "Forbidden",
            Status::NotFound => "Not Found",
            Status::MethodNotAllowed => "Method Not Allowed",
            Status::RequestTimeout => "Request Timeout",
            Status::Conflict => "Conflict",
            Status::PreconditionFailed => "Precondition Failed",
            Status::ContentTooLarge => "Content Too Large",
            Status::UriTooLong => "URI Too Long",
            Status::UnsupportedMediaType => "Unsupported Media Type",
            Status::RangeNotSatisfiable => "Range Not Satisfiable",
            Status::ExpectationFailed => "Expectation Failed",
            Status::MisdirectedRequest => "Misdirected Request",
            Status::TooManyRequests => "Too Many Requests",
            Status::FieldsTooLarge => "Request Header Fields Too Large",
            Status::InternalServerError => "Internal Server Error",
            Status::NotImplemented => "Not Implemented",
            Status::BadGateway => "Bad Gateway",
            Status::ServiceUnavailable => "Service Unavailable",
            Status::GatewayTimeout => "Gateway Timeout",
            Status::VersionNotSupported => "HTTP Version Not Supported",
            Status::InsufficientStorage => "Insufficient Storage",
        }
    }
}

/// Why a request is refused. Where its bytes end is then unknown, or not
/// worth finding out: after a refusal the connection closes. Enters in step
/// 06.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the response.
    pub status: Status,
    /// Its body: a reason that a person can read.
    pub why: &'static str,
}

impl Refusal {
    /// A refusal with any status.
    pub const fn new(status: Status, why: &'static str) -> Self {
        Refusal { status, why }
    }

    /// The most frequent one, 400: what arrived is not HTTP, or could be
    /// read in two ways.
    pub const fn bad(why: &'static str) -> Self {
        Refusal::new(Status::BadRequest, why)
    }
}

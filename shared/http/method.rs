//! Enters in step 05: the methods that we know.

/// RFC 9110 section 9.3, and PATCH (RFC 5789). CONNECT is not among them: it
/// is for proxies, and an unknown method is refused with 501.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC's words")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Trace,
    Patch,
}

impl Method {
    /// The method of that name, compared case-sensitively: RFC 9110 section
    /// 9.1.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"OPTIONS" => Method::Options,
            b"TRACE" => Method::Trace,
            b"PATCH" => Method::Patch,
            _ => return None,
        })
    }
}

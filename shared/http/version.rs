//! Enters in step 06: the versions of HTTP/1.

/// The version that a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: one request per connection, unless both ends agree.
    Http10,
    /// HTTP/1.1, and any later HTTP/1: RFC 9110 section 2.5 has a server
    /// treat it as the highest version of that major number it knows.
    Http11,
}

impl Version {
    /// The version `HTTP/1.minor`.
    pub fn from_minor(minor: u8) -> Self {
        if minor == 0 { Version::Http10 } else { Version::Http11 }
    }
}

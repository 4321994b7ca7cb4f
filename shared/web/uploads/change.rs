//! Enters in step 21: what a PUT or DELETE asks for.

use crate::http::fields;
use crate::http::head::Head;
use crate::http::method::Method;
use crate::http::status::Status;
use httparse::Header;

/// A change that is asked for: of what, and on which conditions.
#[derive(Debug, Clone)]
pub struct Change {
    /// Beneath the root.
    pub name: Vec<u8>,
    /// The fields that begin with `If-`.
    pub conditions: Vec<(String, Vec<u8>)>,
}

impl Change {
    /// What `head` asks for, whose target has this name.
    ///
    /// # Errors
    /// 400 for a part of a file: RFC 9110 section 14.5. 415 for what we would
    /// have to decode. 405 for a directory.
    pub fn new(head: &Head, name: &[u8]) -> Result<Self, Status> {
        let has = |name| fields::lines(head.fields, name).next().is_some();
        if name.is_empty() || name.ends_with(b"/") {
            return Err(Status::MethodNotAllowed);
        }
        if head.method == Method::Put && has("Content-Range") {
            return Err(Status::BadRequest);
        }
        if head.method == Method::Put && has("Content-Encoding") {
            return Err(Status::UnsupportedMediaType);
        }
        let begins = |name: &str| {
            name.get(..3).is_some_and(|it| it.eq_ignore_ascii_case("If-"))
        };
        let fields = head.fields.iter().filter(|it| begins(it.name));
        let owned = |it: &Header| (it.name.to_string(), it.value.to_vec());
        Ok(Change {
            name: name.to_vec(),
            conditions: fields.map(owned).collect(),
        })
    }

    /// The directory, and the name in it.
    pub fn parent_and_name(&self) -> (&[u8], &[u8]) {
        match self.name.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => (&self.name[..slash], &self.name[slash + 1..]),
            None => (b"", &self.name),
        }
    }
}

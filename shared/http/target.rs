//! Enters in step 06: what a request is for: which host, which path.
//!
//! RFC 9112 section 3.2 has four forms of a target, and rules for the Host
//! field. Nothing is decoded here: `%2F` stays `%2F`.

use std::net::Ipv6Addr;

use super::method::Method;
use super::status::Refusal;

/// A request's target, as views into its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'b> {
    /// The host and perhaps the port: the target's own, or the Host field's.
    /// Empty if the client named none.
    pub host: &'b str,
    /// Begins with a slash; `*` when OPTIONS is about the whole server, and
    /// empty for CONNECT, which is about a host.
    pub path: &'b str,
    /// What follows the first question mark, if there is one.
    pub query: Option<&'b str>,
}

impl<'b> Target<'b> {
    /// Splits `text`, for a request whose Host field is `host`.
    ///
    /// # Errors
    /// 400 for what has none of the four forms, or not the method's.
    pub fn parse(
        method: Method,
        text: &'b str,
        host: &'b str,
    ) -> Result<Self, Refusal> {
        // A fragment is the browser's business, and no letter beyond ASCII
        // belongs in an address.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(Refusal::bad("a target that is no address"));
        }
        if method == Method::Connect {
            return authority_form(text);
        }
        if text.starts_with('/') {
            return Ok(with_query(host, text));
        }
        if text == "*" && method == Method::Options {
            return Ok(Target { host, path: "*", query: None });
        }
        absolute_form(method, text)
    }
}

/// `/path?query`, whose host is known.
fn with_query<'b>(host: &'b str, text: &'b str) -> Target<'b> {
    match text.bytes().position(|byte| byte == b'?') {
        Some(at) => {
            Target { host, path: &text[..at], query: Some(&text[at + 1..]) }
        }
        None => Target { host, path: text, query: None },
    }
}

/// `http://host/path?query`, as proxies are asked. Section 3.2.2: a server
/// must understand it too, and believe it rather than the Host field.
fn absolute_form(method: Method, text: &str) -> Result<Target<'_>, Refusal> {
    let bad = Refusal::bad("a target that is neither path nor address");
    let (scheme, rest) = text.split_once("://").ok_or(bad)?;
    let known = ["http", "https"];
    if !known.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Err(bad);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    if !is_authority(host) {
        return Err(Refusal::bad("a target with a malformed host"));
    }
    let target = with_query(host, rest);
    let path = match target.path {
        "" if method == Method::Options && target.query.is_none() => "*",
        "" => "/",
        path => path,
    };
    Ok(Target { path, ..target })
}

/// `host:port`, and only that.
fn authority_form(text: &str) -> Result<Target<'_>, Refusal> {
    let has_port = text.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !has_port || !is_authority(text) {
        return Err(Refusal::bad("CONNECT wants a host and a port"));
    }
    Ok(Target { host: text, path: "", query: None })
}

/// The Host fields of a head, gathered one by one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Host<'b>(Option<&'b str>);

impl<'b> Host<'b> {
    /// A Host field: at most one, and a host's name or nothing.
    ///
    /// # Errors
    /// 400 otherwise, as section 3.2 demands.
    pub fn add(&mut self, value: &'b [u8]) -> Result<(), Refusal> {
        let bad = Refusal::bad("a malformed Host field");
        let host = str::from_utf8(value).map_err(|_| bad)?;
        if !host.is_empty() && !is_authority(host) {
            return Err(bad);
        }
        match self.0.replace(host) {
            None => Ok(()),
            Some(_) => Err(Refusal::bad("two Host fields")),
        }
    }

    /// The field's value, if there was one.
    pub fn value(self) -> Option<&'b str> {
        self.0
    }
}

/// RFC 3986 section 3.2.2, a host, and perhaps a colon and a port. No user
/// and no password: HTTP has no use for them.
fn is_authority(text: &str) -> bool {
    let (host_is_good, rest) = match text.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((ip, rest)) => (ip.parse::<Ipv6Addr>().is_ok(), rest),
            None => return false,
        },
        None => {
            let mut bytes = text.bytes();
            let colon = bytes.position(|byte| byte == b':');
            let end = colon.unwrap_or(text.len());
            (is_name(&text.as_bytes()[..end]), &text[end..])
        }
    };
    host_is_good
        && match rest.strip_prefix(':') {
            None => rest.is_empty(),
            Some("") => true,
            // `parse` alone would let a plus sign through.
            Some(port) => {
                port.bytes().all(|byte| byte.is_ascii_digit())
                    && port.parse::<u16>().is_ok()
            }
        }
}

/// A name or an IPv4 address: letters, digits, and whatever RFC 3986 lets
/// stand in a name without a meaning of its own.
fn is_name(name: &[u8]) -> bool {
    let is_good = |(at, &byte): (usize, &u8)| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => true,
        b'%' => match name.get(at + 1..at + 3) {
            Some(digits) => digits.iter().all(u8::is_ascii_hexdigit),
            None => false,
        },
        byte => b"_~!$&'()*+,;=".contains(&byte),
    };
    !name.is_empty() && name.iter().enumerate().all(is_good)
}

//! Enters in step 07: what a request is for: which host, which path.
//!
//! RFC 9112 section 3.2 has four forms of a target, and rules for the Host
//! field. Nothing is decoded here: `%2F` stays `%2F`.

use std::net::Ipv6Addr;

use super::bytes::{is_host, is_target};
use super::method::Method;
use super::status::Refusal;

/// A request's target, as views into its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'b> {
    /// The host and perhaps the port: the target's own, or the Host field's.
    /// Empty if the client named none.
    pub host: &'b [u8],
    /// Begins with a slash; `*` when OPTIONS is about the whole server.
    pub path: &'b str,
    /// What follows the first question mark, if there is one.
    pub query: Option<&'b str>,
}

impl<'b> Target<'b> {
    /// Splits `text`, for a request whose Host field is `host`.
    ///
    /// # Errors
    /// 400 for what has none of the forms that the method allows. The
    /// authority-form is CONNECT's, which is refused before.
    pub fn parse(
        method: Method,
        text: &'b str,
        host: &'b [u8],
    ) -> Result<Self, Refusal> {
        if !text.bytes().all(is_target) {
            return Err(Refusal::bad("a malformed target"));
        }
        if text.starts_with('/') {
            return Ok(origin_form(host, text));
        }
        if text == "*" && method == Method::Options {
            return Ok(Target { host, path: "*", query: None });
        }
        absolute_form(method, text)
    }
}

/// `/path?query`; the host is known from elsewhere.
fn origin_form<'b>(host: &'b [u8], text: &'b str) -> Target<'b> {
    match text.split_once('?') {
        Some((path, query)) => Target { host, path, query: Some(query) },
        None => Target { host, path: text, query: None },
    }
}

/// `http://host/path?query`, which clients send to a proxy. Section 3.2.2: a
/// server must accept it too, and ignore the Host field then.
fn absolute_form(method: Method, text: &str) -> Result<Target<'_>, Refusal> {
    let bad = Refusal::bad("a target that is neither a path nor a URI");
    let (scheme, rest) = text.split_once("://").ok_or(bad)?;
    let known = ["http", "https"];
    if !known.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Err(bad);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    if !is_authority(host.as_bytes()) {
        return Err(Refusal::bad("a target with a malformed host"));
    }
    let target = origin_form(host.as_bytes(), rest);
    let path = match target.path {
        "" if method == Method::Options && target.query.is_none() => "*",
        "" => "/",
        path => path,
    };
    Ok(Target { path, ..target })
}

/// The Host fields of a head, collected one by one.
#[derive(Debug, Default, Clone, Copy)]
pub struct HostField<'b>(Option<&'b [u8]>);

impl<'b> HostField<'b> {
    /// Adds a Host field: at most one, with a host's name or nothing.
    ///
    /// # Errors
    /// 400 otherwise, as section 3.2 requires.
    pub fn add(&mut self, value: &'b [u8]) -> Result<(), Refusal> {
        if !value.is_empty() && !is_authority(value) {
            return Err(Refusal::bad("a malformed Host field"));
        }
        match self.0.replace(value) {
            None => Ok(()),
            Some(_) => Err(Refusal::bad("two Host fields")),
        }
    }

    /// The field's value, if there was one.
    pub fn value(self) -> Option<&'b [u8]> {
        self.0
    }
}

/// RFC 3986 section 3.2: a host, and perhaps a colon and a port. No user and
/// no password: RFC 9110 section 4.2.4 forbids them.
fn is_authority(text: &[u8]) -> bool {
    let (host_is_good, rest) = if let [b'[', literal @ ..] = text {
        let Some(end) = literal.iter().position(|&byte| byte == b']') else {
            return false;
        };
        (is_ipv6(&literal[..end]), &literal[end + 1..])
    } else {
        let colon = text.iter().position(|&byte| byte == b':');
        let (name, rest) = text.split_at(colon.unwrap_or(text.len()));
        (is_name(name), rest)
    };
    host_is_good
        && match rest {
            [] => true,
            [b':', port @ ..] => is_port(port),
            _ => false,
        }
}

fn is_ipv6(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// A name or an IPv4 address, perhaps with percent-encoded bytes.
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    while let [first, others @ ..] = rest {
        rest = match others {
            _ if is_host(*first) => others,
            [high, low, others @ ..]
                if *first == b'%'
                    && high.is_ascii_hexdigit()
                    && low.is_ascii_hexdigit() =>
            {
                others
            }
            _ => return false,
        };
    }
    !name.is_empty()
}

/// Digits, at most 65535. Nothing is a port too: the default one.
fn is_port(digits: &[u8]) -> bool {
    let add = |port: u32, &byte: &u8| {
        let port = port * 10 + u32::from(byte.wrapping_sub(b'0'));
        (byte.is_ascii_digit() && port <= 65_535).then_some(port)
    };
    digits.iter().try_fold(0, add).is_some()
}

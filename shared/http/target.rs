//! Enters in step 07: the target of a request, from the wire to a name.
//!
//! RFC 9112 section 3.2 has the four forms, RFC 3986 what a path is. The
//! percent signs are decoded once, here and nowhere else: whoever decodes a
//! second time gives `%252e` a meaning that nobody has checked. What comes
//! out is a name, not a permission; files/root.rs keeps it in its place.

/// A request's target, taken apart but still as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// `host:port`, if the target was a whole URI; it outranks `Host`.
    pub authority: Option<&'a str>,
    /// Begins with a slash, or is `*`: the server as such, for OPTIONS.
    pub path: &'a str,
    /// What follows the first question mark.
    pub query: Option<&'a str>,
}

/// Why there is no name for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No client that follows the RFCs sends this: 400.
    Malformed,
    /// A good path, but no file can have such a name: 404.
    Nameless,
}

impl<'a> Target<'a> {
    /// Takes `target` apart: origin-form (`/path?query`), absolute-form
    /// (`http://host/path?query`, which proxies get and RFC 9112 section
    /// 3.2.2 wants every server to accept) or asterisk-form (`*`).
    /// Authority-form belongs to CONNECT, which no step has.
    ///
    /// # Errors
    /// [`Refused::Malformed`] for any other form or scheme, a host that is
    /// missing or has a user's name before it, a fragment, and bytes that
    /// no URI has.
    pub fn parse(target: &'a str) -> Result<Self, Refused> {
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(Refused::Malformed);
        }
        if target == "*" {
            return Ok(Target { authority: None, path: "*", query: None });
        }
        if target.starts_with('/') {
            return Ok(Target::origin(None, target));
        }
        let rest = strip_scheme(target).ok_or(Refused::Malformed)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, origin) = rest.split_at(end);
        // RFC 9110 section 4.2: a host is needed; a user here is a trick.
        if authority.is_empty()
            || authority.starts_with(':')
            || authority.contains('@')
        {
            return Err(Refused::Malformed);
        }
        Ok(Target::origin(Some(authority), origin))
    }

    fn origin(authority: Option<&'a str>, origin: &'a str) -> Self {
        let (path, query) = match origin.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (origin, None),
        };
        // `http://host` and `http://host?query` mean the path `/`.
        let path = if path.is_empty() { "/" } else { path };
        Target { authority, path, query }
    }
}

fn strip_scheme(target: &str) -> Option<&str> {
    const SCHEME: &str = "http://";
    let (scheme, rest) = target.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

/// Writes the name that `path` stands for into `name`, whose old content
/// goes: decoded, without dot segments and empty ones, without the slash at
/// the beginning. The slash at the end stays, if the path ends in one or in
/// a dot segment: a directory is meant. The name of `/` is empty.
///
/// The path is cut at its slashes first and each segment decoded then, so
/// `%2F` never becomes a separator. Decoding comes before the dots, since
/// `%2e%2e` is only another spelling of `..` (RFC 3986 section 6.2.2).
///
/// # Errors
/// [`Refused::Malformed`]: a percent sign without two hexadecimal digits, a
/// NUL, a path that climbs above `/`, or none at all (`*`).
/// [`Refused::Nameless`]: a segment with a slash in it.
pub fn decode_path(path: &str, name: &mut Vec<u8>) -> Result<(), Refused> {
    name.clear();
    let path = path.strip_prefix('/').ok_or(Refused::Malformed)?;
    let mut nameless = false;
    let mut depth = 0_usize;
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let start = name.len();
        decode_segment(segment.as_bytes(), name)?;
        match &name[start..] {
            b"" | b"." => name.truncate(start),
            b".." => {
                depth = depth.checked_sub(1).ok_or(Refused::Malformed)?;
                name.truncate(parent(&name[..start]));
            }
            segment => {
                nameless |= segment.contains(&b'/');
                depth += 1;
                if segments.peek().is_some() {
                    name.push(b'/');
                }
            }
        }
    }
    // Only now: a path that is malformed further on is malformed.
    if nameless { Err(Refused::Nameless) } else { Ok(()) }
}

/// The length of `name`, which ends in a slash, without its last segment.
fn parent(name: &[u8]) -> usize {
    let without_slash = &name[..name.len().saturating_sub(1)];
    let slash = without_slash.iter().rposition(|&byte| byte == b'/');
    slash.map_or(0, |at| at + 1)
}

fn decode_segment(segment: &[u8], name: &mut Vec<u8>) -> Result<(), Refused> {
    let mut rest = segment;
    while let [first, others @ ..] = rest {
        rest = others;
        let byte = if *first == b'%' {
            let [high, low, others @ ..] = rest else {
                return Err(Refused::Malformed);
            };
            rest = others;
            digit(*high)? << 4 | digit(*low)?
        } else {
            *first
        };
        // To the kernel a name ends at a NUL: `a.html%00.png` would be
        // checked as one file and opened as another.
        if byte == 0 {
            return Err(Refused::Malformed);
        }
        name.push(byte);
    }
    Ok(())
}

fn digit(byte: u8) -> Result<u8, Refused> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(Refused::Malformed),
    }
}

/// Appends the path of the directory `name`, as [`decode_path`] gave it, and
/// the query, for a `Location`. It begins with exactly one slash, because a
/// name does not begin with one: with two, as in `//example.com/`, a browser
/// would go to another host.
pub fn encode_directory(name: &[u8], query: Option<&str>, out: &mut Vec<u8>) {
    out.push(b'/');
    for &byte in name {
        if is_path_byte(byte) {
            out.push(byte);
        } else {
            // Also the line's end, which would begin another field, and the
            // backslash, which browsers take for a slash.
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let high = DIGITS[usize::from(byte >> 4)];
            let low = DIGITS[usize::from(byte & 15)];
            out.extend([b'%', high, low]);
        }
    }
    if !out.ends_with(b"/") {
        out.push(b'/');
    }
    if let Some(query) = query {
        out.push(b'?');
        out.extend(query.bytes());
    }
}

/// RFC 3986 section 3.3: what stands in a path as itself.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte)
}

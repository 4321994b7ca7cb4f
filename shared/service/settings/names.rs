//! Enters in step 21: what places, hosts, paths and fields are called in the
//! settings.

use std::net::IpAddr;
use std::path::Path;

use super::Place;

/// Fields that the server says itself, or that belong to one connection.
const OURS: [&str; 18] = [
    "accept-ranges",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "location",
    "retry-after",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
];

/// Where to listen; a path begins in `directory`.
pub fn place(text: &str, directory: &Path) -> Result<Place, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => Err(format!("listen: \"{text}\" has no path")),
            path => Ok(Place::Unix(directory.join(path))),
        };
    }
    if let Ok(address) = text.parse() {
        return Ok(Place::Address(address));
    }
    Err(match text.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(_) => format!("listen: \"{text}\" has no port"),
        Err(_) => format!(
            "listen: \"{text}\" is no address: write it as 127.0.0.1:8080, \
             [::1]:8080 or unix:/run/site.sock"
        ),
    })
}

/// The name of a host as it is compared.
pub fn host_name(text: &str) -> Result<String, String> {
    if !text.is_ascii() {
        return Err(format!("host \"{text}\": write it as xn--…"));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let plain = name.strip_prefix("*.").unwrap_or(&name);
    let is_address = plain
        .strip_prefix('[')
        .and_then(|it| it.strip_suffix(']'))
        .is_some_and(|it| it.parse::<std::net::Ipv6Addr>().is_ok());
    let is_letter = |it: u8| it.is_ascii_alphanumeric() || b"-._".contains(&it);
    match plain {
        "" => Err("a host without a name".to_string()),
        _ if is_address => Ok(name),
        _ if plain.contains(':') => {
            Err(format!("host \"{text}\": it is wanted without its port"))
        }
        _ if plain.bytes().all(is_letter) => Ok(name),
        _ => Err(format!("\"{text}\" is no host")),
    }
}

/// The path of a URL, which the setting called `name` wants.
pub fn path(name: &str, text: &str) -> Result<String, String> {
    match text.starts_with('/') {
        true => Ok(text.to_string()),
        false => Err(format!("{name}: \"{text}\" does not begin with a slash")),
    }
}

/// The name of a file in any directory.
pub fn index_name(text: &str) -> Result<String, String> {
    match text {
        "" | "." | ".." => Err(format!("index: \"{text}\" is no file's name")),
        _ if text.contains(['/', '\0']) => {
            Err(format!("index: \"{text}\" is more than a file's name"))
        }
        _ => Ok(text.to_string()),
    }
}

/// The name of a field that a site may add.
pub fn field_name(text: &str) -> Result<String, String> {
    let is_token = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
    };
    if text.is_empty() || !text.bytes().all(is_token) {
        return Err(format!("headers: \"{text}\" is no name of a field"));
    }
    match OURS.iter().any(|ours| ours.eq_ignore_ascii_case(text)) {
        true => Err(format!("headers: \"{text}\" is the server's own")),
        false => Ok(text.to_string()),
    }
}

/// The value of one: RFC 9110 section 5.5, but for bytes beyond ASCII.
pub fn field_value(text: &str) -> Result<String, String> {
    let is_good = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    match text.bytes().all(is_good) && text.trim() == text {
        true => Ok(text.to_string()),
        false => Err(format!("headers: {text:?} is no value of a field")),
    }
}

//! Where an address leads: to a file of the book, or to whom.

/// The hosts that a reader may be sent to: they keep their addresses, and
/// tell what a book would otherwise have to copy.
const HOSTS: [&str; 6] = [
    "www.rfc-editor.org",
    "man7.org",
    "docs.rs",
    "doc.rust-lang.org",
    "docs.kernel.org",
    "www.rust-lang.org",
];

/// `https` and the rest of an address that names a scheme; an address that
/// begins with `//` takes that of the page.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("//") {
        return Some(("https", rest));
    }
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    (begins && scheme.chars().all(is_scheme)).then_some((scheme, rest))
}

/// Whether an address outside the book is allowed.
pub(super) fn foreign(
    scheme: &str,
    rest: &str,
    is_link: bool,
) -> Result<(), String> {
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match scheme {
        // What is in the page itself is not fetched.
        "data" if !is_link => Ok(()),
        "https" if is_link && HOSTS.contains(&host) => Ok(()),
        _ if is_link => Err(format!(
            "is a foreign address; the book sends its readers only to https \
             and {}",
            HOSTS.join(", ")
        )),
        _ => Err("would be fetched from elsewhere; a page of this book must \
                  not ask any other host: put the file into the book"
            .to_string()),
    }
}

/// The name of the file that `path` means on the page `from`; `None` if it
/// is above the book's directory.
pub(super) fn resolve(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if path.starts_with('/') {
        parts.clear();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    // The page's own directory comes as an empty part from an absolute base.
    parts.retain(|part| !part.is_empty());
    if path.ends_with('/') || parts.is_empty() {
        parts.push("index.html");
    }
    Some(parts.join("/"))
}

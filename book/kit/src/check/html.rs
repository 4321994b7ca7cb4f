//! Reads a built page: its ids, and every address it names; and says where an
//! address leads: to a file of the book, or to whom.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern;

/// A comment, or a tag with its attributes.
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?s)<!--.*?-->|<([a-zA-Z][\w-]*)((?:[^>"']|"[^"]*"|'[^']*')*)>"#)
});

static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"([^\s=/"'>]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#)
});

/// `url(…)` or `@import "…"`.
static IN_STYLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?:url\(\s*["']?|@import\s*["'])([^"')]*?)\s*["')]"#)
});

/// What a page has and names.
#[derive(Debug, Default)]
pub struct Page {
    pub ids: Vec<String>,
    /// Every address, with what it is for.
    pub addresses: Vec<Address>,
    /// The address that relative ones start from: `<base href>`.
    pub base: Option<String>,
}

/// An address that a page names.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// As it is there, without white space around it.
    pub text: String,
    /// Whether the reader chooses to go there; all other addresses are
    /// fetched by the browser on its own.
    pub is_link: bool,
}

/// Reads a page.
pub fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut at = 0;
    while let Some(tag) = TAG.captures_at(text, at) {
        at += tag.get(0).map_or(0, |tag| tag.end() - at);
        let (Some(name), Some(inside)) = (tag.get(1), tag.get(2)) else {
            continue;
        };
        let name = name.as_str().to_ascii_lowercase();
        for attribute in ATTRIBUTE.captures_iter(inside.as_str()) {
            let value = (2..5).find_map(|group| attribute.get(group));
            let value = value.map_or("", |value| value.as_str().trim());
            let value = value.replace("&amp;", "&");
            page.attribute(&name, &attribute[1].to_ascii_lowercase(), value);
        }
        // What is inside these is no HTML.
        if ["script", "style", "title", "textarea"].contains(&&*name) {
            let end = text[at..].find(&format!("</{name}"));
            let end = end.map_or(text.len(), |length| at + length);
            if name == "style" {
                page.fetch(style_addresses(&text[at..end]));
            }
            at = end;
        }
    }
    page
}

/// Reads a style sheet.
pub fn read_style(css: &str) -> Page {
    let mut page = Page::default();
    page.fetch(style_addresses(css));
    page
}

/// The addresses in a style sheet.
fn style_addresses(css: &str) -> Vec<String> {
    let found = IN_STYLE.captures_iter(css);
    found.map(|found| found[1].to_string()).collect()
}

impl Page {
    fn attribute(&mut self, tag: &str, name: &str, value: String) {
        match name {
            "id" => self.ids.push(value),
            "href" if tag == "base" => self.base = Some(value),
            "href" | "xlink:href" if tag == "a" || tag == "area" => {
                self.addresses.push(Address { text: value, is_link: true });
            }
            "srcset" => {
                let sources = value.split(',');
                let firsts =
                    sources.filter_map(|it| it.split_whitespace().next());
                self.fetch(firsts.map(str::to_string).collect());
            }
            "style" => self.fetch(style_addresses(&value)),
            "href" | "xlink:href" | "src" | "data" | "poster" | "action"
            | "formaction" | "ping" | "background" => self.fetch(vec![value]),
            _ => {}
        }
    }

    fn fetch(&mut self, addresses: Vec<String>) {
        let fetched =
            addresses.into_iter().map(|text| Address { text, is_link: false });
        self.addresses.extend(fetched);
    }
}

/// The hosts that a reader may be sent to: they keep their addresses, and
/// tell what a book would otherwise have to copy.
const HOSTS: &str = "www.rfc-editor.org man7.org docs.rs doc.rust-lang.org \
    docs.kernel.org www.rust-lang.org";

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
        "https" if is_link && HOSTS.split(' ').any(|it| it == host) => Ok(()),
        _ if is_link => Err(format!(
            "is a foreign address; the book sends its readers only to https \
             and {}",
            HOSTS.replace(' ', ", ")
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

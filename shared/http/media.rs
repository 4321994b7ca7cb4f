//! Enters in step 07: what kind of thing a file is, by its name.
//!
//! The table is the library mime_guess's, which follows IANA's registry and
//! what browsers expect. The first bytes of the content are not looked at:
//! with `X-Content-Type-Options: nosniff` the browser does not look either,
//! so an uploaded "picture" is never run as a page.

use mime_guess::MimeGuess;

/// For what nobody knows: bytes, which a browser offers to save.
const UNKNOWN: &str = "application/octet-stream";

/// A media type, RFC 9110 section 8.3.1, of the library's static table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType(&'static str);

impl MediaType {
    /// The type of a file called `name`, by what follows the last dot.
    pub fn of(name: &[u8]) -> Self {
        let known = extension(name)
            .and_then(|extension| MimeGuess::from_ext(extension).first_raw());
        MediaType(known.unwrap_or(UNKNOWN))
    }

    /// Type and subtype: `text/html`.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// The parameter for types that are text; empty for others. Nothing says
    /// how a file's text is encoded; UTF-8 is what editors have written for
    /// years, and without a word browsers would take it for Windows-1252.
    pub fn charset(self) -> &'static str {
        // Of JSON and XML the encoding is known from elsewhere: RFC 8259
        // section 8.1, and the document's first line.
        match self.0 {
            "application/javascript" => "; charset=utf-8",
            "text/xml" => "",
            name if name.starts_with("text/") => "; charset=utf-8",
            _ => "",
        }
    }
}

/// What follows the last dot of the last segment. A file such as `.profile`
/// has a name and no extension.
fn extension(name: &[u8]) -> Option<&str> {
    let file = name.rsplit(|&byte| byte == b'/').next()?;
    let dot = file.iter().rposition(|&byte| byte == b'.')?;
    if dot == 0 {
        return None;
    }
    str::from_utf8(&file[dot + 1..]).ok()
}

//! Enters in step 08: a file's media type, by its name.
//!
//! The table is the library mime_guess's, which follows IANA's registry and
//! what browsers expect. The first bytes of the content are not looked at:
//! with `X-Content-Type-Options: nosniff` the browser does not look either,
//! so an uploaded "picture" is never run as a page.

use std::borrow::Cow;

use mime_guess::MimeGuess;

/// For unknown extensions: bytes, which a browser offers to save.
const UNKNOWN: &str = "application/octet-stream";

/// The content type of a file called `name`, RFC 9110 section 8.3, by what
/// follows the last dot.
///
/// For text it says UTF-8. Nothing tells how a file is really encoded, but
/// editors have written UTF-8 for years, and without a word browsers would
/// take it for Windows-1252.
pub fn content_type(name: &[u8]) -> Cow<'static, str> {
    let kind = match extension(name) {
        // The registry has a video format; a web developer means TypeScript.
        Some("ts" | "mts" | "cts") => "text/plain",
        Some(extension) => {
            MimeGuess::from_ext(extension).first_raw().unwrap_or(UNKNOWN)
        }
        None => UNKNOWN,
    };
    let is_text = match kind {
        // XML says it in its first line.
        "text/xml" => false,
        "application/javascript" => true,
        kind => kind.starts_with("text/"),
    };
    if is_text {
        Cow::Owned(format!("{kind}; charset=utf-8"))
    } else {
        Cow::Borrowed(kind)
    }
}

/// The coding in which a file called `name` is stored, for the field
/// Content-Encoding: RFC 9110 section 8.4. The media type of `.svgz` is that
/// of the SVG inside; other compressed files are their own type.
pub fn content_encoding(name: &[u8]) -> Option<&'static str> {
    (extension(name) == Some("svgz")).then_some("gzip")
}

/// Whether a file called `name` becomes much smaller when it is compressed:
/// what is text, whether it is called so or not, and WebAssembly. Pictures,
/// sound and most fonts are compressed already. Others that are widely used
/// (caddy, and the usual lists for nginx) choose the same. Enters in step 21.
pub fn is_compressible(name: &[u8]) -> bool {
    let kind = content_type(name);
    let kind = kind.split(';').next().unwrap_or_default();
    kind.starts_with("text/")
        || ["+json", "+xml"].iter().any(|suffix| kind.ends_with(suffix))
        || matches!(
            kind,
            "application/javascript"
                | "application/json"
                | "application/wasm"
                | "application/xml"
        )
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

//! What files and directories are called.

const BY_NAME: &str = "the label is chosen by what follows the last dot";
const CASE: &str = "case does not matter in the name's end";
const SEGMENT: &str = "the dot must be in the last segment of the path";
const UNKNOWN: &str = "what nobody knows is bytes, which are offered to save: \
                       as text a browser would show them";

const HTML: &str = "text/html; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// A file, its label, and the rule.
pub const LABELS: &[(&str, &str, &str)] = &[
    ("page.html", HTML, BY_NAME),
    ("old.htm", HTML, BY_NAME),
    ("style.css", "text/css; charset=utf-8", BY_NAME),
    ("code.js", "text/javascript; charset=utf-8", BY_NAME),
    ("notes.txt", "text/plain; charset=utf-8", BY_NAME),
    ("data.json", "application/json", BY_NAME),
    ("drawing.svg", "image/svg+xml", BY_NAME),
    ("picture.png", "image/png", BY_NAME),
    ("photo.jpg", "image/jpeg", BY_NAME),
    ("photo.jpeg", "image/jpeg", BY_NAME),
    ("LOUD.HTML", HTML, CASE),
    ("Photo.JpG", "image/jpeg", CASE),
    ("page.html.png", "image/png", BY_NAME),
    ("archive.png.old", BYTES, UNKNOWN),
    ("strange.xyz", BYTES, UNKNOWN),
    ("without", BYTES, UNKNOWN),
    ("html", BYTES, UNKNOWN),
    ("dir.html/readme", BYTES, SEGMENT),
];

/// A directory, how it is asked for, and where that leads to.
pub const REDIRECTS: &[(&str, &str, &str)] = &[
    ("dir", "/dir", "/dir/"),
    ("dir", "/dir?x=1", "/dir/"),
    ("dir/below", "/dir/below", "/dir/below/"),
    ("with a blank", "/with%20a%20blank", "/with%20a%20blank/"),
    ("host.example", "//host.example", "/host.example/"),
    ("host.example/a", "///host.example//a", "/host.example/a/"),
    ("\\host.example", "/%5Chost.example", "/%5Chost.example/"),
    ("\\host.example", "/\\host.example", "/%5Chost.example/"),
    ("a\r\nX-Evil: 1", "/a%0D%0AX-Evil:%201", "/a%0D%0AX-Evil:%201/"),
];

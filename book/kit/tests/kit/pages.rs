//! Faults that only the built pages show.

use crate::course::{Course, planted};

const PREFACE: &str = "book/src/preface.md";

/// A fault of a text that is put into the preface, on line 5.
#[track_caller]
fn preface(text: &str, words: &str) {
    planted(PREFACE, "{{#steps}}", text, 5, words);
}

#[test]
fn dead_links_and_fragments() {
    for (text, words) in [
        ("[There](nowhere.md).", "leads to nowhere.html"),
        ("![There](img/nowhere.png)", "leads to img/nowhere.png"),
        ("[There](../../README.md)", "leads out of the book"),
        ("[There](01-speak.md#nowhere).", "does not have: `nowhere`"),
        ("[Here](#nowhere).", "does not have: `nowhere`"),
        ("<a href=\"/no.html\">x</a>", "leads to no.html"),
        ("<a href=\"ex/\">x</a>", "leads to ex/index.html"),
        ("[There](a/b:c.md)", "leads to a/b:c.html"),
        // An id twice leads to one of two places.
        ("<p id=\"x\">a</p>\n\n<p id=\"x\">b</p>", "the id `x` occurs twice"),
    ] {
        preface(text, words);
    }
    let (exercise, link) =
        ("steps/01-speak/ex_a.md", "Look [there](../02-walk.md).");
    let words = "leads to 02-walk.html";
    planted(exercise, "Look at the string.", link, 13, words);
}

#[test]
fn a_foreign_address() {
    let (link, fetched) = ("foreign address", "fetched from elsewhere");
    for (text, words) in [
        ("[There](https://example.org/).", link),
        ("[There](http://man7.org/).", link),
        ("[There](https://man7.org.example/).", link),
        ("<a href=\"javascript:x()\">x</a>", link),
        ("<https://example.org/>", link),
        ("<a href=\"//example.org\">x</a>", link),
        ("![There](https://man7.org/x.png)", fetched),
        ("<img src=\"//example.org/x.png\" alt=\"x\">", fetched),
        ("<script src=\"https://example.org/x.js\"></script>", fetched),
        ("<img srcset='01-speak.html 1x, //a.org/x 2x' alt='x'>", fetched),
        ("<svg><title id=t>q</title><image href=//a.org/x /></svg>", fetched),
        ("<p title='>' style=\"background: url(//a.org)\">x</p>", fetched),
        ("<div><style>@import \"//a.org/x\"; a {}</style></div>", fetched),
        ("<p style=\"background: url(https://a.org/x)\">x</p>", fetched),
    ] {
        preface(text, words);
    }
    let fine = "[There](https://man7.org/x), <a id=\"a:b\"></a> [x](#a:b)\n\
                <!-- <a href=no> --><script>'<a href=no>'</script>\n\
                <img src=\"data:image/png;base64,\" alt=\"x\">";
    Course::new().edit(PREFACE, "{{#steps}}", fine).expect(&[]);
}

#[test]
fn a_style_sheet_that_asks_elsewhere() {
    let course = Course::new();
    course.edit(
        "book/book.toml",
        "[output.html.playground]",
        "[output.html]\nadditional-css = [\"x.css\"]\n\n\
         [output.html.playground]",
    );
    course.write("book/x.css", "@import \"https://example.org/x.css\";\n");
    course.expect(&[("book/theme", "https://example.org/x.css")]);
}

#[test]
fn an_include_that_is_missing() {
    // mdBook itself would leave a hole and call that a success.
    let course = Course::new();
    course.edit(PREFACE, "{{#steps}}", "{{#include nowhere.md}}");
    course.expect(&[("book/book.toml", "nowhere.md")]);
}

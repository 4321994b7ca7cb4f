//! Faults that only the built pages show.

#![allow(clippy::unwrap_used, missing_docs)]

mod course;

use course::Course;

const PREFACE: &str = "book/src/preface.md";

/// Puts a text into the preface, on line 5.
fn with(text: &str) -> Course {
    let course = Course::new();
    course.edit(PREFACE, "{{#steps}}", text);
    course
}

#[test]
fn a_dead_link() {
    let course = with("[There](nowhere.md).");
    course.expect(&[("book/src/preface.md:5", "leads to nowhere.html")]);
    let course = with("![There](img/nowhere.png)");
    course.expect(&[("book/src/preface.md:5", "leads to img/nowhere.png")]);
    let course = with("[There](../../README.md)");
    course.expect(&[("book/src/preface.md:5", "leads out of the book")]);
}

#[test]
fn a_dead_fragment() {
    let course = with("[There](01-speak.md#nowhere).");
    course.expect(&[("book/src/preface.md:5", "does not have: `nowhere`")]);
    let course = with("[Here](#nowhere).");
    course.expect(&[("book/src/preface.md:5", "does not have: `nowhere`")]);
}

#[test]
fn a_dead_link_in_an_exercise() {
    let course = Course::new();
    let file = "steps/01-speak/ex_a.md";
    course.edit(file, "Look at the string.", "Look [there](../02-walk.md).");
    course.expect(&[("steps/01-speak/ex_a.md:13", "leads to 02-walk.html")]);
}

#[test]
fn an_id_that_stands_twice() {
    let course = with("<p id=\"x\">a</p>\n\n<p id=\"x\">b</p>");
    course.expect(&[("book/src/preface.md:5", "the id `x` occurs twice")]);
}

#[test]
fn a_foreign_address() {
    for text in [
        "[There](https://example.org/).",
        "[There](http://man7.org/).",
        "<https://example.org/>",
        "<a href=\"//example.org\">x</a>",
        "![There](https://man7.org/x.png)",
        "<img src=\"//example.org/x.png\" alt=\"x\">",
        "<script src=\"https://example.org/x.js\"></script>",
        "<p style=\"background: url(https://example.org/x.png)\">x</p>",
    ] {
        let course = with(text);
        let faults = course.faults();
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        let fault = &faults[0];
        assert!(fault.starts_with("book/src/preface.md:5: `"), "{fault}");
        let words = ["foreign address", "fetched from elsewhere"];
        assert!(words.iter().any(|it| fault.contains(it)), "{fault}");
    }
    with("[There](https://www.rfc-editor.org/rfc/rfc9293.html).").expect(&[]);
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
    let course = with("{{#include nowhere.md}}");
    course.expect(&[("book/book.toml", "nowhere.md")]);
}

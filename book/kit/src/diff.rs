//! `{{#diff NN}}`: what has changed since the step before, on a page.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use similar::ChangeTag;

use crate::compare::{Change, Row};
use crate::html::{anchor, escape, fold};
use crate::page::Page;
use crate::view::{self, File, Gone, lines};
use crate::{Result, colour};

/// The diff as HTML.
pub fn render(page: &mut Page, number: u8) -> Result<String> {
    let view = view::of(page.project, number)?;
    let mut html = gone(&view.gone, number);
    let mut colours = HashMap::new();
    for File { path, note, changes } in &view.files {
        let path = escape(&path.to_string_lossy());
        let _ = writeln!(
            html,
            "<figure class=\"diff\">\n<figcaption><span class=\"file\">{path}\
             </span> {note}</figcaption>"
        );
        for change in changes {
            html.push_str(&item_html(page, change, &mut colours)?);
        }
        html.push_str("</figure>\n");
    }
    Ok(html)
}

/// Where the items went that the step no longer has.
fn gone(gone: &[Gone], number: u8) -> String {
    if gone.is_empty() {
        return String::new();
    }
    let code = |name: &str| format!("<code>{}</code>", escape(name));
    let items = gone.iter().map(|it| format!("<li>{}</li>\n", it.words(code)));
    let items: String = items.collect();
    format!(
        "<figure class=\"diff\">\n<figcaption>No longer in step {number:02}\
         </figcaption>\n<ul>\n{items}</ul>\n</figure>\n"
    )
}

/// The lines of files in colours.
type Colours = HashMap<PathBuf, Vec<String>>;

fn item_html(
    page: &mut Page,
    change: &Change,
    colours: &mut Colours,
) -> Result<String> {
    for piece in change.old.iter().chain(&change.new) {
        if !colours.contains_key(&piece.path) {
            let text = page.project.read(&piece.path)?;
            colours.insert(piece.path.clone(), colour::rust(&text));
        }
    }
    let new = change.new.as_ref();
    let mut html = format!(
        "<div class=\"hunk\">{} <span>{}</span></div>\n",
        escape(new.map_or("", |new| &new.item.title)),
        escape(&change.note()),
    );
    for part in &change.parts {
        let rows = part.rows.iter().map(|row| {
            let old = (row.tag == ChangeTag::Delete).then_some(&change.old);
            let piece = old.unwrap_or(&change.new).as_ref();
            let path = piece.map_or(Path::new(""), |piece| &piece.path);
            let coloured = colours.get(path);
            let line = coloured.and_then(|it| it.get(row.line - 1));
            line_html(page, row, path, line.map_or("", |line| line))
        });
        let rows: String = rows.collect();
        let pre = format!(
            "<pre><code class=\"nohighlight hljs\">{rows}</code></pre>"
        );
        html.push_str(&match part.open {
            true => pre,
            false => {
                let count = lines(part.rows.len());
                fold(&format!("{count} unchanged"), &pre)
            }
        });
        html.push('\n');
    }
    Ok(html)
}

/// One row as HTML. The sign is text: colour alone would say
/// nothing to some readers, and nothing on paper.
fn line_html(page: &mut Page, row: &Row, path: &Path, text: &str) -> String {
    let (tag, class, sign) = match row.tag {
        ChangeTag::Equal => ("span", "same", " "),
        ChangeTag::Insert => ("ins", "added", "+"),
        ChangeTag::Delete => ("del", "removed", "−"),
    };
    let number = row.line;
    let id = match row.tag {
        ChangeTag::Delete => String::new(),
        _ => page.anchor(&anchor(path, number)),
    };
    format!(
        "<{tag} class=\"line {class}\"{id} data-line=\"{number}\"><span \
         class=\"sign\">{sign}</span>{text}</{tag}>\n"
    )
}

//! `{{#diff NN}}`: what has changed since the step before, in Rust's colours.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, bail};
use similar::DiffOp;

use crate::changes::{FileChange, changes};
use crate::html::{anchor, escape};
use crate::items::{Items, Lines};
use crate::page::Page;
use crate::{Project, Result, colour};

/// How many unchanged lines stand before and after a change.
const CONTEXT: usize = 3;

/// A line of a diff, with its numbers, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// In both steps.
    Same {
        /// In the earlier step.
        old: usize,
        /// In the later step.
        new: usize,
    },
    /// Only in the earlier step.
    Removed(usize),
    /// Only in the later step.
    Added(usize),
}

/// The shown part of one file's diff.
#[derive(Debug)]
pub struct Shown {
    /// The whole change of the file.
    pub change: FileChange,
    /// Runs of rows with nothing left out between them.
    pub hunks: Vec<Vec<Row>>,
}

/// What `{{#diff NN}}` or `{{#diff NN item}}` shows.
///
/// # Errors
/// When the step has no predecessor, when the item is in neither step or
/// twice in one, or when nothing has changed.
pub fn shown(
    project: &Project,
    number: u8,
    item: Option<&str>,
) -> Result<Vec<Shown>> {
    let step = project.step(number)?;
    if step.base().is_none() {
        bail!("step {number:02} is the first: there is nothing to compare");
    }
    let mut shown = Vec::new();
    let mut places = 0;
    for change in changes(project, step)? {
        let mut rows = rows(&change);
        if let Some(item) = item {
            let (old, new) = item_lines(&change, item)?;
            places += usize::from(old.is_some() || new.is_some());
            rows = within(&rows, old.as_ref(), new.as_ref());
        }
        let hunks = hunks(&rows);
        if !hunks.is_empty() {
            shown.push(Shown { change, hunks });
        }
    }
    if let Some(item) = item
        && places != 1
    {
        let folder = step.folder();
        let folder = folder.display();
        bail!("`{item}` stands in {places} files of {folder}, not in one");
    }
    if shown.is_empty() {
        bail!("nothing has changed there in step {number:02}");
    }
    Ok(shown)
}

/// Where an item stands in the old and in the new file.
fn item_lines(
    change: &FileChange,
    item: &str,
) -> Result<(Option<Lines>, Option<Lines>)> {
    let one = |text: &str| -> Result<Option<Lines>> {
        let mut found = Items::parse(text)?.find(item);
        if found.len() > 1 {
            bail!("`{item}` stands twice; write its full name");
        }
        Ok(found.pop())
    };
    Ok((one(&change.old_text)?, one(&change.new_text)?))
}

/// All lines of a file's change in order.
fn rows(change: &FileChange) -> Vec<Row> {
    let mut rows = Vec::new();
    for operation in &change.operations {
        let old = operation.old_range().map(|line| line + 1);
        let new = operation.new_range().map(|line| line + 1);
        if let DiffOp::Equal { .. } = operation {
            rows.extend(old.zip(new).map(|(old, new)| Row::Same { old, new }));
        } else {
            rows.extend(old.map(Row::Removed));
            rows.extend(new.map(Row::Added));
        }
    }
    rows
}

/// The rows from the first to the last line of an item.
fn within<'a>(
    rows: &'a [Row],
    old: Option<&Lines>,
    new: Option<&Lines>,
) -> Vec<Row> {
    let is_in = |lines: Option<&Lines>, line: &usize| {
        lines.is_some_and(|lines| lines.contains(line))
    };
    let belongs = |row: &'a Row| match row {
        Row::Removed(line) => is_in(old, line),
        Row::Added(line) | Row::Same { new: line, .. } => is_in(new, line),
    };
    let first = rows.iter().position(belongs);
    let last = rows.iter().rposition(belongs);
    match (first, last) {
        (Some(first), Some(last)) => rows[first..=last].to_vec(),
        _ => Vec::new(),
    }
}

/// The changed rows with a few unchanged ones around them.
fn hunks(rows: &[Row]) -> Vec<Vec<Row>> {
    let is_changed = |row: &Row| !matches!(row, Row::Same { .. });
    let mut hunks: Vec<Vec<Row>> = Vec::new();
    let mut end = 0;
    for (at, row) in rows.iter().enumerate() {
        if !is_changed(row) {
            continue;
        }
        let start = at.saturating_sub(CONTEXT);
        match hunks.last_mut() {
            Some(hunk) if start <= end => hunk.extend(&rows[end..=at]),
            _ => hunks.push(rows[start.max(end)..=at].to_vec()),
        }
        end = at + 1;
        let next = rows[end..].iter().take(CONTEXT);
        let after = next.take_while(|row| !is_changed(row)).count();
        if let Some(hunk) = hunks.last_mut() {
            hunk.extend(&rows[end..end + after]);
        }
        end += after;
    }
    hunks
}

/// The diff as HTML.
///
/// # Errors
/// Those of [`shown`].
pub fn render(
    page: &mut Page,
    number: u8,
    item: Option<&str>,
) -> Result<String> {
    let mut html = String::new();
    for shown in shown(page.project, number, item)? {
        html.push_str(&file(page, &shown)?);
        html.push('\n');
    }
    Ok(html)
}

fn file(page: &mut Page, shown: &Shown) -> Result<String> {
    let change = &shown.change;
    let sides = Sides {
        path: change.new_path.as_deref(),
        old: colour::rust(&change.old_text),
        new: colour::rust(&change.new_text),
    };
    let new = Items::parse(&change.new_text).context("the new file")?;
    let old = Items::parse(&change.old_text).context("the old file")?;

    let name = |path: Option<&Path>| match path {
        Some(path) => escape(&path.to_string_lossy()),
        None => "nothing".to_string(),
    };
    let mut html = format!(
        "<figure class=\"diff\">\n<figcaption>From <span class=\"file\">{}\
         </span> to <span class=\"file\">{}</span></figcaption>\n",
        name(change.old_path.as_deref()),
        name(sides.path)
    );
    for hunk in &shown.hunks {
        let around = hunk.iter().find_map(|row| match row {
            Row::Added(line) => new.item_at(*line),
            Row::Removed(line) => old.item_at(*line),
            Row::Same { .. } => None,
        });
        let around = escape(around.unwrap_or("between items"));
        let rows: String =
            hunk.iter().map(|row| sides.line(page, *row)).collect();
        let _ = writeln!(
            html,
            "<div class=\"hunk\">{around}</div>\n<pre><code class=\"\
             nohighlight hljs\">{rows}</code></pre>",
        );
    }
    html.push_str("</figure>");
    Ok(html)
}

/// Both versions of a file, in colours.
struct Sides<'a> {
    /// Of the new version.
    path: Option<&'a Path>,
    old: Vec<String>,
    new: Vec<String>,
}

impl Sides<'_> {
    /// One row as HTML. The sign stands there as text: colour alone would
    /// say nothing to some readers, and nothing on paper.
    fn line(&self, page: &mut Page, row: Row) -> String {
        let (tag, class, sign, number, lines) = match row {
            Row::Same { new, .. } => ("span", "same", " ", new, &self.new),
            Row::Added(new) => ("ins", "added", "+", new, &self.new),
            Row::Removed(old) => ("del", "removed", "−", old, &self.old),
        };
        let id = match (row, self.path) {
            (Row::Removed(_), _) | (_, None) => String::new(),
            (_, Some(path)) => page.anchor(&anchor(path, number)),
        };
        let text = lines.get(number - 1).map_or("", String::as_str);
        format!(
            "<{tag} class=\"line {class}\"{id} data-line=\"{number}\">\
             <span class=\"sign\">{sign}</span>{text}</{tag}>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(line: usize) -> Row {
        Row::Same { old: line, new: line }
    }

    #[test]
    fn hunks_keep_a_few_lines_around_changes() {
        let mut rows: Vec<Row> = (1..=20).map(same).collect();
        rows.insert(10, Row::Added(11));
        let hunks = hunks(&rows);
        assert_eq!(hunks.len(), 1);
        assert_eq!(hunks[0].len(), 7);
        assert_eq!(hunks[0][3], Row::Added(11));
    }

    #[test]
    fn near_changes_share_a_hunk_and_far_ones_do_not() {
        let mut rows: Vec<Row> = (1..=40).map(same).collect();
        rows[1] = Row::Removed(2);
        rows[5] = Row::Removed(6);
        rows[8] = Row::Removed(9);
        rows[30] = Row::Removed(31);
        let hunks = hunks(&rows);
        let sizes: Vec<usize> = hunks.iter().map(Vec::len).collect();
        assert_eq!(sizes, [12, 7]);
        let mut flat: Vec<Row> = hunks.concat();
        flat.dedup();
        assert_eq!(flat.len(), 19, "a row stands twice");
    }

    #[test]
    fn nothing_changed_is_no_hunk() {
        let rows: Vec<Row> = (1..=5).map(same).collect();
        assert!(hunks(&rows).is_empty());
    }
}

//! Enters in step 21: what is in a directory, as a page.

use std::sync::Arc;

use crate::files::root::Entry;
use crate::http::bytes::is_path;
use crate::http::date::Date;
use crate::http::path::encode;
use crate::web::file_site::Files;
use nix::dir::Dir;
use nix::errno::Errno;

use super::templates::Templates;
use crate::web::template::{Html, Value};

/// The most entries that a page has.
const MAX_ENTRIES: usize = 10_000;

/// The directory with this name, which is empty or ends in a slash, as a page;
/// what its way leads out to is left out, and what begins with a dot.
///
/// # Errors
/// Those of openat2(2) and getdents64(2).
pub fn page(
    files: &Arc<Files>,
    templates: &Templates,
    name: &[u8],
) -> Result<Html, Errno> {
    let directory = files.root().open_directory(name)?;
    let mut entries = Vec::new();
    let mut others = 0_u64;
    // Ask for the names, as many as fit into a buffer at once.
    for entry in Dir::from_fd(directory)?.iter() {
        let entry = entry?;
        let entry = entry.file_name().to_bytes();
        match entry {
            [b'.', ..] => {}
            _ if entries.len() == MAX_ENTRIES => others += 1,
            entry => entries.push(entry.to_vec()),
        }
    }
    let look = |entry: &Vec<u8>| {
        // Through the root: a link may lead out of it.
        let found = files.root().open_entry(&[name, entry].concat()).ok()?;
        let row = row(templates, entry, &found)?;
        Some((!matches!(found, Entry::Directory), row))
    };
    entries.sort_unstable();
    let mut rows: Vec<(bool, Html)> = entries.iter().filter_map(look).collect();
    // Directories first; the order of the names stays.
    rows.sort_by_key(|(is_file, _)| *is_file);
    let mut all = Html::default();
    for (_, row) in &rows {
        all.push_html(row);
    }
    let more = match others {
        0 => String::new(),
        count => format!("and {count} more"),
    };
    let path = format!("/{}", String::from_utf8_lossy(name));
    let values = [Value::Text(&path), Value::Html(&all), Value::Text(&more)];
    Ok(templates.listing.render(values))
}

/// One entry.
fn row(templates: &Templates, name: &[u8], entry: &Entry) -> Option<Html> {
    // With "./" a name is a path, and `javascript:x` no scheme.
    let mut link = b"./".to_vec();
    encode(name, |byte| is_path(byte) && byte != b'/', &mut link);
    let mut text = String::from_utf8_lossy(name).into_owned();
    let (size, changed) = match entry {
        Entry::NotFound => return None,
        Entry::Directory => {
            link.push(b'/');
            text.push('/');
            (String::new(), String::new())
        }
        Entry::File(file) => {
            let date = Date::from_unix_timestamp(file.stat.st_mtime);
            let date = String::from_utf8_lossy(&date.imf_fixdate()).into();
            (file.stat.st_size.to_string(), date)
        }
    };
    let link = String::from_utf8_lossy(&link);
    Some(templates.row.render([
        Value::Text(&link),
        Value::Text(&text),
        Value::Text(&size),
        Value::Text(&changed),
    ]))
}

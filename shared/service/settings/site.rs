//! Enters in step 21: what a `[[site]]` says.

use std::path::PathBuf;

use super::Line;
use super::names::{field_name, field_value, host_name, index_name, path};
use super::reader::{Reader, Table};

/// Of one file that a client sends, in MiB.
pub const UPLOAD_MAX: u64 = 1024;

/// The most that a setting may make of it.
pub const MAX_UPLOAD_MAX: u64 = 1024 * 1024;

/// A year.
const MAX_SECONDS: u64 = 365 * 24 * 60 * 60;

/// One site.
#[derive(Debug, Default)]
pub struct Site {
    /// In lower case, without port; `*.example.org` is for those below it.
    pub hosts: Vec<String>,
    /// The directory that has it.
    pub root: (PathBuf, Line),
    /// The file that is a directory's page, if not `index.html`.
    pub index: Option<String>,
    /// Whether a directory without a page is listed.
    pub listing: bool,
    /// The path of a page for what is not there.
    pub fallback: Option<(String, Line)>,
    /// Whether text is compressed for those who accept it.
    pub compress: bool,
    /// The path below which clients may write.
    pub write: Option<(String, Line)>,
    /// Has the token that a client needs who writes.
    pub token_file: Option<(PathBuf, Line)>,
    /// The largest file that a client may send, in MiB.
    pub upload_max: u64,
    /// Where a guest book is kept, if there is one.
    pub guestbook: Option<(PathBuf, Line)>,
    /// The templates of its pages, if not ours.
    pub templates: Option<(PathBuf, Line)>,
    /// Whether there is `/api/`.
    pub api: bool,
    /// Fields that every response has.
    pub headers: Vec<(String, String)>,
    /// How long clients may keep what: the first that fits.
    pub cache: Vec<CacheRule>,
}

/// Paths that end like this may be kept for so many seconds.
#[derive(Debug, Clone)]
pub struct CacheRule {
    /// With which a path ends.
    pub suffix: String,
    /// From 0 to a year.
    pub seconds: u64,
}

/// The settings that there are.
const NAMES: &[&str] = &[
    "hosts",
    "root",
    "index",
    "listing",
    "fallback",
    "compress",
    "write",
    "token_file",
    "upload_max",
    "guestbook",
    "templates",
    "api",
    "headers",
    "cache",
];

/// Those in these tables: some may be missing when there are faults.
pub fn read(reader: &mut Reader, tables: &[Table]) -> Vec<Site> {
    let mut hosts = Vec::new();
    let sites = tables.iter();
    sites.filter_map(|table| site(reader, table, &mut hosts)).collect()
}

/// One of them. `taken` has the hosts of those before it, and their lines.
fn site(
    reader: &mut Reader,
    table: &Table,
    taken: &mut Vec<(String, Line)>,
) -> Option<Site> {
    reader.known(table, NAMES);
    let hosts = hosts(reader, table, taken);
    let root = reader.file(table, "root");
    if root.is_none() && !table.has("root") {
        reader.fault(table.line, "this site has no root");
    }
    let index = reader.text(table, "index");
    let fallback = reader.text(table, "fallback");
    let write = reader.text(table, "write");
    let upload_max = reader.number(table, "upload_max", 0..=MAX_UPLOAD_MAX);
    let token_file = reader.file(table, "token_file");
    let write = reader.one(write, |text| path("write", text));
    if let (Some((_, line)), None) = (&token_file, &write) {
        reader.fault(*line, "token_file: nobody may write without \"write\"");
    }
    Some(Site {
        hosts,
        index: reader.one(index, index_name).map(|it| it.0),
        listing: reader.flag(table, "listing").unwrap_or(false),
        fallback: reader.one(fallback, |text| path("fallback", text)),
        compress: reader.flag(table, "compress").unwrap_or(true),
        write,
        token_file,
        upload_max: upload_max.unwrap_or(UPLOAD_MAX),
        guestbook: reader.file(table, "guestbook"),
        templates: reader.file(table, "templates"),
        api: reader.flag(table, "api").unwrap_or(false),
        headers: headers(reader, table),
        cache: cache(reader, table),
        root: root?,
    })
}

/// A host belongs to one site.
fn hosts(
    reader: &mut Reader,
    table: &Table,
    taken: &mut Vec<(String, Line)>,
) -> Vec<String> {
    let hosts = reader.texts(table, "hosts");
    let hosts = reader.each(hosts, host_name);
    for (host, line) in &hosts {
        if let Some((_, of)) = taken.iter().find(|(other, _)| other == host) {
            let what = format!("belongs to the site in line {of}");
            reader.fault(*line, format!("host \"{host}\" {what}"));
        }
    }
    taken.extend(hosts.iter().map(|(host, _)| (host.clone(), table.line)));
    hosts.into_iter().map(|(host, _)| host).collect()
}

fn headers(reader: &mut Reader, table: &Table) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (name, value) in reader.pairs(table, "headers") {
        let name = reader.one(Some(name), field_name);
        let value = reader.one(Some(value), field_value);
        if let (Some((name, _)), Some((value, _))) = (name, value) {
            fields.push((name, value));
        }
    }
    fields
}

fn cache(reader: &mut Reader, table: &Table) -> Vec<CacheRule> {
    let mut rules = Vec::new();
    for rule in reader.tables(table, "cache") {
        reader.known(&rule, &["suffix", "seconds"]);
        let suffix = reader.text(&rule, "suffix");
        let seconds = reader.number(&rule, "seconds", 0..=MAX_SECONDS);
        match (suffix, seconds) {
            (Some((suffix, _)), Some(seconds)) => {
                rules.push(CacheRule { suffix: suffix.to_string(), seconds });
            }
            _ if rule.has("suffix") && rule.has("seconds") => {}
            _ => reader.fault(rule.line, "cache: a suffix and seconds, both"),
        }
    }
    rules
}

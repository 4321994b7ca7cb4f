//! Enters in step 21: the settings: what a file says, or everything that is
//! wrong with it.
//!
//! Nothing here looks at the machine: whether a directory is there, and an
//! address free, the start finds out.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use shared::cli;
use shared::web::forwarded::Networks;
use toml::de::DeTable;

/// Enters in step 22.
mod harden;
mod names;
pub mod reader;
mod site;

use names::place;
use reader::{Reader, Table};

pub use harden::{Harden, NAMES as HARDEN, mode, rate};
pub use site::{CacheRule, MAX_UPLOAD_MAX, Site, UPLOAD_MAX};

/// No more faults than this are said: the rest is said when these are mended.
pub const MAX_FAULTS: usize = 20;

/// What holds for the whole server.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where it listens: at least one place.
    pub listen: Vec<(Place, Line)>,
    /// How many loops; `None` for one on each processor.
    pub workers: Option<usize>,
    /// Where requests are logged; `-` is standard error.
    pub log: Option<(PathBuf, Line)>,
    /// Whose word is believed about who has sent a request.
    pub trusted_proxies: Networks,
    /// Whether hosts that no site has are refused. If not, they get the first
    /// site.
    pub strict_hosts: bool,
    /// At least one.
    pub sites: Vec<Site>,
    /// Enters in step 22.
    pub harden: Harden,
}

impl Settings {
    /// Those of the places that have one.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let addresses =
            self.listen.iter().filter_map(|(place, _)| match place {
                Place::Address(address) => Some(*address),
                Place::Unix(_) => None,
            });
        addresses.collect()
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An address of this machine, and a port.
    Address(SocketAddr),
    /// A socket in the file system: `unix:/run/site.sock`.
    Unix(PathBuf),
}

/// A line of the file, from 1; 0 for what is in no file.
pub type Line = usize;

/// What is wrong, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub line: Line,
    /// The setting that it is about, if what it says does not name it.
    pub setting: Option<&'static str>,
    /// In words, for those who wrote the file.
    pub what: String,
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is in no file comes from flags.
        match (self.line, self.setting) {
            (0, Some(flag)) => write!(f, "--{flag} {}", self.what),
            (0, None) => f.write_str(&self.what),
            (line, Some(name)) => write!(f, "{line}: {name} {}", self.what),
            (line, None) => write!(f, "{line}: {}", self.what),
        }
    }
}

/// The line in which the byte behind these stands.
fn line(before: &[u8]) -> Line {
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

/// In the order of the lines, and not too many.
pub fn in_order(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort_by_key(|fault| fault.line);
    faults.truncate(MAX_FAULTS);
    faults
}

/// The settings that there are.
const NAMES: &[&str] =
    &["listen", "workers", "log", "trusted_proxies", "strict_hosts", "site"];

/// Reads a settings file that lies in `directory`: paths begin there. And all
/// that is wrong: if anything is, some settings may be missing.
pub fn parse(text: &[u8], directory: &Path) -> (Settings, Vec<Fault>) {
    parse_with(text, directory, &[])
}

/// The same, where these settings are known besides. Enters in step 22.
pub fn parse_with(
    text: &[u8],
    directory: &Path,
    others: &[&str],
) -> (Settings, Vec<Fault>) {
    match str::from_utf8(text) {
        Ok(text) => parse_text(text, directory, others),
        Err(error) => {
            let mut reader = Reader::new("", directory);
            let line = line(&text[..error.valid_up_to()]);
            reader.fault(line, "this is no text: settings are in UTF-8");
            (Settings::default(), reader.faults())
        }
    }
}

/// What `read` makes of the table with this name in such a file, and all that
/// is wrong with it; nothing if there is none. Enters in step 27.
pub fn read_table<T: Default>(
    text: &[u8],
    directory: &Path,
    name: &str,
    read: impl FnOnce(&mut Reader, &Table) -> T,
) -> (T, Vec<Fault>) {
    // What is no text or no TOML has been said.
    let text = str::from_utf8(text).unwrap_or_default();
    let mut reader = Reader::new(text, directory);
    let Ok(document) = DeTable::parse(text) else {
        return (T::default(), Vec::new());
    };
    let top = reader.top(&document);
    let value = match reader.table(&top, name) {
        Some(table) => read(&mut reader, &table),
        None => T::default(),
    };
    (value, reader.faults())
}

fn parse_text(
    text: &str,
    directory: &Path,
    others: &[&str],
) -> (Settings, Vec<Fault>) {
    let mut reader = Reader::new(text, directory);
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        // What else there is to say would be about what the parser guessed.
        Err(_) => {
            reader.syntax(&DeTable::parse_recoverable(text).1);
            return (Settings::default(), reader.faults());
        }
    };
    let top = reader.top(&document);
    reader.known(&top, &[NAMES, others].concat());
    let listen = reader.texts(&top, "listen");
    let mut listen = reader.each(listen, |text| place(text, directory));
    if listen.is_empty() {
        listen.push((Place::Address(cli::DEFAULT_ADDRESS), 1));
    }
    let mut trusted_proxies = Networks::default();
    for (text, line) in reader.texts(&top, "trusted_proxies") {
        if !trusted_proxies.add(text) {
            let what = format!("trusted_proxies: \"{text}\" is no network");
            reader.fault(line, what);
        }
    }
    let workers = reader.number(&top, "workers", 1..=1024);
    let log = reader.text(&top, "log").map(|(text, line)| match text {
        "-" => ("-".into(), line),
        text => (directory.join(text), line),
    });
    let strict_hosts = reader.flag(&top, "strict_hosts").unwrap_or(false);
    let tables = reader.tables(&top, "site");
    if tables.is_empty() && !top.has("site") {
        reader.fault(1, "there is no [[site]]");
    }
    let sites = site::read(&mut reader, &tables);
    // Enters in step 22.
    let harden = harden::read(&mut reader, &top);
    let settings = Settings {
        listen,
        workers: workers.map(|it| it as usize),
        log,
        trusted_proxies,
        strict_hosts,
        sites,
        harden,
    };
    (settings, reader.faults())
}

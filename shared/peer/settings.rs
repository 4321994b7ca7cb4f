//! Enters in step 27: what a settings file says of the node: its table
//! `[peer]`.

use std::path::{Path, PathBuf};

use service::settings::reader::{Reader, Table};
use service::settings::{self, Fault};

/// The name of the table.
pub const TABLE: &str = "peer";

/// The settings that it has.
const NAMES: &[&str] = &[
    "network", "secret", "join", "peers", "data", "disk_mib", "members",
    "name", "control",
];

/// The most that the disk may be, in MiB.
const MAX_DISK: u64 = 1 << 30;

/// What a node is to be.
#[derive(Debug, Default)]
pub struct Settings {
    /// Its network, and the file of the secret that its nodes have.
    pub network: Option<String>,
    /// See above.
    pub secret: Option<PathBuf>,
    /// Or the code that says both.
    pub join: Option<String>,
    /// Where other nodes are: HOST:PORT.
    pub peers: Vec<String>,
    /// The directory of what is kept; `None`: nothing is.
    pub data: Option<PathBuf>,
    /// How much of that may be blocks, in MiB.
    pub disk_mib: Option<usize>,
    /// The file of those who may have a link; `None`: everybody of the network.
    pub members: Option<PathBuf>,
    /// What its author wants to be called.
    pub name: Option<String>,
    /// Under which name or address others than this machine may use the page.
    pub control: Option<String>,
}

/// What the table says in a file with this text in this directory, and all
/// that is wrong with it.
pub fn parse(text: &[u8], directory: &Path) -> (Settings, Vec<Fault>) {
    settings::read_table(text, directory, TABLE, read)
}

fn read(reader: &mut Reader, table: &Table) -> Settings {
    reader.known(table, NAMES);
    let mut text = |name| {
        let text = reader.text(table, name);
        text.map(|(text, _)| text.to_string())
    };
    let (network, join) = (text("network"), text("join"));
    let (name, control) = (text("name"), text("control"));
    let peers = reader.texts(table, "peers").into_iter();
    let peers = peers.map(|(text, _)| text.to_string()).collect();
    let mut file = |name| reader.file(table, name).map(|(path, _)| path);
    let (secret, data, members) =
        (file("secret"), file("data"), file("members"));
    let disk = reader.number(table, "disk_mib", 1..=MAX_DISK);
    Settings {
        network,
        secret,
        join,
        peers,
        data,
        disk_mib: disk.map(|it| it as usize),
        members,
        name,
        control,
    }
}

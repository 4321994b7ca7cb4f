//! What the rooms of step 21 do, in process: the text of settings in, faults
//! out; hosts in, sites out.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gzip;
mod hosts;
mod log;
#[path = "../lab/scratch.rs"]
#[allow(dead_code, reason = "the tests over the wire use all of it")]
mod scratch;
mod settings;

use std::path::Path;
use std::sync::Arc;

use service::settings::{Fault, parse};
use service::sites::Sites;

/// Where paths in settings begin: the directory of the repository.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");

/// Opens the sites of some settings, or says what is wrong.
fn open(text: &str) -> Result<Sites, Vec<String>> {
    let (settings, faults) = parse(text.as_bytes(), Path::new(DIRECTORY));
    let sites = Sites::open(&settings, faults, &Arc::default(), None);
    let line = |it: &Fault| it.to_string().replace(DIRECTORY, "");
    sites.map_err(|faults| faults.iter().map(line).collect())
}

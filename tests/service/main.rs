//! What the rooms of steps 21 and 22 do, in process: the text of settings in,
//! faults out; hosts in, sites out; what a client may, and what the sandbox.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod calls;
mod gzip;
mod hosts;
#[path = "../lab/landlock.rs"]
mod landlock;
mod log;
mod manager;
mod rates;
mod sandbox;
#[path = "../lab/scratch.rs"]
#[allow(dead_code, reason = "the tests over the wire use all of it")]
mod scratch;
mod settings;
#[path = "../lab/skip.rs"]
mod skip;

use std::path::Path;
use std::sync::Arc;

use service::settings::{Fault, HARDEN, parse, parse_with};
use service::sites::Sites;

/// Where paths in settings begin: the directory of the repository.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");

/// Opens the sites of some settings, or says what is wrong.
fn open(text: &str) -> Result<Sites, Vec<String>> {
    let (bytes, directory) = (text.as_bytes(), Path::new(DIRECTORY));
    // Step 21 does not know what step 22 does.
    let (settings, faults) = match text.contains("burst") {
        true => parse_with(bytes, directory, HARDEN),
        false => parse(bytes, directory),
    };
    let sites = Sites::open(&settings, faults, &Arc::default(), None);
    let line = |it: &Fault| it.to_string().replace(DIRECTORY, "");
    sites.map_err(|faults| faults.iter().map(line).collect())
}

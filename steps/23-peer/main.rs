//! Step 23: a peer.
//!
//! One process listens and dials.

use std::process::ExitCode;

use shared::cli::{self, Failure};

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    Ok(())
}

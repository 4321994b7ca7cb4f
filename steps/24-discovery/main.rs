//! Step 24: who is there?

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::SUCCESS
}

//! `cargo book`: builds the book and serves it; `check`, `record`, `sync`.

use std::process::ExitCode;

use kit::{Project, Result, record};
use lexopt::prelude::*;

const HELP: &str = "\
Builds the book, checks it, records its runs and serves it.

Usage: cargo book [COMMAND]

  (none) [--port N]    build, then serve on 127.0.0.1 (default port 3000;
                       0 takes a free one)
  build                build only, into book/build
  check [--no-runs]    everything that can be wrong with the book
  record [WHAT [NAME...]]
                       run the steps again and write what is shown of it;
                       WHAT is traces, runs or charts
  sync [--check]       write what is generated from steps/steps.toml
  preprocess           mdBook's preprocessor protocol, for `mdbook serve`
";

fn main() -> ExitCode {
    match run() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("book: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut parser = lexopt::Parser::from_env();
    let mut words = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let project = Project::find()?;
    match words.first().map(String::as_str) {
        Some("record") => {
            let what = words.get(1).map_or("", String::as_str);
            record::record(&project, what, words.get(2..).unwrap_or(&[]))?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(anyhow::anyhow!("no such command; try --help")),
    }
}

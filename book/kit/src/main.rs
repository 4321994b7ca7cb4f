//! `cargo book`: builds the book and serves it; `check`, `record`, `sync`.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::bail;
use kit::record::Which;
use kit::serve::Server;
use kit::{
    Fault, Project, Result, bench, build, check, new, preprocess, record,
    sizes, sync, terminal,
};
use lexopt::prelude::*;

const HELP: &str = "\
Builds the book, checks it, records its runs and serves it.

Usage: cargo book [COMMAND]

  (none) [--port N]    build, then serve on 127.0.0.1 (default port 3000;
                       0 takes a free one), and build again on changes
  build                build only, into book/build
  check [--all | --no-runs]
                       everything that can be wrong with the book; plays the
                       recordings whose sources have changed, or all, or none
  record [--all] [WHAT [NAME...]]
                       play them and write down what is shown of them; WHAT
                       is traces, runs or charts
  bench [WORK...]      the newest step beside the servers of this machine
  diff [FROM] TO       what has changed between two steps: diff 06 07
  sizes                how long each step is
  new NN SLUG [AFTER]  the skeleton of a step, out of the last step or AFTER
  sync [--check]       write what is generated from steps/steps.toml
  preprocess           mdBook's preprocessor protocol, for `mdbook serve`
";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("book: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Does what the command line says; `false` if it found faults.
fn run() -> Result<bool> {
    let (mut words, mut port) = (Vec::new(), 3000);
    let (mut which, mut check, mut help) = (Some(Which::Changed), false, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => help = true,
            Long("port") => port = parser.value()?.parse()?,
            Long("no-runs") => which = None,
            Long("all") => which = Some(Which::All),
            Long("check") => check = true,
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let command = words.first().map_or("", String::as_str);
    let names = words.get(1..).unwrap_or(&[]);
    if help {
        print!(
            "{}",
            match command {
                "bench" => bench::HELP,
                "diff" => terminal::HELP,
                "sizes" => sizes::HELP,
                _ => HELP,
            }
        );
        return Ok(true);
    }
    if command == "preprocess" {
        return preprocess::protocol(names);
    }
    let project = Project::find()?;
    match command {
        "" => show(&project, port)?,
        "build" => {
            let folder = build::install(&project)?;
            println!("{}", folder.join("index.html").display());
        }
        "check" => {
            let faults = check::check(&project, which)?;
            let (open, faults): (Vec<_>, Vec<_>) = faults
                .into_iter()
                .partition(|it| check::is_unfinished(&project, it));
            for fault in open {
                eprintln!("unfinished: {fault}");
            }
            return Ok(report(&faults));
        }
        "record" => {
            let what = names.first().map_or("", String::as_str);
            let names = names.get(1..).unwrap_or(&[]);
            let which = which.unwrap_or(Which::Changed);
            record::record(&project, what, names, which)?;
        }
        "new" => {
            for file in new::create(&project, names)? {
                println!("{}", file.display());
            }
        }
        "bench" => bench::bench(&project, names)?,
        "diff" => terminal::diff(&project, names)?,
        "sizes" => print!("{}", sizes::table(&project)?),
        "sync" if check => return Ok(report(&sync::stale(&project)?)),
        "sync" => {
            for file in sync::write(&project)? {
                println!("{}", file.display());
            }
        }
        other => bail!("`{other}` is no command; try --help"),
    }
    Ok(true)
}

/// Builds the book and serves it until Ctrl-C; builds it again on changes.
fn show(project: &Project, port: u16) -> Result<()> {
    eprintln!("book: building the book");
    let directory = build::install(project)?;
    let mut server = Server::start(project, &directory, port)?;
    // Whoever waits for this line may be a program, on the end of a pipe.
    writeln!(io::stdout(), "listening on http://{}", server.address)?;
    server.watch(project)
}

/// Prints every fault on a line; whether there was none.
fn report(faults: &[Fault]) -> bool {
    for fault in faults {
        eprintln!("{fault}");
    }
    faults.is_empty()
}

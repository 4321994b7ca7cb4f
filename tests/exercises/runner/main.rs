//! The exercises: `cargo ex` lists them, `cargo ex 02a` grades one.
//!
//! The student edits `steps/*/ex_*.rs` and nothing else. The grader starts
//! the built program and observes it from outside. It is built by everybody
//! who solves an exercise, so it needs no more than the steps do.

mod catalogue;
#[path = "../checks/mod.rs"]
mod checks;
mod compile;
mod grade;
#[path = "../../lab/mod.rs"]
mod lab;
mod master;
mod progress;
mod prove;
mod report;
mod shim;
mod student;
mod sync;
mod task;
mod text;
mod wrong;

use std::ffi::OsString;
use std::process::ExitCode;

use compile::Project;

const HELP: &str = "\
The exercises of From Socket to Swarm.

  cargo ex                   list them, with progress and the next one
  cargo ex 02a               check one
  cargo ex watch 02a         check it again at every save; Ctrl-C ends
  cargo ex hint 02a [1-3]    where to look, what to use, nearly the code
  cargo ex solution 02a      yours against ours, after a pass or --give-up
  cargo ex reset 02a         the starter again; yours is kept beside it
  cargo ex all               check everything
  cargo ex shim SETTINGS -- COMMAND…
                             run a command under an unhelpful kernel;
                             cargo ex shim --help lists the settings
  cargo run --example 02a -- 127.0.0.1:8080

For authors:
  cargo ex sync              write the starters from tests/exercises
  cargo ex prove [ID…]
                             every starter fails as declared, every solution
                             passes, every wrong answer is caught

EX_SLOW=4 makes all time limits four times as long. EX_JOBS=8 lets prove check
this many programs at once.
";

fn main() -> ExitCode {
    end_with_the_pipe();
    run().unwrap_or_else(|message| {
        eprintln!("ex: {message}");
        ExitCode::from(2)
    })
}

/// A reader such as head(1) may have seen enough: then SIGPIPE ends us, as it
/// ends other commands. Sockets are written to with MSG_NOSIGNAL.
fn end_with_the_pipe() {
    // SAFETY: the default action of a signal needs no handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Does what the command line says.
fn run() -> Result<ExitCode, String> {
    let args = std::env::args_os().skip(1).map(OsString::into_string);
    let args = args.collect::<Result<Vec<String>, OsString>>();
    let args =
        args.map_err(|_| "an argument is not UTF-8; try cargo ex --help")?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["help" | "--help" | "-h"] => print!("{HELP}"),
        ["shim"] | ["shim", "--help" | "-h"] => print!("{}", shim::HELP),
        ["shim", settings, "--", ref command @ ..] => {
            let project = Project::find()?;
            project.build(&["--example", "shim"])?;
            let status = shim::run(&project.shim(), settings, command)?;
            return Ok(ExitCode::from(shim::code(status)));
        }
        _ => {
            let is_full = exercises(&args)?;
            return Ok(ExitCode::from(u8::from(!is_full)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The commands that are about exercises; true for full marks.
fn exercises(args: &[&str]) -> Result<bool, String> {
    let project = Project::find()?;
    let list = catalogue::read(&project.root)?;
    let student = student::Student { project: &project, list: &list };
    match args {
        [] | ["list"] => student.list(),
        ["all"] => student.all(),
        ["watch", id] => student.watch(id),
        ["hint", id] => student.hint(id, 1),
        ["hint", id, level] => {
            let level =
                level.parse().map_err(|_| "a hint's level is 1 to 3")?;
            student.hint(id, level)
        }
        ["solution", id] => student.solution(id, false),
        ["solution", id, "--give-up"] | ["solution", "--give-up", id] => {
            student.solution(id, true)
        }
        ["reset", id] => student.reset(id),
        ["sync"] => student.sync(),
        ["prove", rest @ ..] => prove::run(&project, &list, rest),
        [id] if !id.starts_with('-') => student.check(id),
        _ => Err("not understood; try cargo ex --help".to_string()),
    }
}

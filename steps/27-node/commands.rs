//! What can be done besides running a node: the commands of step 26, and more.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use peer::block::Author;
use peer::join::JoinCode;
use peer::ledger::open_store;
use peer::secure::Keys;
use peer::{commands, key, say};
use shared::cli::{self, Failure};

use super::hello;

/// Does what the command line asks for, if it begins with a command.
pub fn run(words: &[OsString]) -> Option<Result<(), Failure>> {
    let [command, rest @ ..] = words else { return None };
    let rest: Vec<String> =
        rest.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    Some(match (command.to_str()?, &rest[..]) {
        ("hello", [name]) => hello::run(name, None),
        ("hello", [name, code]) => hello::run(name, Some(code)),
        ("hello", _) => Err(Failure::usage("hello takes HOST:PORT [CODE]")),
        ("id", [directory]) => id(Path::new(directory)),
        ("id", _) => Err(Failure::usage("id takes a directory")),
        ("peers", []) => say::ask("127.0.0.1:8000", "/peers"),
        ("peers", [node]) => say::ask(node, "/peers"),
        ("peers", _) => Err(Failure::usage("peers takes one HOST:PORT")),
        ("join", [code]) => join(code),
        ("join", _) => Err(Failure::usage("join takes one code")),
        ("get", [directory, block]) => get(Path::new(directory), block),
        ("get", _) => Err(Failure::usage("get takes DIR AUTHOR/NUMBER")),
        _ => return commands::run(words),
    })
}

/// Shows who the node and the author are whose keys are in a directory.
fn id(directory: &Path) -> Result<(), Failure> {
    let (private, _) = key::secret(directory, super::opening::KEY)?;
    let keys = Keys { private, shared: [0; 32] };
    let (key, _) = key::open(directory)?;
    let author = Author(key.verifying_key().to_bytes());
    cli::print(format_args!("node {}", keys.node().digits()));
    cli::print(format_args!("author {}", peer::wire::hex(&author.0)));
    Ok(())
}

/// Shows what a join code says, but for the secret.
fn join(code: &str) -> Result<(), Failure> {
    let code = JoinCode::parse(code).map_err(Failure::usage)?;
    cli::print(format_args!("network {}", peer::wire::hex(&code.network)));
    let secret = if code.secret.is_some() { "a secret" } else { "open" };
    cli::print(secret);
    for address in &code.addresses {
        cli::print(format_args!("a node at {address}"));
    }
    let command = cli::command();
    cli::print(format_args!("join it: {command} --join CODE"));
    Ok(())
}

/// Writes what a block says, as it is.
fn get(directory: &Path, block: &str) -> Result<(), Failure> {
    let wrong = || Failure::usage("a block is AUTHOR/NUMBER: a1b2c3d4/12");
    let (author, seq) = block.split_once('/').ok_or_else(wrong)?;
    let seq: u64 = seq.parse().map_err(|_| wrong())?;
    let (_store, found) = open_store(directory)?;
    let is_it = |it: &&peer::block::Block| {
        it.seq() == seq && peer::wire::hex(&it.author().0).starts_with(author)
    };
    let block = found.blocks.iter().find(is_it);
    let block =
        block.ok_or_else(|| Failure::wrong("there is no such block"))?;
    let written = io::stdout().write_all(block.body());
    written.map_err(|error| Failure::new("cannot write", error))
}

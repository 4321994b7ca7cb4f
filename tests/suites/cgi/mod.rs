//! Steps that run programs for responses: what a program is given, what
//! becomes of its output, and that no process is left.

mod ends;
mod input;
mod output;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::lab::Outcome;
use crate::lab::client::{Client, Response};
use crate::lab::program::Program;
use crate::lab::scratch::Scratch;
use crate::steps::Step;

/// The start of an output whose body follows.
const TEXT: &str = "printf 'Content-Type: text/plain\\n\\n'\n";

/// Programs in shell, in a directory of their own.
fn programs(list: &[(&str, &str)]) -> Scratch {
    let directory = Scratch::new().unwrap();
    for (name, text) in list {
        let file = directory.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    }
    directory
}

/// A server for them, that gives each so many seconds.
fn serve(step: &Step, programs: &Scratch, timeout: &str) -> Outcome<Program> {
    let directory = programs.path().to_str().unwrap();
    let flags = ["127.0.0.1:0", "--cgi", directory, "--timeout", timeout];
    step.launch(&flags)?.at_home().start()
}

/// A server for such programs, and a client.
fn running(
    step: &Step,
    list: &[(&str, &str)],
    timeout: &str,
) -> Outcome<(Scratch, Program, Client)> {
    let programs = programs(list);
    let server = serve(step, &programs, timeout)?;
    let client = server.connect()?;
    Ok((programs, server, client))
}

/// Sends a request with a body for the program of that name.
fn ask(client: &mut Client, method: &str, name: &str, body: &[u8]) -> Outcome {
    let length = body.len();
    let head = format!(
        "{method} /cgi/{name} HTTP/1.1\r\nHost: a\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    client.send(&[head.as_bytes(), body].concat())
}

fn get(client: &mut Client, name: &str) -> Outcome<Response> {
    ask(client, "GET", name, b"")?;
    client.response()
}

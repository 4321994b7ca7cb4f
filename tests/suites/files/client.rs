//! A client of the steps with files: one request, one response, as a browser
//! would ask.

use std::path::Path;

use super::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::{Client, Response};
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::steps::Step;

/// A step on a tree of its own, and a client.
pub fn site(step: &Step) -> Outcome<(Tree, Program, Client)> {
    let tree = Tree::new();
    let server = at(step, &tree.root())?.start()?;
    let client = server.connect()?;
    Ok((tree, server, client))
}

/// A step on this root, to be started.
pub fn at(step: &Step, root: &Path) -> Outcome<Launch> {
    let root = root.to_str().expect("a path in UTF-8");
    step.launch(&["127.0.0.1:0", "--root", root])
}

/// With the rights of any user, even if root runs the tests, who may go and
/// read where a mode forbids it.
pub fn as_user(launch: Launch) -> Launch {
    const DAC_OVERRIDE: libc::c_ulong = 1;
    const DAC_READ_SEARCH: libc::c_ulong = 2;
    launch.without(&[DAC_OVERRIDE, DAC_READ_SEARCH])
}

/// Asks for `target`, and reads the response to its end.
pub fn get(client: &mut Client, target: &str) -> Outcome<Response> {
    ask(client, "GET", target)
}

pub fn ask(
    client: &mut Client,
    method: &str,
    target: &str,
) -> Outcome<Response> {
    client.send(request(method, target, "").as_bytes())?;
    client.response_to(method)
}

/// A request with these further fields, each ending in CRLF.
pub fn request(method: &str, target: &str, fields: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

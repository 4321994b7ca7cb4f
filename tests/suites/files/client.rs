//! A client of the steps with files: one request, one response, as a browser
//! would ask.

use std::path::Path;
use std::time::{Duration, Instant};

use super::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::{Client, Response};
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::steps::Step;

/// How long a file is taken for what it was, by steps that keep files.
pub const FRESH: Duration = Duration::from_secs(1);

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
    ask_with(client, method, target, "")
}

/// The same with these further fields, each ending in CRLF.
pub fn ask_with(
    client: &mut Client,
    method: &str,
    target: &str,
    fields: &str,
) -> Outcome<Response> {
    client.send(request(method, target, fields).as_bytes())?;
    client.response_to(method)
}

/// What `ask` gets after a change: where files are kept, that is for a second
/// perhaps what it got `before`.
pub fn after_change(
    step: &Step,
    server: &Program,
    before: &Response,
    mut ask: impl FnMut() -> Outcome<Response>,
) -> Outcome<Response> {
    let changed = Instant::now();
    server.eventually("has another response", || {
        let may_be_old =
            step.does("ready-responses") && changed.elapsed() < FRESH;
        let now = ask();
        let is_old = now.as_ref().is_ok_and(|now| is_same(now, before));
        (!is_old || !may_be_old).then_some(now)
    })?
}

/// Whether two responses are the same, whenever they were made.
pub fn is_same(one: &Response, other: &Response) -> bool {
    let head = |response: &Response| {
        let mut fields = response.fields.clone();
        fields.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
        (response.status, fields)
    };
    head(one) == head(other) && one.body == other.body
}

/// A request with these further fields, each ending in CRLF.
pub fn request(method: &str, target: &str, fields: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

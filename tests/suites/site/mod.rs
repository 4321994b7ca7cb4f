//! The steps with a whole site: routes, templates, forms, listings, and files
//! that clients write.

mod guestbook;
mod listing;
mod routes;
mod uploads;

use std::ffi::OsString;
use std::fs;

use crate::files::client::{at, request};
use crate::files::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::{Client, Response};
use crate::lab::launch::Launch;
use crate::steps::Step;

pub const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// A step on a tree with a directory `up` that clients may write to, and with
/// a guest book beside the root.
fn on(step: &Step, tree: &Tree) -> Outcome<Launch> {
    fs::create_dir_all(tree.path("up")).unwrap();
    tree.write("up/old", b"old");
    let book = tree.outside().join("book");
    let flags = ["--write", "/up", "--guestbook", book.to_str().unwrap()];
    Ok(at(step, &tree.root())?.with(&flags))
}

/// A request with this body.
pub fn message(
    method: &str,
    target: &str,
    fields: &str,
    body: &[u8],
) -> Vec<u8> {
    let fields = format!("{fields}Content-Length: {}\r\n", body.len());
    [request(method, target, &fields).as_bytes(), body].concat()
}

/// Sends it, and reads the response to its end.
pub fn send(
    client: &mut Client,
    method: &str,
    target: &str,
    fields: &str,
    body: &[u8],
) -> Outcome<Response> {
    client.send(&message(method, target, fields, body))?;
    client.response_to(method)
}

/// What is in `up`, whatever clients may see of it.
fn names(tree: &Tree) -> Vec<OsString> {
    let entries = fs::read_dir(tree.path("up")).unwrap();
    let mut names: Vec<_> = entries.map(|it| it.unwrap().file_name()).collect();
    names.sort();
    names
}

//! A client of step 08: one request, one response, as a browser would ask.

use std::fmt::Write;
use std::path::Path;

use super::tree::Tree;
pub use crate::common::Response;
pub use crate::common::Server;
use crate::common::{Client, Program};

/// Starts step 08 on the root of `tree`.
pub fn serve(tree: &Tree) -> Server {
    serve_directory(&tree.root())
}

pub fn serve_directory(root: &Path) -> Server {
    Server::announced(program(root).start())
}

/// The same with the rights of any user, even if root runs the tests, who may
/// read what its mode forbids.
pub fn serve_as_user(tree: &Tree) -> Server {
    const DAC_OVERRIDE: libc::c_int = 1;
    const DAC_READ_SEARCH: libc::c_int = 2;
    // SAFETY: the closure makes two system calls and nothing else.
    let program = unsafe {
        program(&tree.root()).before(|| {
            // They fail for a user who never had these rights.
            libc::prctl(libc::PR_CAPBSET_DROP, DAC_OVERRIDE);
            libc::prctl(libc::PR_CAPBSET_DROP, DAC_READ_SEARCH);
            Ok(())
        })
    };
    Server::announced(program.start())
}

fn program(root: &Path) -> Program {
    let root = root.to_str().expect("a path in UTF-8");
    Program::new(STEP_08, &["127.0.0.1:0", "--root", root])
}

/// The program itself.
pub const STEP_08: &str = env!("CARGO_BIN_EXE_step08");

/// Asks for `target`, and reads the response to its end.
pub fn ask(client: &mut Client, method: &str, target: &str) -> Response {
    ask_with(client, method, target, "")
}

/// The same with more fields, each ending in CRLF.
pub fn ask_with(
    client: &mut Client,
    method: &str,
    target: &str,
    fields: &str,
) -> Response {
    send(client, method, target, fields);
    receive(client, method)
}

pub fn send(client: &mut Client, method: &str, target: &str, fields: &str) {
    let mut request = String::new();
    write!(request, "{method} {target} HTTP/1.1\r\nHost: localhost\r\n")
        .unwrap();
    write!(request, "{fields}\r\n").unwrap();
    client.send(request.as_bytes());
}

/// Reads one response to `method`. More than one must not have been asked for.
pub fn receive(client: &mut Client, method: &str) -> Response {
    let (bytes, error) = client.receive_until(|bytes| {
        Response::end(bytes, method == "HEAD")
            .is_some_and(|end| bytes.len() >= end)
    });
    finish(&bytes, method).unwrap_or_else(|| panic!("no whole head, {error:?}"))
}

/// The response that `bytes` are, once no more will come.
pub fn finish(bytes: &[u8], method: &str) -> Option<Response> {
    let end = Response::end(bytes, method == "HEAD")?;
    assert!(bytes.len() <= end, "more than Content-Length");
    let (response, head) = Response::parse(bytes)?;
    let is_cut = bytes.len() < end;
    Some(Response { body: bytes[head..].into(), is_cut, ..response })
}

/// The first of several responses, and what follows it.
pub fn split<'a>(bytes: &'a [u8], method: &str) -> (Response, &'a [u8]) {
    let end = Response::end(bytes, method == "HEAD").expect("a head");
    let (first, rest) = bytes.split_at(end);
    (finish(first, method).expect("a response"), rest)
}

//! A client of step 08: one request, one response, as a browser would ask.

use std::fmt::Write;
use std::path::Path;

use super::tree::Tree;
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

/// A response, whole unless the server has closed before its end.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body is shorter than its length says, and the stream has ended.
    pub is_cut: bool,
}

impl Response {
    /// The value of the one field of that name, in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|field| field.0 == name);
        let value = found.next().map(|field| field.1.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    pub fn length(&self) -> usize {
        let length = self.field("content-length").expect("Content-Length");
        length.parse().expect("a number")
    }
}

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
        let Some((response, length)) = parse(bytes) else { return false };
        method == "HEAD"
            || response.field("content-length").is_none()
            || bytes.len() - length >= response.length()
    });
    finish(&bytes, method).unwrap_or_else(|| panic!("no whole head, {error:?}"))
}

/// The response that `bytes` are, once no more will come.
pub fn finish(bytes: &[u8], method: &str) -> Option<Response> {
    let (mut response, head) = parse(bytes)?;
    response.body = bytes[head..].to_vec();
    if response.field("content-length").is_none() {
        assert!(response.body.is_empty(), "a body without a length");
    } else if method != "HEAD" {
        let length = response.length();
        assert!(response.body.len() <= length, "more than Content-Length");
        response.is_cut = response.body.len() < length;
    } else {
        assert!(response.body.is_empty(), "a body after HEAD");
    }
    Some(response)
}

/// The first of several responses, and what follows it.
pub fn split<'a>(bytes: &'a [u8], method: &str) -> (Response, &'a [u8]) {
    let whole = match (method, whole_length(bytes)) {
        (_, None) => panic!("no head: {}", bytes.escape_ascii()),
        ("HEAD", _) => parse(bytes).expect("a head").1,
        (_, Some(whole)) => whole,
    };
    let (first, rest) = bytes.split_at(whole);
    (finish(first, method).expect("a response"), rest)
}

/// The length of the response that begins here, once its head is there.
pub fn whole_length(bytes: &[u8]) -> Option<usize> {
    let (response, head) = parse(bytes)?;
    let has_body = response.field("content-length").is_some();
    Some(head + if has_body { response.length() } else { 0 })
}

/// The response without its body, and the length of its head.
fn parse(bytes: &[u8]) -> Option<(Response, usize)> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut fields);
    let parsed = head.parse(bytes).expect("an HTTP response");
    let httparse::Status::Complete(length) = parsed else { return None };
    assert_eq!(head.version, Some(1), "HTTP/1.1");
    let fields = head.headers.iter().map(|field| {
        let value = String::from_utf8(field.value.to_vec());
        (field.name.to_lowercase(), value.expect("ASCII"))
    });
    let response = Response {
        status: head.code.expect("a status"),
        fields: fields.collect(),
        body: Vec::new(),
        is_cut: false,
    };
    Some((response, length))
}

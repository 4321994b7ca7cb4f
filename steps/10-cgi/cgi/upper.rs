//! A program for a response, in Rust: the request's body in capitals.
//!
//! `rustc -o steps/10-cgi/cgi/upper steps/10-cgi/cgi/upper.rs`

use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let mut body = Vec::new();
    io::stdin().read_to_end(&mut body)?;
    body.make_ascii_uppercase();
    print!("Content-Type: text/plain\n\n");
    io::stdout().write_all(&body)
}

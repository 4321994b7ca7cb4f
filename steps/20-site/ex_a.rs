//! Exercise 20a, Mind the braces: pages with values, conditions and lists.
//!
//! Try it: `cargo run --example 20a -- 127.0.0.1:8080`

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// The template, in the current directory.
const FILE: &str = "page.html";

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 20a [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connection) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Reads values, each of them a line, and responds with the page.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    let mut input = Vec::new();
    TcpStream::from(connection.try_clone()?).read_to_end(&mut input)?;
    // What is not UTF-8 becomes U+FFFD.
    let input = String::from_utf8_lossy(&input);
    let mut values = Values::new();
    for (name, value) in input.lines().filter_map(|it| it.split_once('=')) {
        values.entry(name).or_default().push(value);
    }
    let template = fs::read_to_string(FILE)?;
    let page = page(&template, &mut values).unwrap_or_else(|(rest, what)| {
        let before = &template[..template.len() - rest.len()];
        let line = 1 + before.matches('\n').count();
        eprintln!("{FILE}:{line}: {what}");
        "error\n".to_string()
    });
    Ok(stream::write_all(connection, page.as_bytes())?)
}

/// The values of each name, in their order.
type Values<'v> = HashMap<&'v str, Vec<&'v str>>;

/// The rest of a template, from where something is wrong, and what it is.
type Fault<'t> = (&'t str, &'static str);

/// The page that a template becomes.
fn page<'t>(
    template: &'t str,
    values: &mut Values<'t>,
) -> Result<String, Fault<'t>> {
    let mut page = template.to_string();
    for (name, values) in values {
        // TODO: a value is neither HTML nor a template.
        page = page.replace(&format!("{{{{{name}}}}}"), values[0]);
    }
    Ok(page)
}

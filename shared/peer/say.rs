//! Enters in step 25: the command `say [HOST:PORT] LINE`: has a node that is
//! running say something, as its page does. `-` are the lines of standard
//! input.

use std::io::{self, Read};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use shared::cli::{self, Failure};
use shared::net::deadline::Deadline;
use shared::net::resolve::resolve;

use crate::kind::Kind;
use crate::text::{self, Lines, Unfit};

/// For one request and its response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait if the node has enough to say already.
const PAUSE: Duration = Duration::from_millis(50);

/// Of a response.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Has the node at `name` say this line, or those of standard input.
///
/// # Errors
/// When the node cannot be reached, or refuses; or a line is none.
pub fn run(name: &str, what: &str) -> Result<(), Failure> {
    let token = token(name)?;
    if what != "-" {
        return say(name, &token, what);
    }
    let mut lines = Lines::new(Kind::Line.max_length());
    let mut buffer = [0; 4096];
    loop {
        let count = match io::stdin().read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                continue;
            }
            result => result.map_err(|error| {
                Failure::new("cannot read standard input", error)
            })?,
        };
        let cut = match count {
            0 => lines.end().into_iter().collect(),
            _ => lines.cut(&buffer[..count]),
        };
        for line in cut {
            match line {
                Ok(line) => say(name, &token, &line)?,
                // Those behind it may be fit.
                Err(why) => cli::log(unfit(why)),
            }
        }
        if count == 0 {
            return Ok(());
        }
    }
}

/// Why a line is not said.
fn unfit(why: Unfit) -> Failure {
    Failure::wrong(match why {
        Unfit::TooLong => "that line has more than 1024 bytes: not said",
        Unfit::NoText => "that line is no UTF-8 text: not said",
    })
}

/// What the page of the node shows to those who may have it say something.
fn token(name: &str) -> Result<String, Failure> {
    let request = format!(
        "GET /board HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    );
    let (_, response) = exchange(name, &request)?;
    let token = response.split_once("data-token=\"");
    let token = token.and_then(|(_, rest)| rest.split_once('"'));
    token.map(|(token, _)| token.to_string()).ok_or_else(|| {
        Failure::wrong(format_args!("{name} has no page of a node for us"))
    })
}

/// Shows what a node says to a request. Enters in step 27.
///
/// # Errors
/// When it cannot be reached, or refuses.
pub fn ask(name: &str, path: &str) -> Result<(), Failure> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    );
    let (status, response) = exchange(name, &request)?;
    let body = response.split_once("\r\n\r\n").map_or("", |it| it.1);
    match status.as_str() {
        "200" => cli::print(body.trim_end()),
        _ => {
            return Err(Failure::wrong(format_args!(
                "{name} does not say it: status {status}"
            )));
        }
    }
    Ok(())
}

/// Has one line said: when there is room for it.
fn say(name: &str, token: &str, line: &str) -> Result<(), Failure> {
    let line = text::line(line.as_bytes(), Kind::Line.max_length());
    let line = line.map_err(unfit)?;
    let body = line.replace('\\', r"\\").replace('"', "\\\"");
    let length = body.len() + 2;
    let request = format!(
        "POST /lines HTTP/1.1\r\nHost: {name}\r\nOrigin: http://{name}\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n\"{body}\""
    );
    loop {
        match exchange(name, &request)?.0.as_str() {
            "204" => return Ok(()),
            "503" => thread::sleep(PAUSE),
            status => {
                return Err(Failure::wrong(format_args!(
                    "{name} does not say it: status {status}"
                )));
            }
        }
    }
}

/// Sends a request on a connection of its own: the status, and all of the
/// response.
fn exchange(name: &str, request: &str) -> Result<(String, String), Failure> {
    let deadline = Deadline::after(TIMEOUT);
    let cannot =
        |why: io::Error| Failure::new(format_args!("cannot ask {name}"), why);
    let mut last = io::Error::from(Errno::EADDRNOTAVAIL);
    for address in resolve(name)? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                return converse(&stream, request, deadline).map_err(cannot);
            }
            Err(error) => last = error,
        }
    }
    Err(cannot(last))
}

fn converse(
    stream: &TcpStream,
    request: &str,
    deadline: Deadline,
) -> io::Result<(String, String)> {
    deadline.write_all(stream, request.as_bytes())?;
    let mut response = Vec::new();
    let mut buffer = [0; 4096];
    while (response.len() as u64) < MAX_BYTES {
        match deadline.read(stream, &mut buffer)? {
            0 => break,
            count => response.extend_from_slice(&buffer[..count]),
        }
    }
    let response = String::from_utf8_lossy(&response).into_owned();
    let status = response.strip_prefix("HTTP/1.1 ");
    let status = status.and_then(|it| it.get(..3));
    let status = status.ok_or_else(|| io::Error::other("it speaks no HTTP"))?;
    Ok((status.to_string(), response))
}

//! What a response in two writes costs, on one connection of this machine.
//!
//! Nagle's algorithm holds back the second write until the first has been
//! acknowledged, and the client's kernel delays that acknowledgement. The
//! three servers here differ in nothing but how they write.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use super::Chart;
use crate::Result;

/// Requests on one connection, one after the other. The kernel
/// acknowledges the first packets of a connection at once, so there must be
/// more than a few.
const REQUESTS: usize = 101;

/// No response takes as long as this.
const TIME_LIMIT: Duration = Duration::from_secs(5);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n";
const BODY: &[u8] = b"hello\n";

/// How a server writes: its name, whether it sets TCP_NODELAY, and in how many
/// pieces.
type Style = (&'static str, bool, usize);

const STYLES: [Style; 3] =
    [("two writes", false, 2), ("NODELAY", true, 2), ("one write", false, 1)];

/// Measures all three, one after the other.
pub fn record() -> Result<Chart> {
    let mut values = Vec::new();
    for style in STYLES {
        // Three digits are more than such a time is good for.
        let micros = (median_time(style)?.as_secs_f64() * 1e6).round();
        values.push((style.0.to_string(), micros / 1000.0));
    }
    let title = format!(
        "From request to response on one connection: the median of \
         {REQUESTS}, on {}",
        machine()
    );
    Ok(Chart::new(title, ["how the server writes", "milliseconds"], values))
}

/// Linux's version and the number of processors.
pub(super) fn machine() -> String {
    let version = fs::read_to_string("/proc/sys/kernel/osrelease");
    let version = version.unwrap_or_default();
    let number = version.split('-').next().unwrap_or_default().trim();
    let cores = thread::available_parallelism().map_or(1, |n| n.get());
    format!("Linux {number} with {cores} processors")
}

fn median_time((_, no_delay, writes): Style) -> Result<Duration> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || -> Result<()> {
        let (mut connection, _) = listener.accept()?;
        connection.set_read_timeout(Some(TIME_LIMIT))?;
        connection.set_nodelay(no_delay)?;
        let (mut request, whole) = ([0; REQUEST.len()], [HEAD, BODY].concat());
        let first = if writes == 1 { whole.len() } else { HEAD.len() };
        for _ in 0..REQUESTS {
            connection.read_exact(&mut request)?;
            connection.write_all(&whole[..first])?;
            connection.write_all(&whole[first..])?;
        }
        Ok(())
    });
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(TIME_LIMIT))?;
    let mut response = [0; HEAD.len() + BODY.len()];
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let begin = Instant::now();
        connection.write_all(REQUEST)?;
        connection.read_exact(&mut response)?;
        times.push(begin.elapsed());
    }
    server.join().map_err(|_| anyhow!("the server panicked"))??;
    times.sort();
    Ok(times[times.len() / 2])
}

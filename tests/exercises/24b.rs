//! Exercise 24b, Back off: dial again, but not all at the same time.
//!
//! Try it: `cargo run --example 24b -- 127.0.0.1:8080`, and `nc -l 8080` later

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc; //-solution
use std::thread;
use std::time::{Duration, Instant};

use peer::random::random; //-solution
use shared::cli::{self, Failure};

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 24b [ADDRESS] [--base MS] [--cap MS] [--steady MS]";
    let flags = ["base", "cap", "steady"];
    let (address, [base, cap, steady]) = cli::server_arguments(usage, flags)?;
    let hour = 3_600_000;
    let base = cli::number("base", base, hour, 1000)?;
    let cap = cli::number("cap", cap, hour, 300_000)?;
    let steady = cli::number("steady", steady, hour, 60_000)?;
    dial(address, [base, cap, steady].map(|ms| ms as u64))
        .map_err(|error| Failure::new("cannot go on", error))
}

/// Has a connection whenever it can. The first wait has a limit of `base` ms,
/// no limit is above `cap` ms, and `steady` ms make a connection a success.
fn dial(address: SocketAddr, [base, cap, steady]: [u64; 3]) -> io::Result<()> {
    //-solution
    let (sender, lines) = mpsc::sync_channel(1);
    // The sender itself stays here. Without one, when the input has ended, a
    // wait would end at once.
    let typed = sender.clone();
    let read = move || {
        for _ in io::stdin().lines() {
            // If there is one already, that is enough.
            let _ = typed.try_send(());
        }
    };
    thread::Builder::new().spawn(read)?;
    let mut limit = base;
    loop {
        let lasted = hold(address).unwrap_or_else(|error| {
            cli::log(format_args!("{address}: {}", cli::strerror(error)));
            Duration::ZERO
        });
        if lasted >= Duration::from_millis(steady) {
            limit = base;
        }
        let wait = u64::from_ne_bytes(random()?) % (limit + 1);
        cli::print(format_args!("retry in {wait} ms"));
        limit = match lines.recv_timeout(Duration::from_millis(wait)) {
            Ok(()) => base,
            Err(_) => (limit * 2).min(cap),
        };
    }
    //-starter
    // let _ = (cap, steady); // TODO: is each wait the same, for so many?
    // loop {
    //     hold(address)?; // TODO: and if nobody is there?
    //     cli::print(format_args!("retry in {base} ms"));
    //     // TODO: and if somebody is in a hurry?
    //     thread::sleep(Duration::from_millis(base));
    // }
    //-end
}

/// Connects, and reads to the end: how long it was connected.
fn hold(address: SocketAddr) -> io::Result<Duration> {
    let mut stream = TcpStream::connect(address)?;
    let since = Instant::now();
    cli::print("connected");
    // However a connection ends, it has lasted until then.
    let _ = io::copy(&mut stream, &mut io::sink());
    Ok(since.elapsed())
}

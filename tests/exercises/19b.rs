//! Exercise 19b, Sleep well: workers that sleep, and no job that waits.
//!
//! Try it: `cargo run --example 19b -- 127.0.0.1:8080 --workers 4`

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-main jobs

fn serve(address: SocketAddr, workers: usize) -> io::Result<()> {
    let listener = Listener::open(address)?;
    for _ in 0..workers {
        thread::Builder::new().spawn(work)?;
    }
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let (socket, peer) = listener.accept()?;
        let lost = move |error| cli::log(format_args!("{peer} lost: {error}"));
        let read = move || read(socket.into()).unwrap_or_else(lost);
        thread::Builder::new().spawn(read).map(drop).unwrap_or_else(lost);
    }
}

/// Brings the jobs of a client, each of them a line.
fn read(stream: TcpStream) -> io::Result<()> {
    // No response waits until the client has got the one before.
    stream.set_nodelay(true)?;
    let client = Arc::new(Mutex::new(stream.try_clone()?));
    for line in BufReader::new(stream).lines() {
        push((line?, Arc::clone(&client)));
    }
    Ok(())
}

/// What a worker does: all jobs that there are, and then it sleeps.
fn work() {
    let mut greeting = String::new();
    loop {
        if let Some((name, client)) = take() {
            // One that cannot be read has none.
            let count = fs::read(&name).map_or(0, |content| content.len());
            let response = format!("{greeting}{name} has {count} bytes\n");
            // One response at a time: two workers may have the same client.
            if let Err(error) = lock(&client).write_all(response.as_bytes()) {
                cli::log(format_args!("client lost: {error}"));
            }
        } else {
            // Now it delays nobody to see whether it has changed. If there is
            // no such file, there is no greeting.
            greeting = fs::read_to_string("greeting").unwrap_or_default();
            sleep();
        }
    }
}

/// The jobs that wait for a worker, in so many queues that a look takes time.
static QUEUES: [Mutex<VecDeque<Job>>; 1000] =
    [const { Mutex::new(VecDeque::new()) }; 1000];

/// How many jobs came so far: each goes into the next queue.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The workers that sleep.
static SLEEPERS: Mutex<Vec<Thread>> = Mutex::new(Vec::new());

fn push(job: Job) {
    let count = COUNT.fetch_add(1, Relaxed);
    lock(&QUEUES[count % QUEUES.len()]).push_back(job);
    wake_one();
}

fn take() -> Option<Job> {
    QUEUES.iter().find_map(|queue| lock(queue).pop_front())
}

/// Wakes a worker, if one sleeps: it is in the list no more.
fn wake_one() {
    let sleeper = lock(&SLEEPERS).pop();
    if let Some(sleeper) = sleeper {
        sleeper.unpark();
    }
}

/// Has this worker sleep until there is something to do.
fn sleep() {
    let me = thread::current();
    //-solution
    let is_me = |it: &Thread| it.id() == me.id();
    // First say it, then look: a job that came before is seen here, and
    // whoever brings one from now on sees this worker in the list.
    lock(&SLEEPERS).push(me.clone());
    if QUEUES.iter().all(|queue| lock(queue).is_empty()) {
        // It may return although nobody has woken this worker.
        while lock(&SLEEPERS).iter().any(is_me) {
            thread::park();
        }
        return;
    }
    let mut sleepers = lock(&SLEEPERS);
    if let Some(index) = sleepers.iter().position(is_me) {
        // Nobody shall wake this one in place of one that sleeps.
        sleepers.swap_remove(index);
    } else {
        // Somebody has, perhaps for another job than the one seen here.
        drop(sleepers);
        wake_one();
    }
    //-starter
    // // TODO: what if a job has come before the list has this worker?
    // lock(&SLEEPERS).push(me);
    // thread::park();
    //-end
}

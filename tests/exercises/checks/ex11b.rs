//! 11b Not too many: a bound on threads, and clients that wait.

use std::time::Duration;

use super::prelude::*;

const MOST: usize = 4;
const WAITING: usize = 20;

const SERVES: &str = "responds to each line";
const ALL: &str = "serves as many clients at once";
const BOUND: &str = "lets the next clients wait";

const AT_ONCE: &str = "four places are for four clients at once";
const LOOP: &str =
    "wait may return although nobody has notified: look again, in a loop";
const PANIC: &str =
    "a line behind the call is not reached by a panic: a value's Drop is";
const BROKEN: &str = "an error is an end as well: the place is free again";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "A loop that starts threads",
        |lab| talk(&mut server(lab)?.connect()?);
    ALL, 1, needs [SERVES], Passes, read "A loop that starts threads",
        |lab| full(&server(lab)?, AT_ONCE).map(drop);
    BOUND, 3, needs [ALL], Fails, read "A semaphore", bounds;
    "serves the next one when one has left", 2, needs [BOUND], Waits,
        read "A semaphore", takes_turns;
    "gives a place back after a panic", 2, needs [BOUND], Waits,
        read "A panic", |lab| free_after(lab, PANIC, |mut client| {
            client.send(b"panic\n")?;
            client.expect_eof()
        });
    "gives a place back after a broken connection", 1, needs [BOUND], Waits,
        read "A panic", |lab| free_after(lab, BROKEN, |mut client| {
            talk(&mut client)?;
            client.reset()
        });
    TIDY, 1, needs [BOUND], Waits, read "What a thread costs",
        |lab| tidy::check(lab, &server(lab)?, talk);
];

fn server(lab: &Lab) -> Outcome<Program> {
    lab.server_with(&["--threads", &MOST.to_string()])
}

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"hello\n", b"hello\n")
}

/// As many clients as it may serve; `guess` is for one that does not.
fn full(program: &Program, guess: &str) -> Outcome<Vec<Client>> {
    let mut clients = program.connect_many(MOST)?;
    // The last speaks first: who is served in turn is not served by luck.
    for client in clients.iter_mut().rev() {
        talk(client).likely(guess)?;
    }
    Ok(clients)
}

fn bounds(lab: &Lab) -> Outcome {
    overfull(&server(lab)?)?;
    // Here waits end although nobody has notified.
    let args = ["127.0.0.1:0", "--threads", &MOST.to_string()];
    let program = lab.launch(&args).shim("spurious=1").start()?;
    let _clients = full(&program, LOOP)?;
    let mut next = program.connect()?;
    next.send(b"hello\n")?;
    let limit = Duration::from_millis(300);
    let served = time::eventually(limit, program.pid(), || {
        next.has_something().then_some(())
    });
    ensure(served.is_none(), || {
        program.failed("the next client waits", "it does not")
    })
    .likely(LOOP)
}

/// The same, and others who wait.
fn overfull(program: &Program) -> Outcome<(Vec<Client>, Vec<Client>)> {
    let clients = full(program, AT_ONCE)?;
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let mut client = program.connect()?;
        client.send(b"hello\n")?;
        waiting.push(client);
    }
    // When it is idle it has done what it does.
    program.expect_idle()?;
    for client in &mut waiting {
        if client.has_something() {
            client
                .expect_nothing()
                .likely_if("hello", "nothing bounds the number of clients")
                .likely("the next client waits its turn: it is not refused")?;
        }
    }
    let threads = proc::threads(program.pid()).len();
    ensure(threads <= MOST + 1, || {
        let got = format!("{threads} threads");
        program.failed(format!("at most {MOST} threads, and main"), got)
    })
    .likely("take a place before a thread is started, not in the thread")?;
    let sockets = proc::socket_count(program.pid());
    // Each may be open twice; one that was let in may wait for its place.
    ensure(sockets <= 2 * MOST + 2, || {
        let got = format!("{sockets} sockets");
        program.failed("the next clients wait in the kernel's queue", got)
    })
    .likely("what is let in without a limit is a queue without a limit")?;
    Ok((clients, waiting))
}

fn takes_turns(lab: &Lab) -> Outcome {
    let program = server(lab)?;
    let (clients, mut waiting) = overfull(&program)?;
    for client in clients {
        client.close();
        let next = program
            .eventually("serves one who waits", || {
                waiting.iter().position(Client::has_something)
            })
            .likely("who sleeps must be woken: notify_one")?;
        let mut served = waiting.remove(next);
        served.expect(b"hello\n")?;
        served.close();
    }
    Ok(())
}

/// All places are free again after ten clients that end like this.
fn free_after(lab: &Lab, guess: &str, end: fn(Client) -> Outcome) -> Outcome {
    let program = server(lab)?;
    (0..10).try_for_each(|_| end(program.connect()?)).likely(guess)?;
    full(&program, guess).map(drop)
}

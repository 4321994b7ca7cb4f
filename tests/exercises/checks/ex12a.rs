//! 12a A queue with an end: workers, and the clients that wait.

use std::time::Duration;

use super::prelude::*;

/// As the program is started.
const WORKERS: usize = 3;
const QUEUE: usize = 4;

const SERVES: &str = "responds to as many at once as it has workers";
const FULL: &str = "has others wait in turn, and refuses the next when full";
const STAYS: &str = "loses no worker, whatever ends a wait or a connection";

pub const CHECKS: &[Check] = checks![
    SERVES, 2, needs [], Passes, read "What a worker does",
        serves;
    FULL, 4, needs [SERVES], Fails, read "Full", takes_turns;
    STAYS, 3, needs [SERVES], Fails, read "Why a loop around wait",
        |lab| spurious(lab).and_then(|()| leave(lab));
    "responds to all that it has accepted, and ends with status 0", 4,
        needs [FULL], Waits, read "Draining", drains;
    TIDY, 1, needs [STAYS], Waits, read "Draining",
        |lab| tidy::check(lab, &server(lab)?, talk);
];

/// The start of a server that has a file to read.
fn launch(lab: &Lab) -> Outcome<Launch> {
    Tree::new(lab).file("file", CONTENT)?;
    Ok(lab.launch(&["127.0.0.1:0", "--workers", "3", "--queue", "4"]))
}

/// Such a server, whose workers have come to their first wait.
fn server(lab: &Lab) -> Outcome<Program> {
    let program = launch(lab)?.start()?;
    await_sleep(&program)?;
    Ok(program)
}

const CONTENT: &[u8] = b"in the file\n";

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"file\n", CONTENT)?;
    client.expect_eof()
}

fn serves(lab: &Lab) -> Outcome {
    let program = server(lab)?;
    talk(&mut program.connect()?)
        .likely("a worker that sleeps must be woken: notify_one")?;
    hold_all(&program).map(drop)
}

/// A client whose request is held open.
struct Waiting {
    client: Client,
    held: Held,
}

impl Waiting {
    /// It has connected and sent its request.
    fn new(program: &Program, name: String) -> Outcome<Waiting> {
        let held = Held::new(program.lab(), &name)?;
        let mut client = program.connect()?;
        client.send(held.request().as_bytes())?;
        Ok(Waiting { client, held })
    }

    /// Lets its worker go on, and receives the whole response.
    fn release(mut self, lab: &Lab) -> Outcome {
        let content = format!("what was in {}", self.held.request());
        self.held.release(lab, &content);
        self.client.expect(content.as_bytes())?;
        self.client.expect_eof()
    }
}

/// A client for each worker.
fn hold_all(program: &Program) -> Outcome<Vec<Waiting>> {
    let hold = |number| {
        let mut waiting = Waiting::new(program, format!("running-{number}"))?;
        waiting.held.await_worker(program).likely(
            "a worker that sleeps takes the next client: it must be notified, \
             and no other may hold the lock while it works",
        )?;
        Ok(waiting)
    };
    (1..=WORKERS).map(hold).collect()
}

/// The same, and as many in the queue as it takes.
fn fill(program: &Program) -> Outcome<[Vec<Waiting>; 2]> {
    let running = hold_all(program)?;
    let count = || proc::threads(program.pid()).len();
    let threads = count();
    let wait = |number| Waiting::new(program, format!("queued-{number}"));
    let mut queued = (1..=QUEUE).map(wait).collect::<Outcome<Vec<_>>>()?;
    expect_waiting(program, &mut queued)?;
    expect_refusal(program)?;
    expect_refusal(program)?;
    // One that has refused a client may be about to end.
    let what = format!("has {threads} threads, as before");
    program
        .eventually(&what, || (count() == threads).then_some(()))
        .likely("workers are started once, before there is a client")?;
    Ok([running, queued])
}

/// When nothing moves any more, these are neither refused nor served.
fn expect_waiting(program: &Program, queued: &mut [Waiting]) -> Outcome {
    await_sleep(program)?;
    for Waiting { client, held } in queued {
        let expected = "it waits in the queue";
        if client.has_something() {
            client.expect_nothing().expecting(expected).likely(
                "there is room for four, besides those that are served, and \
                 one that has left the queue has left room",
            )?;
        }
        ensure(!held.is_read(), || {
            program.failed(expected, "a worker reads its file")
        })
        .likely("three workers work for three clients at once")?;
    }
    Ok(())
}

/// The next one is refused at once. It has sent nothing yet, so that nothing
/// is lost when its connection is closed.
fn expect_refusal(program: &Program) -> Outcome {
    let mut client = program.connect()?;
    let refused = client.expect(b"503 busy\n");
    refused.likely("the queue has an end: the next client is told at once")?;
    client.expect_eof()
}

fn takes_turns(lab: &Lab) -> Outcome {
    let program = server(lab)?;
    let [mut running, mut queued] = fill(&program)?;
    for turn in 1..=2 {
        running.remove(0).release(lab)?;
        let mut first = queued.remove(0);
        first
            .held
            .await_worker(&program)
            .likely("the worker that is free takes the client at the head")?;
        running.push(first);
        queued.push(Waiting::new(&program, format!("next-{turn}"))?);
        expect_waiting(&program, &mut queued)?;
        expect_refusal(&program)?;
    }
    Ok(())
}

fn spurious(lab: &Lab) -> Outcome {
    let program = launch(lab)?.shim("spurious=1").start()?;
    // Each worker wakes up a few times, unless it has gone.
    let pid = program.pid();
    let threads = || proc::threads(pid).into_iter();
    let switches = || threads().map(|it| it.switches).sum::<u64>();
    let enough = switches() + 30;
    time::eventually(Duration::from_millis(300), pid, || {
        (switches() > enough).then_some(())
    });
    lab.log().event("nobody has notified, but waits have ended");
    for _ in 0..20 {
        talk(&mut program.connect()?).likely(
            "wait may return although nobody has notified: look again, in a \
             loop",
        )?;
    }
    Ok(())
}

fn leave(lab: &Lab) -> Outcome {
    let program = server(lab)?;
    let broken = || {
        program.connect()?.close();
        program.connect()?.reset()?;
        let mut client = program.connect()?;
        client.send(b"\xFF\n")?;
        client.drain_to_eof()
    };
    (0..WORKERS)
        .try_for_each(|_| broken())
        .and_then(|()| hold_all(&program).map(drop))
        .likely("an error ends a connection, not the worker")
}

/// When there is nothing to do, and when there is as much as can be.
fn drains(lab: &Lab) -> Outcome {
    let program = server(lab)?;
    talk(&mut program.connect()?)?;
    program.expect_idle()?;
    terminate(&program);
    program.expect_exit(0).likely_if(
        "goes on",
        "each worker that sleeps must hear that no client will come: \
         notify_all",
    )?;
    let program = server(lab)?;
    let [running, queued] = fill(&program)?;
    terminate(&program);
    await_sleep(&program)?;
    ensure(program.ended().is_none(), || {
        program.failed("it goes on until all are served", "it has ended")
    })
    .likely("main joins its workers before it ends")?;
    for mut waiting in running.into_iter().chain(queued) {
        waiting
            .held
            .await_worker(&program)
            .and_then(|()| waiting.release(lab))
            .likely("a client in the queue has been accepted: serve it")?;
    }
    program.expect_exit(0).map(drop)
}

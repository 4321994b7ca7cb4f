//! 19b Sleep well: between the last look and the sleep a job may come.

use std::time::{Duration, Instant};

use super::prelude::*;

const RESPONDS: &str = "says how long a file is";
const HEARS: &str = "does a job that came when it was about to sleep";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "Going to sleep",
        |lab| talk(&mut start_workers(lab, 16)?.connect()?);
    HEARS, 3, needs [RESPONDS], Fails, read "Going to sleep",
        |lab| late(lab, 1, 1);
    "has no job wait while a worker sleeps", 3, needs [HEARS], Waits,
        read "Going to sleep",
        // Whether those that stay in the list come to lie above one that
        // sleeps is for the scheduler to say: four times, then.
        |lab| (0..4).try_for_each(|_| late(lab, 16, 8));
    "loses no wake-up of ten thousand", 3, needs [HEARS], Waits,
        read "Going to sleep", sweep;
    "wakes one worker for a job, and none without", 1, needs [RESPONDS],
        Passes, read "Going to sleep", wakes_one;
    TIDY, 1, needs [RESPONDS], Passes, read "Going to sleep",
        |lab| tidy::check(lab, &start_workers(lab, 16)?, talk);
];

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"a\n", b"a has 0 bytes\n")
        .likely("a worker that sleeps must be woken: unpark")
}

/// Jobs that can be held, in the queues of a program that then sleeps.
fn bring(program: &Program, count: usize) -> Outcome<(Client, Vec<Held>)> {
    let mut client = program.connect()?;
    let bring = |number| {
        let job = Held::new(program.lab(), &format!("job-{number}"))?;
        client.send(job.request().as_bytes())?;
        Ok(job)
    };
    let jobs = (0..count).map(bring).collect::<Outcome<_>>()?;
    client.wait_until_read()?;
    await_sleep(program)?;
    Ok((client, jobs))
}

/// The first jobs come when the workers have found nothing to do and do not
/// sleep yet, and a job for each of them when they do.
fn late(lab: &Lab, workers: usize, first: usize) -> Outcome {
    let mut greeting = Held::new(lab, "greeting")?;
    let program = start_workers(lab, workers)?;
    greeting.await_worker(&program)?;
    let all_held = |(_client, mut jobs): (Client, Vec<Held>)| {
        jobs.iter_mut().try_for_each(|job| job.await_worker(&program))
    };
    let jobs = bring(&program, first)?;
    // Nobody waits for it a second time.
    Tree::new(lab).rename("greeting", "old")?;
    drop(greeting);
    all_held(jobs).likely(
        "it had looked, the job came and found nobody in the list, and then \
         it slept: be in the list first, then look once more",
    )?;
    await_sleep(&program)?;
    all_held(bring(&program, workers)?)
        .likely("a worker that does a job, or will, is not in the list")
}

/// The second job comes sooner or later after the first one.
fn sweep(lab: &Lab) -> Outcome {
    let mut client = start_workers(lab, 1)?.connect()?;
    for round in 0..5000 {
        client.send(b"a\n")?;
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(round % 200) {}
        client.send(b"a\n")?;
        client
            .expect(&b"a has 0 bytes\n".repeat(2))
            .likely("a job came in between: first the list, then the look")?;
    }
    Ok(())
}

fn wakes_one(lab: &Lab) -> Outcome {
    let program = start_workers(lab, 16)?;
    let mut client = program.connect()?;
    await_sleep(&program)?;
    let threads = || proc::threads(program.pid()).into_iter();
    let switches = || threads().map(|it| it.switches).sum::<u64>();
    let start = switches();
    std::thread::sleep(Duration::from_secs(2));
    let none = switches() - start;
    for _ in 0..100 {
        talk(&mut client)?;
        await_sleep(&program)?;
    }
    let each = (switches() - start) / 100;
    ensure(none == 0 && each <= 8, || {
        let got = format!("woken {none} times in 2 s, then {each} for a job");
        program.failed("a worker is woken, if there is a job", got)
    })
    .likely_if(
        "woken 0 times",
        "one job is for one worker: others find nothing",
    )
    .likely("a limit on time makes up for a lost wake-up, and wakes all others")
}

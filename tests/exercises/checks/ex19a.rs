//! 19a Idle hands: a deque for each worker, and those who steal from it.

use std::collections::BTreeSet;

use super::prelude::*;

const RESPONDS: &str = "says which worker has done the job";
const STEALS: &str = "has an idle worker take what waits for others";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "A queue each",
        |lab| talk(&mut start_workers(lab, 4)?.connect()?);
    STEALS, 4, needs [RESPONDS], Fails, read "A queue each", steals;
    "takes its own newest first, and another's oldest first", 3,
        needs [STEALS], Waits, read "Two ends without a lock", ends;
    "has all workers steal from each other", 2, needs [STEALS], Waits,
        read "Two ends without a lock", crosses;
    TIDY, 1, needs [RESPONDS], Passes, read "Going to sleep",
        |lab| tidy::check(lab, &start_workers(lab, 4)?, talk);
];

/// The next responses, such as `0: a has 0 bytes`, as far as `end`.
fn lines(client: &mut Client, end: char, n: usize) -> Outcome<Vec<String>> {
    let line = |_| {
        let line = client.line()?;
        let line = String::from_utf8_lossy(&line);
        Ok(line.split(end).next().unwrap_or_default().to_string())
    };
    (0..n).map(line).collect()
}

fn talk(client: &mut Client) -> Outcome {
    client.send(b"0 a\n")?;
    let line = lines(client, '\n', 1)?.concat();
    ensure((0..4).any(|it| line == format!("{it}: a has 0 bytes")), || {
        client.failed("`0: a has 0 bytes`, or from worker 1, 2 or 3", line)
    })
}

/// A server and its client, whose jobs hold as many of the workers.
fn hold(lab: &Lab, workers: usize, held: usize) -> Outcome<Scene> {
    let program = start_workers(lab, workers)?;
    let mut client = program.connect()?;
    let hold = |number| {
        let mut held = Held::new(lab, &format!("hold-{number}"))?;
        client.send(format!("0 {}", held.request()).as_bytes())?;
        held.await_worker(&program).likely(
            "an idle worker must hear of a job in any deque, and look into \
             all of them",
        )?;
        Ok(held)
    };
    let held = (0..held).map(hold).collect::<Outcome<_>>()?;
    Ok((program, client, held))
}

type Scene = (Program, Client, Vec<Held>);

/// Three of four workers are held: the fourth does all that is in all deques.
fn steals(lab: &Lab) -> Outcome {
    let (program, mut client, held) = hold(lab, 4, 3)?;
    client.send("0 a\n1 a\n2 a\n3 a\n".repeat(10).as_bytes())?;
    let all = lines(&mut client, ':', 40)?;
    drop(held);
    let all = [all, lines(&mut client, ':', 3)?].concat();
    let free: BTreeSet<_> = all[..40].iter().collect();
    let others: BTreeSet<_> = all[39..].iter().collect();
    ensure((free.len(), others.len()) == (1, 4), || {
        let got = format!("{free:?} while three are held, then {others:?}");
        program.failed("one worker, then each of the others", got)
    })
    .likely("a response begins with the number of the worker, not the deque's")
}

/// Of two workers one is let go, with three jobs in each deque.
fn ends(lab: &Lab) -> Outcome {
    let (program, mut client, mut held) = hold(lab, 2, 2)?;
    client.send(b"0 a\n1 a\n0 b\n1 b\n0 c\n1 c\n")?;
    client.wait_until_read()?;
    await_sleep(&program)?;
    drop(held.pop());
    let got = lines(&mut client, 'h', 7)?.split_off(1).concat();
    let order: String = got.chars().filter(|it| "abc".contains(*it)).collect();
    ensure(order == "cbaabc", || {
        program.failed("c b a of its own, then a b c of the other's", got)
    })
    .likely("the owner takes from the back, and a thief from the front")
}

/// With a long way to what there is to steal.
fn crosses(lab: &Lab) -> Outcome {
    let mut client = start_workers(lab, 256)?.connect()?;
    (0..100).try_for_each(|_| {
        client.send("0 a\n64 a\n128 a\n192 a\n".repeat(64).as_bytes())?;
        lines(&mut client, '\n', 256).map(drop).likely(
            "workers wait for each other's locks: give the lock of the own \
             deque back before you take another",
        )
    })
}

//! 12b The fast lane: two classes of requests, and workers for both.

use super::prelude::*;

const SERVES: &str = "responds to requests of both classes";
const ORDER: &str = "keeps the order of a class";
const FAST: &str = "has the fast ones overtake";
const FOUR: &str = "takes a slow one after four fast ones";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "What a worker does",
        |lab| talk(&mut server(lab, 2)?.connect()?);
    ORDER, 1, needs [SERVES], Passes, read "A queue with an end", order;
    FAST, 3, needs [ORDER], Fails, read "A queue with an end", overtake;
    FOUR, 3, needs [FAST], Waits, read "A queue with an end", four;
    "counts the fast ones also while no slow one waits", 1, needs [FOUR], Waits,
        read "A queue with an end", row;
    "loses no wake-up of two thousand", 1, needs [SERVES], Passes,
        read "Why a loop around wait", wakes;
    TIDY, 1, needs [SERVES], Passes, read "Why a loop around wait",
        |lab| tidy::check(lab, &server(lab, 2)?, talk);
];

/// A server, and directories for it to serve.
fn server(lab: &Lab, workers: usize) -> Outcome<Program> {
    for class in ["fast", "slow"] {
        write(lab, &format!("{class}/file"), class)?;
    }
    start_workers(lab, workers)
}

/// A file with one line in it.
fn write(lab: &Lab, name: &str, line: &str) -> Outcome {
    Tree::new(lab).file(name, format!("{line}\n"))
}

fn talk(client: &mut Client) -> Outcome {
    // The first finds all workers asleep, and the other one perhaps not.
    for class in ["slow", "fast"] {
        let (name, line) = (format!("{class}/file\n"), format!("{class}\n"));
        round_trip(client, name.as_bytes(), line.as_bytes())
            .likely("a worker that sleeps must be woken: notify_one")?;
    }
    Ok(())
}

/// A server with two workers, one of which is held for good.
struct Scene {
    program: Program,
    client: Client,
    _other: Held,
}

impl Scene {
    /// With what holds the other worker.
    fn new(lab: &Lab) -> Outcome<(Scene, Held)> {
        let program = server(lab, 2)?;
        let mut client = program.connect()?;
        let mut hold = |name| {
            let mut held = Held::new(lab, name)?;
            client.send(held.request().as_bytes())?;
            held.await_worker(&program)
                .likely("there are two workers: each takes a request")?;
            Ok(held)
        };
        let (other, gate) = (hold("slow/other")?, hold("slow/gate")?);
        Ok((Scene { program, client, _other: other }, gate))
    }

    /// Sends requests for `names`, such as "s1 f1", and waits until all are in
    /// the queue.
    fn put(&mut self, names: &str) -> Outcome {
        let mut lines = String::new();
        for name in names.split(' ') {
            let class = if name.starts_with('f') { "fast" } else { "slow" };
            let path = format!("{class}/{name}");
            write(self.program.lab(), &path, name)?;
            lines.push_str(&format!("{path}\n"));
        }
        self.client.send(lines.as_bytes())?;
        self.settle()
    }

    /// Waits until all that was sent is in the queue.
    fn settle(&mut self) -> Outcome {
        self.client.wait_until_read()?;
        await_sleep(&self.program)
    }

    /// Lets a worker go: the responses that come, in this order.
    fn release(&mut self, gate: Held, order: &str) -> Outcome {
        gate.release(self.program.lab(), "gate\n");
        self.client.expect(b"gate\n")?;
        let mut got = Vec::new();
        for _ in order.split(' ') {
            let line = self.client.line()?;
            got.push(String::from_utf8_lossy(&line).trim_end().to_string());
        }
        let got = got.join(" ");
        ensure(got == order, || self.program.failed(order, got))
    }
}

fn order(lab: &Lab) -> Outcome {
    for names in ["s1 s2 s3 s4 s5 s6", "f1 f2 f3 f4"] {
        let (mut scene, gate) = Scene::new(lab)?;
        scene.put(names)?;
        scene.release(gate, names).likely(
            "first in, first out: what is put in at the back is taken from \
             the front",
        )?;
    }
    Ok(())
}

fn overtake(lab: &Lab) -> Outcome {
    let (mut scene, gate) = Scene::new(lab)?;
    scene.put("s1 s2 f1 s3 f2 f3")?;
    scene
        .release(gate, "f1 f2 f3 s1 s2 s3")
        .likely("there are two queues: look into the fast one first")
}

fn four(lab: &Lab) -> Outcome {
    let (mut scene, gate) = Scene::new(lab)?;
    scene.put("s1 s2 s3 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10")?;
    scene
        .release(gate, "f1 f2 f3 f4 s1 f5 f6 f7 f8 s2 f9 f10 s3")
        .likely_if("f4 s1 s2", "when a slow one is taken, count from 0 again")
        .likely(
            "after four fast ones in a row one is taken that is slow and waits",
        )
}

fn row(lab: &Lab) -> Outcome {
    let (mut scene, gate) = Scene::new(lab)?;
    scene.put("f1 f2 f3")?;
    let mut fourth = Held::new(lab, "fast/gate")?;
    scene.client.send(fourth.request().as_bytes())?;
    scene.settle()?;
    scene.release(gate, "f1 f2 f3")?;
    fourth.await_worker(&scene.program)?;
    scene.put("s1 f5")?;
    scene
        .release(fourth, "s1 f5")
        .likely("the last four were fast, whether or not a slow one waited")
}

fn wakes(lab: &Lab) -> Outcome {
    let names = ["fast/1", "slow/1", "fast/2", "slow/2"];
    let program = server(lab, names.len())?;
    let mut client = program.connect()?;
    for round in 1..=500 {
        let held = names.iter().map(|name| Held::new(lab, name));
        let mut held = held.collect::<Outcome<Vec<Held>>>()?;
        let requests = names.map(|name| format!("{name}\n"));
        client.send(requests.concat().as_bytes())?;
        // All at the same time: none is released before each has a worker.
        held.iter_mut()
            .try_for_each(|held| held.await_worker(&program))
            .about(&format!("round {round}"))
            .likely(
                "four workers sleep, and four requests come: each of them \
                 wakes one up, through what it waits for",
            )?;
        for held in held {
            held.release(lab, "done\n");
        }
        client.expect(b"done\ndone\ndone\ndone\n")?;
    }
    Ok(())
}

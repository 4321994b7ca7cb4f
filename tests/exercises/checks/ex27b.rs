//! 27b Hear it live: lines as server-sent events.

use super::prelude::*;
use crate::lab::diag;

const TELLS: &str = "tells each line, and finds out who has gone";

pub const CHECKS: &[Check] = checks![
    TELLS, 4, needs [], Passes, read "A page that goes on", tells;
    "lets no line begin an event", 4, needs [TELLS], Fails,
        read "A page that goes on", lines;
    "tells who comes what they have missed", 5, needs [TELLS], Fails,
        read "A page that goes on", missed;
    "cuts off who does not read", 5, needs [TELLS], Fails,
        read "A page that goes on", slow;
    TIDY, 1, needs [], Passes, read "A page that goes on", |lab|
        tidy::check(lab, &start(lab)?, |it| it.send(b"GET / HTTP/1.1\r\n\r\n")
            .and_then(|()| it.drain_to_eof()));
];

fn start(lab: &Lab) -> Outcome<Program> {
    lab.launch(&["127.0.0.1:0"]).stdin(std::process::Stdio::piped()).start()
}

fn listen(program: &Program, last: &str) -> Outcome<Client> {
    let mut client = program.connect()?;
    let head = "GET /events HTTP/1.1\r\nlast-event-id:";
    client.send(format!("{head} {last}\r\nHost: a\r\n\r\n").as_bytes())?;
    client.response_head().map(|_| client)
}

/// The next event, as a browser has it, is this. Returns how long it is.
fn hears(client: &mut Client, id: usize, data: &str) -> Outcome<usize> {
    let mut event = String::new();
    // Without data it is a comment.
    while !event.ends_with("\n\n") || !event.contains("data:") {
        let line = client.line()?;
        event += &String::from_utf8_lossy(&line).replace("\r\n", "\n");
    }
    let lines = event.replace('\r', "\n");
    let [got_id, got] = ["id:", "data:"].map(|name| {
        let values = lines.split('\n').filter_map(|it| it.strip_prefix(name));
        let values = values.map(|it| it.strip_prefix(' ').unwrap_or(it));
        values.collect::<Vec<_>>().join("\n")
    });
    let [wanted, got] = [(&*id.to_string(), data), (&got_id, &got)]
        .map(|(id, data)| format!("event {id}: {data:?}"));
    ensure(got == wanted, || client.failed(wanted, got))?;
    Ok(event.len())
}

/// Line 7 is 7.
fn count(client: &mut Client, from: usize, to: usize) -> Outcome {
    (from..=to).try_for_each(|id| hears(client, id, &id.to_string()).map(drop))
}

fn tells(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let mut stays = listen(&program, "")?;
    await_sleep(&program)?;
    let had = program.resources().descriptors;
    listen(&program, "")?.close();
    listen(&program, "")?.reset()?;
    let mut id = 0;
    program.eventually("leaves nothing of who has gone", || {
        id += 1;
        program.type_in(format!("{id}\n").as_bytes()).ok()?;
        count(&mut stays, id, id).ok()?;
        (program.resources().descriptors == had).then_some(())
    })?;
    program.end_input();
    program.expect_exit(0).and_then(|_| stays.drain_to_eof())
}

fn lines(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let mut client = listen(&program, "")?;
    let lines = "a\rdata: b|\r\revent: a\r\r|a\rid: 7||: a|  a |id: 7|\u{2028}";
    lines
        .split('|')
        .zip(1..)
        .try_for_each(|(line, id)| {
            program.type_in(format!("{line}\n").as_bytes())?;
            hears(&mut client, id, &line.replace('\r', "\n")).map(drop)
        })
        .likely("a carriage return ends a line; a blank is cut off")
}

fn missed(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let mut first = listen(&program, "")?;
    let mut say = |from, to| {
        let lines = (from..=to).map(|id| format!("{id}\n"));
        program.type_in(lines.collect::<String>().as_bytes())?;
        count(&mut first, from, to)
    };
    say(1, 4)?;
    count(&mut listen(&program, "")?, 1, 4)?;
    say(5, 150)?;
    let late = [("", 141), ("130", 131), ("150", 151), ("20", 51), ("x", 141)]
        .map(|(last, from)| (listen(&program, last), from));
    say(151, 151)?;
    late.into_iter()
        .try_for_each(|(client, from)| count(&mut client?, from, 151))
        .likely("what they have missed, and is kept, each once")
}

fn slow(lab: &Lab) -> Outcome {
    let (program, line) = (start(lab)?, "x".repeat(4000));
    let [mut fast, slow] = [listen(&program, "")?, listen(&program, "")?];
    await_sleep(&program)?;
    let had = program.resources().descriptors.len();
    let is_cut = || program.resources().descriptors.len() < had;
    let ends = [slow.own_address()?, program.address()?];
    let queues = |at| diag::queues(ends[at], ends[1 - at]).ok().flatten();
    let (mut id, mut said, mut waits) = (0, 0, 0);
    while waits < 128 << 10 && !is_cut() {
        id += 1;
        program.type_in(format!("{line}\n").as_bytes())?;
        let heard = hears(&mut fast, id, &line);
        said += heard.likely("nobody waits for a slow one")?;
        let [theirs, ours] = [0, 1].map(|at| queues(at).unwrap_or_default());
        waits = said.saturating_sub((theirs.0 + ours.1) as usize);
    }
    let cut = program.eventually("cuts it off", || is_cut().then_some(()));
    cut.likely("there is no bound for what is kept for one client")
}

//! 11a Count me: what many threads count together.

use std::collections::BTreeSet;

use super::prelude::*;

const SERVES: &str = "counts names, each by itself";
const SHARES: &str = "counts over all connections";
const COUNTS: &str = "gives no number twice, and leaves none out";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "One counter", serves;
    SHARES, 1, needs [SERVES], Passes, read "One counter", shares;
    COUNTS, 4, needs [SHARES], Fails, read "One counter", counts;
    "keeps no one waiting for a slow client", 2, needs [COUNTS], Waits,
        read "A semaphore", slow_client;
    "takes any bytes for a name", 2, needs [COUNTS], Waits,
        read "A panic", any_bytes;
    "keeps no thread and no stack", 1, needs [COUNTS], Waits,
        read "What a thread costs", no_stack;
    TIDY, 1, needs [COUNTS], Waits, read "What a thread costs",
        |lab| tidy::check(lab, &lab.server()?, |it| say(it, b"Ada").map(drop));
];

/// Says a name, and returns the number that comes back with it.
fn say(client: &mut Client, name: &[u8]) -> Outcome<u64> {
    client.send(&[name, b"\n"].concat())?;
    number(client, name)
}

fn number(client: &mut Client, name: &[u8]) -> Outcome<u64> {
    let response = client.line()?;
    let end = [b" ", name, b"\n"].concat();
    let number = response
        .strip_suffix(&end[..])
        .and_then(|number| str::from_utf8(number).ok()?.parse().ok());
    number.ok_or_else(|| {
        client.failed("a number, a space, the name", show::bytes(&response))
    })
}

fn serves(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    round_trip(&mut client, b"Ada\n", b"1 Ada\n")?;
    round_trip(&mut client, b"Ada\n", b"2 Ada\n")?;
    round_trip(&mut client, b"Grace\n", b"1 Grace\n")
        .likely("each name has a number of its own")
}

fn shares(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut clients = [program.connect()?, program.connect()?];
    for turn in 0..6 {
        let expected = format!("{} Ada\n", turn + 1);
        let client = &mut clients[turn % 2];
        round_trip(client, b"Ada\n", expected.as_bytes())
            .likely("all threads share one table")?;
        // Said one after the other: it has done with this one.
        await_sleep(&program)?;
    }
    Ok(())
}

fn counts(lab: &Lab) -> Outcome {
    const CLIENTS: usize = 50;
    const EACH: usize = 200;
    let program = lab.server()?;
    lab.log().event(format!("{CLIENTS} clients say `Ada` {EACH} times each"));
    let mut clients = program.connect_many(CLIENTS)?;
    // All at the same time: nobody is served before the last has spoken.
    program.signal(libc::SIGSTOP);
    for client in &mut clients {
        client.send(&b"Ada\n".repeat(EACH))?;
    }
    program.signal(libc::SIGCONT);
    let mut heard = BTreeSet::new();
    for client in &mut clients {
        for _ in 0..EACH {
            heard.insert(number(client, b"Ada")?);
        }
    }
    let all: BTreeSet<u64> = (1..=(CLIENTS * EACH) as u64).collect();
    ensure(heard == all, || {
        let most = heard.last().copied().unwrap_or(0);
        let got = format!("{} numbers, up to {most}", heard.len());
        program.failed(format!("each of 1 to {} once", all.len()), got)
    })
    .likely(DIVIDED)?;
    between_two_steps(&program)
}

const DIVIDED: &str = "between looking a number up and storing it another \
    thread does the same: hold the lock over both";

/// A thread that responds before it stores can be held between the two, by a
/// client that does not read.
fn between_two_steps(program: &Program) -> Outcome {
    let name = [b'A'; 999];
    let mut slow = program.connect()?;
    slow.flood(&[&name[..], b"\n"].concat())?;
    let mut other = program.connect()?;
    // That nobody is served meanwhile, another check sees.
    let Ok(number) = say(&mut other, &name) else { return Ok(()) };
    slow.finish()?;
    let heard = slow.receive_all()?;
    let same = format!("{number} ").into_bytes();
    let mut responses = heard.split(|byte| *byte == b'\n');
    ensure(!responses.any(|it| it.starts_with(&same)), || {
        let got = format!("{number} for two clients");
        program.failed("each number once", got)
    })
    .likely(DIVIDED)
}

fn slow_client(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut slow = program.connect()?;
    slow.flood(b"Ada\n")?;
    let mut others = [program.connect()?, program.connect()?];
    for (client, name) in others.iter_mut().zip([b"Ada", b"Eve"]) {
        say(client, name).likely(
            "the lock is held while a response is written: all others wait for \
             it, and so for that client",
        )?;
    }
    Ok(())
}

fn any_bytes(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut odd = program.connect()?;
    let result = say(&mut odd, b"\xff\0");
    let mut next = program.connect()?;
    say(&mut next, b"Ada").likely(
        "a thread that panics while it has the lock leaves it poisoned, and \
         every later `unwrap` panics",
    )?;
    result.map(drop).likely("a name is bytes, not text")
}

fn no_stack(lab: &Lab) -> Outcome {
    const CLIENTS: usize = 100;
    // What a thread's stack takes of the address space, in KiB.
    const STACK: u64 = 2 * 1024;
    let program = lab.server()?;
    let size = || proc::data(program.pid()).unwrap_or(0);
    let mut clients = program.connect_many(CLIENTS)?;
    clients.iter_mut().try_for_each(|it| say(it, b"Ada").map(drop))?;
    let with_all = size();
    drop(clients);
    lab.log().event(format!("{CLIENTS} clients have left"));
    program
        .eventually("has one thread", || {
            (proc::threads(program.pid()).len() == 1).then_some(())
        })
        .likely(
            "a thread ends when its function returns: what does it wait for?",
        )?;
    // The C library keeps some stacks: 40 MiB at most.
    let most = with_all.saturating_sub(CLIENTS as u64 / 2 * STACK);
    ensure(size() <= most, || {
        let expected = format!("VmData at most {most} KiB, of {with_all}");
        program.failed(expected, format!("{} KiB", size()))
    })
    .likely("a thread's stack is kept as long as its handle: who joins it?")
}

//! 17a No copies: sendfile, and a head that waits for it.

use std::time::{Duration, Instant};

use super::http::{ask, expect, request, same_head};
use super::prelude::*;

const SENDS: &str = "sends head and file";
const KERNEL: &str = "has the kernel send sixteen megabytes";
const LARGE: usize = 16 << 20;

pub const CHECKS: &[Check] = checks![
    SENDS, 1, needs [], Passes, read "From file to socket",
        |lab| same_head(&mut start(lab, 1000)?.connect()?, "/");
    KERNEL, 3, needs [SENDS], Fails, read "What a copy costs", kernel;
    "goes on where the kernel has stopped", 2, needs [KERNEL], Waits,
        read "From file to socket", short;
    "sends the head together with the first bytes of the file", 2,
        needs [SENDS], Fails, read "From file to socket", together;
    "holds no head back without a body", 1, needs [SENDS], Passes,
        read "From file to socket", prompt;
    "keeps to the length that it has promised", 3, needs [KERNEL], Waits,
        read "From file to socket", promise;
    TIDY, 1, needs [SENDS], Passes, read "From file to socket",
        |lab| tidy::check(lab, &start(lab, 1000)?, |it| same_head(it, "/"));
];

/// The program with a file of this size.
fn start(lab: &Lab, size: usize) -> Outcome<Program> {
    Tree::new(lab).file("README.md", letters(size))?;
    lab.server()
}

/// A client that has asked twice for a large file, and does not read: the
/// program cannot go on.
fn stuck(lab: &Lab) -> Outcome<(Program, Client)> {
    let program = start(lab, LARGE)?;
    let mut client = program.connect()?;
    client.take_little()?;
    client.send(request("GET", "/").repeat(2).as_bytes())?;
    client.settle()?;
    Ok((program, client))
}

fn kernel(lab: &Lab) -> Outcome {
    let (program, mut client) = stuck(lab)?;
    ensure(proc::waits_in(program.pid(), "sendfile()"), || {
        program.failed("it sends by sendfile()", program.state())
    })
    .likely("what read() gives you has been copied into your memory")?;
    expect(&mut client, &letters(LARGE))?;
    cost::expect_memory(&program, 8 * 1024)
        .likely("what the kernel has in memory you need not have as well")
}

fn short(lab: &Lab) -> Outcome {
    for (shim, size) in [("w=7,eintr=3", 1000), ("w=300000,eintr=3", LARGE)] {
        Tree::new(lab).file("README.md", letters(size))?;
        let program = lab.launch(&["127.0.0.1:0"]).shim(shim).start()?;
        let mut client = program.connect()?;
        ask(&mut client, "GET", "/")?;
        expect(&mut client, &letters(size)).likely(
            "a call sends as much as it can, and moves the offset on by \
             that: ask for the rest",
        )?;
    }
    Ok(())
}

/// The program is stopped by what first arrives. On a busy machine two heads of
/// five may have waited for too long.
fn together(lab: &Lab) -> Outcome {
    let mut alone = 0;
    for _ in 0..5 {
        let mut client = start(lab, 100_000)?.connect()?;
        client.stop_sender()?;
        ask(&mut client, "GET", "/")?;
        client.response_head()?;
        alone += i32::from(!client.has_something());
        ensure(alone < 3, || {
            client.failed("head and body in one packet", "the head alone")
        })
        .likely("there is more to come, and MSG_MORE says so")?;
    }
    Ok(())
}

/// The kernel holds back what was sent with MSG_MORE for 200 ms, at least.
fn prompt(lab: &Lab) -> Outcome {
    for (size, method) in [(0, "GET"), (1000, "HEAD")] {
        let mut client = start(lab, size)?.connect()?;
        // On a busy machine, once is enough.
        let mut is_prompt = false;
        for _ in 0..10 {
            let asked = Instant::now();
            ask(&mut client, method, "/")?;
            client.response_head()?;
            is_prompt |= asked.elapsed() < Duration::from_millis(200);
        }
        ensure(is_prompt, || client.failed("a head at once", "200 ms later"))
            .likely("MSG_MORE holds a head back for what does not come")?;
    }
    Ok(())
}

/// The file gets another size while it is sent for the first time.
fn promise(lab: &Lab) -> Outcome {
    let (_, mut client) = stuck(lab)?;
    Tree::new(lab).file("README.md", letters(LARGE + 1000))?;
    expect(&mut client, &letters(LARGE))?;
    expect(&mut client, &letters(LARGE + 1000)).likely(
        "the client counts: what is more than Content-Length says is the \
         next response",
    )?;
    let (_, mut client) = stuck(lab)?;
    Tree::new(lab).file("README.md", "")?;
    let (got, _) = client.receive(LARGE)?;
    let heads = String::from_utf8_lossy(&got).matches("HTTP/1.1").count();
    ensure(heads == 1, || {
        client.failed("a part of one response", format!("{heads} responses"))
    })
    .likely("the next response would be inside the body of this one: close")?;
    client.expect_eof().likely(
        "at the end of the file sendfile returns 0, as often as it is called",
    )
}

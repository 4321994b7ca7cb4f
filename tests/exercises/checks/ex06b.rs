//! 06b A pipeline without memory: back-pressure.

use super::{Check, Starter, Table};
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Advice, Lab, Outcome, cost, proc, show, tidy};

const NUMBERS: &str = "numbers the requests of a connection";
const WHOLE: &str = "answers what is whole before it waits";
const LOTS: &str = "answers lots of any size";
const STOPS: &str = "stops reading while its answers are not read";
const ORDER: &str = "answers a hundred thousand in order";
const MEMORY: &str = "never has more than 8 MB";
const TIDY: &str = "serves on and leaves nothing behind";

/// Their requests are longer than all buffers of two sockets together.
const MANY: usize = 100_000;

const REQUEST: &[u8] = b"GET /a/page/that/is/far/away HTTP/1.1\r\n\
    Host: example.com\r\nUser-Agent: somebody in a hurry\r\n\
    Accept: text/html\r\n\r\n";

/// In kilobytes.
const MOST_MEMORY: u64 = 8 * 1024;

pub const TABLE: Table = Table {
    id: "06b",
    checks: &[
        Check {
            name: NUMBERS,
            points: 1,
            needs: &[],
            read: "The states of a connection",
            starter: Starter::Passes,
            run: numbers,
        },
        Check {
            name: WHOLE,
            points: 1,
            needs: &[NUMBERS],
            read: "The states of a connection",
            starter: Starter::Passes,
            run: whole,
        },
        Check {
            name: LOTS,
            points: 1,
            needs: &[NUMBERS],
            read: "The states of a connection",
            starter: Starter::Passes,
            run: lots,
        },
        Check {
            name: STOPS,
            points: 3,
            needs: &[NUMBERS],
            read: "Responses",
            starter: Starter::Fails,
            run: stops,
        },
        Check {
            name: ORDER,
            points: 3,
            needs: &[NUMBERS],
            read: "Responses",
            starter: Starter::Fails,
            run: |lab| firehose(lab).map(drop),
        },
        Check {
            name: MEMORY,
            points: 2,
            needs: &[ORDER],
            read: "Responses",
            starter: Starter::Waits,
            run: memory,
        },
        Check {
            name: TIDY,
            points: 1,
            needs: &[NUMBERS],
            read: "Staying, or not",
            starter: Starter::Passes,
            run: |lab| {
                tidy::check(lab, &lab.server()?, |client| talk(client, 1))
            },
        },
    ],
};

/// The body of the answer to request `number`.
fn line(number: usize) -> String {
    format!("{number:.<99}\n")
}

/// Receives the answer to request `number`.
fn expect(client: &mut Client, number: usize) -> Outcome {
    let row = format!("request {number}");
    let answer = client.answer().about(&row)?;
    let line = line(number);
    if answer.status == 200 && answer.body == line.as_bytes() {
        return Ok(());
    }
    let got = format!("{} {}", answer.status, show::bytes(&answer.body));
    let expected = format!("200 {}", show::bytes(line.as_bytes()));
    Err(client.failed(expected, got)).about(&row)
}

fn talk(client: &mut Client, count: usize) -> Outcome {
    (1..=count).try_for_each(|number| {
        client.send(REQUEST)?;
        expect(client, number)
    })
}

fn numbers(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for _ in 0..2 {
        talk(&mut program.connect()?, 3)?;
    }
    Ok(())
}

const BEFORE: &str = "send what you have before you read: the client may \
                      wait for these very answers";

fn whole(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    let (start, rest) = REQUEST.split_at(50);
    client.send(&[REQUEST, REQUEST, start].concat())?;
    expect(&mut client, 1).likely(BEFORE)?;
    expect(&mut client, 2).likely(BEFORE)?;
    client.expect_nothing()?;
    client.send(rest)?;
    expect(&mut client, 3).likely(BEFORE)
}

fn lots(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    let mut number = 0;
    for lot in [1, 10, 100, 1000, 3, 7] {
        client.send(&REQUEST.repeat(lot))?;
        for _ in 0..lot {
            number += 1;
            expect(&mut client, number).likely(BEFORE)?;
        }
    }
    Ok(())
}

fn stops(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    // More than any sockets hold, by far.
    let taken = client.pour(&REQUEST.repeat(2 * MANY))?;
    let rows = proc::own_rows(program.pid());
    let unread: u64 = rows.iter().map(|row| row.unread).sum();
    if unread > 0 && taken < 2 * MANY * REQUEST.len() {
        return Ok(());
    }
    let got = format!("it read on; {unread} bytes are unread");
    Err(program.failed(
        "it waits for the client to read, with unread requests in its socket",
        got,
    ))
    .likely(
        "whoever reads on while nobody reads his answers must keep them all: \
         wait in the write, and leave the requests unread",
    )
}

/// Sends a hundred thousand requests before it reads the first answer, and
/// compares all answers.
fn firehose(lab: &Lab) -> Outcome<Program> {
    let program = lab.server()?;
    let mut client = program.connect()?;
    client.send(REQUEST)?;
    expect(&mut client, 1)?;
    let requests = REQUEST.repeat(MANY - 1);
    let taken = client.pour(&requests)?;
    let mut answers = Answers { number: 1, head: Vec::new() };
    let outcome = client
        .exchange(&requests[taken..], |received| Ok(answers.eat(received)));
    outcome.about(&format!("{MANY} requests")).likely(
        "the rest of the answers is never sent: use the write that waits \
         until the kernel has taken everything",
    )?;
    if answers.number < MANY {
        let number = answers.number + 1;
        let expected = show::bytes(line(number).as_bytes());
        let got = show::bytes(&answers.head);
        return Err(client.failed(expected, got))
            .about(&format!("request {number}"));
    }
    Ok(program)
}

/// The answers as they come in.
struct Answers {
    /// Of the last right one.
    number: usize,
    /// Of the last one: all heads are alike, as all bodies have one length.
    /// In the end, what came instead of a right answer.
    head: Vec<u8>,
}

impl Answers {
    /// Takes all whole answers off the front of `received`. True when all
    /// are here, or a wrong one.
    fn eat(&mut self, received: &mut Vec<u8>) -> bool {
        let mut rest = received.as_slice();
        let mut is_over = false;
        while !is_over {
            if self.head.is_empty() {
                let blank = rest.windows(4).position(|w| w == b"\r\n\r\n");
                let Some(blank) = blank else { break };
                self.head = rest[..blank + 4].to_vec();
            }
            let line = line(self.number + 1);
            let length = self.head.len() + line.len();
            let Some(answer) = rest.get(..length) else { break };
            let (head, body) = answer.split_at(self.head.len());
            if head == self.head && body == line.as_bytes() {
                self.number += 1;
                is_over = self.number == MANY;
                rest = &rest[length..];
            } else {
                let wrong = if head == self.head { body } else { answer };
                self.head = wrong.to_vec();
                is_over = true;
            }
        }
        let eaten = received.len() - rest.len();
        received.drain(..eaten);
        is_over
    }
}

fn memory(lab: &Lab) -> Outcome {
    let program = firehose(lab)?;
    cost::expect_memory(&program, MOST_MEMORY)
}

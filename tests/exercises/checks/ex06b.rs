//! 06b A pipeline without memory: back-pressure.

use super::http;
use super::prelude::*;
use crate::lab::client::Response;

const NUMBERS: &str = "numbers the requests of a connection";
const ORDER: &str = "responds to a hundred thousand in order";

/// Their requests are longer than all buffers of two sockets together.
const MANY: usize = 100_000;

const REQUEST: &[u8] = b"GET /a/page/that/is/far/away HTTP/1.1\r\n\
    Host: example.com\r\nUser-Agent: somebody in a hurry\r\n\
    Accept: text/html\r\n\r\n";

/// In kilobytes.
const MOST_MEMORY: u64 = 8 * 1024;

pub const CHECKS: &[Check] = checks![
    NUMBERS, 1, needs [], Passes, read "The states of a connection", numbers;
    "responds to what is whole before it waits", 1, needs [NUMBERS], Passes,
        read "The states of a connection", whole;
    "responds to lots of any size", 1, needs [NUMBERS], Passes,
        read "The states of a connection", lots;
    "stops reading while its responses are not read", 3, needs [NUMBERS], Fails,
        read "Responses", stops;
    ORDER, 3, needs [NUMBERS], Fails, read "Responses",
        |lab| firehose(lab).map(drop);
    "never has more than 8 MB", 2, needs [ORDER], Waits, read "Responses",
        |lab| cost::expect_memory(&firehose(lab)?, MOST_MEMORY);
    TIDY, 1, needs [NUMBERS], Passes, read "Staying, or not",
        |lab| tidy::check(lab, &lab.server()?, |c| talk(c, 1));
];

/// The body of the response to request `number`.
fn line(number: usize) -> String {
    format!("{number:.<99}\n")
}

/// Receives the response to request `number`.
fn expect(client: &mut Client, number: usize) -> Outcome {
    let response = http::expect(client, line(number).as_bytes());
    response.map(drop).about(&format!("request {number}"))
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
                      wait for these very responses";

fn whole(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    let (start, rest) = REQUEST.split_at(50);
    client.send(&[REQUEST, REQUEST, start].concat())?;
    expect(&mut client, 1).likely(BEFORE)?;
    expect(&mut client, 2).likely(BEFORE)?;
    client.expect_nothing()?;
    client.send(rest)?;
    expect(&mut client, 3).likely(BEFORE)
}

fn lots(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
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
    ensure(unread > 0 && taken < 2 * MANY * REQUEST.len(), || {
        let expected = "it waits for the client to read, with unread \
                        requests in its socket";
        let got = format!("it read on; {unread} bytes are unread");
        program.failed(expected, got)
    })
    .likely(
        "a server that reads on while nobody reads its responses keeps them \
         all: wait in the write, and leave the requests unread",
    )
}

/// Sends a hundred thousand requests before it reads the first response, and
/// compares all responses.
fn firehose(lab: &Lab) -> Outcome<Program> {
    let program = lab.server()?;
    let mut client = program.connect()?;
    client.send(REQUEST)?;
    expect(&mut client, 1)?;
    let requests = REQUEST.repeat(MANY - 1);
    let taken = client.pour(&requests)?;
    let mut number = 1;
    let eat = |received: &mut Vec<u8>| {
        let mut eaten = 0;
        let first = |bytes| {
            let response = Response::first(bytes);
            response.map_err(|what| program.failed("a response", what))
        };
        while let Some((response, length)) = first(&received[eaten..])? {
            (number, eaten) = (number + 1, eaten + length);
            let line = line(number).into_bytes();
            ensure(response.body == line, || {
                let expected = show::bytes(&line);
                let got = show::difference(&line, &response.body);
                program.failed(format!("request {number}: {expected}"), got)
            })?;
        }
        received.drain(..eaten);
        Ok(number == MANY)
    };
    let outcome = client.exchange(&requests[taken..], eat);
    outcome.about(&format!("{MANY} requests")).likely(
        "the rest of the responses is never sent: use the write that waits \
         until the kernel has taken everything",
    )?;
    Ok(program)
}

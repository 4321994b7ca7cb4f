//! 13a A room: one thread, and what each says is for all others.

use std::collections::BTreeSet;

use super::prelude::*;
use crate::lab::diag;

/// For a member who does not read.
const MOST_OUTPUT: usize = 64 * 1024;

const WELCOMES: &str = "tells each its number, and sleeps";
const LINES: &str = "passes a line on to all others";

pub const CHECKS: &[Check] = checks![
    WELCOMES, 2, needs [], Passes, read "Waiting for all of them",
        |lab| numbers(&lab.server()?);
    LINES, 2, needs [WELCOMES], Fails, read "As far as it goes", lines;
    "tells who comes and who leaves", 2, needs [LINES], Waits,
        read "Who leaves while we go through the list", leaves;
    "keeps up to 64 KiB for one who does not read", 5, needs [LINES], Waits,
        read "Ready for how much?", keeps;
    "removes one whose line does not end", 1, needs [LINES], Waits,
        read "As far as it goes", endless;
    TIDY, 1, needs [WELCOMES], Passes, read "Waiting for all of them",
        |lab| tidy::check(lab, &lab.server()?, |client| {
            client.line().map(drop)
        });
];

/// A client that has become the member with this number.
fn join(program: &Program, number: usize) -> Outcome<Client> {
    let mut client = program.connect()?;
    client.expect(format!("you are {number}\n").as_bytes())?;
    Ok(client)
}

fn numbers(program: &Program) -> Outcome {
    join(program, 1)?.close();
    // The connection of one who leaves is closed.
    program.await_sockets(1)?;
    let _second = join(program, 2).likely("a number is never given twice")?;
    program.expect_idle().likely(
        "there is nearly always room in a socket: wait for POLLOUT only \
         while there is something to be sent",
    )
}

/// Three members: the first has been told of the others, and so on.
fn three(program: &Program) -> Outcome<[Client; 3]> {
    let mut first = join(program, 1)?;
    let mut second = join(program, 2)?;
    first.expect(b"2 joined\n")?;
    let third = join(program, 3)?;
    first.expect(b"3 joined\n")?;
    second.expect(b"3 joined\n")?;
    Ok([first, second, third])
}

/// All others get `said`, and have got nothing else since they last looked.
fn all_hear(members: &mut [Client], from: usize, said: &[u8]) -> Outcome {
    let mut members = (1..).zip(members).filter(|(it, _)| *it != from);
    members.try_for_each(|(_, member)| member.expect(said))
}

fn lines(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut members = three(&program)?;
    members[0].send(b"hello\n")?;
    all_hear(&mut members, 1, b"1: hello\n")?;
    members[1].send(b"hi\n")?;
    all_hear(&mut members, 2, b"2: hi\n")
        .likely("a line goes to all others, and not to the one who said it")?;
    members[1].send(b"good ")?;
    members[1].wait_until_read()?;
    members[2].send(b"what?\n")?;
    all_hear(&mut members, 3, b"3: what?\n")
        .likely("a line is passed on when it is whole")?;
    members[1].send(b"morning\nhow are\n\nyou")?;
    all_hear(&mut members, 2, b"2: good morning\n2: how are\n2: \n")
        .likely("what is read may be several lines, and a part of the next")?;
    let threads = proc::threads(program.pid()).len();
    ensure(threads == 1, || {
        program.failed("one thread", format!("{threads} threads"))
    })
}

/// A hundred leave at once: the program sees it all in one look.
fn leaves(lab: &Lab) -> Outcome {
    const MANY: usize = 100;
    const EACH: &str = "everybody who is left hears of each; and with each \
                        that goes the places of others change: not while you \
                        go through them";
    let program = lab.server()?;
    let mut first = join(&program, 1)?;
    let mut others = Vec::new();
    for number in 2..MANY + 2 {
        others.push(join(&program, number)?);
        first.expect(format!("{number} joined\n").as_bytes())?;
    }
    program.signal(libc::SIGSTOP);
    others.into_iter().for_each(Client::close);
    program.signal(libc::SIGCONT);
    let left = (0..MANY).map(|_| first.line().likely(EACH));
    let left = left.collect::<Outcome<BTreeSet<_>>>()?;
    let all = (2..MANY + 2).map(|it| format!("{it} left\n").into_bytes());
    ensure(left == all.collect(), || {
        program.failed("each is told once", "it is not")
    })
    .likely(EACH)?;
    join(&program, MANY + 2).map(drop).likely(EACH)
}

/// A third member who does not read, while the first speaks and the second
/// listens.
struct Room {
    program: Program,
    third: Client,
    /// All that has been said, as the others get it.
    said: Vec<u8>,
    /// How much of that the kernel has not taken for the third.
    output: usize,
    has_left: bool,
}

/// The first speaks until `most` bytes wait for the third in the program, or
/// it has been removed.
fn speak(lab: &Lab, most: usize) -> Outcome<Room> {
    let program = lab.server()?;
    let [mut first, mut second, third] = three(&program)?;
    let (own, peer) = (third.own_address()?, program.address()?);
    let queues = |own, peer| diag::queues(own, peer).ok().flatten();
    let (mut said, mut output, mut has_left) = (Vec::new(), 0, false);
    while output < most && !has_left {
        let line = format!("{:0>4000}\n", said.len());
        first.send(line.as_bytes())?;
        let mut got = second.line().likely(
            "one who does not read must not be waited for: set the socket to \
             O_NONBLOCK, and keep what is left",
        )?;
        has_left = got == b"3 left\n";
        if has_left {
            got = second.line()?;
        }
        let line = format!("1: {line}").into_bytes();
        ensure(got == line, || {
            program.failed("the next line", "it is another one")
        })?;
        said.extend(line);
        let unread = queues(own, peer).map_or(0, |(unread, _)| unread);
        let unsent = queues(peer, own).map_or(0, |(_, unsent)| unsent);
        if !has_left {
            output = said.len().saturating_sub((unread + unsent) as usize);
        }
    }
    Ok(Room { program, third, said, output, has_left })
}

fn keeps(lab: &Lab) -> Outcome {
    let mut room = speak(lab, MOST_OUTPUT / 4)?;
    ensure(!room.has_left, || {
        room.program.failed("the third stays", "it is removed")
    })
    .likely(
        "what the kernel does not take now it may take when they read later: \
         keep it",
    )?;
    room.program.expect_idle()?;
    room.third.expect(&room.said)?;
    let Room { program, output, has_left, .. } = speak(lab, MOST_OUTPUT * 2)?;
    ensure(has_left, || {
        let got = format!("it is not, with {output} bytes for it");
        program.failed("it is removed", got)
    })
    .likely("there is no bound for what is kept for one member")?;
    ensure(output > MOST_OUTPUT / 2, || {
        let got = format!("it is, with {output} bytes for it");
        program.failed("it is not removed before 64 KiB", got)
    })
}

fn endless(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let [mut first, _second, _third] = three(&program)?;
    let taken = first.pour(&[b'x'; 1 << 20]);
    // It may have been removed while we sent.
    let is_gone = matches!(taken, Err(Trouble::Failed(_)));
    ensure(is_gone || first.has_something(), || {
        program.failed("it is removed", "it is not")
    })
    .likely("a line without an end fills your memory: give it a bound")
}

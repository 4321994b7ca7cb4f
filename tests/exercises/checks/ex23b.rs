//! 23b Frames: messages in a stream, in whatever pieces they come.

use nix::sys::resource::{Resource, setrlimit};

use super::expect::lingers;
use super::prelude::*;

const HELLO: &[u8] = b"SWRM\0\x01";
const PING: u8 = 1;
const PONG: u8 = 2;
const UNKNOWN: u8 = 0x7F;

const GREETS: &str = "sends HELLO, and does not wait for it";
const RESPONDS: &str = "responds to a PING, and to nothing else";

pub const CHECKS: &[Check] = checks![
    GREETS, 1, needs [], Passes, read "Who is it?",
        |lab| greet(&mut lab.server()?.connect()?);
    RESPONDS, 3, needs [GREETS], Fails, read "A header before each frame",
        responds;
    "takes frames in whatever pieces they come", 4, needs [RESPONDS], Waits,
        read "A header before each frame", pieces;
    "refuses what it does not understand, and is heard", 4, needs [GREETS],
        Fails, read "A header before each frame", refuses;
    "waits for none of its peers", 2, needs [RESPONDS], Waits,
        read "A header before each frame", stuck;
    TIDY, 1, needs [GREETS], Passes, read "Who is it?",
        |lab| tidy::check(lab, &lab.server()?, greet);
];

fn greet(client: &mut Client) -> Outcome {
    client.expect(HELLO)?;
    client.send(HELLO)?;
    client.wait_until_read()
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[..], &[kind], payload].concat()
}

fn responds(lab: &Lab) -> Outcome {
    let (mut client, most) = (lab.server()?.connect()?, letters(1 << 20));
    greet(&mut client)?;
    round_trip(&mut client, b"\0\0\0\x02\x01hi", b"\0\0\0\x02\x02hi")
        .likely("the length is in network order, and of the payload alone")?;
    client.send(&[frame(PONG, &most), frame(UNKNOWN, &most)].concat())?;
    for payload in [b"", &most[..]] {
        round_trip(&mut client, &frame(PING, payload), &frame(PONG, payload))
            .likely(
            "a payload has 0 to 1,048,576 bytes, and what is no PING is \
                 skipped",
        )?;
    }
    Ok(())
}

fn pieces(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let all = [HELLO, &frame(UNKNOWN, b"?"), &frame(PING, b"ab")].concat();
    let response = [HELLO, &frame(PONG, b"ab")].concat();
    for cut in 1..all.len() {
        let mut client = program.connect()?;
        client.send(&all[..cut])?;
        client.wait_until_read()?;
        round_trip(&mut client, &all[cut..], &response)
            .about(&format!("cut after {cut} bytes"))
            .likely("what is not whole is kept until the rest has come")?;
    }
    let many = |kind| {
        let frames = (0..1000u16).map(|it| frame(kind, &it.to_be_bytes()));
        [HELLO, &frames.collect::<Vec<_>>().concat()].concat()
    };
    round_trip(&mut program.connect()?, &many(PING), &many(PONG))
        .likely("one read may bring many frames, and a part of the next")
}

fn refuses(lab: &Lab) -> Outcome {
    let limit = || Ok(setrlimit(Resource::RLIMIT_AS, 3 << 30, 3 << 30)?);
    let launch = lab.launch(&["127.0.0.1:0"]);
    // SAFETY: the closure makes one system call, which takes numbers.
    let program = unsafe { launch.before(limit) }.start()?;
    for (bytes, reason) in [
        (&b"GET / "[..], "magic"),
        (b"SWRM\0\x02", "version"),
        (b"SWRM\x01\x01", "version"),
        (b"SWRM\0\x01\0\x10\0\x01\x01", "length"),
        (b"SWRM\0\x01\xFF\xFF\xFF\xFF\x7F", "length"),
    ] {
        let refusal = [HELLO, &frame(3, reason.as_bytes())].concat();
        round_trip(&mut program.connect()?, bytes, &refusal)
            .likely("look at each field before you do what it says")?;
        lingers(&program, bytes, &refusal)?;
    }
    Ok(())
}

fn stuck(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let (ping, pong) = (frame(PING, b"late"), frame(PONG, b"late"));
    let (mut one, mut other) = (program.connect()?, program.connect()?);
    greet(&mut one)?;
    one.send(&ping[..7])?;
    one.wait_until_read()?;
    greet(&mut other)
        .and_then(|()| round_trip(&mut other, &ping, &pong))
        .likely("one peer has sent half a frame: no other waits for it")?;
    round_trip(&mut one, &ping[7..], &pong)
}

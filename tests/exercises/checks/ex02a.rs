//! 02a Nothing lost: short reads, short writes, interrupted calls.

use super::expect::exchange;
use super::prelude::*;

const LINE: &str = "sends a line back in upper case";
const UNTIL_THE_END: &str = "goes on until the client's end of file";

pub const CHECKS: &[Check] = checks![
    LINE, 1, needs [], Passes, read "read(2)",
        |lab| round_trip(
            &mut lab.server()?.connect()?,
            b"How do you do?\n",
            b"HOW DO YOU DO?\n",
        );
    "sends bytes back that are no text", 1, needs [LINE], Passes,
        read "read(2)", no_text;
    UNTIL_THE_END, 1, needs [LINE], Fails, read "read(2)", until_the_end;
    "sends it all back when the kernel takes a few bytes at a time", 3,
        needs [UNTIL_THE_END], Waits, read "write takes what it likes",
        |lab| through(lab, "w=700").likely(
            "write() took fewer bytes than you offered, and the rest was \
             dropped or sent twice",
        );
    "sends it all back when the kernel gives a few bytes at a time", 2,
        needs [UNTIL_THE_END], Waits, read "read(2)",
        |lab| through(lab, "r=3").likely(
            "read() gives what is there: fewer bytes than the buffer holds \
             are not the end, and only as many bytes as read may be written",
        );
    "survives interrupted calls", 2, needs [UNTIL_THE_END], Waits,
        read "read(2)", |lab| through(lab, "eintr=3,r=500,w=300")
            .likely("EINTR means that nothing has happened yet: ask again");
    TIDY, 1, needs [UNTIL_THE_END], Waits, read "read(2)",
        |lab| tidy::check(lab, &lab.server()?, |client| {
            round_trip(client, b"half a line", b"HALF A LINE")
        });
];

fn no_text(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    let bytes: Vec<u8> = (0..=255).collect();
    round_trip(&mut client, &bytes, &bytes.to_ascii_uppercase()).likely(
        "the bytes are not text: they need not be UTF-8, and only a to z \
         have capitals here",
    )
}

fn until_the_end(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    for said in ["one\n", "two\n", "three"] {
        let response = said.to_uppercase();
        round_trip(&mut client, said.as_bytes(), response.as_bytes()).likely(
            "the server responds once and closes; it must read until read \
             returns 0",
        )?;
    }
    exchange(&mut client, b"and the rest", b"AND THE REST")
}

/// Sends forty thousand bytes to the program under `shim` and expects them
/// back.
fn through(lab: &Lab, shim: &str) -> Outcome {
    let program = lab.launch(&["127.0.0.1:0"]).shim(shim).start()?;
    let mut client = program.connect()?;
    let bytes = letters(40_000);
    round_trip(&mut client, &bytes, &bytes.to_ascii_uppercase())?;
    end(&mut client)
}

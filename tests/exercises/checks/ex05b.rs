//! 05b Name and value: form fields out of a stream.

use super::expect::{PARTIAL, at_every_cut, lingers, refused, send_in_two};
use super::prelude::*;

const RESPONDS: &str = "lists the fields of one line after the other";
const DECODES: &str = "cuts first, then decodes, and once";
const CUTS: &str = "reads a line however it is cut";

const MAX_LINE: usize = 8 * 1024;

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "One byte at a time",
        |lab| talk(&mut lab.server()?.connect()?);
    DECODES, 3, needs [RESPONDS], Fails, read "One byte at a time", decodes;
    "refuses what is malformed", 2, needs [RESPONDS], Fails, read "The verdict",
        refuses;
    CUTS, 2, needs [DECODES], Waits, read "The verdict", cuts;
    "responds to several lines that come at once", 1, needs [RESPONDS], Fails,
        read "What the parser remembers", at_once;
    "refuses a line of more than 8 KiB", 1, needs [CUTS], Waits,
        read "What is too long", limit;
    TIDY, 1, needs [RESPONDS], Passes, read "The verdict",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"a=1&bc=hello\n", b"2 1:a=1:1 2:bc=5:hello\n")?;
    round_trip(client, b"x=y\n", b"1 1:x=1:y\n")
}

/// Lines, their responses, and what to know of those who get others.
const ROWS: &[(&str, &[u8], &str)] = &[
    ("a=%20x+y", b"1 1:a=4: x y\n", "a plus sign is a blank, as %20 is"),
    ("a=%2B%2b", b"1 1:a=2:++\n", "a plus sign is a blank, %2B a plus sign"),
    ("a=b%26c%3Dd", b"1 1:a=5:b&c=d\n", "cut at & and = before you decode"),
    ("%61%3D=1", b"1 2:a==1:1\n", "names are decoded, too"),
    ("a=%2541", b"1 1:a=3:%41\n", "what is decoded once is data"),
    ("a=b=c", b"1 1:a=3:b=c\n", "the first = ends the name"),
    ("a", b"1 1:a=0:\n", "a field without = has an empty value"),
    ("=1&a=", b"2 0:=1:1 1:a=0:\n", "names and values may be empty"),
    ("&&a=1&", b"1 1:a=1:1\n", "between two & signs there is no field"),
    ("", b"0\n", "an empty line has no field"),
    ("a=1&a=2", b"2 1:a=1:1 1:a=1:2\n", "a name may occur twice"),
    ("n=%00%FF%0a", b"1 1:n=3:\0\xFF\n\n", "a value is bytes, not UTF-8"),
];

fn decodes(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    ROWS.iter().try_for_each(|(line, response, likely)| {
        round_trip(&mut client, format!("{line}\n").as_bytes(), response)
            .about(line)
            .likely(likely)
    })
}

const MALFORMED: [&str; 11] = [
    "a=%", "a=%4", "a=%4&b=1", "a=%zz", "a=%+4", "a=% 4", "%=1", "a=b c",
    "a=b\r", "a=\x7F", "a=é",
];

fn refuses(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for line in MALFORMED {
        let (row, lines) = (line.escape_debug(), format!("{line}\na=1\n"));
        let outcome = refused(&program, lines.as_bytes(), b"400\n");
        outcome.about(&row.to_string()).likely(
            "a percent sign is followed by two hexadecimal digits, and all \
             else that is not visible ASCII must be encoded",
        )?;
    }
    lingers(&program, b"%\n", b"400\n")
}

fn cuts(lab: &Lab) -> Outcome {
    at_every_cut(lab, b"a=%2B&b=%20\n", PARTIAL, |client| {
        client.expect(b"2 1:a=1:+ 1:b=1: \n")
    })
}

fn at_once(lab: &Lab) -> Outcome {
    let program = lab.launch(&["127.0.0.1:0"]).shim("r=100,w=7").start()?;
    let mut client = program.connect()?;
    let (mut lines, mut responses) = (String::new(), String::new());
    for number in 100..400 {
        lines.push_str(&format!("n={number}\n"));
        responses.push_str(&format!("1 1:n=3:{number}\n"));
    }
    round_trip(&mut client, lines.as_bytes(), responses.as_bytes()).likely(
        "what is behind a line is the next line: look at it before you read",
    )
}

fn limit(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    let value = "v".repeat(MAX_LINE - 3);
    let line = format!("a={value}\n");
    let response = format!("1 1:a={}:{value}\n", value.len());
    let guess = "8192 bytes are not too many, line end included";
    send_in_two(&mut client, line.as_bytes(), MAX_LINE - 1, guess)
        .and_then(|()| client.expect(response.as_bytes()))
        .likely(guess)?;
    let longer = format!("a={value}v\n");
    round_trip(&mut client, longer.as_bytes(), b"414\n")?;
    client.expect_eof()
}

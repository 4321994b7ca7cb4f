//! 07b Through the middle: bodies in chunks, passed on in others.

use super::expect::{PARTIAL, at_every_cut, lingers};
use super::prelude::*;

const COPIES: &str = "passes on a body of one chunk";
const RECHUNKS: &str = "makes chunks of its own";

/// The size of its own chunks.
const CHUNK: usize = 1024;
/// Some memory is the program's own.
const MOST_KB: u64 = 12 * 1024;

pub const CHECKS: &[Check] = checks![
    COPIES, 1, needs [], Passes, read "Chunks, byte by byte",
        |lab| talk(&mut lab.server()?.connect()?);
    RECHUNKS, 3, needs [COPIES], Fails, read "Chunks, byte by byte", rechunks;
    "ends with what is malformed, and says nothing more", 3, needs [COPIES],
        Fails, read "One rule: refuse", refuses;
    "reads chunks however they are cut", 2, needs [RECHUNKS], Waits,
        read "Chunks, byte by byte", cuts;
    "passes on what is full, and keeps no body", 2, needs [RECHUNKS], Waits,
        read "Memory for a body", streams;
    "completes no body that is cut off", 1, needs [COPIES], Fails,
        read "One rule: refuse", cut_off;
    TIDY, 1, needs [COPIES], Passes, read "One rule: refuse",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

const SHORT: &[u8] = b"5\r\nhello\r\n0\r\n\r\n";

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, SHORT, SHORT)
}

/// `data` in chunks of `size` bytes, and the last chunk.
fn chunked(data: &[u8], size: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for data in data.chunks(size) {
        body.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    body
}

fn rechunks(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    let rows: [(&str, &[u8], &[u8]); 8] = [
        ("no data", b"0\r\n\r\n", b""),
        ("a size in capitals", b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        ("leading zeros of a size", b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
        ("an extension", b"5;a=b;c\r\nhello\r\n0;d\r\n\r\n", b"hello"),
        ("a blank before it", b"5 ;a\r\nhello\r\n0\r\n\r\n", b"hello"),
        ("two chunks", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        ("trailers", b"2\r\nab\r\n0\r\nA: b\r\nC: d\r\n\r\n", b"ab"),
        ("CR LF as data", b"4\r\n\r\n0\r\r\n0\r\n\r\n", b"\r\n0\r"),
    ];
    for (row, sent, data) in rows {
        round_trip(&mut client, sent, &chunked(data, CHUNK)).about(row)?;
    }
    let data = letters(3 * CHUNK);
    for (length, size) in
        [(CHUNK, 7), (CHUNK + 1, 5000), (3 * CHUNK, 5000), (3000, 100)]
    {
        let data = &data[..length];
        round_trip(&mut client, &chunked(data, size), &chunked(data, CHUNK))
            .about(&format!("{length} bytes in chunks of {size}"))?;
    }
    Ok(())
}

fn refuses(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(2000));
    let trailers = format!("0\r\n{}\r\n", "Name: value\r\n".repeat(1000));
    for (row, sent) in [
        ("LF alone behind a size", "5\nhello\r\n0\r\n\r\n"),
        ("LF alone behind data", "5\r\nhello\n0\r\n\r\n"),
        ("no size", "\r\n\r\n"),
        ("no digit", "g\r\nhello\r\n0\r\n\r\n"),
        ("a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        ("a prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("a size of 2^64", "10000000000000000\r\n\r\n"),
        ("a size of 2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("more data than its size", "4\r\nhello\r\n0\r\n\r\n"),
        ("less data than its size", "6\r\nhello\r\n0\r\n\r\n"),
        ("a trailer without a colon", "0\r\nhello\r\n\r\n"),
        ("a size's line of two thousand bytes", &long),
        ("trailers of 13,000 bytes", &trailers),
    ] {
        let mut client = program.connect()?;
        client.send(&[sent.as_bytes(), SHORT].concat())?;
        client.expect_eof().about(row).likely(
            "nobody knows where the next chunk begins: close, without a last \
             chunk, which would say that the body is whole",
        )?;
    }
    lingers(&program, &[SHORT, b"g\r\n"].concat(), SHORT)
}

fn cuts(lab: &Lab) -> Outcome {
    let body = b"5;x=y\r\nhello\r\n3\r\n...\r\n0\r\nA: b\r\n\r\n";
    at_every_cut(lab, body, PARTIAL, |client| {
        client.expect(&chunked(b"hello...", CHUNK))
    })
}

fn streams(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    let data = letters(64 * CHUNK);
    let size = format!("{:x}\r\n", data.len());
    let sent = [size.as_bytes(), &data, b"\r\n"].concat();
    let mut passed_on = chunked(&data, CHUNK);
    passed_on.truncate(passed_on.len() - b"0\r\n\r\n".len());
    // 16 MiB, of which the two of us hold little at a time.
    for _ in 0..256 {
        round_trip(&mut client, &sent, &passed_on).likely(
            "a chunk that is full is sent before the end of the body",
        )?;
    }
    client.send(b"ffffffffffffffff\r\nhello")?;
    client.expect_nothing()?;
    cost::expect_memory(&program, MOST_KB)
}

fn cut_off(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for sent in ["a\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5"] {
        let mut client = program.connect()?;
        client.send(sent.as_bytes())?;
        end(&mut client).about(&sent.escape_default().to_string()).likely(
            "the stream ended inside a body: its last chunk would say that it \
             is whole",
        )?;
    }
    Ok(())
}

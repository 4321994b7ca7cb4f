//! 16b Several parts: multipart/byteranges.

use super::parts::{boundary, content, get, start, table, talk};
use super::prelude::*;

const ONE: &str = "sends the whole, or one part";
const PARTS: &str = "sends several parts, each with its type and its range";

pub const CHECKS: &[Check] = checks![
    ONE, 1, needs [], Passes, read "A part of it", |lab| {
        talk(&mut start(lab, &content())?.connect()?)?;
        table(lab, &content(), SINGLE)
    };
    PARTS, 4, needs [ONE], Fails, read "A part of it",
        |lab| table(lab, &content(), SEVERAL);
    "joins what overlaps, and leaves the rest in its order", 3,
        needs [PARTS], Waits, read "A part of it", |lab| table(lab, &content(), JOINED);
    "sends sixteen parts at most", 2, needs [PARTS], Waits,
        read "A part of it", bounds;
    "has a boundary that is not in the file", 2, needs [PARTS], Waits,
        read "A part of it", boundaries;
    TIDY, 1, needs [ONE], Passes, read "A part of it",
        |lab| tidy::check(lab, &start(lab, &content())?, talk);
];

const SINGLE: &str = "\
206 0-9     | Range: bytes=0-9
206 990-999 | Range: bytes=2000-,-10
416         | Range: bytes=1000-,2000-3000
200         | Range: bytes=0-1,x";
const SEVERAL: &str = "\
# each part has a head, in which its Content-Range is and the file's type
206 0-4 10-14 | Range: bytes=0-4,10-14
206 5-5 999-999 | Range: bytes=5-5, 2000-, -1
206 900-999 0-4 450-454 | Range: bytes=900-,0-4,450-454";
const JOINED: &str = "\
# what overlaps or touches is one part, in the place of the first
206 20-29 0-12 | Range: bytes=20-29,0-9,5-12
206 100-104 0-9 | Range: bytes=100-104,5-9,0-4
206 0-29 100-104 | Range: bytes=20-29,100-104,0-9,5-24
# one part that is left needs no boundary
206 0-9 | Range: bytes=4-9,0-5";

fn bounds(lab: &Lab) -> Outcome {
    let apart: Vec<_> = (0..17).map(|n| format!("{0}-{0}", n * 2)).collect();
    let sixteen = apart[..16].join(",");
    let rows = [
        "# sixteen are not too many, but no byte is sent twice".to_string(),
        format!("206 {} | Range: bytes={sixteen}", sixteen.replace(',', " ")),
        format!("206 0-999 | Range: bytes={}", ["0-"; 16].join(",")),
        "# who asks for more than sixteen gets the whole".to_string(),
        format!("200 | Range: bytes={}", apart.join(",")),
        format!("200 | Range: bytes={}", ["0-"; 1000].join(",")),
    ];
    table(lab, &content(), &rows.join("\n"))
}

/// Files that have the boundaries of the last responses in them.
fn boundaries(lab: &Lab) -> Outcome {
    let mut content = content();
    for _ in 0..3 {
        let mut client = start(lab, &content)?.connect()?;
        let wanted = format!("206 0-4 10-{}", content.len() - 1);
        let fields = "Range: bytes=0-4,10-";
        let response = get(&mut client, &content, &wanted, fields).likely(
            "what is like a boundary in the file ends the part: look for \
             one that is not",
        )?;
        let boundary = boundary(&response).unwrap_or_default();
        content.push_str(&format!("\r\n--{boundary}--\r\n--{boundary}\r\n"));
    }
    Ok(())
}

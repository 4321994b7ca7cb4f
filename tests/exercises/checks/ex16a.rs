//! 16a A part of it: ranges, and requests on a condition.

use super::parts::{content, start, table, talk};
use super::prelude::*;

const WHOLE: &str = "sends the whole to who asks for no more";
const PARTS: &str = "sends the bytes of a range, and says which";

pub const CHECKS: &[Check] = checks![
    WHOLE, 1, needs [], Passes, read "Which state is it?",
        |lab| talk(&mut start(lab, &content())?.connect()?);
    PARTS, 4, needs [WHOLE], Fails, read "A part of it",
        |lab| table(lab, &content(), RANGES);
    "sends the whole where Range is none that it takes", 1, needs [PARTS],
        Waits, read "A part of it", |lab| {
            table(lab, &content(), IGNORED)?;
            table(lab, "", EMPTY)
        };
    "sends nothing to who has it already", 3, needs [WHOLE], Fails,
        read "On a condition", |lab| table(lab, &content(), CONDITIONS);
    "sends a part only of what the client has", 2, needs [PARTS], Waits,
        read "If it is still the same", |lab| table(lab, &content(), IF_RANGE);
    TIDY, 1, needs [WHOLE], Passes, read "Which state is it?",
        |lab| tidy::check(lab, &start(lab, &content())?, talk);
];

/// See [`table`].
const RANGES: &str = r#"# Content-Range says which bytes of how many: the last byte belongs to them
206 0-9     | Range: bytes=0-9
206 5-5     | range: Bytes=5-5
# a range ends where the file ends
206 990-999 | Range: bytes=990-
206 999-999 | Range: bytes=999-5000
# a number may have any length: RFC 9110, 14.1.2
206 0-999   | Range: bytes=0-18446744073709551616
# -n are the last n bytes, and no file is too short for that
206 999-999 | Range: bytes=-1
206 0-999   | Range: bytes=-5000
# there are no such bytes: 416, with `bytes */` and the size
416         | Range: bytes=18446744073709551616-
416         | Range: bytes=1000-1001
416         | Range: bytes=-0"#;
const IGNORED: &str = r#"# what is no range, or several, is ignored
200         | Range: bytes=0-1,5-6
200         | Range: bytes=0-1&Range: bytes=0-1
200         | Range: bytes=5-2
200         | Range: bytes=+1-2"#;
const EMPTY: &str = "# an empty file has no part that a 206 could name: 200
200         | Range: bytes=-5";
const CONDITIONS: &str = r#"# one tag of a list is enough, `*` is any: 304, no body
304         | If-None-Match: "TAG"
304         | If-None-Match: "x", "y,z" ,,"TAG"
304         | If-None-Match: "x"&If-None-Match: "TAG"
304         | If-None-Match: *&Range: bytes=0-9
# for a copy a weak tag is as good: weak comparison, RFC 9110, 13.1.2
304         | If-None-Match: W/"TAG"
# a tag that is not the same as a whole is another one
200         | If-None-Match: "TAGx", "xTAG", "a,TAG,b"
# not modified since then, in seconds, in any of three forms
304         | If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT
304         | If-Modified-Since: Sunday, 06-Nov-94 08:49:38 GMT
200         | If-Modified-Since: Sun Nov  6 08:49:36 1994
# who sends tags does not go by the date
200         | If-None-Match: "x"&If-Modified-Since: Sun Nov  6 08:49:37 1994"#;
const IF_RANGE: &str = r#"# parts of two states are no file: without the tag, the whole
206 0-9     | If-Range: "TAG"&Range: bytes=0-9
200         | If-Range: "x"&Range: bytes=0-9
200         | If-Range: "x"&Range: bytes=1000-
# what a weak tag names may have other bytes: strong comparison
200         | If-Range: W/"TAG"&Range: bytes=0-9
# a later date is another one
206 0-9     | If-Range: Sun Nov  6 08:49:37 1994&Range: bytes=0-9
200         | If-Range: Sun Nov  6 08:49:38 1994&Range: bytes=0-9"#;

//! What must hold for any date whatever; see entries.rs.

use std::time::UNIX_EPOCH;

use shared::http::date::Date;

/// A day in 2026, before which a year of two digits is decided.
const NOW: i64 = 1_790_000_000;

/// No text is taken for a date that we would not write in that form, except
/// for the leap second; what the crate httpdate reads too is the same second.
/// Whether it is a date.
pub fn date(bytes: &[u8]) -> bool {
    let now = Date::from_unix_timestamp(NOW);
    let Some(date) = Date::parse(bytes, now) else { return false };
    let text = date.imf_fixdate();
    assert_eq!(Date::parse(&text, now), Some(date));
    if bytes.len() == text.len() && bytes[3] == b',' {
        let is_leap_second = bytes[23..25] == *b"60";
        assert!(is_leap_second || bytes == text);
    }
    let theirs = str::from_utf8(bytes).ok();
    let theirs = theirs.and_then(|t| httpdate::parse_http_date(t).ok());
    if let Some(theirs) = theirs {
        let theirs = theirs.duration_since(UNIX_EPOCH).expect("after 1970");
        let apart = date.unix_timestamp() - theirs.as_secs() as i64;
        // Two digits of the year: httpdate turns the century at 1970.
        let is_century = bytes.contains(&b'-') && apart > 36_000 * 86_400;
        assert!(apart == 0 || is_century, "{apart} s apart");
    }
    true
}

//! http/date.rs: RFC 9110 section 5.6.7, compared with the crate httpdate.

use std::panic;
use std::time::{Duration, UNIX_EPOCH};

use shared::http::date::{Date, DateCache};

use crate::date::date;
use crate::fuzz::Random;

/// The RFC's own example.
const EXAMPLE: i64 = 784_111_777;

/// A day in 2026, before which a year of two digits is decided.
const NOW: i64 = 1_790_000_000;

fn text(seconds: i64) -> String {
    String::from_utf8(Date::from_unix_timestamp(seconds).imf_fixdate().to_vec())
        .unwrap()
}

fn parse(text: &str) -> Option<i64> {
    Date::parse(text.as_bytes(), Date::from_unix_timestamp(NOW))
        .map(Date::unix_timestamp)
}

#[test]
fn the_example_in_its_three_forms() {
    assert_eq!(text(EXAMPLE), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(EXAMPLE));
    assert_eq!(parse("Sunday, 06-Nov-94 08:49:37 GMT"), Some(EXAMPLE));
    assert_eq!(parse("Sun Nov  6 08:49:37 1994"), Some(EXAMPLE));
}

#[test]
fn the_ends_of_time() {
    assert_eq!(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(text(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_eq!(text(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_eq!(text(i64::MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_eq!(text(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    for seconds in [i64::MIN, -1, 0, 951_782_400, i64::MAX] {
        let date = Date::from_unix_timestamp(seconds).unix_timestamp();
        assert_eq!(parse(&text(seconds)), Some(date), "{seconds}");
    }
}

#[test]
fn days_as_httpdate_writes_them() {
    // Every day of an era of 400 years, then some of each later year.
    let (era, last) = (146_097 * 86_400_u64, 253_402_300_799_u64);
    let days = (0..era).step_by(86_400);
    let later = (era..last - 86_400).step_by(97 * 86_400);
    let mut random = Random::new(11);
    for day in days.chain(later) {
        let seconds = day + random.below(86_400) as u64;
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        let expected = httpdate::fmt_http_date(time);
        assert_eq!(text(seconds as i64), expected);
        assert_eq!(parse(&expected), Some(seconds as i64), "{expected}");
    }
}

#[test]
fn what_is_no_date() {
    let cases = [
        "",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08-49-37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday Nov  6 08:49:37 1994",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 0  08:49:37 1994",
        // Another day of the week, and days that are not.
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Thu, 30 Feb 2023 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Thu, 01 Mai 1997 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
    ];
    for text in cases {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn a_leap_second_is_the_one_before_it() {
    let last = parse("Sat, 31 Dec 2016 23:59:59 GMT");
    assert!(last.is_some());
    assert_eq!(parse("Sat, 31 Dec 2016 23:59:60 GMT"), last);
}

/// RFC 9110: more than 50 years in the future means the past.
#[test]
fn years_of_two_digits() {
    let now = parse("Mon, 01 Jun 2026 12:00:00 GMT").unwrap();
    let year = |text: &str| {
        let date = Date::parse(text.as_bytes(), Date::from_unix_timestamp(now));
        date.map(|date| {
            String::from_utf8_lossy(&date.imf_fixdate()[12..16]).into()
        })
    };
    let cases = [
        ("Monday, 01-Jun-26 12:00:00 GMT", "2026"),
        ("Tuesday, 01-Jun-27 12:00:00 GMT", "2027"),
        ("Monday, 01-Jun-76 12:00:00 GMT", "2076"),
        // A second more than 50 years.
        ("Tuesday, 01-Jun-76 12:00:01 GMT", "1976"),
        ("Wednesday, 01-Jun-77 12:00:00 GMT", "1977"),
        ("Friday, 31-Dec-99 23:59:59 GMT", "1999"),
        ("Saturday, 01-Jan-00 00:00:00 GMT", "2000"),
    ];
    for (text, expected) in cases {
        assert_eq!(year(text), Some(expected.to_string()), "{text}");
    }
}

#[test]
fn the_clock_shows_the_date_it_is_given() {
    let mut clock = DateCache::new(Date::from_unix_timestamp(0));
    for seconds in [0, 0, EXAMPLE, EXAMPLE, EXAMPLE + 1, -1, EXAMPLE] {
        let date = Date::from_unix_timestamp(seconds);
        clock.set(date);
        assert_eq!((clock.date(), *clock.text()), (date, date.imf_fixdate()));
    }
}

#[test]
fn now_is_now() {
    let before = UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    let now = Date::now().unix_timestamp();
    let after = UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    assert!((before..=after).contains(&now));
}

#[test]
fn fuzz_dates() {
    let forms = [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Tue, 29 Feb 2000 23:59:59 GMT",
        "Saturday, 01-Jan-00 00:00:00 GMT",
    ];
    let pieces = [
        "Mon", "Tue", "Wed", "Thursday", "Friday", " ", "  ", "0", "9", "60",
        "Feb", "Dec", ":", ",", "-", "GMT", "1970",
    ];
    let mut random = Random::new(17);
    let mut good = 0;
    for _ in 0..300_000 {
        let form = random.pick(&forms);
        let bytes = random.mutate(form.as_bytes(), &pieces);
        match panic::catch_unwind(|| date(&bytes)) {
            Ok(is_date) => good += u32::from(is_date),
            Err(_) => panic!("fails for: \"{}\"", bytes.escape_ascii()),
        }
    }
    assert!(good > 1_000, "only {good} dates were read");
}

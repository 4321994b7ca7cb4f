//! http/date.rs: RFC 9110 section 5.6.7, compared with the crate httpdate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shared::http::date::{Date, DateCache};

/// The RFC's own example.
const EXAMPLE: i64 = 784_111_777;

fn text(seconds: i64) -> String {
    let date = Date::from_unix_timestamp(seconds).imf_fixdate();
    String::from_utf8(date.to_vec()).unwrap()
}

/// A day in 2026, before which a year of two digits is decided.
const NOW: i64 = 1_790_000_000;

/// What `text` says, in the form that we write.
fn parse(text: &str) -> Option<String> {
    let now = Date::from_unix_timestamp(NOW);
    let date = Date::parse(text.as_bytes(), now)?.imf_fixdate();
    Some(String::from_utf8_lossy(&date).into())
}

#[test]
fn dates_in_three_forms() {
    let example = Some(text(EXAMPLE));
    for form in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(parse(form), example, "{form}");
    }
    // Before the days that httpdate knows, and the ends of time.
    for (seconds, date) in [
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (i64::MIN, "Sat, 01 Jan 0000 00:00:00 GMT"),
        (i64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        assert_eq!(text(seconds), date);
        assert_eq!(parse(date).as_deref(), Some(date));
    }
    // A leap second is the one before it.
    let leap = parse("Sat, 31 Dec 2016 23:59:60 GMT");
    assert_eq!(leap.unwrap(), "Sat, 31 Dec 2016 23:59:59 GMT");
}

#[test]
fn what_is_no_date() {
    for text in [
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
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Thu, 01 Mai 1997 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

/// RFC 9110 section 5.6.7: more than 50 years in the future means the past.
#[test]
fn years_of_two_digits() {
    let now = "Mon, 01 Jun 2026 12:00:00 GMT".as_bytes();
    let now = Date::parse(now, Date::from_unix_timestamp(0)).unwrap();
    for (text, expected) in [
        ("Monday, 01-Jun-26 12:00:00 GMT", "2026"),
        ("Tuesday, 01-Jun-27 12:00:00 GMT", "2027"),
        ("Monday, 01-Jun-76 12:00:00 GMT", "2076"),
        // A second more than 50 years.
        ("Tuesday, 01-Jun-76 12:00:01 GMT", "1976"),
        ("Wednesday, 01-Jun-77 12:00:00 GMT", "1977"),
        ("Friday, 31-Dec-99 23:59:59 GMT", "1999"),
        ("Saturday, 01-Jan-00 00:00:00 GMT", "2000"),
    ] {
        let date = Date::parse(text.as_bytes(), now).map(Date::imf_fixdate);
        assert_eq!(&date.expect(text)[12..16], expected.as_bytes(), "{text}");
    }
}

#[test]
fn days_as_httpdate_writes_them() {
    // Every day of an era of 400 years, then some of each later year.
    let (era, last) = (146_097 * 86_400_u64, 253_402_300_799_u64);
    let days = (0..era).step_by(86_400);
    let later = (era..last - 86_400).step_by(97 * 86_400);
    let mut random = fastrand::Rng::with_seed(11);
    for day in days.chain(later) {
        let seconds = day + random.u64(..86_400);
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        let expected = httpdate::fmt_http_date(time);
        assert_eq!(text(seconds as i64), expected);
        assert_eq!(parse(&expected), Some(expected.clone()));
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
fn a_look_at_the_clock() {
    let now = SystemTime::now();
    let date = Date::from_system_time(now).imf_fixdate();
    assert_eq!(date, httpdate::fmt_http_date(now).as_bytes());
    let never_set = UNIX_EPOCH - Duration::from_secs(1);
    let date = Date::from_system_time(never_set);
    assert_eq!(date, Date::from_unix_timestamp(0));
}

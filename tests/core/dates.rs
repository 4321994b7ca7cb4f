//! http/date.rs: RFC 9110 section 5.6.7, compared with the crate httpdate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shared::http::date::{Date, DateCache};

/// The RFC's own example.
const EXAMPLE: i64 = 784_111_777;

fn text(seconds: i64) -> String {
    let date = Date::from_unix_timestamp(seconds).imf_fixdate();
    String::from_utf8(date.to_vec()).unwrap()
}

#[test]
fn the_example_and_the_ends_of_time() {
    assert_eq!(text(EXAMPLE), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(text(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_eq!(text(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_eq!(text(i64::MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_eq!(text(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
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
        assert_eq!(text(seconds as i64), httpdate::fmt_http_date(time));
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

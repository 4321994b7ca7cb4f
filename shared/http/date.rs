//! Enters in step 08: dates as HTTP writes them, RFC 9110 section 5.6.7.
//!
//! A date is written for every response but changes once a second:
//! [`DateCache`] keeps its text.

use std::time::{SystemTime, UNIX_EPOCH};

/// Enters in step 16.
mod parse;

/// The length of a date on the wire.
pub const LENGTH: usize = 29;

const DAY: i64 = 24 * 60 * 60;

/// 0000-01-01 and the end of 9999-12-31: four digits hold no other year.
const FIRST: i64 = -719_528 * DAY;
const LAST: i64 = 2_932_897 * DAY - 1;

/// Days are counted from the 1st of March of the year 0, so that the leap day
/// is a year's last, in eras of 400 years, which all have the same length.
const MARCH_0000: i64 = 719_468;
const ERA: i64 = 146_097;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
    "Nov", "Dec",
];

/// A second of the years 0 to 9999, counted from 1970 without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i64);

impl Date {
    /// The date of a number of seconds since 1970, as stat(2) gives it. A
    /// year that does not fit becomes the nearest that does.
    pub fn from_unix_timestamp(seconds: i64) -> Self {
        Date(seconds.clamp(FIRST, LAST))
    }

    /// The date of a look at the clock.
    pub fn from_system_time(time: SystemTime) -> Self {
        // A clock before 1970 has never been set: 1970 is as good.
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Date::from_unix_timestamp(since.as_secs() as i64)
    }

    /// The date as an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn imf_fixdate(self) -> [u8; LENGTH] {
        let days = self.0.div_euclid(DAY);
        let second = self.0.rem_euclid(DAY);
        let (year, month, day) = civil(days);
        // The 1st of January 1970 was a Thursday.
        let weekday = WEEKDAYS[(days + 3).rem_euclid(7) as usize];
        let month = MONTHS[month as usize - 1];
        let mut text = *b"___, 00 ___ 0000 00:00:00 GMT";
        text[..3].copy_from_slice(weekday.as_bytes());
        write_digits(&mut text[5..7], day);
        text[8..11].copy_from_slice(month.as_bytes());
        write_digits(&mut text[12..16], year);
        write_digits(&mut text[17..19], second / 3600);
        write_digits(&mut text[20..22], second / 60 % 60);
        write_digits(&mut text[23..25], second % 60);
        text
    }
}

/// Enters in step 27.
impl Date {
    /// The date as RFC 3339 has it: `1994-11-06T08:49:37Z`.
    pub fn rfc_3339(self) -> String {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let second = self.0.rem_euclid(DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let second = second % 60;
        format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// Year, month from 1 and day from 1 of a number of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + MARCH_0000;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    // Take the leap days out: one in 4 years, but none in 100.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days, again and again.
    let month = (5 * day + 2) / 153;
    let next_year = i64::from(month >= 10);
    let year = era * 400 + year + next_year;
    (year, month + 3 - 12 * next_year, day - (153 * month + 2) / 5 + 1)
}

/// Writes `number` in decimal, with zeros before it, into all of `out`.
fn write_digits(out: &mut [u8], mut number: i64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// A date and its text, which is made anew only when the second changes.
#[derive(Clone, Debug)]
pub struct DateCache {
    date: Date,
    text: [u8; LENGTH],
}

impl DateCache {
    /// A cache that holds `date`.
    pub fn new(date: Date) -> Self {
        DateCache { date, text: date.imf_fixdate() }
    }

    /// Replaces the date.
    pub fn set(&mut self, date: Date) {
        if self.date != date {
            *self = DateCache::new(date);
        }
    }

    /// The date.
    pub fn date(&self) -> Date {
        self.date
    }

    /// It as logs have it: `06/Nov/1994:08:49:37 +0000`. Enters in step 21.
    pub fn common_log(&self) -> [u8; 26] {
        let mut text = *b"__/___/____:__:__:__ +0000";
        text[..2].copy_from_slice(&self.text[5..7]);
        text[3..6].copy_from_slice(&self.text[8..11]);
        text[7..11].copy_from_slice(&self.text[12..16]);
        text[12..20].copy_from_slice(&self.text[17..25]);
        text
    }

    /// Its text, for the Date field.
    pub fn text(&self) -> &[u8; LENGTH] {
        &self.text
    }
}

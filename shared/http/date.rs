//! Enters in step 08: dates as HTTP writes them, RFC 9110 section 5.6.7.
//!
//! One form to write, `Sun, 06 Nov 1994 08:49:37 GMT`, and three to read.
//! A date is written for every response but changes once a second:
//! [`DateCache`] keeps its text.

use std::time::{SystemTime, UNIX_EPOCH};

/// The length of a date on the wire.
pub const LENGTH: usize = 29;

const DAY: i64 = 24 * 60 * 60;

/// 0000-01-01 and the end of 9999-12-31: four digits hold no other year.
const FIRST: i64 = -719_528 * DAY;
const LAST: i64 = 2_932_897 * DAY - 1;

/// The three forms, without the day of the week before them: `d` is a digit
/// of the day, or a space at first; `bbb` the month; `y`, `h`, `m` and `s`
/// digits of the year and of the time. Anything else is itself.
const FORMS: [&[u8]; 3] = [
    b", dd bbb yyyy hh:mm:ss GMT",
    // Obsolete, but to be understood: RFC 850, and asctime(3) of C.
    RFC_850,
    ASCTIME,
];
const RFC_850: &[u8] = b", dd-bbb-yy hh:mm:ss GMT";
const ASCTIME: &[u8] = b" bbb dd hh:mm:ss yyyy";

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
    "Nov", "Dec",
];

/// A second of the years 0 to 9999, counted from 1970 without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i64);

impl Date {
    /// The second that the machine's clock shows.
    pub fn now() -> Self {
        // A clock before 1970 has never been set: 1970 is as good.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Date::from_unix_timestamp(since.map_or(0, |time| time.as_secs() as i64))
    }

    /// The date of a number of seconds since 1970, as stat(2) gives it. A
    /// year that does not fit becomes the nearest that does.
    pub fn from_unix_timestamp(seconds: i64) -> Self {
        Date(seconds.clamp(FIRST, LAST))
    }

    /// Seconds since 1970.
    pub fn unix_timestamp(self) -> i64 {
        self.0
    }

    /// The date as an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn imf_fixdate(self) -> [u8; LENGTH] {
        let civil = Civil::from_date(self);
        let weekday = civil.weekday();
        let month = MONTHS[civil.month as usize - 1];
        let mut text = *b"___, 00 ___ 0000 00:00:00 GMT";
        text[..3].copy_from_slice(&WEEKDAYS[weekday].as_bytes()[..3]);
        digits(&mut text[5..7], civil.day);
        text[8..11].copy_from_slice(month.as_bytes());
        digits(&mut text[12..16], civil.year);
        digits(&mut text[17..19], civil.second / 3600);
        digits(&mut text[20..22], civil.second / 60 % 60);
        digits(&mut text[23..25], civil.second % 60);
        text
    }

    /// The date that `text` says, in any of the three forms; `None` if it is
    /// none, if there is no such day, or if it was another day of the week.
    ///
    /// A year of two digits is the last such year that is not more than 50
    /// years after `now`.
    pub fn parse(text: &[u8], now: Date) -> Option<Date> {
        let letters = text.iter().take_while(|b| b.is_ascii_alphabetic());
        let (weekday, rest) = text.split_at(letters.count());
        let form = FORMS.into_iter().find(|form| form.len() == rest.len())?;
        let mut civil = Civil::scan(form, rest)?;
        if form == RFC_850 {
            civil.choose_century(Civil::from_date(now));
        }
        let name = WEEKDAYS[civil.weekday()].as_bytes();
        let name = if form == RFC_850 { name } else { &name[..3] };
        if weekday == name { civil.to_date() } else { None }
    }
}

/// Writes `number` in decimal, with zeros before it to fill `place`.
fn digits(place: &mut [u8], mut number: i64) {
    for digit in place.iter_mut().rev() {
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

    /// Its text, for the Date field.
    pub fn text(&self) -> &[u8; LENGTH] {
        &self.text
    }
}

/// A date as people count: year, month from 1, day from 1, second of the
/// day. In this order the comparison of the fields is that of the dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
}

// The arithmetic counts years from the 1st of March, so that the leap day is
// a year's last, in eras of 400 years, which all have the same length.
const ERA_DAYS: i64 = 146_097;
const MARCH_0000: i64 = 719_468;

impl Civil {
    /// Reads `text`, which has the length of `form`; it may say a day that
    /// there is not.
    fn scan(form: &[u8], text: &[u8]) -> Option<Self> {
        let month = form.iter().position(|&mark| mark == b'b')?;
        let month = text.get(month..month + 3)?;
        let month = MONTHS.iter().position(|name| name.as_bytes() == month)?;
        let (mut year, mut day) = (0, 0);
        let (mut hour, mut minute, mut second) = (0, 0, 0);
        for (&mark, &byte) in form.iter().zip(text) {
            let number = match mark {
                b'd' => &mut day,
                b'y' => &mut year,
                b'h' => &mut hour,
                b'm' => &mut minute,
                b's' => &mut second,
                b'b' => continue,
                literal if literal == byte => continue,
                _ => return None,
            };
            *number = match byte {
                b'0'..=b'9' => *number * 10 + i64::from(byte - b'0'),
                b' ' if mark == b'd' && *number == 0 && form == ASCTIME => 0,
                _ => return None,
            };
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        // A leap second, 23:59:60, has no number: it is the one before it.
        let second = hour * 3600 + minute * 60 + second.min(59);
        Some(Civil { year, month: month as i64 + 1, day, second })
    }

    /// Makes a year of two digits the last such year that is not more than
    /// 50 years after `now`.
    fn choose_century(&mut self, now: Civil) {
        let limit = Civil { year: now.year + 50, ..now };
        let before = (limit.year - self.year).rem_euclid(100);
        self.year = limit.year - before;
        if *self > limit {
            self.year -= 100;
        }
    }

    fn from_date(date: Date) -> Self {
        let days = date.0.div_euclid(DAY) + MARCH_0000;
        let era = days.div_euclid(ERA_DAYS);
        let day = days.rem_euclid(ERA_DAYS);
        // Take the leap days out: one in 4 years, but none in 100.
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        // From March on, five months have 153 days, again and again.
        let month = (5 * day + 2) / 153;
        let next_year = i64::from(month >= 10);
        Civil {
            year: era * 400 + year + next_year,
            month: month + 3 - 12 * next_year,
            day: day - (153 * month + 2) / 5 + 1,
            second: date.0.rem_euclid(DAY),
        }
    }

    /// Days since 1970, also for a day that its month does not have.
    fn days(self) -> i64 {
        let last_year = i64::from(self.month <= 2);
        let month = self.month - 3 + 12 * last_year;
        let year = self.year - last_year;
        let era = year.div_euclid(400);
        let year = year.rem_euclid(400);
        let day = (153 * month + 2) / 5 + self.day - 1;
        let day = day + 365 * year + year / 4 - year / 100;
        era * ERA_DAYS + day - MARCH_0000
    }

    /// `None` for the 30th of February and its like.
    fn to_date(self) -> Option<Date> {
        let date = Date::from_unix_timestamp(self.days() * DAY + self.second);
        (Civil::from_date(date) == self).then_some(date)
    }

    /// From Monday, 0. The 1st of January 1970 was a Thursday.
    fn weekday(self) -> usize {
        (self.days() + 3).rem_euclid(7) as usize
    }
}

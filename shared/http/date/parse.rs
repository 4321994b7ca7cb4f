//! Enters in step 16: dates as clients write them, in three forms.
//!
//! One is to be written, and two more to be understood: RFC 9110 section
//! 5.6.7.

use super::{DAY, Date, ERA, MARCH_0000, MONTHS, civil};

/// The three forms, without the day of the week before them: `d` is a digit
/// of the day, or a space at first; `bbb` the month; `y`, `h`, `m` and `s`
/// digits of the year and of the time. Anything else is itself.
const FORMS: [&[u8]; 3] = [IMF_FIXDATE, RFC_850, ASCTIME];
const IMF_FIXDATE: &[u8] = b", dd bbb yyyy hh:mm:ss GMT";
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

/// Year, month from 1, day from 1, second of the day. In this order tuples
/// compare as dates do.
type Civil = (i64, i64, i64, i64);

impl Date {
    /// The date that `text` says, in any of the three forms; `None` if it is
    /// none, if there is no such day, or if it was another day of the week.
    ///
    /// A year of two digits is the last such year that is not more than 50
    /// years after `now`.
    pub fn parse(text: &[u8], now: Date) -> Option<Date> {
        let letters = text.iter().take_while(|b| b.is_ascii_alphabetic());
        let (weekday, rest) = text.split_at(letters.count());
        let form = FORMS.into_iter().find(|form| form.len() == rest.len())?;
        let mut civil = scan(form, rest)?;
        if form == RFC_850 {
            choose_century(&mut civil, now);
        }
        let days = days(civil)?;
        // The 1st of January 1970 was a Thursday.
        let name = WEEKDAYS[(days + 3).rem_euclid(7) as usize].as_bytes();
        let name = if form == RFC_850 { name } else { &name[..3] };
        let date = Date::from_unix_timestamp(days * DAY + civil.3);
        (weekday == name).then_some(date)
    }
}

/// Reads `text`, which has the length of `form`. It may say a day that there
/// is not.
fn scan(form: &[u8], text: &[u8]) -> Option<Civil> {
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
    Some((year, month as i64 + 1, day, second))
}

/// Makes a year of two digits the last such year that is not more than 50
/// years after `now`.
fn choose_century(date: &mut Civil, now: Date) {
    let (year, month, day) = civil(now.0.div_euclid(DAY));
    let limit = (year + 50, month, day, now.0.rem_euclid(DAY));
    date.0 += year - year % 100 + 100;
    while *date > limit {
        date.0 -= 100;
    }
}

/// Days since 1970; `None` for the 30th of February and its like. What
/// `civil` computes, backwards.
fn days((year, month, day, _): Civil) -> Option<i64> {
    let last_year = i64::from(month <= 2);
    let (march_year, month_of_it) =
        (year - last_year, month - 3 + 12 * last_year);
    let (era, year_of_era) =
        (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * month_of_it + 2) / 5 + day - 1;
    let day_of_era =
        day_of_year + 365 * year_of_era + year_of_era / 4 - year_of_era / 100;
    let days = era * ERA + day_of_era - MARCH_0000;
    (civil(days) == (year, month, day)).then_some(days)
}

//! The clock: milliseconds since 1970, written as RFC 3339 in UTC. It never goes back.
//!
//! A test may set it (`switches.rs`): it then starts at that time and moves by one second with each look, and waiting moves
//! it instead of taking time.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::failure::Failure;
use crate::switches;

const DAY: i64 = 86_400_000;

/// Where the time comes from.
#[derive(Clone, Debug)]
pub struct Clock {
    last: Cell<i64>,
    scripted: bool,
}

impl Clock {
    /// The clock of this machine, or the one that a test sets.
    pub fn from_environment() -> Result<Self, Failure> {
        match switches::value(switches::NOW) {
            Some(text) => {
                let start = parse(&text).ok_or_else(|| {
                    Failure::usage(format!("`{}` is not a time such as `2030-01-02T03:04:05Z`", switches::NOW))
                })?;
                Ok(Self { last: Cell::new(start - 1000), scripted: true })
            }
            None => Ok(Self { last: Cell::new(i64::MIN), scripted: false }),
        }
    }

    /// Now, in milliseconds.
    pub fn milliseconds(&self) -> i64 {
        let now = if self.scripted { self.last.get() + 1000 } else { system().max(self.last.get()) };
        self.last.set(now);
        now
    }

    /// Now, as text.
    pub fn now(&self) -> String {
        format(self.milliseconds())
    }

    /// Lets time pass until `until`.
    pub fn wait_until(&self, until: i64) {
        if self.scripted {
            self.last.set(self.last.get().max(until));
            return;
        }
        while let Ok(left @ 1..) = u64::try_from(until.saturating_sub(system())) {
            thread::sleep(Duration::from_millis(left.min(1000)));
        }
    }
}

fn system() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The time as RFC 3339 in UTC; whole seconds are written without a fraction.
#[must_use]
pub fn format(milliseconds: i64) -> String {
    let (days, rest) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (hour, minute, second, fraction) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// The milliseconds of an RFC 3339 time in UTC, such as the engine writes.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z')?;
    let (text, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let sound = |digits: &str, range: std::ops::RangeInclusive<i64>| -> Option<i64> {
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        range.contains(&number).then_some(number)
    };
    let (date, time) = text.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let mut time = time.splitn(3, ':');
    let (year, month) = (sound(date.next()?, 0..=9999)?, sound(date.next()?, 1..=12)?);
    let day = sound(date.next()?, 1..=31)?;
    let (hour, minute) = (sound(time.next()?, 0..=23)?, sound(time.next()?, 0..=59)?);
    let second = sound(time.next()?, 0..=60)?;
    let fraction = fraction.get(..fraction.len().min(3))?;
    let digits = u32::try_from(3usize.saturating_sub(fraction.len())).ok()?;
    let milliseconds = sound(fraction, 0..=999)? * 10i64.pow(digits);
    Some(days(year, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds)
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of so many days since 1970-01-01.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::{DAY, civil, days, format, parse};

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2038-01-19T03:14:08.5Z", 2_147_483_648_500),
        ] {
            assert_eq!(parse(text), Some(milliseconds), "{text}");
            assert_eq!(parse(&format(milliseconds)), Some(milliseconds), "{text}");
        }
        assert_eq!(format(2_147_483_648_500), "2038-01-19T03:14:08.500Z");
    }

    #[test]
    fn every_day_of_four_centuries_is_itself() {
        for day in -150_000..150_000 {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
            assert_eq!(parse(&format(day * DAY)), Some(day * DAY));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "now", "2030-01-02", "2030-01-02T03:04:05", "2030-13-02T03:04:05Z", "2030-01-02T25:04:05Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

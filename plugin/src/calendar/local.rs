//! Local dates and times, and the zones that they are local to.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::{Invalid, shorten};

/// An IANA time zone that the engine knows.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Zone(String);

impl Zone {
    /// The zone's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The zone's rules, as far as the engine's database has them: it had them when the name was parsed.
    pub(super) fn rules(&self) -> Option<TimeZone> {
        TimeZoneDatabase::bundled().get(&self.0).ok()
    }
}

impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let unknown = || Invalid(format!("`{}` is not a time zone such as `Europe/Berlin`", shorten(text)));
        let rules = TimeZoneDatabase::bundled().get(text).map_err(|_| unknown())?;
        rules.iana_name().map(|name| Self(name.to_owned())).ok_or_else(unknown)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A day, such as `2026-12-25`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date(civil::Date);

impl Date {
    pub(super) fn start(self) -> civil::DateTime {
        self.0.to_datetime(civil::Time::midnight())
    }

    pub(super) fn end(self) -> civil::DateTime {
        self.0.tomorrow().map_or(civil::DateTime::MAX, |next| next.to_datetime(civil::Time::midnight()))
    }
}

impl FromStr for Date {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid(format!("`{}` is not a date such as `2026-12-25`", shorten(text)));
        if text.len() != 10 {
            return Err(invalid());
        }
        text.parse().map(Self).map_err(|_| invalid())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A minute of the day, `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// This minute on `date`, if it is a date that can be counted to.
    pub(super) fn on(self, date: civil::Date) -> Option<civil::DateTime> {
        if self.0 >= 1440 {
            return Some(date.tomorrow().ok()?.to_datetime(civil::Time::midnight()));
        }
        let hour = i8::try_from(self.0.div_euclid(60)).ok()?;
        let minute = i8::try_from(self.0.rem_euclid(60)).ok()?;
        Some(date.to_datetime(civil::Time::new(hour, minute, 0, 0).ok()?))
    }
}

impl FromStr for TimeOfDay {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid(format!("`{}` is not a time of day from `00:00` to `24:00`", shorten(text)));
        let (hours, minutes) = text.split_once(':').ok_or_else(invalid)?;
        let number = |digits: &str| {
            let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if two { digits.parse::<u16>().ok() } else { None }
        };
        match (number(hours), number(minutes)) {
            (Some(24), Some(0)) => Ok(Self(1440)),
            (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => {
                Ok(Self(hours.saturating_mul(60).saturating_add(minutes)))
            }
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.div_euclid(60), self.0.rem_euclid(60))
    }
}

/// Where a freeze starts or ends: a whole day, or a minute.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Edge {
    /// A whole day: all of it is frozen.
    Day(Date),
    /// A local date and time, such as `2026-12-23T18:00`.
    Moment(civil::DateTime),
}

impl Edge {
    /// The first frozen moment, if this is a freeze's start.
    pub(super) fn start(self) -> civil::DateTime {
        match self {
            Self::Day(date) => date.start(),
            Self::Moment(moment) => moment,
        }
    }

    /// The first moment that is free again, if this is a freeze's end.
    pub(super) fn end(self) -> civil::DateTime {
        match self {
            Self::Day(date) => date.end(),
            Self::Moment(moment) => moment,
        }
    }
}

impl FromStr for Edge {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid(format!(
                "`{}` is not a local date such as `2026-12-23`, nor with a time such as `2026-12-23T18:00`",
                shorten(text)
            ))
        };
        match text.split_once(['T', ' ']) {
            None => text.parse().map(Self::Day).map_err(|_| invalid()),
            Some((date, time)) => {
                let date: Date = date.parse().map_err(|_| invalid())?;
                let time: TimeOfDay = time.parse().map_err(|_| invalid())?;
                time.on(date.0).map(Self::Moment).ok_or_else(invalid)
            }
        }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => fmt::Display::fmt(date, f),
            Self::Moment(moment) => write!(f, "{}T{:02}:{:02}", moment.date(), moment.hour(), moment.minute()),
        }
    }
}

macro_rules! text_in_serde {
    ($($scalar:ty => $pattern:literal),+ $(,)?) => {$(
        impl Serialize for $scalar {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $scalar {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $scalar {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($scalar).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )+};
}

text_in_serde! {
    Date => "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    Edge => "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2})?$",
    TimeOfDay => "^[0-9]{2}:[0-9]{2}$",
    Zone => "^[A-Za-z0-9_+/-]{1,64}$",
}

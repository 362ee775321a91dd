//! Whether an instant is inside the windows, and if not, when the next one opens.

use std::fmt;

use jiff::civil;
use jiff::tz::{Disambiguation, TimeZone};
use serde::Serialize;

use super::{Calendar, Date, Day, Freeze, Window};
use crate::order;
use crate::scalar::Timestamp;

/// How many days ahead the next change between open and closed is looked for.
pub const SEARCH_DAYS: u16 = 400;

/// The first, cheap search: most answers lie within a week.
const NEAR_DAYS: u16 = 9;

/// Whether deployments are allowed at an instant.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "window")]
pub enum Allowed {
    /// They are.
    Open {
        /// The first instant at which they no longer are; absent: not within [`SEARCH_DAYS`].
        until: Option<Timestamp>,
    },
    /// They are not.
    Closed {
        /// Every cause. Never empty.
        why: Vec<Why>,
        /// The next instant at which they are; absent: not within [`SEARCH_DAYS`].
        next: Option<Timestamp>,
    },
}

/// Why deployments are not allowed at an instant.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A freeze, by its name.
    Freeze(String),
    /// A holiday.
    Holiday(Date),
    /// No window contains the instant; as a local date and time with its zone.
    OutsideWindows(String),
    /// The engine does not know the zone's rules.
    UnknownZone(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Freeze(name) => write!(f, "the freeze `{}` holds", crate::scalar::shorten(name)),
            Self::Holiday(date) => write!(f, "{date} is a holiday"),
            Self::OutsideWindows(local) => write!(f, "{local} is outside the deployment windows"),
            Self::UnknownZone(zone) => write!(f, "the rules of the time zone `{zone}` are not known"),
        }
    }
}

/// Whether `calendar` allows deployments to `region` at an instant (PC6).
#[must_use]
pub fn allowed(calendar: &Calendar, region: Option<&str>, at: Timestamp) -> Allowed {
    let particular = region.and_then(|region| calendar.regions.get(region));
    let zone = particular.and_then(|region| region.zone.as_ref()).unwrap_or(&calendar.zone);
    let Some(rules) = zone.rules() else {
        return Allowed::Closed { why: vec![Why::UnknownZone(zone.to_string())], next: None };
    };
    let windows = particular.and_then(|region| region.windows.as_ref()).or(calendar.windows.as_ref());
    let holidays = calendar.holidays.iter().chain(particular.into_iter().flat_map(|region| &region.holidays));
    let mut closures: Vec<Closure> = holidays
        .map(|date| Closure::new(&rules, date.start(), date.end(), Why::Holiday(*date)))
        .chain(calendar.freezes.iter().filter(|freeze| concerns(freeze, region)).map(|freeze| {
            Closure::new(&rules, freeze.from.start(), freeze.until.end(), Why::Freeze(freeze.name.clone()))
        }))
        .collect();
    order::sort_by(&mut closures, |a, b| a.span.cmp(&b.span));

    let hours = Hours { rules, windows: windows.map(Vec::as_slice), closures };
    hours.judge(at, NEAR_DAYS).or_else(|| hours.judge(at, SEARCH_DAYS)).unwrap_or_else(|| hours.at_the_horizon(at))
}

/// A target without region is cautious: any region's freeze holds it.
fn concerns(freeze: &Freeze, region: Option<&str>) -> bool {
    match region {
        _ if freeze.regions.is_empty() => true,
        Some(region) => freeze.regions.iter().any(|frozen| frozen == region),
        None => true,
    }
}

/// Milliseconds, half-open.
type Span = (i64, i64);

struct Closure {
    span: Span,
    why: Why,
}

impl Closure {
    fn new(rules: &TimeZone, start: civil::DateTime, end: civil::DateTime, why: Why) -> Self {
        let start = instant(rules, start, Disambiguation::Earlier).unwrap_or(i64::MIN);
        let end = instant(rules, end, Disambiguation::Later).unwrap_or(i64::MAX);
        Self { span: (start, end), why }
    }
}

/// Windows and closures of one place.
struct Hours<'a> {
    rules: TimeZone,
    windows: Option<&'a [Window]>,
    closures: Vec<Closure>,
}

impl Hours<'_> {
    /// The answer, if the next change lies within `days`.
    fn judge(&self, at: Timestamp, days: u16) -> Option<Allowed> {
        let now = at.as_millisecond();
        let horizon = at.plus_seconds(i64::from(days).saturating_mul(86_400)).as_millisecond();
        let next = self.open_spans(at, days).into_iter().find(|(_, end)| *end > now);
        match next {
            Some((start, end)) if start <= now && end < horizon => {
                Some(Allowed::Open { until: Timestamp::from_millisecond(end) })
            }
            Some((start, _)) if start > now && start < horizon => {
                Some(Allowed::Closed { why: self.why(at), next: Timestamp::from_millisecond(start) })
            }
            Some(_) | None => None,
        }
    }

    /// The answer where nothing changes within the search.
    fn at_the_horizon(&self, at: Timestamp) -> Allowed {
        let now = at.as_millisecond();
        let open = self.open_spans(at, NEAR_DAYS).iter().any(|(start, end)| *start <= now && now < *end);
        if open { Allowed::Open { until: None } } else { Allowed::Closed { why: self.why(at), next: None } }
    }

    fn why(&self, at: Timestamp) -> Vec<Why> {
        let now = at.as_millisecond();
        let covers = |closure: &&Closure| closure.span.0 <= now && now < closure.span.1;
        let closures: Vec<Why> = self.closures.iter().filter(covers).map(|closure| closure.why.clone()).collect();
        if closures.is_empty() {
            let local = at.instant().to_zoned(self.rules.clone());
            let zone = self.rules.iana_name().unwrap_or_default();
            let (date, time) = (local.date(), local.time());
            return vec![Why::OutsideWindows(format!("{date} {:02}:{:02} {zone}", time.hour(), time.minute()))];
        }
        closures
    }

    /// When it is open from a little before `at` for about `days`: ordered, disjoint, not touching.
    fn open_spans(&self, at: Timestamp, days: u16) -> Vec<Span> {
        let mut spans = match self.windows {
            None => vec![(i64::MIN, i64::MAX)],
            Some(windows) => self.window_spans(windows, at, days),
        };
        spans.sort_unstable();
        let spans = merge(spans);
        let closed = merge(self.closures.iter().map(|closure| closure.span).collect());
        subtract(&spans, &closed)
    }

    fn window_spans(&self, windows: &[Window], at: Timestamp, days: u16) -> Vec<Span> {
        let today = at.instant().to_zoned(self.rules.clone()).date();
        let first = (0..2).fold(today, |date, _| date.yesterday().unwrap_or(date));
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        dates
            .take(usize::from(days).saturating_add(4))
            .flat_map(|date| {
                let day = Day::of(date);
                windows.iter().filter(move |window| window.days.contains(&day)).filter_map(move |window| {
                    let start = instant(&self.rules, window.from.on(date)?, Disambiguation::Later)?;
                    let end = instant(&self.rules, window.until.on(date)?, Disambiguation::Earlier)?;
                    (start < end).then_some((start, end))
                })
            })
            .collect()
    }
}

impl Day {
    fn of(date: civil::Date) -> Self {
        match date.weekday() {
            civil::Weekday::Monday => Self::Monday,
            civil::Weekday::Tuesday => Self::Tuesday,
            civil::Weekday::Wednesday => Self::Wednesday,
            civil::Weekday::Thursday => Self::Thursday,
            civil::Weekday::Friday => Self::Friday,
            civil::Weekday::Saturday => Self::Saturday,
            civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

fn instant(rules: &TimeZone, local: civil::DateTime, reading: Disambiguation) -> Option<i64> {
    let instant = rules.to_ambiguous_timestamp(local).disambiguate(reading).ok()?;
    Some(instant.as_millisecond())
}

/// Joins spans that overlap or touch; the spans are ordered.
fn merge(spans: Vec<Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// What of `open` is not `closed`; both are ordered and disjoint.
fn subtract(open: &[Span], closed: &[Span]) -> Vec<Span> {
    let mut left = Vec::with_capacity(open.len());
    for &(mut start, end) in open {
        for &(shut, reopened) in closed.iter().skip(closed.partition_point(|span| span.1 <= start)) {
            if shut >= end {
                break;
            }
            if shut > start {
                left.push((start, shut));
            }
            start = start.max(reopened);
        }
        if start < end {
            left.push((start, end));
        }
    }
    left
}

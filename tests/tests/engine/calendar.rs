//! The calendar at clock changes (PC6): every one of three zones over ten years, at the edges of windows and freezes
//! that lie before, at, in and after the hour that is skipped or that is there twice.
//!
//! The oracle is naive: a table with one field for each minute around the change, filled from what RULES PC6 and the
//! documentation of the calendar say. Of the zone it knows only the change and the two offsets beside it.

use std::collections::BTreeSet;

use countersign::calendar::{Allowed, Calendar, Why, allowed};
use countersign::scalar::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::{Value, json};

const ZONES: [&str; 3] = ["America/New_York", "Europe/Berlin", "Australia/Sydney"];
const DAY: i64 = 1440;
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A clock change, in minutes: of the epoch in UTC, and of the offsets before and after.
#[derive(Clone, Copy, Debug)]
struct Change {
    zone: &'static str,
    at: i64,
    before: i64,
    after: i64,
}

/// The clock changes of a zone from 2026 to 2035.
fn changes(zone: &'static str) -> Vec<Change> {
    let rules: TimeZone = TimeZoneDatabase::bundled().get(zone).unwrap();
    let instant = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let offset = |at: i64| i64::from(rules.to_offset(jiff::Timestamp::from_second(at).unwrap()).seconds());
    rules
        .following(instant("2026-01-01T00:00:00Z"))
        .map(|change| change.timestamp().as_second())
        .take_while(|at| *at < instant("2036-01-01T00:00:00Z").as_second())
        .map(|at| {
            let seconds = [at, offset(at - 1), offset(at)];
            assert!(seconds.iter().all(|second| second % 60 == 0), "{zone}: not a whole minute");
            let [at, before, after] = seconds.map(|second| second / 60);
            Change { zone, at, before, after }
        })
        .collect()
}

impl Change {
    /// What the local clock shows at a minute.
    fn local(self, minute: i64) -> i64 {
        minute + if minute < self.at { self.before } else { self.after }
    }

    /// The minutes at which the local clock shows `local`; one that is skipped is read with either offset.
    fn readings(self, local: i64) -> BTreeSet<i64> {
        let candidates = BTreeSet::from([local - self.before, local - self.after]);
        let shown: BTreeSet<i64> = candidates.iter().copied().filter(|minute| self.local(*minute) == local).collect();
        if shown.is_empty() { candidates } else { shown }
    }

    fn earliest(self, local: i64) -> i64 {
        *self.readings(local).first().unwrap()
    }

    fn latest(self, local: i64) -> i64 {
        *self.readings(local).last().unwrap()
    }

    /// The first minute, as the local clock shows it, that is skipped or there twice.
    fn hour(self) -> i64 {
        self.at + self.before.min(self.after)
    }

    /// The day of the change.
    fn day(self) -> i64 {
        self.hour().div_euclid(DAY)
    }
}

/// A calendar in the test's own terms. Times of day and edges are local minutes; days are counted from the epoch.
#[derive(Clone, Debug, Default)]
struct Plan {
    /// Weekdays from Monday as 0, first and last minute of the day. Absent: always open.
    windows: Option<Vec<(Vec<i64>, i64, i64)>>,
    /// From and until, in local minutes of the epoch.
    freezes: Vec<(i64, i64)>,
    /// Days.
    holidays: Vec<i64>,
    /// Whether zone, windows and holidays stand in the region, and the calendar is of another zone.
    regional: bool,
}

fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// The date of a day, by counting.
fn date(day: i64) -> String {
    let (mut year, mut left) = (1970, day);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while left >= 365 + i64::from(leap(year)) {
        left -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, left + 1)
}

fn time(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl Plan {
    fn windows(windows: &[(&[i64], i64, i64)]) -> Self {
        let windows = windows.iter().map(|(days, from, until)| (days.to_vec(), *from, *until)).collect();
        Self { windows: Some(windows), ..Self::default() }
    }

    /// As the policy file writes it.
    fn written(&self, zone: &str) -> Value {
        let windows = self.windows.as_ref().map(|windows| {
            let window = |(days, from, until): &(Vec<i64>, i64, i64)| {
                let days: Vec<&str> = days.iter().map(|day| DAYS[usize::try_from(*day).unwrap()]).collect();
                json!({ "days": days, "from": time(*from), "until": time(*until) })
            };
            windows.iter().map(window).collect::<Vec<_>>()
        });
        let moment = |edge: i64| format!("{}T{}", date(edge.div_euclid(DAY)), time(edge.rem_euclid(DAY)));
        let freezes: Vec<Value> = self
            .freezes
            .iter()
            .enumerate()
            .map(|(number, (from, until))| json!({ "name": number.to_string(), "from": moment(*from), "until": moment(*until) }))
            .collect();
        let holidays: Vec<String> = self.holidays.iter().map(|day| date(*day)).collect();
        let mut here = json!({ "zone": zone, "holidays": holidays });
        if let Some(windows) = windows {
            here["windows"] = json!(windows);
        }
        if self.regional {
            return json!({ "zone": "Asia/Kolkata", "freezes": freezes, "regions": { "here": here } });
        }
        here["freezes"] = json!(freezes);
        here
    }
}

/// What is so at each minute around a change.
struct Table {
    first: i64,
    open: Vec<bool>,
    why: Vec<BTreeSet<String>>,
}

const BACK: i64 = 4 * DAY;
const AHEAD: i64 = 24 * DAY;

impl Table {
    /// A window opens at the later and closes at the earlier reading of an edge; a freeze or holiday the other way.
    fn of(change: Change, plan: &Plan) -> Self {
        let length = usize::try_from(BACK + AHEAD).unwrap();
        let mut table = Self {
            first: change.at - BACK,
            open: vec![plan.windows.is_none(); length],
            why: vec![BTreeSet::new(); length],
        };
        let days = change.day() - BACK / DAY - 2..change.day() + AHEAD / DAY + 2;
        for (weekdays, from, until) in plan.windows.iter().flatten() {
            for day in days.clone().filter(|day| weekdays.contains(&weekday(*day))) {
                for minute in change.latest(day * DAY + from)..change.earliest(day * DAY + until) {
                    table.at(minute, |open, _| *open = true);
                }
            }
        }
        let holidays = plan.holidays.iter().map(|day| (format!("holiday {}", date(*day)), day * DAY, (day + 1) * DAY));
        let freezes = plan.freezes.iter().enumerate();
        for (name, from, until) in
            holidays.chain(freezes.map(|(number, (from, until))| (format!("freeze {number}"), *from, *until)))
        {
            for minute in change.earliest(from)..change.latest(until) {
                table.at(minute, |open, why| {
                    *open = false;
                    why.insert(name.clone());
                });
            }
        }
        table
    }

    fn at(&mut self, minute: i64, act: impl FnOnce(&mut bool, &mut BTreeSet<String>)) {
        if let Ok(index) = usize::try_from(minute - self.first)
            && let (Some(open), Some(why)) = (self.open.get_mut(index), self.why.get_mut(index))
        {
            act(open, why);
        }
    }

    fn is_open(&self, minute: i64) -> bool {
        self.open[usize::try_from(minute - self.first).unwrap()]
    }

    /// The next minute that is open, or closed: every minute before it is not.
    fn next(&self, minute: i64, open: bool) -> Option<i64> {
        let end = self.first + BACK + AHEAD;
        (minute..end).find(|minute| self.is_open(*minute) == open)
    }
}

fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap()
}

/// What was checked.
#[derive(Debug, Default)]
struct Tally {
    calendars: u64,
    instants: u64,
    open: u64,
    never: u64,
}

/// The engine and the table agree one millisecond before, at and after each edge.
fn check(tally: &mut Tally, change: Change, plan: &Plan) {
    let written = plan.written(change.zone);
    let calendar: Calendar =
        serde_json::from_value(written.clone()).unwrap_or_else(|error| panic!("{error}: {written}"));
    let region = plan.regional.then_some("here");
    let table = Table::of(change, plan);
    let days = [change.day() - 1, change.day(), change.day() + 1];
    let daily = plan
        .windows
        .iter()
        .flatten()
        .flat_map(|(_, from, until)| days.into_iter().flat_map(move |day| [day * DAY + from, day * DAY + until]));
    let closures = plan.freezes.iter().flat_map(|(from, until)| [*from, *until]);
    let holidays = plan.holidays.iter().flat_map(|day| [day * DAY, (day + 1) * DAY]);
    let locals: BTreeSet<i64> =
        daily.chain(closures).chain(holidays).chain([change.hour(), change.hour() + 60]).collect();
    let minutes: BTreeSet<i64> =
        locals.into_iter().flat_map(|local| change.readings(local)).chain([change.at]).collect();
    tally.calendars += 1;
    for now in minutes.iter().flat_map(|minute| [-1, 0, 1].map(|millisecond| minute * 60_000 + millisecond)) {
        tally.instants += 1;
        let minute = now.div_euclid(60_000);
        let context = || format!("{} {written} {change:?}", at(now));
        match allowed(&calendar, region, at(now)) {
            Allowed::Open { until } => {
                tally.open += 1;
                assert!(table.is_open(minute), "open: {}", context());
                assert_eq!(until, table.next(minute, false).map(|minute| at(minute * 60_000)), "{}", context());
            }
            Allowed::Closed { why, next } => {
                assert!(!table.is_open(minute), "closed: {}", context());
                let expected = table.next(minute, true).map(|minute| minute * 60_000);
                assert_eq!(next, expected.map(at), "{}", context());
                let Some(next) = expected else { panic!("the table is too short: {}", context()) };
                assert!(matches!(allowed(&calendar, region, at(next)), Allowed::Open { .. }), "{}", context());
                let before = allowed(&calendar, region, at(next - 1));
                assert!(matches!(before, Allowed::Closed { .. }), "{}", context());
                let said: BTreeSet<String> = why.iter().map(said).collect();
                let mut meant = table.why[usize::try_from(minute - table.first).unwrap()].clone();
                if meant.is_empty() {
                    meant.insert("outside".to_owned());
                }
                assert_eq!(said, meant, "{}", context());
            }
        }
    }
    tally.never += u64::from((change.at - DAY..change.at + DAY).all(|minute| !table.is_open(minute)));
}

fn said(why: &Why) -> String {
    match why {
        Why::Freeze(name) => format!("freeze {name}"),
        Why::Holiday(date) => format!("holiday {date}"),
        Why::OutsideWindows(_) => "outside".to_owned(),
        Why::UnknownZone(zone) => format!("unknown {zone}"),
    }
}

/// Minutes before, at, in and after the hour that is skipped or there twice, counted from its beginning.
const EDGES: [i64; 9] = [-60, -1, 0, 1, 30, 59, 60, 61, 120];

fn pairs() -> impl Iterator<Item = (i64, i64)> {
    EDGES
        .into_iter()
        .flat_map(|from| EDGES.into_iter().filter(move |until| from < *until).map(move |until| (from, until)))
}

/// Runs `plans` at every clock change of every zone, and says what was checked.
fn at_every_change(what: &str, plans: impl Fn(Change) -> Vec<Plan>) {
    let mut tally = Tally::default();
    let mut number = 0;
    for zone in ZONES {
        let changes = changes(zone);
        assert_eq!(changes.len(), 20, "{zone} changes its clocks twice a year");
        assert_eq!(changes.iter().filter(|change| change.after > change.before).count(), 10, "{zone}: gaps");
        for change in changes {
            number += 1;
            for plan in plans(change) {
                check(&mut tally, change, &plan);
            }
        }
    }
    println!(
        "{what}: {number} clock changes, {} calendars, {} instants, {} of them open; {} calendars closed for two days around",
        tally.calendars, tally.instants, tally.open, tally.never
    );
    assert!(tally.open > 0 && tally.open < tally.instants);
}

#[test]
fn pc6_windows_with_an_edge_around_every_clock_change() {
    at_every_change("windows", |change| {
        let start = change.hour().rem_euclid(DAY);
        let day = weekday(change.day());
        let week: Vec<i64> = (0..7).collect();
        pairs()
            .enumerate()
            .map(|(number, (from, until))| {
                let days: &[i64] = if number % 3 == 0 { &[day] } else { &week };
                let plan = Plan::windows(&[(days, start + from, start + until)]);
                Plan { regional: number % 2 == 0, ..plan }
            })
            .collect()
    });
}

#[test]
fn pc6_windows_that_meet_in_the_hour_of_every_clock_change() {
    at_every_change("windows that meet", |change| {
        let start = change.hour().rem_euclid(DAY);
        let (day, eve) = (weekday(change.day()), weekday(change.day() - 1));
        let meet =
            |edge: i64| Plan::windows(&[(&[day], start - 60, start + edge), (&[day, eve], start + edge, start + 120)]);
        let night = Plan::windows(&[(&[eve], 22 * 60, DAY), (&[day], 0, start + 30), (&[day], start + 45, DAY)]);
        EDGES[2..7].iter().map(|edge| meet(*edge)).chain([night]).collect()
    });
}

#[test]
fn pc6_freezes_with_an_edge_around_every_clock_change() {
    at_every_change("freezes", |change| {
        let hour = change.hour();
        let days = [-1, 0, 1].map(|more| weekday(change.day() + more));
        let open = Plan::windows(&[(&days, 0, DAY)]);
        let frozen = pairs().enumerate().map(|(number, (from, until))| {
            let plan = if number % 2 == 0 { open.clone() } else { Plan::default() };
            Plan { freezes: vec![(hour + from, hour + until)], regional: number % 3 == 0, ..plan }
        });
        let across = EDGES.map(|edge| Plan { freezes: vec![(hour - DAY, hour + edge)], ..open.clone() });
        let beyond = EDGES.map(|edge| Plan { freezes: vec![(hour + edge, hour + 2 * DAY)], ..Plan::default() });
        frozen.chain(across).chain(beyond).collect()
    });
}

#[test]
fn pc6_holidays_and_freezes_over_windows_around_every_clock_change() {
    at_every_change("holidays", |change| {
        let hour = change.hour();
        let start = hour.rem_euclid(DAY);
        let week: Vec<i64> = (0..7).collect();
        let windows = Plan::windows(&[(&week, start - 60, start + 30), (&week, start + 31, start + 120)]);
        let mut plans = Vec::new();
        for day in [change.day() - 1, change.day(), change.day() + 1] {
            plans.push(Plan { holidays: vec![day], ..windows.clone() });
            plans.push(Plan { holidays: vec![day], regional: true, ..windows.clone() });
            plans.push(Plan { holidays: vec![day], freezes: vec![(hour - 30, hour + 15)], ..windows.clone() });
        }
        plans
    });
}

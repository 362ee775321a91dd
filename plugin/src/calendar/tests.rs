//! Windows, freezes, holidays, and what clock changes do to them.

use super::*;
use crate::scalar::Timestamp;

/// A calendar from the JSON of its file's form.
fn calendar(text: &str) -> Calendar {
    let calendar: Calendar = serde_json::from_str(text).unwrap();
    assert_eq!(calendar.faults(), [], "{text}");
    calendar
}

fn office() -> Calendar {
    calendar(
        r#"{"zone": "Europe/Berlin",
            "windows": [{"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "09:00", "until": "17:00"}],
            "freezes": [{"name": "end of year", "from": "2026-12-21T12:00", "until": "2027-01-03"},
                        {"name": "fair", "from": "2026-06-10", "until": "2026-06-11T12:00", "regions": ["eu-de"]}],
            "holidays": ["2026-05-01", "2026-12-25"],
            "regions": {"us-south": {"zone": "America/Chicago", "holidays": ["2026-07-03"],
                        "windows": [{"days": ["tuesday"], "from": "10:00", "until": "12:00"}]}}}"#,
    )
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `open until ...`, or `closed (why) until ...`.
fn said(calendar: &Calendar, region: Option<&str>, instant: &str) -> String {
    let moment = |moment: Option<Timestamp>| moment.map_or("never".to_owned(), |moment| moment.to_string());
    match allowed(calendar, region, at(instant)) {
        Allowed::Open { until } => format!("open until {}", moment(until)),
        Allowed::Closed { why, next } => {
            assert!(!why.is_empty());
            let why: Vec<String> = why.iter().map(Why::to_string).collect();
            format!("closed ({}) until {}", why.join("; "), moment(next))
        }
    }
}

fn check(instant: &str, expected: &str) {
    assert_eq!(said(&office(), None, instant), expected, "{instant}");
}

#[test]
fn pc6_windows_are_half_open_and_local() {
    check("2026-03-02T08:00:00Z", "open until 2026-03-02T16:00:00Z");
    check("2026-03-02T15:59:59.999Z", "open until 2026-03-02T16:00:00Z");
    check(
        "2026-03-02T16:00:00Z",
        "closed (2026-03-02 17:00 Europe/Berlin is outside the deployment windows) until 2026-03-03T08:00:00Z",
    );
    check(
        "2026-03-02T07:59:59.999Z",
        "closed (2026-03-02 08:59 Europe/Berlin is outside the deployment windows) until 2026-03-02T08:00:00Z",
    );
    check("2026-07-06T07:00:00Z", "open until 2026-07-06T15:00:00Z");
}

#[test]
fn pc6_the_next_window_skips_weekends_holidays_and_freezes() {
    check(
        "2026-04-30T15:00:00Z",
        "closed (2026-04-30 17:00 Europe/Berlin is outside the deployment windows) until 2026-05-04T07:00:00Z",
    );
    check("2026-05-01T08:00:00Z", "closed (2026-05-01 is a holiday) until 2026-05-04T07:00:00Z");
    check("2026-12-21T10:00:00Z", "open until 2026-12-21T11:00:00Z");
    check("2026-12-21T11:00:00Z", "closed (the freeze `end of year` holds) until 2027-01-04T08:00:00Z");
    check(
        "2026-12-25T11:00:00Z",
        "closed (the freeze `end of year` holds; 2026-12-25 is a holiday) until 2027-01-04T08:00:00Z",
    );
    check("2027-01-03T22:59:59Z", "closed (the freeze `end of year` holds) until 2027-01-04T08:00:00Z");
}

#[test]
fn pc6_a_region_has_its_own_hours_and_shares_the_rest() {
    let calendar = office();
    let said = |region: Option<&str>, instant: &str| said(&calendar, region, instant);
    assert_eq!(said(Some("us-south"), "2026-03-03T16:00:00Z"), "open until 2026-03-03T18:00:00Z");
    assert!(said(Some("us-south"), "2026-03-02T16:00:00Z").ends_with("until 2026-03-03T16:00:00Z"));
    assert!(said(Some("us-south"), "2026-05-01T16:00:00Z").starts_with("closed (2026-05-01 is a holiday)"));
    assert!(said(Some("us-south"), "2026-07-03T16:00:00Z").starts_with("closed (2026-07-03 is a holiday)"));
    assert_eq!(said(Some("eu-gb"), "2026-07-03T08:00:00Z"), "open until 2026-07-03T15:00:00Z");
    let fair = "closed (the freeze `fair` holds) until 2026-06-11T10:00:00Z";
    assert_eq!(said(Some("eu-de"), "2026-06-10T08:00:00Z"), fair);
    assert_eq!(said(None, "2026-06-10T08:00:00Z"), fair, "a target without region is cautious");
    assert_eq!(said(Some("eu-gb"), "2026-06-10T08:00:00Z"), "open until 2026-06-10T15:00:00Z");
}

#[test]
fn pc6_without_windows_only_freezes_and_holidays_close() {
    let calendar = calendar(r#"{"zone": "UTC", "holidays": ["2026-03-03"]}"#);
    let said = |instant: &str| said(&calendar, None, instant);
    assert_eq!(said("2026-03-02T23:59:59Z"), "open until 2026-03-03T00:00:00Z");
    assert_eq!(said("2026-03-03T00:00:00Z"), "closed (2026-03-03 is a holiday) until 2026-03-04T00:00:00Z");
    assert_eq!(said("2026-03-04T00:00:00Z"), "open until never");
}

#[test]
fn pc6_windows_that_touch_are_one() {
    let calendar = calendar(
        r#"{"zone": "UTC", "windows": [
            {"days": ["monday"], "from": "22:00", "until": "24:00"}, {"days": ["tuesday"], "from": "00:00", "until": "02:00"},
            {"days": ["tuesday"], "from": "01:00", "until": "03:00"}]}"#,
    );
    assert_eq!(said(&calendar, None, "2026-03-02T23:00:00Z"), "open until 2026-03-03T03:00:00Z");
    assert!(said(&calendar, None, "2026-03-03T03:00:00Z").ends_with("until 2026-03-09T22:00:00Z"));
}

#[test]
fn pc6_the_search_is_bounded() {
    let mut calendar = office();
    calendar.freezes = vec![Freeze {
        name: "for ever".to_owned(),
        from: "2026-01-01".parse().unwrap(),
        until: "9999-12-31".parse().unwrap(),
        regions: Vec::new(),
    }];
    assert_eq!(said(&calendar, None, "2026-03-02T10:00:00Z"), "closed (the freeze `for ever` holds) until never");
    calendar.freezes[0].until = "2027-03-01".parse().unwrap();
    assert!(said(&calendar, None, "2026-03-02T10:00:00Z").ends_with("until 2027-03-02T08:00:00Z"));
    for instant in ["9999-12-30T22:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"] {
        let _ = said(&office(), None, instant);
    }
}

/// Berlin skips 02:00 to 03:00 on 2026-03-29, at 01:00 UTC, and has it twice on 2026-10-25, until 01:00 UTC.
#[test]
fn pc6_an_edge_that_is_skipped_or_ambiguous_is_closed_for_longer() {
    let night = |from: &str, until: &str| {
        calendar(&format!(
            r#"{{"zone": "Europe/Berlin", "windows": [{{"days": ["sunday"], "from": "{from}", "until": "{until}"}}]}}"#
        ))
    };
    let open =
        |calendar: &Calendar, instant: &str| matches!(allowed(calendar, None, at(instant)), Allowed::Open { .. });
    // Opens at 02:30, which is skipped: 03:30 summer time.
    let calendar = night("02:30", "05:00");
    assert!(!open(&calendar, "2026-03-29T01:29:59Z") && open(&calendar, "2026-03-29T01:30:00Z"));
    // Opens at 02:30, which is there twice: the second time.
    assert!(!open(&calendar, "2026-10-25T00:30:00Z") && !open(&calendar, "2026-10-25T01:29:59Z"));
    assert!(open(&calendar, "2026-10-25T01:30:00Z"));
    // Closes at 02:30, which is skipped: 01:30 winter time.
    let calendar = night("00:00", "02:30");
    assert!(open(&calendar, "2026-03-29T00:29:59Z") && !open(&calendar, "2026-03-29T00:30:00Z"));
    // Closes at 02:30, which is there twice: the first time.
    assert!(open(&calendar, "2026-10-25T00:29:59Z") && !open(&calendar, "2026-10-25T00:30:00Z"));
    // A window inside the hour that is there twice never opens; one around it is whole.
    let calendar = night("02:15", "02:45");
    for minute in 0..180 {
        assert!(!open(&calendar, &at("2026-10-24T23:30:00Z").plus_seconds(minute * 60).to_string()), "{minute}");
    }
    let calendar = night("01:00", "04:00");
    assert_eq!(said(&calendar, None, "2026-10-24T23:00:00Z"), "open until 2026-10-25T03:00:00Z");
    assert_eq!(said(&calendar, None, "2026-03-29T00:00:00Z"), "open until 2026-03-29T02:00:00Z");
}

#[test]
fn pc6_a_freeze_with_a_skipped_or_ambiguous_edge_is_longer() {
    let frozen = |from: &str, until: &str, instant: &str| {
        let calendar = calendar(&format!(
            r#"{{"zone": "Europe/Berlin", "freezes": [{{"name": "f", "from": "{from}", "until": "{until}"}}]}}"#
        ));
        matches!(allowed(&calendar, None, at(instant)), Allowed::Closed { .. })
    };
    assert!(frozen("2026-03-29T02:30", "2026-03-29T12:00", "2026-03-29T00:30:00Z"));
    assert!(frozen("2026-10-25T02:30", "2026-10-25T12:00", "2026-10-25T00:30:00Z"));
    assert!(frozen("2026-10-24T12:00", "2026-10-25T02:30", "2026-10-25T01:29:59Z"));
    assert!(!frozen("2026-10-24T12:00", "2026-10-25T02:30", "2026-10-25T01:30:00Z"));
}

/// A naive second reading of a window: the local clock is inside.
#[test]
fn pc6_open_is_never_more_than_what_the_local_clock_says() {
    for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"] {
        let calendar = calendar(&format!(
            r#"{{"zone": "{zone}", "windows": [
                {{"days": ["sunday", "saturday"], "from": "01:30", "until": "02:30"}},
                {{"days": ["monday"], "from": "23:00", "until": "24:00"}}]}}"#
        ));
        let rules = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
        let mut now = at("2026-01-01T00:00:00Z");
        let mut opened = 0;
        while now < at("2027-01-01T00:00:00Z") {
            let local = now.instant().to_zoned(rules.clone());
            let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
            let inside = match local.weekday() {
                jiff::civil::Weekday::Sunday | jiff::civil::Weekday::Saturday => (90..150).contains(&minute),
                jiff::civil::Weekday::Monday => minute >= 1380,
                _ => false,
            };
            match allowed(&calendar, None, now) {
                Allowed::Open { until } => {
                    assert!(inside, "{zone} {now}");
                    assert!(until.unwrap() > now);
                    opened += 1;
                }
                Allowed::Closed { next, .. } => assert!(next.unwrap() > now, "{zone} {now}"),
            }
            now = now.plus_seconds(47 * 60);
        }
        assert!(opened > 150, "{zone} {opened}");
    }
}

/// Ten years of clock changes in three zones, each with windows whose edges lie around and in the hours concerned.
#[test]
fn pc6_every_clock_change_of_ten_years_closes_for_longer() {
    use jiff::tz::{Disambiguation, TimeZoneDatabase};
    let mut changes = 0;
    for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"] {
        let rules = TimeZoneDatabase::bundled().get(zone).unwrap();
        let (first, last) = (at("2024-01-01T00:00:00Z").instant(), at("2034-01-01T00:00:00Z").instant());
        for change in rules.following(first).take_while(|change| change.timestamp() < last) {
            changes += 1;
            let date = change.timestamp().to_zoned(rules.clone()).date();
            let day = format!("{:?}", date.weekday()).to_lowercase();
            for (from, until) in ["00:00", "01:30", "01:45", "02:00", "02:15", "02:30", "03:00", "04:00"]
                .windows(4)
                .flat_map(|edges| [(edges[0], edges[1]), (edges[0], edges[2]), (edges[0], edges[3])])
            {
                let calendar = calendar(&format!(
                    r#"{{"zone": "{zone}", "windows": [{{"days": ["{day}"], "from": "{from}", "until": "{until}"}}]}}"#
                ));
                let readings = |edge: &str| {
                    let local = edge.parse::<TimeOfDay>().unwrap().on(date).unwrap();
                    [Disambiguation::Earlier, Disambiguation::Later]
                        .map(|reading| rules.to_ambiguous_timestamp(local).disambiguate(reading).unwrap())
                };
                for minutes in (-180..=180).step_by(15) {
                    let now = at(&change.timestamp().to_string()).plus_seconds(minutes * 60);
                    let instant = now.instant();
                    let expected = readings(from).iter().all(|edge| *edge <= instant)
                        && readings(until).iter().all(|edge| instant < *edge);
                    let open = matches!(allowed(&calendar, None, now), Allowed::Open { .. });
                    assert_eq!(open, expected, "{zone} {now} {from} {until}");
                }
            }
        }
    }
    assert_eq!(changes, 60);
}

#[test]
fn pc6_what_a_calendar_must_not_say() {
    let refused = |text: &str| serde_json::from_str::<Calendar>(text).unwrap_err().to_string();
    assert!(refused(r#"{"zone": "Mars/Olympus"}"#).starts_with("`Mars/Olympus` is not a time zone"));
    assert!(refused(r#"{"zone": "UTC", "holidays": ["2026-02-30"]}"#).starts_with("`2026-02-30` is not a date"));
    for time in ["9:00", "24:01", "12:60", "12", "-1:00", "+9:00", "12:00:00"] {
        let text =
            format!(r#"{{"zone": "UTC", "windows": [{{"days": ["monday"], "from": "{time}", "until": "24:00"}}]}}"#);
        assert!(refused(&text).contains("is not a time of day"), "{time}");
    }
    for edge in ["2026-12-20T18:00Z", "2026-12-20T18:00+01:00", "2026-12-20T18", "20261220", "2026-12-20Tnoon"] {
        let text =
            format!(r#"{{"zone": "UTC", "freezes": [{{"name": "f", "from": "{edge}", "until": "2027-01-01"}}]}}"#);
        assert!(refused(&text).contains("is not a local date"), "{edge}");
    }
    let faults = |text: &str| -> Vec<String> {
        let calendar: Calendar = serde_json::from_str(text).unwrap();
        calendar.faults().into_iter().map(|(pointer, message, _)| format!("{pointer} {message}")).collect()
    };
    assert_eq!(
        faults(
            r#"{"zone": "UTC", "windows": [{"days": [], "from": "22:00", "until": "02:00"}],
                "freezes": [{"name": " ", "from": "2026-01-02", "until": "2026-01-01"}],
                "regions": {"a/b": {"windows": []}}}"#
        ),
        [
            "/windows/0/days the window is on no day",
            "/windows/0/until the window ends at `02:00`, not after its start `22:00`",
            "/regions/a~1b/windows 0 windows are listed",
            "/freezes/0/name the freeze has no name",
            "/freezes/0/until the freeze ends at `2026-01-01`, not after its start `2026-01-02`",
        ]
    );
}

#[test]
fn pc6_a_calendar_is_written_as_it_is_read() {
    let calendar = office();
    let text = serde_json::to_string(&calendar).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), calendar);
    assert!(text.contains(r#""from":"2026-12-21T12:00","until":"2027-01-03""#), "{text}");
}

//! The calendar: when deployments are allowed (PC6).
//!
//! Times are local to an IANA zone; the zones' rules are part of the engine. A window is half-open: `09:00` is inside
//! of `09:00` to `17:00`, `17:00` is not. No window crosses midnight; write two, the first until `24:00`.
//! Where a clock change makes an edge ambiguous or skips it, the edge is taken so that it is closed for longer: a
//! window opens at the later and closes at the earlier of the two readings, a freeze or holiday the other way round.

mod allowed;
mod local;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use allowed::{Allowed, SEARCH_DAYS, Why, allowed};
pub use local::{Date, Edge, TimeOfDay, Zone};

/// The most windows, freezes, holidays or regions that a calendar may list, each.
pub const MAX_ITEMS: usize = 1000;

/// When deployments are allowed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Calendar {
    /// The IANA zone that times are local to, such as `Europe/Berlin`.
    pub zone: Zone,
    /// When it is open. Absent: always, but for freezes and holidays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<Window>>,
    /// When it is closed whatever the windows say.
    #[serde(default)]
    pub freezes: Vec<Freeze>,
    /// Days on which it is closed.
    #[serde(default)]
    pub holidays: Vec<Date>,
    /// What differs in single regions.
    #[serde(default)]
    pub regions: BTreeMap<String, Region>,
}

/// A span of the day on some days of the week.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Window {
    /// The days of the week. At least one.
    pub days: Vec<Day>,
    /// The first minute inside, such as `09:00`.
    pub from: TimeOfDay,
    /// The first minute outside again; later than `from`, at most `24:00`.
    pub until: TimeOfDay,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A span in which nothing is deployed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Freeze {
    /// What people call it.
    pub name: String,
    /// Its start: a local date (from its first minute) or a local date and time.
    pub from: Edge,
    /// Its end: a local date (that day is still frozen) or a local date and time (that minute no longer is).
    pub until: Edge,
    /// The regions that it is about. Empty: all. A target without region is frozen with any of them.
    #[serde(default)]
    pub regions: Vec<String>,
}

/// What differs in a region: what is absent here is as in the calendar.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Region {
    /// The zone that windows, freezes and holidays are local to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The windows, instead of the calendar's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<Window>>,
    /// Holidays, besides the calendar's.
    pub holidays: Vec<Date>,
}

impl Calendar {
    /// Everything that is wrong with the calendar: JSON Pointer, message, help.
    #[must_use]
    pub(crate) fn faults(&self) -> Vec<(String, String, String)> {
        let mut faults = window_faults("", self.windows.as_deref());
        for (name, region) in &self.regions {
            let pointer = format!("/regions/{}", name.replace('~', "~0").replace('/', "~1"));
            faults.extend(window_faults(&pointer, region.windows.as_deref()));
        }
        for (index, freeze) in self.freezes.iter().enumerate() {
            if freeze.name.trim().is_empty() {
                faults.push((
                    format!("/freezes/{index}/name"),
                    "the freeze has no name".to_owned(),
                    "name it, so that people see why they wait".to_owned(),
                ));
            }
            if freeze.from.start() >= freeze.until.end() {
                faults.push((
                    format!("/freezes/{index}/until"),
                    format!("the freeze ends at `{}`, not after its start `{}`", freeze.until, freeze.from),
                    "write an `until` that is later than `from`".to_owned(),
                ));
            }
        }
        let counts =
            [("/freezes", self.freezes.len()), ("/holidays", self.holidays.len()), ("/regions", self.regions.len())];
        for (pointer, count) in counts.into_iter().filter(|(_, count)| *count > MAX_ITEMS) {
            faults.push((pointer.to_owned(), format!("{count} items are listed"), format!("list at most {MAX_ITEMS}")));
        }
        faults
    }
}

fn window_faults(pointer: &str, windows: Option<&[Window]>) -> Vec<(String, String, String)> {
    let Some(windows) = windows else { return Vec::new() };
    let mut faults = Vec::new();
    if windows.is_empty() || windows.len() > MAX_ITEMS {
        faults.push((
            format!("{pointer}/windows"),
            format!("{} windows are listed", windows.len()),
            format!("list 1 to {MAX_ITEMS}, or remove `windows` to deploy at any time"),
        ));
    }
    for (index, window) in windows.iter().enumerate() {
        if window.days.is_empty() {
            faults.push((
                format!("{pointer}/windows/{index}/days"),
                "the window is on no day".to_owned(),
                "list its days, such as `[monday, tuesday]`".to_owned(),
            ));
        }
        if window.until <= window.from {
            faults.push((
                format!("{pointer}/windows/{index}/until"),
                format!("the window ends at `{}`, not after its start `{}`", window.until, window.from),
                "write a later `until`; a window across midnight is two windows, the first until `24:00`".to_owned(),
            ));
        }
    }
    faults
}

//! Where changes stand, what is owed of them, and how environments differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::change::event::{Closure, Kind};
use crate::change::journal::Journal;
use crate::change::obligation::{Fulfilment, Obligation};
use crate::change::state::Change;
use crate::facts::{Inventory, Target};
use crate::inventory::Version;
use crate::obligations;
use crate::scalar::{Name, Timestamp};

/// Where one change stands.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Surveyed {
    /// The journal that says so.
    pub journal: String,
    /// The change request's id, once there is one.
    pub id: Option<Name>,
    /// Where.
    pub target: Option<Target>,
    /// The kind, once it was assessed.
    pub kind: Option<Kind>,
    /// The state.
    pub state: String,
    /// The category, once it was closed or left open.
    pub category: Option<Closure>,
    /// Whether nothing is left to do for a run of the flow.
    pub finished: bool,
    /// Whether the change request was left open for people to finish (CL3, RB2).
    pub left_open: bool,
    /// An effect that was begun and whose outcome is not known.
    pub pending: Option<String>,
    /// When it began.
    pub began: Option<Timestamp>,
    /// When something happened last.
    pub last: Option<Timestamp>,
    /// What is owed, and what was.
    pub obligations: Vec<Owed>,
}

/// Something that is owed, or was.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owed {
    /// The obligation.
    #[serde(flatten)]
    pub obligation: Obligation,
    /// Whether it is not fulfilled, and its time is over.
    pub overdue: bool,
    /// When it was fulfilled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfilled_at: Option<Timestamp>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfilment: Option<Fulfilment>,
}

/// Where the change stands that this journal tells of.
#[must_use]
pub fn surveyed(name: &str, journal: &Journal, now: Timestamp) -> Surveyed {
    let life = &journal.life;
    let (category, finished) = match &life.change {
        Change::Closed(_, ending) => {
            (Some(ending.category), life.concluded_at.is_some() || !ending.conclusion.is_success())
        }
        Change::Canceled(..) => (Some(Closure::Cancelled), true),
        Change::New
        | Change::Draft(_)
        | Change::Assess(..)
        | Change::Authorize(_)
        | Change::Scheduled(..)
        | Change::Implement(..)
        | Change::Review(..) => (None, false),
    };
    Surveyed {
        journal: name.to_owned(),
        id: life.change.filed().map(|filed| filed.id.clone()),
        target: life.change.opened().map(|opened| opened.target.clone()),
        kind: life.change.filed().map(|filed| filed.assessment.kind),
        state: life.change.name().to_owned(),
        category,
        finished,
        left_open: matches!(&life.change, Change::Closed(_, ending) if ending.left_open),
        pending: life.pending.clone(),
        began: life.began_at,
        last: life.last_at,
        obligations: owed(journal, now),
    }
}

/// What a change owes, and owed.
#[must_use]
pub fn owed(journal: &Journal, now: Timestamp) -> Vec<Owed> {
    let overdue: BTreeSet<&Name> = obligations::overdue(journal, now).map(|owed| &owed.id).collect();
    let owed = journal.life.obligations.iter().map(|(obligation, fulfilled)| Owed {
        obligation: obligation.clone(),
        overdue: overdue.contains(&obligation.id),
        fulfilled_at: fulfilled.as_ref().map(|(at, _)| *at),
        fulfilment: fulfilled.as_ref().map(|(_, fulfilment)| fulfilment.clone()),
    });
    owed.collect()
}

/// How inventories differ (IN6).
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reconciliation {
    /// Entries that are not the same everywhere, by name: for each environment in turn the version, or nothing.
    pub differing: BTreeMap<String, Vec<Option<Version>>>,
    /// How many entries are the same everywhere.
    pub same: u32,
}

/// Compares the inventories of several environments (IN6).
#[must_use]
pub fn reconcile(inventories: &[Inventory]) -> Reconciliation {
    let names: BTreeSet<&String> = inventories.iter().flat_map(|inventory| inventory.entries.keys()).collect();
    let mut found = Reconciliation::default();
    for name in names {
        let versions: Vec<Option<Version>> = inventories
            .iter()
            .map(|inventory| inventory.entries.get(name).map(|entry| Version::of(&entry.value)))
            .collect();
        match versions.windows(2).all(|pair| pair.first() == pair.last()) {
            true => found.same = found.same.saturating_add(1),
            false => _ = found.differing.insert(name.clone(), versions),
        }
    }
    found
}

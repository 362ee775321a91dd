//! The register of all changes: where they stand, what is owed of them, and what their environments have.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::Serialize;

use crate::change::event::{Closure, Kind};
use crate::change::journal::Journal;
use crate::change::obligation::{Fulfilment, Obligation};
use crate::change::state::Change;
use crate::contract::identity;
use crate::contract::v1::{FulfilRequest, Head, Response, Tier};
use crate::documents::Documents;
use crate::facts::Target;
use crate::failure::{Code, Failure};
use crate::gather::{self, Named};
use crate::inventory::Version;
use crate::obligations::{self, Claim};
use crate::plan::outcome::Outcome;
use crate::problem::Problem;
use crate::scalar::{Digest, Name, Timestamp};

/// Where all changes stand.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Survey {
    /// The exit code of a host that reports what is owed: 41 if something is overdue, else 0.
    pub exit_code: u8,
    /// Every change, in the order of the journals.
    pub changes: Vec<Surveyed>,
}

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

/// Surveys the journals.
pub(super) fn survey(documents: &Documents, now: Timestamp, journals: &[Named]) -> Result<Response, Failure> {
    let journals_read = gather::journals(documents, journals)?;
    let changes: Vec<Surveyed> =
        journals.iter().zip(&journals_read).map(|(named, journal)| surveyed(&named.name, journal, now)).collect();
    let overdue = changes.iter().flat_map(|change| &change.obligations).any(|owed| owed.overdue);
    let outcome = if overdue { Outcome::ObligationsOverdue } else { Outcome::Done };
    Ok(Response::Survey(Survey { exit_code: outcome.exit_code(), changes }))
}

fn surveyed(name: &str, journal: &Journal, now: Timestamp) -> Surveyed {
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
    let overdue: BTreeSet<&Name> = obligations::overdue(journal, now).map(|owed| &owed.id).collect();
    let owed = life.obligations.iter().map(|(obligation, fulfilled)| Owed {
        obligation: obligation.clone(),
        overdue: overdue.contains(&obligation.id),
        fulfilled_at: fulfilled.as_ref().map(|(at, _)| *at),
        fulfilment: fulfilled.as_ref().map(|(_, fulfilment)| fulfilment.clone()),
    });
    Surveyed {
        journal: name.to_owned(),
        id: life.change.filed().map(|filed| filed.id.clone()),
        target: life.change.opened().map(|opened| opened.target.clone()),
        kind: life.change.filed().map(|filed| filed.assessment.kind),
        state: life.change.name().to_owned(),
        category,
        finished,
        pending: life.pending.clone(),
        began: life.began_at,
        last: life.last_at,
        obligations: owed.collect(),
    }
}

/// Writes down that something that was owed was done.
pub(super) fn fulfil(documents: &mut Documents, request: FulfilRequest) -> Result<Response, Failure> {
    let FulfilRequest { now, journal: named, obligation, by, reference, note, .. } = request;
    let mut journal = Journal::read(&documents.bytes(&named.name, &named.digest)?)
        .map_err(|problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]))?;
    obligations::fulfil(&mut journal, now, Claim { obligation, by, reference, note }, &identity())
        .map_err(|problem| Failure::all(Code::Obligation, Some(&named.name), vec![problem]))?;
    let bytes = journal.text().as_bytes().to_vec();
    let head = Head { digest: Digest::of(&bytes), entries: journal.len(), head: journal.head() };
    documents.made().insert(head.digest, Rc::new(bytes));
    Ok(Response::Fulfilled { journal: head })
}

/// Compares the inventories of several environments (IN6).
pub(super) fn reconcile(documents: &mut Documents, tiers: &[Tier]) -> Result<Response, Failure> {
    if tiers.len() < 2 {
        let problem = Problem::new("there is nothing to compare", "name two environments or more, the lowest first");
        return Err(Failure::all(Code::BadRequest, None, vec![problem]));
    }
    let inventories: Vec<_> =
        tiers.iter().map(|tier| gather::inventory(documents, &tier.inventory)).collect::<Result<_, _>>()?;
    let names: BTreeSet<&String> = inventories.iter().flat_map(|inventory| inventory.entries.keys()).collect();
    let mut differing = BTreeMap::new();
    let mut same: u32 = 0;
    for name in names {
        let versions: Vec<Option<Version>> = inventories
            .iter()
            .map(|inventory| inventory.entries.get(name).map(|entry| Version::of(&entry.value)))
            .collect();
        match versions.windows(2).all(|pair| pair.first() == pair.last()) {
            true => same = same.saturating_add(1),
            false => _ = differing.insert(name.clone(), versions),
        }
    }
    Ok(Response::Reconciliation { differing, same })
}

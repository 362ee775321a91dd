//! The register of all changes: where they stand, what is owed of them, and what their environments have.

use std::rc::Rc;

use serde::Serialize;

use crate::change::event::Engine;
use crate::change::journal::Journal;
use crate::contract::v1::{FulfilRequest, Head, Response, Tier};
use crate::documents::Documents;
use crate::failure::{Code, Failure};
use crate::gather::{self, Named};
use crate::obligations::{self, Claim};
use crate::plan::outcome::Outcome;
use crate::problem::Problem;
use crate::scalar::{Digest, Timestamp};
use crate::survey::{self, Reconciliation, Surveyed};

/// Where all changes stand.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Survey {
    /// The exit code of a host that reports what is owed: 41 if something is overdue, else 0.
    pub exit_code: u8,
    /// Every change, in the order of the journals.
    pub changes: Vec<Surveyed>,
}

/// Surveys the journals.
pub(super) fn survey(documents: &Documents, now: Timestamp, journals: &[Named]) -> Result<Response, Failure> {
    let journals_read = gather::journals(documents, journals)?;
    let changes: Vec<Surveyed> = journals
        .iter()
        .zip(&journals_read)
        .map(|(named, journal)| survey::surveyed(&named.name, journal, now))
        .collect();
    let overdue = changes.iter().flat_map(|change| &change.obligations).any(|owed| owed.overdue);
    let outcome = if overdue { Outcome::ObligationsOverdue } else { Outcome::Done };
    Ok(Response::Survey(Survey { exit_code: outcome.exit_code(), changes }))
}

/// Writes down that something that was owed was done.
pub(super) fn fulfil(documents: &mut Documents, request: FulfilRequest) -> Result<Response, Failure> {
    let FulfilRequest { now, journal: named, obligation, by, reference, note, .. } = request;
    let mut journal = Journal::read(&documents.bytes(&named.name, &named.digest)?)
        .map_err(|problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]))?;
    obligations::fulfil(&mut journal, now, Claim { obligation, by, reference, note }, &Engine::this())
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
    let Reconciliation { differing, same } = survey::reconcile(&inventories);
    Ok(Response::Reconciliation { differing, same })
}

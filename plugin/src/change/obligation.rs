//! What is owed after an emergency, and how it was fulfilled (EM4).

use serde::{Deserialize, Serialize};

use crate::change::event::Engine;
use crate::promotion::Person;
use crate::scalar::{Email, Name, Timestamp};

/// What is owed after an emergency (EM4).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Duty {
    /// Somebody who had no part in the change reviews and approves it in retrospect.
    Review,
    /// A check that was not met is met under standard conditions.
    EvidenceGap,
    /// The root cause is found and written down.
    RootCause,
    /// A retrospective is held.
    Retrospective,
    /// Lower environments get what the emergency deployed.
    Reconciliation,
}

/// One thing that is owed after an emergency: by whom, until when.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Obligation {
    /// Its name within the change, such as `review` or `gap-unit-tests`.
    pub id: Name,
    /// Of what kind it is.
    pub duty: Duty,
    /// What is to be done.
    pub what: String,
    /// Who answers for it.
    pub owner: Email,
    /// Until when.
    pub due: Timestamp,
}

/// How an obligation was fulfilled.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fulfilment {
    /// Which obligation.
    pub obligation: Name,
    /// By whom.
    pub by: Person,
    /// Where to look at what was done: a link, a ticket, a digest.
    pub reference: String,
    /// What else is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The engine that wrote this down, which may be another than the one that decided the change.
    pub engine: Engine,
}

//! What people say about a change request, and what the request shows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::change::event::Status;
use crate::facts::Target;
use crate::promotion::Person;
use crate::scalar::{Digest, Name, Timestamp};

/// One person's word on a change request, as its system keeps it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// Who.
    pub by: Person,
    /// Whether they approve; if not, they reject.
    pub approves: bool,
    /// Whether they take back what they said before: then they neither approve nor reject (GA6).
    #[serde(default, skip_serializing_if = "is_false")]
    pub withdraws: bool,
    /// When. With `environment` nobody tells: then the last time before which it cannot have been.
    pub at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The protected environment whose review this was. Absent: it was said on the request itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Which change they decided on (EX3). Absent: the system does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Digest>,
    /// What they approved: the delta (GA2). Absent: the system does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Digest>,
    /// Under which policy. Absent: the system does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
}

/// What stands of what people said: the last word of each, unless it takes back the one before (GA6).
pub fn standing(decisions: &[Decision]) -> impl Iterator<Item = &Decision> {
    let latest: BTreeMap<&str, &Decision> =
        decisions.iter().map(|decision| (decision.by.id.as_str(), decision)).collect();
    latest.into_values().filter(|decision| !decision.withdraws)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A change request as its system shows it, read whole.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Observed {
    /// Its id.
    pub id: Name,
    /// Its state.
    pub status: Status,
    /// Everyone's latest word.
    pub decisions: Vec<Decision>,
    /// The change that it was filed for, or that used it first. Absent: none has, or the system does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Digest>,
    /// Where it says that it deploys (EX3). Absent: it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Before this nothing is deployed under it, where it was planned by hand (CR5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_start: Option<Timestamp>,
    /// From this on nothing is deployed under it, where it was planned by hand (CR5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_end: Option<Timestamp>,
}

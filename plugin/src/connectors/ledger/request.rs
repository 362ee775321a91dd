//! The request as it was filed or made by hand, and the record that shows all of it to people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::change::event::{Closure, Decision, Kind, Status};
use crate::change::journal::Link;
use crate::effect::Filing;
use crate::facts::Target;
use crate::scalar::{Digest, Name, Timestamp};

/// What an approval is about.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asked {
    /// Which change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Digest>,
    /// What it deploys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Digest>,
    /// Under which policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
}

/// The request as it was filed, or made by hand.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// The version of this format.
    pub version: u32,
    /// The request's id.
    pub id: Name,
    /// The key of the change that it was filed for, or that used it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Digest>,
    /// What was filed; absent for a request that was made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<Box<Filing>>,
    /// In one line, what a request made by hand is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where a request made by hand deploys (EX3, EX5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// When a request made by hand is planned to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_start: Option<Timestamp>,
    /// When it is planned to have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_end: Option<Timestamp>,
    /// Its planned downtime, in minutes (CR5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage_minutes: Option<u32>,
    /// What people were asked last.
    #[serde(default)]
    pub asked: Asked,
    /// The issue in which people see it, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    /// What reviewers of protected environments had said already when approval was asked for, where they are listened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_before: Option<ReviewedBefore>,
    /// Notes for people about the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_notes: Option<String>,
}

/// The change request as people read it in the ledger: made of the request, the journal and what people said, and never read back.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// The version of this format.
    pub version: u32,
    /// The request's id.
    pub id: Name,
    /// The key of the change that it was filed for, or that used it first (CR6). Absent: none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Digest>,
    /// Its state (CR7).
    pub status: Status,
    /// Its kind, as it is now.
    pub kind: Kind,
    /// What was filed; absent for a request that was made by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filing: Option<Box<Filing>>,
    /// In one line, what a request made by hand is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where a request made by hand deploys (EX3, EX5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// When a request made by hand is planned to begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_start: Option<Timestamp>,
    /// When it is planned to have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_end: Option<Timestamp>,
    /// The issue in which people see it, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    /// Its planned downtime, in minutes (CR5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outage_minutes: Option<u32>,
    /// Which change an approval is about, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Digest>,
    /// What an approval is about, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<Digest>,
    /// Under which policy, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
    /// Why approval by people was asked for.
    pub asked: Vec<String>,
    /// Whether it was approved by readiness.
    pub approved_by_readiness: bool,
    /// What people said, in order.
    pub decisions: Vec<Decision>,
    /// What is attached.
    pub attachments: BTreeMap<String, Digest>,
    /// How it ended, or is proposed to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_category: Option<Closure>,
    /// Notes for people about the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_notes: Option<String>,
}

/// The issue in which people see a change request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Issue {
    /// Its number in its repository.
    pub number: u64,
    /// Where to look at it.
    pub url: String,
}

/// The reviews that a workflow run had when people could read what they are asked. They are about something else.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewedBefore {
    /// The run, by its number.
    pub run: u64,
    /// A time at which people could read it, by the change system's clock.
    pub asked_at: Timestamp,
    /// How often each review was there, by the digest of who said what about which environments, in which words.
    pub reviews: BTreeMap<Digest, u32>,
    /// How often an approval of the change had been voided by then: what was asked before that was something else.
    pub voids: u32,
}

impl Request {
    pub(super) fn new(id: Name) -> Self {
        Self {
            version: 1,
            id,
            key: None,
            filing: None,
            title: None,
            target: None,
            planned_start: None,
            planned_end: None,
            outage_minutes: None,
            asked: Asked::default(),
            issue: None,
            reviewed_before: None,
            close_notes: None,
        }
    }
}

/// What a person said about a change request, as it is kept beside it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Said {
    /// The version of this format.
    pub version: u32,
    /// What was said.
    pub decision: Decision,
    /// Its place in the chain of the target; absent: no change had used the request yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

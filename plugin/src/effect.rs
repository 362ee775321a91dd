//! Effects: what only the host can do. Each has a stable key and is answered by exactly one event.

use serde::{Deserialize, Serialize};

use crate::change::event::{Closure, Kind, Step};
use crate::facts::Target;
use crate::policy::{Category, Command, Moment};
use crate::promotion::{Fields, RiskLevel};
use crate::scalar::{Commit, Digest, Name, Timestamp};

/// One thing to do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Effect {
    /// Its key: the same effect of the same change has the same key for ever.
    pub key: String,
    /// The change that it belongs to (CR6).
    pub change: Digest,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "effect", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Action {
    /// File the change request, not approved; or find it again by its key. Answered by `filed`. For `connect`.
    File(Box<Filing>),
    /// Attach a blob, and read it back. Answered by `attached`. For `connect`.
    Attach {
        /// The change request.
        id: Name,
        /// The attachment's name.
        name: String,
        /// The digest of its bytes, which `take` gives.
        digest: Digest,
        /// Its media type.
        media_type: String,
    },
    /// Approve the change request because the evidence permits it. Answered by `approved`. For `connect`.
    Approve {
        /// The change request.
        id: Name,
        /// The delta that is approved.
        delta: Digest,
        /// The policy that permits it.
        policy: Digest,
    },
    /// Ask people for approval. Answered by `approval-requested`. For `connect`.
    RequestApproval {
        /// The change request.
        id: Name,
        /// What an approval is about.
        delta: Digest,
        /// Under which policy.
        policy: Digest,
        /// The kind of the change request, which may have changed since it was filed (EM2).
        kind: Kind,
        /// Why it is not approved automatically.
        why: Vec<String>,
    },
    /// Read the change request, whole. Answered by `observed`. For `connect`.
    Read {
        /// The change request.
        id: Name,
    },
    /// Show that the change is being implemented. Answered by `implementing`. For `connect`.
    Implement {
        /// The change request.
        id: Name,
    },
    /// Run a command of the user, once. Answered by `ran`. For the host.
    Run {
        /// Which.
        step: Step,
        /// The command; absent: the policy names none, and the caller reports.
        command: Option<Command>,
        /// Environment variables for it.
        environment: Vec<Variable>,
    },
    /// Close the change request. Answered by `closed`. For `connect`.
    Close {
        /// The change request.
        id: Name,
        /// As what.
        category: Closure,
        /// For people.
        notes: String,
    },
    /// Leave the change request open, with a category. Answered by `left-open`. For `connect`.
    LeaveOpen {
        /// The change request.
        id: Name,
        /// The category.
        category: Closure,
        /// For people.
        notes: String,
    },
    /// Move the pointer to the last concluded deployment. Answered by `concluded`. For the host.
    Conclude {
        /// The pointer's name.
        pointer: String,
        /// The commit that it points to from now on; absent for a plain directory.
        commit: Option<Commit>,
    },
    /// Tell somebody, and go on whatever comes of it (PC9). Answered by `notified`, or by `failed`. For the host.
    Notify {
        /// Through which channel of the policy; where that leads is the host's to know.
        channel: Name,
        /// Of what.
        moment: Moment,
        /// The digest of the body to post, which `take` gives: JSON.
        body: Digest,
    },
    /// Let time pass. Answered by `waited`. For the host.
    Wait {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: String,
    },
}

/// An environment variable.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The fields of a change request (CR2).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filing {
    /// The id that a system which lets us choose gives it.
    pub suggested_id: Name,
    /// What kind of change.
    pub kind: Kind,
    /// One line: what is deployed where.
    pub title: String,
    /// Where.
    pub target: Target,
    /// What the author of the promotion wrote.
    pub fields: Fields,
    /// What the automation has to add, in a section of its own, as Markdown.
    pub automation: String,
    /// DEPLOYMENT_READY.
    pub ready: bool,
    /// The risk.
    pub risk: RiskLevel,
    /// The category.
    pub category: Category,
    /// When the deployment is planned to begin.
    pub planned_start: Timestamp,
    /// When it is planned to have ended.
    pub planned_end: Timestamp,
    /// Planned downtime, in minutes.
    pub outage_minutes: u32,
    /// The pipeline's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<Name>,
    /// The pipeline's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_version: Option<Name>,
    /// The change requests of the pre-production environment, or `NA`.
    pub validation_record: String,
    /// The change request whose deployment a full rollback restores (FR3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<Name>,
    /// What an approval is about.
    pub delta: Digest,
    /// Under which policy.
    pub policy: Digest,
    /// How it is deployed and rolled back, for the record (PC8).
    pub methods: Vec<String>,
}

impl Action {
    /// The effect's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Attach { .. } => "attach",
            Self::Approve { .. } => "approve",
            Self::RequestApproval { .. } => "request-approval",
            Self::Read { .. } => "read",
            Self::Implement { .. } => "implement",
            Self::Run { .. } => "run",
            Self::Close { .. } => "close",
            Self::LeaveOpen { .. } => "leave-open",
            Self::Conclude { .. } => "conclude",
            Self::Notify { .. } => "notify",
            Self::Wait { .. } => "wait",
        }
    }
}

//! What happens to a change. Events are facts in the past tense; the journal keeps them in order.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use crate::change::decision::{Decision, Observed, standing};
use crate::change::obligation::{Fulfilment, Obligation};
use crate::facts::{Run, Target};
use crate::policy::{Category, Moment};
use crate::promotion::{Fields, Person};
use crate::readiness::Needed;
use crate::readiness::reason::Reason;
use crate::risk::Risk;
use crate::scalar::{Commit, Digest, Name, Timestamp};

/// Which engine decides (AU2). A journal is continued by no other.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Engine {
    /// The version of the engine.
    pub version: String,
    /// The digest of its sources.
    pub source_digest: Digest,
}

impl Engine {
    /// This engine.
    #[must_use]
    pub fn this() -> Self {
        let source_digest = env!("COUNTERSIGN_SOURCE_DIGEST").parse().unwrap_or_else(|_| Digest::of(b""));
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), source_digest }
    }
}

/// What kind of change request (CR2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Kind {
    /// An ordinary change.
    Standard,
    /// A change with the emergency label (EM1).
    Emergency,
}

/// The beginning of a change: what it is, and what never changes about it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Opened {
    /// The engine that decides.
    pub engine: Engine,
    /// The key that finds the change again (CR6).
    pub key: Digest,
    /// Which attempt at the same change this is, counted from 1.
    pub attempt: u32,
    /// Where.
    pub target: Target,
    /// The run that opened it.
    pub run: Run,
    /// The repository of the promotion pull request.
    pub repository: String,
    /// The promotion pull request's number.
    pub promotion: u64,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion_url: Option<String>,
    /// Its title.
    pub title: String,
    /// What its author wrote.
    pub fields: Fields,
    /// The inventory commit that is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// The digest of what is deployed.
    pub delta: Digest,
    /// Ids of everyone who had a part in the promotion: none of them can approve (PC2).
    pub involved: BTreeSet<String>,
    /// The id of a change request that was made by hand (EX1); absent: one is filed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplied: Option<Name>,
    /// The change request whose deployment this full rollback restores (FR3); absent: it is no full rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<Name>,
}

/// What readiness was, at one time, and everything that follows from it (RD3).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assessment {
    /// DEPLOYMENT_READY.
    pub ready: bool,
    /// The digest of all that it rests on.
    pub facts: Digest,
    /// The digest of the policy.
    pub policy: Digest,
    /// The kind of the change request.
    pub kind: Kind,
    /// Who applied the emergency label, if there is one and it was read (EM5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled_by: Option<Person>,
    /// Planned downtime, in minutes.
    pub outage_minutes: u32,
    /// The category.
    pub category: Category,
    /// The risk, with its factors.
    pub risk: Risk,
    /// The first reasons, blocking ones first; at most `MAX_REASONS`. The Delta Summary holds all.
    pub reasons: Vec<Reason>,
    /// How many reasons there are.
    pub reason_count: u32,
    /// The smallest set of evidence that would turn the verdict.
    pub needed: Vec<Needed>,
    /// What is to be attached: names and digests.
    pub attachments: BTreeMap<String, Digest>,
}

/// At most so many reasons stand in the journal; all of them stand in the Delta Summary.
pub const MAX_REASONS: usize = 100;

/// The state that a change system shows (CR7).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Status {
    /// Filed.
    New,
    /// Being looked at.
    Assess,
    /// Waiting for approval.
    Authorize,
    /// Approved.
    Scheduled,
    /// Being deployed.
    Implement,
    /// Deployed, being reviewed.
    Review,
    /// Finished.
    Closed,
    /// Given up, or rejected.
    Canceled,
}

/// Why a deployment may begin.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "basis", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Basis {
    /// The evidence permits it, nothing is down, the risk is acceptable (CR3).
    Readiness {},
    /// People approved it.
    People {
        /// Who.
        approvers: Vec<Person>,
    },
    /// It is an emergency, to be approved in retrospect (EM2).
    Emergency {},
}

/// Which of the user's commands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Step {
    /// The deployment.
    Deploy,
    /// The acceptance tests.
    Accept,
    /// One check of the verification.
    Verify,
    /// The rollback.
    Rollback,
}

impl Step {
    /// The step as a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Accept => "accept",
            Self::Verify => "verify",
            Self::Rollback => "rollback",
        }
    }
}

/// How a command of the user ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ran {
    /// Which.
    pub step: Step,
    /// Whether it succeeded.
    pub success: bool,
    /// Its exit code, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What else is to say: a signal, a deadline, a program that was not found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it began, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Its output, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Digest>,
}

/// How the work on the target ended (RB4).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Conclusion {
    /// Deployed and tested.
    Succeeded,
    /// Deployed; the policy has no acceptance tests, and says why (CL4).
    SucceededUntested,
    /// Failed, and not rolled back.
    Failed,
    /// Failed, and rolled back.
    RolledBack,
    /// Failed, and the rollback failed too.
    RollbackFailed,
}

impl Conclusion {
    /// Whether the deployment stands.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Succeeded | Self::SucceededUntested)
    }
}

/// How a change request ends (CL2, RB2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Closure {
    /// Ready, deployed, tested.
    Successful,
    /// Deployed and tested, but not ready at closing time.
    SuccessfulIssues,
    /// Not deployed for good.
    Unsuccessful,
    /// Given up before the deployment.
    Cancelled,
}

/// Why an effect could not be performed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trouble {
    /// A stable name: `unavailable`, `write-not-taken`, `conflict`, `forbidden`, `not-found`, `malformed-answer`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Event {
    /// The change began. Always the first event.
    Opened(Box<Opened>),
    /// Another run took it up.
    Continued {
        /// That run.
        run: Run,
        /// Whether that run was given the change request's id, and so took the fast path (EX2).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_id: bool,
    },
    /// Readiness was judged, before deployment.
    Assessed(Box<Assessment>),
    /// An effect is about to be performed. Its outcome is the next event, unless the host died.
    Intended {
        /// The effect's key.
        effect: String,
    },
    /// An effect could not be performed.
    Failed {
        /// The effect's key.
        effect: String,
        /// Why.
        trouble: Trouble,
    },
    /// The change request was filed, not approved (CR4), or found again (CR6).
    Filed {
        /// Its id.
        id: Name,
        /// Where to look at it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Something was attached, and read back.
    Attached {
        /// Its name.
        name: String,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// People were asked for approval.
    ApprovalRequested {},
    /// The change request was read.
    Observed(Observed),
    /// The change request was approved, and that was read back.
    Approved(Basis),
    /// An emergency was activated, and this is owed for it (EM4).
    Obliged {
        /// What is owed.
        obligations: Vec<Obligation>,
    },
    /// Something that was owed was done (EM4).
    Fulfilled(Fulfilment),
    /// Somebody was told, through a channel of the policy (PC9).
    Notified {
        /// Through which channel.
        channel: Name,
        /// Of what.
        moment: Moment,
    },
    /// The approval is void: what it rested on changed (GA2).
    Voided {
        /// What changed.
        why: String,
    },
    /// The change request was rejected or cancelled.
    Rejected {
        /// By whom, or how.
        why: String,
    },
    /// Right before deployment everything was checked again (GA2).
    Cleared {
        /// What is deployed.
        delta: Digest,
        /// Under which policy.
        policy: Digest,
    },
    /// The change request shows that it is being implemented.
    Implementing {},
    /// A command of the user ended.
    Ran(Ran),
    /// The work on the target is over.
    Ended {
        /// How.
        conclusion: Conclusion,
    },
    /// Readiness was judged again, at closing time (RD4).
    Reassessed(Box<Assessment>),
    /// The change request was closed.
    Closed {
        /// As what.
        category: Closure,
    },
    /// The change request was left open (CL3, RB2).
    LeftOpen {
        /// The category that is proposed or stated.
        category: Closure,
    },
    /// The pointer to the last concluded deployment was moved (CL5).
    Concluded {
        /// The pointer's name.
        pointer: String,
        /// The digest of the file that lists everything that is deployed from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deployed: Option<Digest>,
    },
    /// A line of this journal was stored, and another link of the target came first: this line stands for it in the chain.
    Relinked {
        /// Which line.
        of: u32,
    },
    /// Time passed.
    Waited {
        /// Until when.
        until: Timestamp,
    },
}

impl Event {
    /// Whether it moves the register of its target (AU5).
    #[must_use]
    pub fn is_link(&self) -> bool {
        matches!(
            self,
            Self::Opened(_)
                | Self::Cleared { .. }
                | Self::Closed { .. }
                | Self::LeftOpen { .. }
                | Self::Rejected { .. }
                | Self::Fulfilled(_)
                | Self::Concluded { .. }
                | Self::Relinked { .. }
        )
    }

    /// The event's name in the journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Continued { .. } => "continued",
            Self::Assessed(_) => "assessed",
            Self::Intended { .. } => "intended",
            Self::Failed { .. } => "failed",
            Self::Filed { .. } => "filed",
            Self::Attached { .. } => "attached",
            Self::ApprovalRequested {} => "approval-requested",
            Self::Observed(_) => "observed",
            Self::Approved(_) => "approved",
            Self::Obliged { .. } => "obliged",
            Self::Fulfilled(_) => "fulfilled",
            Self::Notified { .. } => "notified",
            Self::Voided { .. } => "voided",
            Self::Rejected { .. } => "rejected",
            Self::Cleared { .. } => "cleared",
            Self::Implementing {} => "implementing",
            Self::Ran(_) => "ran",
            Self::Ended { .. } => "ended",
            Self::Reassessed(_) => "reassessed",
            Self::Closed { .. } => "closed",
            Self::LeftOpen { .. } => "left-open",
            Self::Concluded { .. } => "concluded",
            Self::Relinked { .. } => "relinked",
            Self::Waited { .. } => "waited",
        }
    }
}

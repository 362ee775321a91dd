//! How a run of the flow ends: the verdict, the exit code that every host uses, and the words for it.

use serde::{Deserialize, Serialize};

/// Whether the deployment may begin, for hosts that deploy themselves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// It may begin, or it has ended well.
    Proceed,
    /// Not now: somebody or something is waited for.
    Hold,
    /// No.
    Halt,
}

/// How it ended. The names are what hosts show; the codes are theirs to exit with.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// Deployed, tested, and the record is finished.
    Done,
    /// The delta is empty (IN2).
    NothingToDeploy,
    /// The change is ready (a dry run).
    Ready,
    /// The gate is open; the caller deploys.
    Cleared,
    /// The caller has to say how its commands ended.
    ReportNeeded,
    /// The change request is not approved (GA1).
    AwaitingApproval,
    /// The change is not ready (a dry run).
    NotReady,
    /// The change request was rejected or cancelled.
    Rejected,
    /// Nobody approved in time (GA1).
    ApprovalTimedOut,
    /// Deployments are not allowed now (PC6).
    OutsideWindow,
    /// The approval is stale, or not independent (GA2, PC2).
    ApprovalVoid,
    /// The deployment or a test failed; nothing was rolled back (RB2).
    DeploymentFailed,
    /// The deployment or a test failed; it was rolled back (RB3).
    RolledBack,
    /// The deployment or a test failed, and so did the rollback (RB4).
    RollbackFailed,
    /// Nobody knows how a command of the user ended (RB4).
    OutcomeUnknown,
    /// Deployed, but the record is not finished.
    ClosingUnfinished,
    /// The change system does not answer.
    Unavailable,
    /// A write did not take (CR8).
    WriteNotTaken,
    /// Another run works on the same change.
    Held,
    /// A journal, the ledger or a replay does not verify.
    NotVerified,
    /// The change request is for another target, and the policy forbids to use it (EX3).
    TargetMismatch,
    /// The change was deployed before, and something else since.
    AttemptNeeded,
    /// What an emergency owes is overdue, and the policy lets nothing else be deployed (EM4).
    ObligationsOverdue,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 23] = [
        Self::Done,
        Self::NothingToDeploy,
        Self::Ready,
        Self::Cleared,
        Self::ReportNeeded,
        Self::AwaitingApproval,
        Self::NotReady,
        Self::Rejected,
        Self::ApprovalTimedOut,
        Self::OutsideWindow,
        Self::ApprovalVoid,
        Self::DeploymentFailed,
        Self::RolledBack,
        Self::RollbackFailed,
        Self::OutcomeUnknown,
        Self::ClosingUnfinished,
        Self::Unavailable,
        Self::WriteNotTaken,
        Self::Held,
        Self::NotVerified,
        Self::TargetMismatch,
        Self::AttemptNeeded,
        Self::ObligationsOverdue,
    ];

    /// The exit code of a host.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::NothingToDeploy | Self::Ready | Self::Cleared => 0,
            Self::ReportNeeded | Self::TargetMismatch | Self::AttemptNeeded => 2,
            Self::AwaitingApproval => 10,
            Self::NotReady => 11,
            Self::Rejected => 12,
            Self::ApprovalTimedOut => 13,
            Self::OutsideWindow => 14,
            Self::ApprovalVoid => 15,
            Self::Held => 16,
            Self::DeploymentFailed => 20,
            Self::RolledBack => 21,
            Self::RollbackFailed => 22,
            Self::OutcomeUnknown => 23,
            Self::ClosingUnfinished => 24,
            Self::Unavailable => 30,
            Self::WriteNotTaken => 31,
            Self::NotVerified => 40,
            Self::ObligationsOverdue => 41,
        }
    }

    /// Whether a deployment may begin.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Done | Self::NothingToDeploy | Self::Ready | Self::Cleared => Verdict::Proceed,
            Self::AwaitingApproval
            | Self::OutsideWindow
            | Self::NotReady
            | Self::ReportNeeded
            | Self::ApprovalVoid
            | Self::ClosingUnfinished
            | Self::Unavailable
            | Self::Held
            | Self::ObligationsOverdue
            | Self::WriteNotTaken => Verdict::Hold,
            Self::Rejected
            | Self::NotVerified
            | Self::TargetMismatch
            | Self::AttemptNeeded
            | Self::ApprovalTimedOut
            | Self::DeploymentFailed
            | Self::RolledBack
            | Self::RollbackFailed
            | Self::OutcomeUnknown => Verdict::Halt,
        }
    }
}

/// An end, in words.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stop {
    /// How it ended.
    pub outcome: Outcome,
    /// What is the case: one sentence, lower case, no full stop.
    pub message: String,
    /// What to do about it; absent if nothing is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Details, one a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

impl Stop {
    /// An end with nothing to be done.
    #[must_use]
    pub fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self { outcome, message: message.into(), help: None, details: Vec::new() }
    }

    /// The same end, with what to do about it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same end, with details.
    #[must_use]
    pub fn details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }
}

//! Why a change is or is not ready. Every sentence that a user reads about readiness stands here.

use serde::{Deserialize, Serialize};

use crate::evidence::{Check, Finding, Outcome};
use crate::policy::{Level, Waiver};
use crate::problem::{Place, Problem};
use crate::readiness::binding::{Fault, Stranger};
use crate::scalar::{Digest, Timestamp, shorten};

/// A stable name for each kind of reason.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Code {
    /// No evidence for a check of an entry.
    EvidenceMissing,
    /// The evidence says that the check failed.
    EvidenceFailed,
    /// The evidence says that the check has not ended.
    EvidencePending,
    /// A document cannot be read, so what it holds counts as missing.
    EvidenceMalformed,
    /// The evidence is older than the policy allows.
    EvidenceStale,
    /// The evidence is dated in the future.
    EvidenceFromFuture,
    /// A record rests on a report that was not given.
    ReportMissing,
    /// A record rests on a report that cannot be read.
    ReportMalformed,
    /// A record rests on a report that shows a failure.
    ReportFailed,
    /// A report that no record names; it counts for nothing.
    ReportUnbound,
    /// A finding that is exempt.
    FindingExempt,
    /// A finding inside its grace period.
    FindingInGrace,
    /// A demand that somebody waived.
    Waived,
    /// A waiver that has ended.
    WaiverExpired,
    /// The promotion pull request lacks approvals.
    ApprovalsMissing,
    /// No tech lead approved a high-risk change.
    TechLeadMissing,
    /// No member of the security team reviewed the change.
    SecurityReviewMissing,
    /// Nothing proves that the same artifacts concluded in the pre-production environment.
    StagingProofMissing,
    /// The inventory is a plain directory: nothing proves which promotion made it.
    InventoryWithoutCommit,
    /// The policy demands nothing of an entry: nothing is never a pass.
    NothingDemanded,
}

impl Code {
    /// All codes, in the order of their names above.
    pub const ALL: [Self; 20] = [
        Self::EvidenceMissing,
        Self::EvidenceFailed,
        Self::EvidencePending,
        Self::EvidenceMalformed,
        Self::EvidenceStale,
        Self::EvidenceFromFuture,
        Self::ReportMissing,
        Self::ReportMalformed,
        Self::ReportFailed,
        Self::ReportUnbound,
        Self::FindingExempt,
        Self::FindingInGrace,
        Self::Waived,
        Self::WaiverExpired,
        Self::ApprovalsMissing,
        Self::TechLeadMissing,
        Self::SecurityReviewMissing,
        Self::StagingProofMissing,
        Self::InventoryWithoutCommit,
        Self::NothingDemanded,
    ];

    /// The rule that it comes from.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::EvidenceMissing | Self::EvidenceFailed | Self::EvidencePending => "PO2",
            Self::EvidenceMalformed | Self::ReportMissing | Self::ReportMalformed => "EV5",
            Self::ReportFailed => "EV3",
            Self::EvidenceStale | Self::EvidenceFromFuture => "EV6",
            Self::ReportUnbound => "EV2",
            Self::FindingExempt | Self::FindingInGrace => "EV7",
            Self::Waived | Self::WaiverExpired => "PO5",
            Self::ApprovalsMissing | Self::TechLeadMissing => "PC2",
            Self::SecurityReviewMissing => "PC3",
            Self::StagingProofMissing => "PC4",
            Self::InventoryWithoutCommit => "IN5",
            Self::NothingDemanded => "PO3",
        }
    }
}

/// The document that a reason rests on.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The document's name.
    pub document: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The tool that made the evidence, if it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Where in the document, if that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// One reason why readiness is what it is (RD3).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reason {
    /// Whether it makes the change not ready. A reason that does not block is listed all the same.
    pub blocking: bool,
    /// Its stable name.
    pub code: Code,
    /// The rule that it comes from.
    pub rule: String,
    /// The inventory entry that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The check that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// The document that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub help: String,
}

impl Reason {
    /// A reason with its words; blocking.
    #[must_use]
    pub fn new(code: Code, message: String, help: String) -> Self {
        Self {
            blocking: true,
            code,
            rule: code.rule().to_owned(),
            entry: None,
            check: None,
            source: None,
            message,
            help,
        }
    }

    /// The same reason about a check of an entry.
    #[must_use]
    pub fn about(self, entry: &str, check: &Check) -> Self {
        Self { entry: Some(entry.to_owned()), check: Some(check.clone()), ..self }
    }

    /// The same reason, resting on a document.
    #[must_use]
    pub fn from(self, source: Source) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The same reason, listed without blocking.
    #[must_use]
    pub fn listed(self) -> Self {
        Self { blocking: false, ..self }
    }

    /// The same reason with the weight of a level (PO2): a recommended check warns.
    #[must_use]
    pub fn weighed(self, level: Level) -> Self {
        match level {
            Level::Required | Level::RequiredIfPresent => self,
            Level::Recommended => self.listed(),
        }
    }
}

fn with_tool(tool: Option<&str>) -> String {
    tool.map(|tool| format!(" by `{}`", shorten(tool))).unwrap_or_default()
}

/// No evidence for a check (PO2).
#[must_use]
pub fn missing(entry: &str, check: &Check, tool: Option<&str>) -> Reason {
    let tool = with_tool(tool);
    Reason::new(
        Code::EvidenceMissing,
        format!("no evidence of `{check}`{tool} for `{entry}`"),
        format!("run the check `{check}`{tool} on `{entry}` in its CI run and add its evidence"),
    )
    .about(entry, check)
}

/// There is a signature, and somebody gave it who does not speak for the entry (RD2).
#[must_use]
pub(super) fn signed_by(entry: &str, check: &Check, stranger: &Stranger<'_>) -> Reason {
    let Stranger { signer, run, fault } = stranger;
    let (what, help) = match fault {
        Fault::Repository => (
            format!("was given for the repository `{}`", shorten(&signer.repository)),
            "attest the image in the repository that the entry names, or correct the entry".to_owned(),
        ),
        Fault::Commit => (
            format!("was given for commit {}", signer.commit),
            "attest the image in the run that builds the entry's commit, or correct the entry".to_owned(),
        ),
        Fault::Workflow => (
            format!("was given by the workflow `{}`", shorten(&signer.workflow)),
            "list the workflow under `trusted-signers` in the policy, if it is one to trust".to_owned(),
        ),
        Fault::Run => (
            format!("was given by run `{}`", shorten(run)),
            format!(
                "promote the entry of the run that attested its image, or attest the image of `{entry}` in its run"
            ),
        ),
    };
    Reason::new(
        Code::EvidenceMissing,
        format!("no evidence of `{check}` for `{entry}` that counts: the signature {what}"),
        help,
    )
    .about(entry, check)
}

/// The evidence says failure or pending (PO2).
#[must_use]
pub fn unsuccessful(entry: &str, check: &Check, outcome: Outcome, tool: &str) -> Reason {
    let tool = shorten(tool);
    match outcome {
        Outcome::Pending => Reason::new(
            Code::EvidencePending,
            format!("the check `{check}` by `{tool}` for `{entry}` has not ended"),
            format!("wait until `{tool}` ends and add evidence of its outcome"),
        ),
        Outcome::Failure | Outcome::Success => Reason::new(
            Code::EvidenceFailed,
            format!("the check `{check}` by `{tool}` failed for `{entry}`"),
            format!("mend what `{tool}` reports, run it again and add its evidence"),
        ),
    }
    .about(entry, check)
}

/// A report shows a failure, whatever the record says (EV3).
#[must_use]
pub fn report_failed(entry: &str, check: &Check, tool: &str, what: &str) -> Reason {
    Reason::new(
        Code::ReportFailed,
        format!("the check `{check}` by `{}` failed for `{entry}`: {what}", shorten(tool)),
        format!("mend what the report lists, run `{check}` again and add its evidence"),
    )
    .about(entry, check)
}

/// A record names a report that was not given (EV5).
#[must_use]
pub fn report_missing(entry: &str, check: &Check, name: &str, digest: &Digest) -> Reason {
    Reason::new(
        Code::ReportMissing,
        format!("the report `{}` of `{check}` for `{entry}` is not there", shorten(name)),
        format!("add the file whose digest is {digest}, or run `{check}` again"),
    )
    .about(entry, check)
}

/// A record names a report that cannot be read (EV5).
#[must_use]
pub fn report_malformed(entry: &str, check: &Check, name: &str, problem: &Problem) -> Reason {
    Reason::new(
        Code::ReportMalformed,
        format!("the report `{}` of `{check}` for `{entry}` counts as missing: {}", shorten(name), problem.message),
        problem.help.clone(),
    )
    .about(entry, check)
}

/// A document cannot be read (EV5).
#[must_use]
pub fn malformed(document: &str, problem: &Problem) -> Reason {
    Reason::new(
        Code::EvidenceMalformed,
        format!("`{}` counts as missing: {}", shorten(document), problem.message),
        problem.help.clone(),
    )
}

/// Evidence that is too old (EV6).
#[must_use]
pub fn stale(entry: &str, check: &Check, date: Timestamp, hours: u32) -> Reason {
    let unit = if hours == 1 { "hour" } else { "hours" };
    Reason::new(
        Code::EvidenceStale,
        format!("the evidence of `{check}` for `{entry}` is of {date}, older than {hours} {unit}"),
        format!("run `{check}` again and add its evidence"),
    )
    .about(entry, check)
}

/// Evidence from the future (EV6).
#[must_use]
pub fn from_future(entry: &str, check: &Check, date: Timestamp) -> Reason {
    Reason::new(
        Code::EvidenceFromFuture,
        format!("the evidence of `{check}` for `{entry}` is of {date}, which is in the future"),
        "correct the clock of the machine that made it, and run the check again".to_owned(),
    )
    .about(entry, check)
}

/// A report that no record names (EV2).
#[must_use]
pub fn unbound(document: &str) -> Reason {
    Reason::new(
        Code::ReportUnbound,
        format!("the report `{}` is bound to nothing and counts for nothing", shorten(document)),
        "add a record that names it, as `countersign record` does".to_owned(),
    )
    .listed()
}

/// A finding that does not fail its check (EV7).
#[must_use]
pub fn tolerated(entry: &str, check: &Check, finding: &Finding, until: Option<Timestamp>) -> Reason {
    let (code, why) = match until {
        None => (Code::FindingExempt, "is exempt".to_owned()),
        Some(until) => (Code::FindingInGrace, format!("may stand until {until}")),
    };
    Reason::new(
        code,
        format!("the {} finding `{}` of `{check}` for `{entry}` {why}", finding.severity, shorten(&finding.id)),
        "mend it before its time is over".to_owned(),
    )
    .about(entry, check)
    .listed()
}

/// A demand that was waived, or whose waiver has ended (PO5).
#[must_use]
pub fn waived(entry: &str, waiver: &Waiver, now: Timestamp) -> Reason {
    let Waiver { check, owner, reason, expires, .. } = waiver;
    let reason = shorten(reason);
    if now < *expires {
        Reason::new(
            Code::Waived,
            format!("`{check}` for `{entry}` is waived until {expires} by {owner}: {reason}"),
            "meet the demand before the waiver ends".to_owned(),
        )
    } else {
        Reason::new(
            Code::WaiverExpired,
            format!("the waiver of `{check}` for `{entry}` by {owner} ended on {expires}"),
            "meet the demand, or have the waiver renewed in the policy".to_owned(),
        )
    }
    .about(entry, check)
    .listed()
}

/// The policy demands nothing of an entry (PO3).
#[must_use]
pub fn nothing_demanded(entry: &str) -> Reason {
    let mut reason = Reason::new(
        Code::NothingDemanded,
        format!("the policy requires no check of `{entry}` before deployment"),
        "require at least one check of every kind of entry; nothing is never a pass".to_owned(),
    );
    reason.entry = Some(entry.to_owned());
    reason
}

//! What a run comes to: the report that machines read, and the lines that people do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::change::event::{Assessment, Kind, Status};
use crate::change::journal::Entry;
use crate::effect::Effect;
use crate::evidence::{Check, Outcome as CheckOutcome};
use crate::facts::{Facts, Target};
use crate::failure::{Failure, Fault};
use crate::inventory::{Difference, Differs};
use crate::plan::Judged;
use crate::plan::outcome::{Stop, Verdict};
use crate::policy::Category;
use crate::prepared::Prepared;
use crate::problem::Problem;
use crate::promotion::Person;
use crate::readiness::reason::Reason;
use crate::readiness::{Needed, Standing};
use crate::risk::Risk;
use crate::scalar::{Commit, Digest, Name};
use crate::survey::{Owed, Reconciliation, Surveyed};

/// How a run of the flow ended, for hosts: they show the words and exit with the code.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct End {
    /// Whether the deployment may begin, or has ended well.
    pub verdict: Verdict,
    /// The exit code.
    pub exit_code: u8,
    /// How it ended, in words.
    #[serde(flatten)]
    pub stop: Stop,
}

impl std::convert::From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self { verdict: stop.outcome.verdict(), exit_code: stop.outcome.exit_code(), stop }
    }
}

/// What the judgement found.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judgement {
    /// DEPLOYMENT_READY.
    pub ready: bool,
    /// All reasons, blocking ones first.
    pub reasons: Vec<Reason>,
    /// The smallest set of evidence that would turn the verdict.
    pub needed: Vec<Needed>,
    /// How many demands on entries there are, and how many are met.
    pub demands: u32,
    /// Demands that are met.
    pub met: u32,
    /// The kind of the change request.
    pub kind: Kind,
    /// The risk.
    pub risk: Risk,
    /// The category.
    pub category: Category,
    /// What is deployed.
    pub delta: DeltaSummary,
}

/// What is deployed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeltaSummary {
    /// Entries, and how they differ.
    pub entries: BTreeMap<String, Difference>,
    /// Entries that are gone.
    pub removed: BTreeSet<String>,
    /// Entries that are hidden, and by what.
    pub hidden: BTreeMap<String, String>,
}

impl DeltaSummary {
    /// What these facts deploy.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        Self {
            entries: facts.delta.entries.iter().map(|(name, (difference, _))| (name.clone(), *difference)).collect(),
            removed: facts.delta.removed.clone(),
            hidden: facts.delta.hidden.clone(),
        }
    }
}

impl Judgement {
    /// What was judged of these facts.
    #[must_use]
    pub fn of(facts: &Facts, judged: Judged) -> Self {
        let Judged { readiness, assessment, .. } = judged;
        let met = readiness.posture.iter().filter(|posture| posture.standing == Standing::Success).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            ready: assessment.ready,
            demands: number(readiness.posture.len()),
            met: number(met),
            reasons: readiness.reasons,
            needed: readiness.needed,
            kind: assessment.kind,
            risk: assessment.risk,
            category: assessment.category,
            delta: DeltaSummary::of(facts),
        }
    }
}

/// What a command came to, for hosts: they show the words, and exit with the code.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ended {
    /// How it ended, as a name: an outcome, or `refused`.
    pub outcome: String,
    /// The exit code.
    pub exit_code: u8,
    /// Whether the deployment may begin, or has ended well.
    pub verdict: Verdict,
    /// What is the case: one sentence, lower case, no full stop.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Details, one a line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// Everything that is wrong with what was given, where something is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// About the change, where there is one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<Reported>>,
    /// What the command found, for machines.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub found: Option<Box<Found>>,
    /// The same as a table, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
}

/// What a command found that is not about one run of one change.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Found {
    /// A decision, and the change request as it shows itself now.
    Decided {
        /// The change request.
        change_request_id: Name,
        /// Who decided.
        by: Person,
        /// Its state now.
        status: Status,
    },
    /// Change requests that were made by hand.
    Prepared {
        /// The change requests, in the order of the file.
        requests: Vec<PreparedRequest>,
    },
    /// Changes, in the order of their ids.
    Changes {
        /// The changes.
        changes: Vec<Listed>,
    },
    /// One change, as its journal tells it.
    Timeline {
        /// Where it stands.
        standing: Box<Surveyed>,
        /// The digest of the journal's last line.
        journal_head: Digest,
        /// All lines of the journal.
        entries: Vec<Entry>,
    },
    /// Whether the records of a ledger hold together.
    Audited {
        /// The targets.
        targets: Vec<Audited>,
        /// How many changes there are.
        changes: u32,
        /// How many attachments are as they were attached.
        attached: u32,
    },
    /// What is owed, by due time.
    Obligations {
        /// Each of them.
        obligations: Vec<OwedBy>,
    },
    /// Something that was owed was done.
    Fulfilled {
        /// The change request.
        change_request_id: Name,
        /// Which obligation.
        obligation: Name,
        /// By whom.
        by: Person,
    },
    /// Changes that are not finished.
    Unfinished {
        /// The changes, the oldest first.
        unfinished: Vec<Surveyed>,
    },
    /// What tools wrote, as evidence.
    Recorded {
        /// The records, in the order of the reports.
        records: Vec<Recorded>,
    },
    /// An entry of the inventory.
    Added {
        /// The entry.
        entry: String,
        /// The commit that has it, where one was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<Commit>,
        /// Whether it was written.
        added: bool,
    },
    /// How two sides of an inventory differ.
    Differences {
        /// The differences, by entry.
        differences: Vec<Differs>,
    },
    /// Entries that were carried from one environment to the next.
    Carried {
        /// From where.
        from: String,
        /// To where.
        to: String,
        /// The entries: how each differed from what was there.
        promoted: Vec<Differs>,
        /// The commit, where one was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<Commit>,
    },
    /// How the inventories of environments differ.
    Reconciled {
        /// The environments, lowest first.
        environments: Vec<Name>,
        /// What differs.
        #[serde(flatten)]
        reconciliation: Reconciliation,
    },
}

/// The chain of a target.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Audited {
    /// The target's key in paths.
    pub key: String,
    /// The target.
    pub target: Target,
    /// How many links there are.
    pub links: u64,
    /// The digest of the last.
    pub head: Option<Digest>,
    /// Whether its records hold together, in words.
    pub records: String,
}

/// A change request that was made by hand, and its state.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreparedRequest {
    /// The request.
    #[serde(flatten)]
    pub prepared: Prepared,
    /// Its state.
    pub status: Status,
}

/// A record of evidence that was written.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recorded {
    /// The check.
    pub check: Check,
    /// The tool.
    pub tool: String,
    /// How the check ended.
    pub outcome: CheckOutcome,
    /// The path of the record, below the folder of evidence.
    pub record: String,
    /// The path of the report's copy beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// A change in one line.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Listed {
    /// The path of its journal or record.
    pub path: String,
    /// Where it stands; absent: its journal does not verify, or it has none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Surveyed>,
    /// What is wrong with its journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Something that is owed, and for which change.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OwedBy {
    /// The change request.
    pub change_request_id: Option<Name>,
    /// Where it deployed.
    pub target: Option<Target>,
    /// What is owed.
    #[serde(flatten)]
    pub owed: Owed,
}

/// A table for people. Hosts lay it out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

/// A change, as a run leaves it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reported {
    /// The change request, or the id that it would have.
    pub change_request_id: Name,
    /// Its state.
    pub state: String,
    /// Which policy applied.
    pub policy: String,
    /// The commit of the inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// What was found about readiness now (`assess`, a dry run).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Box<Judgement>>,
    /// What was recorded about readiness last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Box<Assessment>>,
    /// What is deployed.
    pub delta: DeltaSummary,
    /// What is attached.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attachments: BTreeMap<String, Digest>,
    /// What the change owes (EM4), and owed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Owed>,
    /// What a whole run would do (a dry run).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would: Vec<Effect>,
    /// The digest of the journal's last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal_head: Option<Digest>,
    /// The folder of the change in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Where people see the change request, where its system has pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Ended {
    /// An end that the process comes to.
    #[must_use]
    pub fn stopped(stop: Stop, change: Option<Reported>) -> Self {
        let End { verdict, exit_code, stop } = End::from(stop);
        Self {
            outcome: crate::risk::word(&stop.outcome),
            exit_code,
            verdict,
            message: stop.message,
            help: stop.help,
            details: stop.details,
            errors: Vec::new(),
            change: change.map(Box::new),
            found: None,
            table: None,
        }
    }

    /// The end of a command that found something.
    #[must_use]
    pub fn found(stop: Stop, found: Found, table: Option<Table>) -> Self {
        let table = table.filter(|table| !table.rows.is_empty());
        Self { found: Some(Box::new(found)), table, ..Self::stopped(stop, None) }
    }

    /// Nothing could be decided: a failure is never a verdict.
    #[must_use]
    pub fn refused(failure: Failure) -> Self {
        let first = failure.errors.first();
        Self {
            outcome: "refused".to_owned(),
            exit_code: failure.exit_code,
            verdict: Verdict::Halt,
            message: first.map_or_else(String::new, |fault| fault.message.clone()),
            help: first.map(|fault| fault.help.clone()),
            details: Vec::new(),
            errors: failure.errors,
            change: None,
            found: None,
            table: None,
        }
    }
}

//! The contract's JSON, as far as this host reads and writes it. Meaning is the engine's: nothing here is interpreted
//! further than to perform it or to show it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A document: its name for people, the digest of its bytes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Named {
    /// Its name, such as its path.
    pub name: String,
    /// The digest that the engine gave for its bytes.
    pub digest: String,
}

/// The files of an inventory at one commit.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Tree {
    /// The commit; a plain directory has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// All files, by path.
    pub files: Vec<Named>,
}

/// Everything that a plan is made from.
#[derive(Clone, Debug, Serialize)]
pub struct Documents {
    /// The policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Named>,
    /// The evidence-checks config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_checks: Option<Named>,
    /// The promotion pull request; a full rollback has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Named>,
    /// The inventory to deploy.
    pub inventory: Tree,
    /// The inventory that was concluded last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concluded: Option<Tree>,
    /// The inventory that was concluded last in the pre-production environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staging: Option<Tree>,
    /// The ignore file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_file: Option<Named>,
    /// All evidence.
    pub evidence: Vec<Named>,
}

/// Where a change is deployed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Target {
    /// The environment.
    pub environment: String,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `production` or `pre_prod`.
    pub purpose: String,
    /// The environment in words.
    pub detail: String,
}

impl Target {
    /// `environment` or `environment in region`, for people.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.region {
            Some(region) => format!("{} in {region}", self.environment),
            None => self.environment.clone(),
        }
    }
}

/// Somebody, by immutable id.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Person {
    /// The id that never changes.
    pub id: String,
    /// The name that people use.
    pub login: String,
}

/// The run of the pipeline that asks.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Run {
    /// Its id in its CI system.
    pub id: String,
    /// Where to look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who triggered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Person>,
    /// The pipeline's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// The pipeline's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_version: Option<String>,
}

/// One of the user's commands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Every command of the user.
    pub const ALL: [Self; 4] = [Self::Deploy, Self::Accept, Self::Verify, Self::Rollback];
}

/// How a command of the user ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ran {
    /// Which.
    pub step: Step,
    /// Whether it succeeded.
    pub success: bool,
    /// Its exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What else is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Its output, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// A bounded wait for approval.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Waiting {
    /// When the wait is over.
    pub until: String,
    /// Seconds between two looks.
    pub interval_seconds: u32,
}

/// Who performs which commands.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Driving {
    /// Commands that the caller performs, and reports.
    pub parked: Vec<Step>,
    /// What the caller reports of them.
    pub reports: Vec<Ran>,
    /// The wait for approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<Waiting>,
}

/// The answer to an effect.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The effect's key.
    pub key: String,
    /// What happened.
    pub event: Value,
}

/// A plan request.
#[derive(Clone, Debug, Serialize)]
pub struct PlanRequest<'a> {
    /// What is asked: `act`, `preview` or `assess`.
    pub mode: &'a str,
    /// The clock.
    pub now: String,
    /// The clock when this run began.
    pub started: &'a str,
    /// Where.
    pub target: &'a Target,
    /// Who asks.
    pub run: &'a Run,
    /// The documents.
    pub documents: &'a Documents,
    /// A change request that was made by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_request_id: Option<&'a str>,
    /// Which attempt at the same change.
    pub attempt: u32,
    /// Whether everything is deployed again.
    pub force_redeploy: bool,
    /// The full rollback that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<&'a Rollback>,
    /// The journals of all changes.
    pub history: &'a [Named],
    /// The journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<Named>,
    /// The answer to the last effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Who performs which commands.
    pub drive: &'a Driving,
}

/// A full rollback.
#[derive(Clone, Debug, Serialize)]
pub struct Rollback {
    /// The change request whose deployment is restored.
    pub change_request_id: String,
    /// Whether it is declared an emergency.
    pub emergency: bool,
}

/// A response.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Response {
    /// What a document says.
    Ingested(Box<Ingested>),
    /// What is wrong with a promotion text.
    Lint {
        /// Its fields, if nothing is wrong.
        fields: Option<Value>,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// Which journal is needed.
    Recall {
        /// The id of the change request.
        id: String,
        /// The name of the journal beside it.
        journal: String,
    },
    /// What must happen next.
    Plan(Box<Plan>),
    /// The next exchange with the change system.
    Exchange(Exchange),
    /// Where a change stands.
    Status(Box<Standing>),
    /// Where all changes stand.
    Survey(Survey),
    /// Something that was owed is written down as done.
    Fulfilled {
        /// The journal to make durable.
        journal: Head,
    },
    /// Which change requests are to be made by hand.
    Prepared {
        /// The requests: handed back to the engine as they are.
        requests: Vec<Value>,
    },
    /// How inventories differ.
    Reconciliation(Reconciliation),
    /// Nothing can be decided.
    Failure(Faults),
}

/// What must happen next.
#[derive(Debug, Deserialize)]
pub struct Plan {
    /// The change request's id.
    pub id: String,
    /// The state.
    pub state: String,
    /// The journal to make durable first.
    pub journal: Option<Head>,
    /// Its new lines.
    #[serde(default)]
    pub appended: Vec<Entry>,
    /// What to do next: handed back to the engine as it is.
    pub effect: Option<Value>,
    /// What a whole run would do.
    #[serde(default)]
    pub would: Vec<Value>,
    /// How it ended.
    pub end: Option<End>,
    /// What the judgement found.
    pub judgement: Option<Value>,
    /// What is deployed, at the end of a run.
    #[serde(default)]
    pub delta: Option<Value>,
}

/// A journal: where to take it, and what it ends with.
#[derive(Clone, Debug, Deserialize)]
pub struct Head {
    /// The digest of its bytes.
    pub digest: String,
    /// The digest of its last line.
    pub head: String,
}

/// A line of a journal.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Entry {
    /// Counted from 1.
    pub seq: u32,
    /// When it was recorded.
    pub at: String,
    /// What happened.
    pub event: Value,
}

/// How it ended, in the engine's words.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct End {
    /// `proceed`, `hold` or `halt`.
    pub verdict: String,
    /// What to exit with.
    pub exit_code: u8,
    /// The outcome's name.
    pub outcome: String,
    /// What is the case.
    pub message: String,
    /// What to do about it.
    #[serde(default)]
    pub help: Option<String>,
    /// Details, one a line.
    #[serde(default)]
    pub details: Vec<String>,
}

/// An effect, as far as the host performs it itself.
#[derive(Debug, Deserialize)]
pub struct Effect {
    /// Its key.
    pub key: String,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Debug, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Action {
    /// Run a command of the user, once.
    Run {
        /// Which.
        step: Step,
        /// The command.
        command: Option<Command>,
        /// Environment variables for it.
        #[serde(default)]
        environment: Vec<Variable>,
    },
    /// Move the pointer to the last concluded deployment.
    Conclude {
        /// The pointer's name.
        pointer: String,
        /// What it points to from now on.
        #[serde(default)]
        commit: Option<String>,
    },
    /// Tell somebody, and go on whatever comes of it.
    Notify {
        /// Through which channel.
        channel: String,
        /// Of what.
        moment: String,
        /// What to post, by digest.
        body: String,
    },
    /// Let time pass.
    Wait {
        /// Until when.
        until: String,
        /// Why.
        why: String,
    },
    /// Anything else is performed in the change system, which the engine knows how to talk to.
    #[serde(other)]
    Connect,
}

/// A command of the user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Command {
    /// The program and its arguments.
    pub run: Vec<String>,
    /// Seconds until it is ended.
    pub timeout_seconds: u32,
}

/// An environment variable.
#[derive(Clone, Debug, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The next exchange with the change system.
#[derive(Debug, Deserialize)]
#[serde(tag = "exchange", rename_all = "kebab-case")]
pub enum Exchange {
    /// Read a file.
    Get {
        /// Its path.
        path: String,
    },
    /// Write a file if it is as it was.
    Put {
        /// Its path.
        path: String,
        /// The new bytes, by digest.
        content: String,
        /// The digest of what must be there; absent: nothing must be.
        #[serde(default)]
        expected: Option<String>,
    },
    /// Send one request to the API.
    Http(Http),
    /// Let time pass.
    Wait {
        /// So many seconds.
        seconds: u32,
    },
    /// Nothing more is to be exchanged: a document was read.
    Gathered {
        /// Its name.
        name: String,
        /// The digest of its bytes.
        digest: String,
    },
    /// Nothing more is to be exchanged.
    Done {
        /// The event that answers.
        event: Value,
    },
}

/// One request to an API.
#[derive(Debug, Deserialize)]
pub struct Http {
    /// The method.
    pub method: String,
    /// The path below the base URL.
    pub path: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// The digest of the body.
    #[serde(default)]
    pub body: Option<String>,
}

/// What the change system said.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "response", rename_all = "kebab-case")]
pub enum Exchanged {
    /// The file is there.
    Found {
        /// The digest of its bytes.
        digest: String,
    },
    /// There is no such file.
    Absent {},
    /// It was written.
    Stored {},
    /// It is not as expected.
    Conflict {},
    /// The API answered.
    Answered {
        /// The status.
        status: u16,
        /// Headers that matter.
        headers: BTreeMap<String, String>,
        /// The digest of the body.
        body: String,
    },
    /// Time passed.
    Waited {},
    /// It could not be done.
    Broken {
        /// Why.
        message: String,
    },
}

/// Where a change stands.
#[derive(Debug, Deserialize)]
pub struct Standing {
    /// The state.
    pub state: String,
    /// Where.
    pub target: Option<Target>,
    /// The inventory commit that is deployed.
    pub commit: Option<String>,
    /// An effect that was begun and whose outcome is not known.
    pub pending: Option<String>,
    /// The digest of the last line.
    pub head: String,
    /// All lines.
    pub entries: Vec<Entry>,
}

/// Where all changes stand.
#[derive(Debug, Deserialize, Serialize)]
pub struct Survey {
    /// What to exit with when what is owed is reported.
    pub exit_code: u8,
    /// Every change.
    pub changes: Vec<Surveyed>,
}

/// Where one change stands.
#[derive(Debug, Deserialize, Serialize)]
pub struct Surveyed {
    /// The journal that says so.
    pub journal: String,
    /// The change request's id.
    pub id: Option<String>,
    /// Where.
    pub target: Option<Target>,
    /// `standard` or `emergency`.
    pub kind: Option<String>,
    /// The state.
    pub state: String,
    /// How it ended.
    pub category: Option<String>,
    /// Whether nothing is left to do for a run.
    pub finished: bool,
    /// An effect that was begun and whose outcome is not known.
    pub pending: Option<String>,
    /// When something happened last.
    pub last: Option<String>,
    /// What is owed, and what was.
    pub obligations: Vec<Owed>,
}

/// Something that is owed, or was.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Owed {
    /// Its name within the change.
    pub id: String,
    /// What is to be done.
    pub what: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when.
    pub due: String,
    /// Whether its time is over.
    pub overdue: bool,
    /// When it was fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilled_at: Option<String>,
    /// How it was fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilment: Option<Value>,
}

/// How inventories differ.
#[derive(Debug, Deserialize, Serialize)]
pub struct Reconciliation {
    /// Entries that are not the same everywhere: for each environment in turn the version, or nothing.
    pub differing: BTreeMap<String, Vec<Option<Version>>>,
    /// How many entries are the same everywhere.
    pub same: u32,
}

/// Which version of an entry an environment has.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Version {
    /// The version.
    pub version: String,
    /// The digest of the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The source commit.
    pub commit: String,
}

/// Everything that is wrong, at once.
#[derive(Clone, Debug, Deserialize)]
pub struct Faults {
    /// What to exit with.
    pub exit_code: u8,
    /// What is wrong.
    pub errors: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Fault {
    /// Its stable name.
    pub code: String,
    /// The document that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// What is wrong with one document.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Problem {
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// A place in a document.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Place {
    /// A line and a column; column 0 is the whole line.
    Line {
        /// Counted from 1.
        line: u32,
        /// Counted from 1.
        column: u32,
    },
    /// A JSON Pointer.
    Pointer {
        /// The pointer; empty is the whole document.
        pointer: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, column: 0 } => write!(f, "line {line}"),
            Self::Line { line, column } => write!(f, "line {line}, column {column}"),
            Self::Pointer { pointer } if pointer.is_empty() => f.write_str("the whole document"),
            Self::Pointer { pointer } => f.write_str(pointer),
        }
    }
}

/// What was found about readiness: a judgement of now, or an assessment in the journal.
#[derive(Debug, Deserialize)]
pub struct Judgement {
    /// Whether the change is ready.
    pub ready: bool,
    /// All reasons, blocking ones first.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// How many reasons there are, where only the first are told.
    #[serde(default)]
    pub reason_count: Option<u32>,
    /// Demands on entries.
    #[serde(default)]
    pub demands: Option<u32>,
    /// Demands that are met.
    #[serde(default)]
    pub met: Option<u32>,
    /// The kind of the change request.
    pub kind: String,
    /// The risk.
    pub risk: Risk,
    /// The category.
    pub category: String,
    /// What is deployed.
    #[serde(default)]
    pub delta: Option<Delta>,
}

/// The risk of a change.
#[derive(Debug, Deserialize)]
pub struct Risk {
    /// Its level.
    pub level: String,
    /// The highest level that is approved automatically.
    pub limit: String,
}

/// What is deployed.
#[derive(Debug, Deserialize)]
pub struct Delta {
    /// Entries, and how they differ.
    pub entries: BTreeMap<String, String>,
    /// Entries that are gone.
    #[serde(default)]
    pub removed: Vec<String>,
    /// Entries that are hidden, and by what.
    #[serde(default)]
    pub hidden: BTreeMap<String, String>,
}

/// One reason.
#[derive(Debug, Deserialize)]
pub struct Reason {
    /// Whether it makes the change not ready.
    pub blocking: bool,
    /// The entry.
    #[serde(default)]
    pub entry: Option<String>,
    /// The check.
    #[serde(default)]
    pub check: Option<String>,
    /// The document that it rests on.
    #[serde(default)]
    pub source: Option<Source>,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub help: String,
}

/// The document that a reason rests on.
#[derive(Debug, Deserialize)]
pub struct Source {
    /// Its name.
    pub document: String,
    /// Where in it.
    #[serde(default)]
    pub place: Option<Place>,
}

/// What one evidence document says.
#[derive(Debug, Deserialize, Serialize)]
pub struct Ingested {
    /// The document.
    pub document: Named,
    /// The format that was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The records in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Record>,
    /// Test cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Tests>,
    /// Findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<Scan>,
    /// The bill of materials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bom: Option<Bom>,
    /// Why it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// One record of evidence.
#[derive(Debug, Deserialize, Serialize)]
pub struct Record {
    /// The check.
    pub check: String,
    /// The tool.
    pub tool: String,
    /// The recorded outcome.
    pub outcome: String,
    /// The date.
    pub date: String,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The reports that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Named>,
}

/// Test cases, counted.
#[derive(Debug, Deserialize, Serialize)]
pub struct Tests {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
    /// Skipped.
    pub skipped: u32,
    /// The names of the first that failed.
    #[serde(default)]
    pub first_failed: Vec<String>,
}

/// Findings of a scanner, counted.
#[derive(Debug, Deserialize, Serialize)]
pub struct Scan {
    /// The scanner.
    pub tool: String,
    /// Findings that stand, by severity.
    pub findings: BTreeMap<String, u32>,
    /// Findings that are exempt.
    pub exempt: u32,
}

/// A bill of materials.
#[derive(Debug, Deserialize, Serialize)]
pub struct Bom {
    /// Its format and version.
    pub format: String,
    /// How many components it lists.
    pub components: u32,
}

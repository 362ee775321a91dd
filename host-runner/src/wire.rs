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

/// A response.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Response {
    /// What a command does next.
    Turn(Box<Turn>),
    /// What a document says.
    Ingested(Box<Ingested>),
    /// What is wrong with a promotion text.
    Lint {
        /// Its fields, if nothing is wrong.
        fields: Option<Value>,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// Nothing can be decided.
    Failure(Faults),
}

/// What a command does next.
#[derive(Debug, Deserialize)]
pub struct Turn {
    /// Lines for people.
    #[serde(default)]
    pub told: Vec<Value>,
    /// What is to be performed and answered.
    #[serde(default)]
    pub exchange: Option<Value>,
    /// What the command came to.
    #[serde(default)]
    pub end: Option<Value>,
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

//! The ledger's change requests, as far as this host shows them.

use serde::Deserialize;

use crate::engine::Engine;
use crate::ledger::Ledger;
use crate::refusal::Refusal;
use crate::wire::{Named, Target};

/// A change request as the ledger keeps it.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Its state.
    pub status: String,
    /// Its kind.
    pub kind: String,
    /// What was filed.
    #[serde(default)]
    pub filing: Option<Filing>,
    /// What a request made by hand is for.
    #[serde(default)]
    pub title: Option<String>,
    /// Where a request made by hand deploys.
    #[serde(default)]
    pub target: Option<Target>,
    /// How it ended.
    #[serde(default)]
    pub close_category: Option<String>,
}

/// What was filed.
#[derive(Clone, Debug, Deserialize)]
pub struct Filing {
    /// One line: what is deployed where.
    pub title: String,
    /// Where.
    pub target: Target,
}

impl Record {
    /// In one line, what it is for.
    #[must_use]
    pub fn title(&self) -> &str {
        self.filing.as_ref().map(|filing| &filing.title).or(self.title.as_ref()).map_or("", String::as_str)
    }
}

impl Record {
    /// Where it deploys, as far as it says.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.filing.as_ref().map(|filing| &filing.target).or(self.target.as_ref())
    }
}

/// The folder of a change in the ledger.
#[must_use]
pub fn folder(id: &str) -> String {
    format!("changes/{id}")
}

/// Where the journal of the change is that a request was filed for. One that was made by hand may have more of them.
#[must_use]
pub fn journal_path(id: &str) -> String {
    format!("{}/journal.jsonl", folder(id))
}

/// Where the log with this digest is.
#[must_use]
pub fn log_path(id: &str, digest: &str) -> String {
    format!("{}/logs/{}.log", folder(id), digest.trim_start_matches("sha256:"))
}

/// The ids of all changes in the ledger.
pub fn ids(ledger: &Ledger) -> Result<Vec<String>, Refusal> {
    let paths = ledger.list("changes/")?;
    let mut ids: Vec<String> = paths.iter().filter_map(|path| path.split('/').nth(1)).map(str::to_owned).collect();
    ids.dedup();
    Ok(ids)
}

/// The record of a change request; none when it was not filed, or cannot be read.
pub fn record(ledger: &Ledger, id: &str) -> Result<Option<Record>, Refusal> {
    let found = ledger.get(&format!("{}/record.json", folder(id)))?;
    Ok(found.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
}

/// Gives the engine the journals of all changes.
pub fn journals(engine: &mut Engine, ledger: &Ledger) -> Result<Vec<Named>, Refusal> {
    let mut journals = Vec::new();
    for path in ledger.list("changes/")? {
        let file = path.rsplit('/').next().unwrap_or_default();
        if !(file.starts_with("journal") && file.ends_with(".jsonl")) {
            continue;
        }
        if let Some((bytes, _)) = ledger.get(&path)? {
            journals.push(engine.give(path, &bytes)?);
        }
    }
    Ok(journals)
}

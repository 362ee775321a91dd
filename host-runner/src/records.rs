//! The ledger's change requests, as far as this host shows them.

use serde::Deserialize;

use crate::ledger::Ledger;
use crate::refusal::Refusal;
use crate::wire::Target;

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

/// The folder of a change in the ledger.
#[must_use]
pub fn folder(id: &str) -> String {
    format!("changes/{id}")
}

/// Where the journal of a change is in the ledger.
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

/// Whether another change on this target was unsuccessful. How recent that must be is the policy's affair, and the
/// contract cannot say it yet: so every one counts, which can only raise the risk.
pub fn was_unsuccessful(ledger: &Ledger, id: &str, target: &Target) -> Result<bool, Refusal> {
    for other in ids(ledger)?.iter().filter(|other| *other != id) {
        let unsuccessful = record(ledger, other)?.is_some_and(|record| {
            record.close_category.as_deref() == Some("unsuccessful")
                && record.filing.is_some_and(|filing| {
                    filing.target.environment == target.environment && filing.target.region == target.region
                })
        });
        if unsuccessful {
            return Ok(true);
        }
    }
    Ok(false)
}

//! What came of a verb about a change: the verdict first, then why, then where to look. The words are the engine's.

use std::fmt;

use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use crate::exit::Exit;
use crate::table::Table;
use crate::text::guard;
use crate::wire::{Delta, End, Judgement, Reason};

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The outcome's name.
    pub outcome: String,
    /// What to exit with.
    pub exit_code: u8,
    /// `proceed`, `hold` or `halt`.
    pub verdict: String,
    /// The change request, or the id that it would have.
    pub change_request_id: String,
    /// Its state.
    pub state: String,
    /// What is the case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Details, one a line.
    pub details: Vec<String>,
    /// What was found about readiness, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Value>,
    /// What a whole run would do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would: Vec<Value>,
    /// The digest of the journal's last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal_head: Option<String>,
    /// The folder of the change request in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Where people see the change request, where its system has pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Report {
    /// A report of this end.
    #[must_use]
    pub fn new(end: &End, change_request_id: String, state: String) -> Self {
        Self {
            outcome: end.outcome.clone(),
            exit_code: end.exit_code,
            verdict: end.verdict.clone(),
            change_request_id,
            state,
            message: end.message.clone(),
            help: end.help.clone(),
            details: end.details.clone(),
            judgement: None,
            would: Vec::new(),
            journal_head: None,
            folder: None,
            url: None,
        }
    }

    /// The same with what was found about readiness.
    #[must_use]
    pub fn judged(self, judgement: Option<Value>) -> Self {
        Self { judgement, ..self }
    }

    /// The same with what a whole run would do.
    #[must_use]
    pub fn would(self, would: Vec<Value>) -> Self {
        Self { would, ..self }
    }

    /// The same with where it is recorded.
    #[must_use]
    pub fn recorded(self, head: String, folder: String, url: Option<String>) -> Self {
        Self { journal_head: Some(head), folder: Some(folder), url, ..self }
    }

    /// How the process ends: as the engine says. A code that this host does not know is no success.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::from_code(self.exit_code).unwrap_or(Exit::Internal)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.outcome.replace('-', " "), guard(&self.message))?;
        for detail in &self.details {
            write!(f, "\n  {}", guard(detail))?;
        }
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {}", guard(help))?;
        }
        let judgement = self.judgement.as_ref().and_then(|judgement| Judgement::deserialize(judgement).ok());
        if let Some(judgement) = &judgement {
            write!(f, "\n\n{judgement}")?;
        }
        if !self.would.is_empty() {
            f.write_str("\n\na run would:")?;
            for effect in &self.would {
                write!(f, "\n  {}", guard(&would(effect)))?;
            }
        }
        if let Some(place) = self.url.as_ref().or(self.folder.as_ref()) {
            write!(f, "\n\nlook at {}", guard(place))?;
        }
        Ok(())
    }
}

/// An effect in a few words: its key without the digests in it.
fn would(effect: &Value) -> String {
    let key = effect["key"].as_str().unwrap_or_default();
    let mut words: Vec<&str> = key.split('/').collect();
    if words.first() == Some(&"attach") {
        words.truncate(2);
    }
    words.join(" ")
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ready { "ready" } else { "not ready" })?;
        if let (Some(met), Some(demands)) = (self.met, self.demands) {
            write!(f, ", {met} of {demands} demands met")?;
        }
        let (level, limit) = (guard(&self.risk.level), guard(&self.risk.limit));
        write!(f, ", risk {level} (limit {limit}), {} {} change", guard(&self.category), guard(&self.kind))?;
        if let Some(delta) = &self.delta {
            write!(f, "\n{delta}")?;
        }
        if !self.reasons.is_empty() {
            write!(f, "\n\n{}", reasons(&self.reasons))?;
        }
        let told = u32::try_from(self.reasons.len()).unwrap_or(u32::MAX);
        match self.reason_count {
            Some(count) if count > told => write!(f, "\n{} more in the delta summary", count - told),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> =
            self.entries.iter().map(|(name, difference)| format!("  {} {}", guard(difference), guard(name))).collect();
        lines.extend(self.removed.iter().map(|name| format!("  removed {}", guard(name))));
        lines.extend(self.hidden.iter().map(|(name, by)| format!("  hidden {} ({})", guard(name), guard(by))));
        f.write_str(&lines.join("\n"))
    }
}

fn reasons(reasons: &[Reason]) -> Table {
    let mut table = Table::new(["", "ENTRY", "CHECK", "REASON"]);
    for reason in reasons {
        let weight = if reason.blocking { "blocks" } else { "" };
        let place = reason.source.as_ref().map(|source| match &source.place {
            Some(place) => format!(" ({}, {place})", source.document),
            None => format!(" ({})", source.document),
        });
        let what = format!("{}{}", reason.message, place.unwrap_or_default());
        table.row([weight, reason.entry.as_deref().unwrap_or(""), reason.check.as_deref().unwrap_or(""), &what]);
        table.under(&format!("help: {}", reason.help));
    }
    table
}

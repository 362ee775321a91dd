//! `countersign status`: the changes of a ledger, or one change as its journal tells it.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::Common;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::records::{folder, ids, journal_path, record};
use crate::refusal::Refusal;
use crate::settings::LedgerAt;
use crate::table::Table;
use crate::text::guard;
use crate::wire::{Entry, Standing};

/// Characters of one value in a timeline at most.
const VALUE_MAX: usize = 100;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One change request, as its journal tells it; without it, all of them.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// A change, in one line.
#[derive(Serialize)]
struct Line {
    change_request_id: String,
    state: String,
    target: String,
    category: Option<String>,
    changed: Option<String>,
    title: String,
}

#[derive(Serialize)]
struct Changes {
    changes: Vec<Line>,
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return f.write_str("the ledger has no change");
        }
        let mut table = Table::new(["ID", "STATE", "TARGET", "CATEGORY", "CHANGED", "TITLE"]);
        for line in &self.changes {
            let Line { change_request_id, state, target, category, changed, title } = line;
            let (category, changed) = (category.as_deref().unwrap_or(""), changed.as_deref().unwrap_or(""));
            table.row([change_request_id.as_str(), state, target, category, changed, title]);
        }
        table.fmt(f)
    }
}

/// One change.
#[derive(Serialize)]
struct Timeline {
    change_request_id: String,
    state: String,
    pending: Option<String>,
    category: Option<String>,
    journal_head: String,
    folder: String,
    entries: Vec<Entry>,
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", guard(&self.change_request_id), guard(&self.state))?;
        if let Some(category) = &self.category {
            write!(f, ", {}", guard(category))?;
        }
        if let Some(pending) = &self.pending {
            write!(f, "\nbegun, outcome not recorded: {}", guard(pending))?;
        }
        let mut table = Table::new(["#", "AT", "EVENT", "WHAT"]);
        for entry in &self.entries {
            let name = entry.event["event"].as_str().unwrap_or_default();
            table.row([&entry.seq.to_string(), &entry.at, name, &summary(&entry.event)]);
        }
        write!(f, "\n\n{table}\n\njournal head {}", guard(&self.journal_head))?;
        write!(f, "\nlook at {}", guard(&self.folder))
    }
}

pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let ledger = args.ledger.existing()?;
    let mut engine = common.engine()?;
    match &args.id {
        Some(id) => common.tell(&timeline(&mut engine, &ledger, id)?)?,
        None => {
            let changes = ids(&ledger)?.iter().map(|id| line(&mut engine, &ledger, id)).collect::<Result<_, _>>()?;
            common.tell(&Changes { changes })?;
        }
    }
    Ok(Exit::Done)
}

fn timeline(engine: &mut Engine, ledger: &Ledger, id: &str) -> Result<Timeline, Refusal> {
    let record = record(ledger, id)?;
    let Some(standing) = standing(engine, ledger, id)? else {
        return Err(unknown(id).into());
    };
    Ok(Timeline {
        change_request_id: id.to_owned(),
        state: standing.state,
        pending: standing.pending,
        category: record.and_then(|record| record.close_category),
        journal_head: standing.head,
        folder: ledger.show(&folder(id)),
        entries: standing.entries,
    })
}

fn line(engine: &mut Engine, ledger: &Ledger, id: &str) -> Result<Line, Refusal> {
    let record = record(ledger, id)?;
    let standing = match standing(engine, ledger, id) {
        Err(Refusal::Engine(_)) => None,
        other => Some(other?),
    };
    let (state, target, changed) = match standing {
        Some(Some(Standing { state, target, entries, .. })) => {
            (state, target, entries.last().map(|entry| entry.at.clone()))
        }
        Some(None) => (record.as_ref().map_or_else(String::new, |record| record.status.clone()), None, None),
        None => ("journal does not verify".to_owned(), None, None),
    };
    let target = target.or_else(|| record.as_ref()?.target().cloned());
    let target = target.map(|target| target.label());
    Ok(Line {
        change_request_id: id.to_owned(),
        state,
        target: target.unwrap_or_default(),
        title: record.as_ref().map(|record| record.title().to_owned()).unwrap_or_default(),
        category: record.and_then(|record| record.close_category),
        changed,
    })
}

/// There is no journal of this change request.
pub(super) fn unknown(id: &str) -> Failure {
    Failure::usage(format!("the ledger has no journal of change request `{}`", guard(id)))
        .help("list the changes with `countersign status`")
}

pub(super) fn standing(engine: &mut Engine, ledger: &Ledger, id: &str) -> Result<Option<Standing>, Refusal> {
    let Some((bytes, _)) = ledger.get(&journal_path(id))? else { return Ok(None) };
    let named = engine.give(journal_path(id), &bytes)?;
    engine.status(&named).map(Some)
}

/// The plain values of an event, one level deep.
fn summary(event: &Value) -> String {
    let Value::Object(fields) = event else { return String::new() };
    let mut parts = Vec::new();
    for (name, value) in fields.iter().filter(|(name, _)| *name != "event") {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Object(inner) => match inner.get("id").or(inner.get("level")).or(inner.get("environment")) {
                Some(Value::String(text)) => text.clone(),
                Some(_) | None => continue,
            },
            Value::Array(_) | Value::Null => continue,
        };
        parts.push(format!("{name}={}", crate::text::excerpt(&short(&text), VALUE_MAX)));
    }
    parts.join(" ")
}

/// A digest as people read it.
fn short(text: &str) -> String {
    match text.strip_prefix("sha256:") {
        Some(hex) if hex.len() == 64 => hex[..12].to_owned(),
        Some(_) | None => text.to_owned(),
    }
}

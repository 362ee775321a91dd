//! `status`: the changes of a ledger, or one change as its journal tells it.

use super::{At, reading};
use crate::change::journal::{self, Journal};
use crate::failure::{Code, Failure};
use crate::gather::Named;
use crate::plan::outcome::{Outcome, Stop};
use crate::problem::Problem;
use crate::report::{Ended, Found, Listed, Table};
use crate::risk::word;
use crate::scalar::Name;
use crate::survey::{self, Surveyed};

pub(super) async fn run(at: &At, id: Option<&Name>) -> Result<Ended, Failure> {
    let journals = reading::history(at).await?;
    match id {
        Some(id) => one(at, id, &journals),
        None => Ok(all(at, &journals)),
    }
}

/// One change, line by line.
fn one(at: &At, id: &Name, journals: &[Named]) -> Result<Ended, Failure> {
    let folder = format!("changes/{id}/");
    let named = journals.iter().find(|named| named.name.starts_with(&folder)).ok_or_else(|| {
        let message = format!("the ledger has no journal of change request `{id}`");
        Failure::one(Code::BadRequest, message, "list the changes with `countersign status`")
    })?;
    let bytes = at.documents.borrow().bytes(&named.name, &named.digest)?;
    let damaged = |problem: Problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]);
    let journal = Journal::read(&bytes).map_err(damaged)?;
    let entries = journal::entries(&bytes).map_err(damaged)?.collect::<Result<Vec<_>, _>>().map_err(damaged)?;
    let standing = survey::surveyed(&named.name, &journal, at.io.now());
    let mut table = Table::new(&["#", "AT", "EVENT"]);
    for entry in &entries {
        table.row([entry.seq.to_string(), entry.at.to_string(), entry.event.name().to_owned()]);
    }
    let mut details = vec![format!("journal head {}", journal.head()), format!("look at {folder}")];
    details.extend(standing.pending.as_ref().map(|pending| format!("begun, outcome not recorded: {pending}")));
    let stop = Stop::new(Outcome::Done, format!("change request `{id}`: {}", state(&standing))).details(details);
    let found = Found::Timeline { standing: Box::new(standing), journal_head: journal.head(), entries };
    Ok(Ended::found(stop, found, Some(table)))
}

/// All changes, each in one line. One whose journal does not verify hides no other.
fn all(at: &At, journals: &[Named]) -> Ended {
    let mut table = Table::new(&["ID", "STATE", "TARGET", "CATEGORY", "CHANGED"]);
    let mut changes = Vec::new();
    let mut damaged = Vec::new();
    for named in journals {
        let folder = named.name.split('/').nth(1).unwrap_or_default().to_owned();
        let read = at.documents.borrow().bytes(&named.name, &named.digest).map_err(|failure| {
            let help = "take the journal from a copy of the ledger";
            Problem::new(failure.errors.first().map_or_else(String::new, |fault| fault.message.clone()), help)
        });
        match read.and_then(|bytes| Journal::read(&bytes)) {
            Ok(journal) => {
                let standing = survey::surveyed(&named.name, &journal, at.io.now());
                let id = standing.id.as_ref().map_or(folder, Name::to_string);
                let target = standing.target.as_ref().map(|target| target.label()).unwrap_or_default();
                let category = standing.category.as_ref().map(word).unwrap_or_default();
                let changed = standing.last.map(|last| last.to_string()).unwrap_or_default();
                table.row([id, state(&standing), target, category, changed]);
                changes.push(Listed { path: named.name.clone(), standing: Some(standing), problem: None });
            }
            Err(problem) => {
                damaged.push(format!("{}: {}", named.name, problem.message));
                table.row([folder, "journal does not verify".to_owned(), String::new(), String::new(), String::new()]);
                changes.push(Listed { path: named.name.clone(), standing: None, problem: Some(problem) });
            }
        }
    }
    let stop = match (damaged.is_empty(), changes.len()) {
        (true, 0) => Stop::new(Outcome::Done, "the ledger has no change"),
        (true, 1) => Stop::new(Outcome::Done, "the ledger has one change"),
        (true, count) => Stop::new(Outcome::Done, format!("the ledger has {count} changes")),
        (false, _) => Stop::new(Outcome::NotVerified, "a journal does not verify")
            .help("restore it from a copy of the ledger; nothing else is affected")
            .details(damaged),
    };
    Ended::found(stop, Found::Changes { changes }, Some(table))
}

/// The state in words. A change that was left open is open, whatever its category (RULES 16).
fn state(standing: &Surveyed) -> String {
    match standing.left_open {
        true => "open".to_owned(),
        false => standing.state.clone(),
    }
}

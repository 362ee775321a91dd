//! `obligations` and `fulfil`: what emergencies owe, and what was done about it (EM4).

use super::registers::Kept;
use super::{At, reading};
use crate::change::event::Engine;
use crate::change::journal::Journal;
use crate::facts::Target;
use crate::failure::{Code, Failure};
use crate::io::exchange::Put;
use crate::io::{Fault, LEDGER};
use crate::obligations::{self, Claim};
use crate::plan::outcome::{Outcome, Stop};
use crate::report::{Ended, Found, OwedBy, Table};
use crate::scalar::{Name, shorten};
use crate::survey;

/// How often a line is tried to be written because others wrote in between.
const TRIES: u32 = 16;

/// Shows what is owed; ends with 41 when something is overdue.
pub(super) async fn run(at: &At, environment: Option<Name>, region: Option<Name>, all: bool) -> Result<Ended, Failure> {
    let history = reading::history(at).await?;
    let journals = crate::gather::journals(&at.documents.borrow(), &history)?;
    let here = |target: &Target| {
        environment.as_ref().is_none_or(|environment| *environment == target.environment)
            && (region.is_none() || region == target.region)
    };
    let now = at.io.now();
    let surveyed = history.iter().zip(&journals).map(|(named, journal)| survey::surveyed(&named.name, journal, now));
    let changes: Vec<_> = surveyed.filter(|change| change.target.as_ref().is_some_and(here)).collect();
    let named: Vec<&str> = environment.iter().chain(&region).map(Name::as_str).collect();
    if !named.is_empty() && changes.is_empty() {
        // An unknown target is an error, not one without obligations.
        let help = "name environment and region as `open` does, or leave them out";
        return Err(Failure::one(Code::BadRequest, format!("no change of `{}` is recorded", named.join(" in ")), help));
    }
    let mut owed: Vec<OwedBy> = Vec::new();
    for change in changes {
        let (id, target) = (change.id, change.target);
        let wanted = change.obligations.into_iter().filter(|owed| all || owed.fulfilled_at.is_none());
        owed.extend(wanted.map(|owed| OwedBy { change_request_id: id.clone(), target: target.clone(), owed }));
    }
    owed.sort_by(|a, b| {
        let key = |line: &OwedBy| (line.owed.obligation.due, line.owed.obligation.id.clone());
        key(a).cmp(&key(b))
    });
    let overdue = owed.iter().filter(|line| line.owed.overdue).count();
    let table = table(&owed);
    let stop = match (owed.is_empty(), overdue) {
        (true, _) => Stop::new(Outcome::Done, "nothing is owed"),
        (false, 0) => Stop::new(Outcome::Done, "nothing that is owed is overdue"),
        (false, 1) => Stop::new(Outcome::ObligationsOverdue, "one obligation is overdue"),
        (false, count) => Stop::new(Outcome::ObligationsOverdue, format!("{count} obligations are overdue")),
    };
    Ok(Ended::found(stop, Found::Obligations { obligations: owed }, Some(table)))
}

fn table(owed: &[OwedBy]) -> Table {
    let mut table = Table::new(&["CHANGE REQUEST", "OBLIGATION", "STATE", "DUE", "OWNER", "WHAT"]);
    for OwedBy { change_request_id, owed, .. } in owed {
        let who = owed.fulfilment.as_ref();
        let who = who.map(|how| format!(" by {}: {}", shorten(&how.by.login), shorten(&how.reference)));
        let state = match (owed.fulfilled_at, owed.overdue) {
            (Some(at), _) => format!("fulfilled {at}{}", who.unwrap_or_default()),
            (None, true) => "OVERDUE".to_owned(),
            (None, false) => "open".to_owned(),
        };
        let obligation = &owed.obligation;
        table.row([
            change_request_id.as_ref().map(Name::to_string).unwrap_or_default(),
            obligation.id.to_string(),
            state,
            obligation.due.to_string(),
            obligation.owner.to_string(),
            obligation.what.clone(),
        ]);
    }
    table
}

/// Writes down that something that is owed was done.
pub(super) async fn fulfil(at: &At, id: &Name, claim: Claim) -> Result<Ended, Failure> {
    let (obligation, by) = (claim.obligation.clone(), claim.by.clone());
    let mut done = false;
    for _ in 0..TRIES {
        done = write(at, id, claim.clone()).await?;
        if done {
            break;
        }
    }
    if !done {
        let help = "run the same command again when it has ended";
        return Err(Failure::one(Code::Held, format!("another run works on change request `{id}`"), help));
    }
    let message = format!("`{obligation}` of change request `{id}` is fulfilled, by `{}`", shorten(&by.login));
    let found = Found::Fulfilled { change_request_id: id.clone(), obligation, by };
    Ok(Ended::found(Stop::new(Outcome::Done, message), found, None))
}

/// Writes it, as a link of the target's chain; says whether nobody else wrote in between.
async fn write(at: &At, id: &Name, claim: Claim) -> Result<bool, Failure> {
    let refuse = |fault| reading::unavailable("the ledger", fault);
    let path = format!("changes/{id}/journal.jsonl");
    let found = at.io.stored(LEDGER, vec![path.clone()]).await.map_err(refuse)?;
    let stored = found.get(&path).copied().ok_or_else(|| {
        let message = format!("the ledger has no journal of change request `{id}`");
        Failure::one(Code::BadRequest, message, "look for the id with `countersign obligations`")
    })?;
    let bytes = at.documents.borrow().bytes(&path, &stored)?;
    let mut journal =
        Journal::read(&bytes).map_err(|problem| Failure::all(Code::Journal, Some(&path), vec![problem]))?;
    if let Some(last) = journal.life.last_at {
        at.io.not_before(last);
    }
    let mut register = match journal.life.change.opened() {
        Some(opened) => Some(Kept::read(at, &opened.target).await?),
        None => None,
    };
    if let Some(register) = &mut register {
        register.finishes(at, &path, &mut journal)?;
    }
    let before = journal.len();
    obligations::fulfil(&mut journal, at.io.now(), claim, &Engine::this())
        .map_err(|problem| Failure::all(Code::Obligation, Some(&path), vec![problem]))?;
    let content = at.io.keep(journal.text().as_bytes().to_vec());
    at.io.stage(Put { path: path.clone(), content: Some(content), expected: Some(stored) });
    if let Some(register) = &mut register {
        register.moves(at, &path, &journal, before)?;
    }
    match at.io.settle().await {
        Ok(()) => Ok(true),
        Err(Fault::Overtaken(_)) => {
            at.io.abandon();
            Ok(false)
        }
        Err(fault) => Err(refuse(fault)),
    }
}

//! `countersign sweep`: changes that nobody finished, and what becomes of them.

use std::fmt;

use serde::Serialize;

use super::Common;
use crate::clock::{self, Clock};
use crate::exit::Exit;
use crate::records::journals;
use crate::refusal::Refusal;
use crate::settings::LedgerAt;
use crate::table::Table;
use crate::wire::{Surveyed, Target};

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End with 24 when one is unfinished for longer than so many hours.
    #[arg(long, value_name = "HOURS")]
    pub older_than: Option<u32>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

#[derive(Serialize)]
struct Unfinished {
    change_request_id: Option<String>,
    target: Option<Target>,
    state: String,
    since: Option<String>,
    pending: Option<String>,
    todo: &'static str,
}

#[derive(Serialize)]
struct Sweep {
    exit_code: u8,
    unfinished: Vec<Unfinished>,
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unfinished.is_empty() {
            return f.write_str("every change is finished");
        }
        let mut table = Table::new(["CHANGE REQUEST", "TARGET", "STATE", "SINCE", "BEGUN", "WHAT TO DO"]);
        for Unfinished { change_request_id, target, state, since, pending, todo } in &self.unfinished {
            let id = change_request_id.as_deref().unwrap_or("not filed");
            let target = target.as_ref().map(Target::label).unwrap_or_default();
            let (since, pending) = (since.as_deref().unwrap_or(""), pending.as_deref().unwrap_or(""));
            table.row([id, &target, state, since, pending, todo]);
        }
        table.fmt(f)
    }
}

/// Shows the changes that nobody finished.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let ledger = args.ledger.existing()?;
    let mut engine = common.engine()?;
    let journals = journals(&mut engine, &ledger)?;
    let survey = engine.survey(&clock.now(), &journals)?;
    let unfinished: Vec<Surveyed> = survey.changes.into_iter().filter(|change| !change.finished).collect();
    let limit = args.older_than.map(|hours| clock.milliseconds().saturating_sub(i64::from(hours) * 3_600_000));
    let old = |change: &Surveyed| {
        let last = change.last.as_deref().and_then(clock::parse);
        last.zip(limit).is_some_and(|(last, limit)| last <= limit)
    };
    let exit = if unfinished.iter().any(old) { Exit::ClosingUnfinished } else { Exit::Done };
    let unfinished = unfinished.into_iter().map(|change| Unfinished {
        todo: todo(&change),
        change_request_id: change.id,
        target: change.target,
        state: change.state,
        since: change.last,
        pending: change.pending,
    });
    common.tell(&Sweep { exit_code: exit.code(), unfinished: unfinished.collect() })?;
    Ok(exit)
}

/// What is to be done about it, by the state in which it was left.
fn todo(change: &Surveyed) -> &'static str {
    let command = change.pending.as_deref().is_some_and(|effect| effect.starts_with("run/"));
    match (change.state.as_str(), command) {
        (_, true) => "look at the target, then say how it ended: `countersign close --deploy ...`",
        ("authorize", _) => "decide on it: `countersign approve` or `reject`; then run it again",
        ("closed", _) => "see whether the pointer stands at its commit; run it again if not",
        (_, _) => "run the same command again; it continues there",
    }
}

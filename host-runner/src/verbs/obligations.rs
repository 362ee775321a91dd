//! `countersign obligations` and `fulfil`: what emergencies owe, and what was done about it (EM4).

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::Common;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::ledger::{Lock, Put};
use crate::records::{journal_path, journals};
use crate::refusal::Refusal;
use crate::settings::{LedgerAt, person};
use crate::table::Table;
use crate::text::{excerpt, guard};
use crate::wire::{Owed, Target};

/// How long a run of the change is waited for before something is written down.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Arguments of `obligations`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what was fulfilled too.
    #[arg(long)]
    pub all: bool,
    /// Of this environment only.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Of this region only.
    #[arg(long, value_name = "NAME", requires = "environment")]
    pub region: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Arguments of `fulfil`.
#[derive(Debug, clap::Args)]
pub struct Fulfil {
    /// The change request.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Which obligation, as `countersign obligations` names it.
    #[arg(long, value_name = "NAME")]
    pub obligation: String,
    /// Who did it, by immutable id; the login is for people to read.
    #[arg(long = "as", value_name = "ID[:LOGIN]")]
    pub by: String,
    /// Where to look at what was done: a link or a ticket.
    #[arg(long, value_name = "TEXT")]
    pub reference: String,
    /// What else is to say.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

#[derive(Serialize)]
struct Line {
    change_request_id: String,
    target: Option<Target>,
    #[serde(flatten)]
    owed: Owed,
}

#[derive(Serialize)]
struct Obligations {
    exit_code: u8,
    obligations: Vec<Line>,
}

impl fmt::Display for Obligations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.obligations.is_empty() {
            return f.write_str("nothing is owed");
        }
        let mut table = Table::new(["CHANGE REQUEST", "OBLIGATION", "STATE", "DUE", "OWNER", "WHAT"]);
        for Line { change_request_id, owed, .. } in &self.obligations {
            let state = match (&owed.fulfilled_at, owed.overdue) {
                (Some(_), _) => "fulfilled",
                (None, true) => "OVERDUE",
                (None, false) => "open",
            };
            table.row([change_request_id.as_str(), &owed.id, state, &owed.due, &owed.owner, &owed.what]);
            if let (Some(at), Some(how)) = (&owed.fulfilled_at, &owed.fulfilment) {
                let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
                table.under(&format!("{at} by {}: {}", word(&how["by"]["login"]), word(&how["reference"])));
            }
        }
        table.fmt(f)
    }
}

/// Shows what is owed; ends with 41 when something is overdue.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let ledger = args.ledger.existing()?;
    let mut engine = common.engine()?;
    let journals = journals(&mut engine, &ledger)?;
    let survey = engine.survey(&clock.now(), &journals)?;
    let here = |target: &Target| {
        args.environment.as_ref().is_none_or(|environment| *environment == target.environment)
            && (args.region.is_none() || args.region == target.region)
    };
    let (changes, _): (Vec<_>, Vec<_>) =
        survey.changes.into_iter().partition(|change| change.target.as_ref().is_some_and(here));
    if let (Some(environment), true) = (&args.environment, changes.is_empty()) {
        // A name that leads nowhere is no environment in which nothing is owed.
        return Err(Failure::usage(format!("no change of `{}` is recorded", excerpt(environment, 80)))
            .help("name environment and region as `countersign open` does, or leave them out")
            .into());
    }
    let mut obligations = Vec::new();
    for change in changes {
        for owed in change.obligations.into_iter().filter(|owed| args.all || owed.fulfilled_at.is_none()) {
            let change_request_id = change.id.clone().unwrap_or_default();
            obligations.push(Line { change_request_id, target: change.target.clone(), owed });
        }
    }
    obligations.sort_by(|a, b| (&a.owed.due, &a.owed.id).cmp(&(&b.owed.due, &b.owed.id)));
    let overdue = obligations.iter().any(|line| line.owed.overdue);
    let exit = if overdue { Exit::from_code(survey.exit_code).unwrap_or(Exit::Internal) } else { Exit::Done };
    common.tell(&Obligations { exit_code: exit.code(), obligations })?;
    Ok(exit)
}

#[derive(Serialize)]
struct Fulfilled {
    outcome: &'static str,
    exit_code: u8,
    change_request_id: String,
    obligation: String,
    by: String,
}

impl fmt::Display for Fulfilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { change_request_id, obligation, by, .. } = self;
        write!(f, "fulfilled: `{}` of change request `{}`", guard(obligation), guard(change_request_id))?;
        write!(f, ", by `{}`", guard(by))
    }
}

/// Writes down that something that is owed was done.
pub(super) fn fulfil(args: &Fulfil, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let ledger = args.ledger.existing()?;
    let by = person(&args.by)?;
    let mut engine = common.engine()?;
    let _held = match ledger.lock_change(&args.id, LOCK_WAIT)? {
        Lock::Held(guard) => guard,
        Lock::Busy(who) => {
            let message = format!("another run holds change request `{}`: {who}", args.id);
            return Err(Failure::new(Exit::Held, message).help("run the same command again when it has ended").into());
        }
    };
    let path = journal_path(&args.id);
    let Some((bytes, version)) = ledger.get(&path)? else {
        return Err(Failure::usage(format!("the ledger has no journal of change request `{}`", guard(&args.id)))
            .help("look for the id with `countersign obligations`")
            .into());
    };
    let journal = engine.give(path.clone(), &bytes)?;
    let claim = json!({
        "now": clock.now(), "journal": journal, "obligation": args.obligation, "by": by,
        "reference": args.reference, "note": args.note,
    });
    let head = engine.fulfil(&claim)?;
    let bytes = engine.take(&head.digest)?;
    match ledger.put_if_unchanged(&path, &bytes, Some(&version))? {
        Put::Done(_) => {}
        Put::Conflict(_) => {
            return Err(Failure::new(Exit::Held, format!("somebody else wrote `{path}`"))
                .help("run the same command again")
                .into());
        }
    }
    let (change_request_id, obligation) = (args.id.clone(), args.obligation.clone());
    common.tell(&Fulfilled { outcome: "fulfilled", exit_code: 0, change_request_id, obligation, by: by.login })?;
    Ok(Exit::Done)
}

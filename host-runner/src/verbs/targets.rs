//! Many targets in one run: one change request each, in parallel, independent outcomes, one table (CR1).

use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Common;
use super::change::{Run, going};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::refusal::Refusal;
use crate::sandbox::Sandbox;
use crate::session::{self, End, Telling};
use crate::settings::{Change, Promoted};
use crate::table::Table;

/// Targets at most.
const MOST: usize = 100;

/// From the worst ending to the best: how a run of many targets ends.
const WORST_FIRST: [Exit; 19] = [
    Exit::Internal,
    Exit::NotVerified,
    Exit::OutcomeUnknown,
    Exit::RollbackFailed,
    Exit::Failed,
    Exit::RolledBack,
    Exit::ClosingUnfinished,
    Exit::WriteLost,
    Exit::Unavailable,
    Exit::Rejected,
    Exit::ApprovalVoid,
    Exit::WaitRanOut,
    Exit::OutsideWindow,
    Exit::Overdue,
    Exit::Held,
    Exit::AwaitingApproval,
    Exit::NotReady,
    Exit::Usage,
    Exit::Done,
];

/// What one target says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    environment: Option<String>,
    region: Option<String>,
    purpose: Option<String>,
    detail: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    promotion: Option<PathBuf>,
    staging: Option<String>,
    change_request_id: Option<String>,
}

impl One {
    /// The change of this target, made of what all of them share.
    fn of(self, change: &Change, promoted: &Promoted) -> (Change, Promoted) {
        let (mut change, mut promoted) = (change.clone(), promoted.clone());
        let set = |place: &mut String, value: Option<String>| value.into_iter().for_each(|value| *place = value);
        set(&mut change.environment, self.environment);
        change.purpose = self.purpose.or(change.purpose);
        change.detail = self.detail.or(change.detail);
        change.region = self.region.or(change.region);
        change.staging = self.staging.or(change.staging);
        promoted.branch = self.branch.or(promoted.branch);
        promoted.commit = self.commit.or(promoted.commit);
        promoted.promotion = self.promotion.or(promoted.promotion);
        promoted.change_request_id = self.change_request_id.or(promoted.change_request_id);
        (change, promoted)
    }
}

/// How one target ended.
#[derive(Serialize)]
struct Ended {
    target: Value,
    #[serde(skip)]
    label: String,
    exit_code: u8,
    outcome: String,
    change_request_id: String,
    message: String,
    report: Value,
}

#[derive(Serialize)]
struct All {
    exit_code: u8,
    targets: Vec<Ended>,
}

impl fmt::Display for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["TARGET", "CHANGE REQUEST", "OUTCOME", "EXIT", "WHAT"]);
        for Ended { label, exit_code, outcome, change_request_id, message, .. } in &self.targets {
            table.row([label, change_request_id, outcome, &exit_code.to_string(), message]);
        }
        table.fmt(f)
    }
}

/// Takes the change to every target of the file.
pub(super) fn run(file: &Path, args: &Run, common: &Common) -> Result<Exit, Refusal> {
    let changes = read(file, args)?;
    let clock = Clock::from_environment()?;
    let sandbox = common.sandbox()?;
    let mut targets: Vec<Ended> = thread::scope(|scope| {
        let started: Vec<_> = changes
            .iter()
            .map(|(change, promoted)| {
                let (sandbox, clock) = (&sandbox, clock.clone());
                scope.spawn(move || one(sandbox, &clock, change, promoted, args))
            })
            .collect();
        let ended = started.into_iter().zip(&changes);
        ended.map(|(thread, (change, _))| thread.join().unwrap_or_else(|_| panicked(change))).collect()
    });
    targets.sort_by(|a, b| a.label.cmp(&b.label));
    let ended = |exit: &Exit| targets.iter().any(|target| target.exit_code == exit.code());
    let exit = WORST_FIRST.into_iter().find(ended).unwrap_or(Exit::Internal);
    common.tell(&All { exit_code: exit.code(), targets })?;
    Ok(exit)
}

fn read(file: &Path, args: &Run) -> Result<Vec<(Change, Promoted)>, Failure> {
    let unusable = |what: String| {
        Failure::usage(format!("the targets in `{}` cannot be used: {what}", file.display()))
            .help("write a JSON list of objects with `environment`, `region`, `purpose`, `detail`, `promotion`, ...")
    };
    let bytes = files::read(file, "list of targets")?;
    let all: Vec<One> = serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
    if all.is_empty() || all.len() > MOST {
        return Err(unusable(format!("there are {} of them, and 1 to {MOST} are allowed", all.len())));
    }
    let changes: Vec<_> = all.into_iter().map(|one| one.of(&args.change, &args.promoted)).collect();
    for (number, (change, _)) in changes.iter().enumerate() {
        let same = |(other, _): &(Change, Promoted)| {
            (&other.environment, &other.region) == (&change.environment, &change.region)
        };
        if changes.iter().take(number).any(same) {
            return Err(unusable(format!("{} stands there twice", change.label())));
        }
    }
    Ok(changes)
}

/// One target, from beginning to end, with an engine of its own.
fn one(sandbox: &Sandbox, clock: &Clock, change: &Change, promoted: &Promoted, args: &Run) -> Ended {
    let go = || -> Result<End, Refusal> {
        let mut engine = Engine::new(sandbox.instantiate().map_err(Failure::from)?);
        let (mut host, settings) = change.host(clock, &args.commands, promoted.branch.as_deref())?;
        let command = going(args, change, promoted, &mut host)?;
        session::run(&mut engine, &mut host, clock, &command, Some(&settings), &Telling::of_target(change.label()))
    };
    match go() {
        Ok(end) => {
            let text = |key: &str| end.value[key].as_str().unwrap_or_default().to_owned();
            Ended {
                target: place(change),
                label: change.label(),
                exit_code: end.exit.code(),
                outcome: text("outcome"),
                change_request_id: text("change_request_id"),
                message: text("message"),
                report: end.value,
            }
        }
        Err(refusal) => Ended {
            target: place(change),
            label: change.label(),
            exit_code: refusal.exit().code(),
            outcome: "refused".to_owned(),
            change_request_id: String::new(),
            message: refusal.to_string(),
            report: refusal.json(),
        },
    }
}

/// Where a change is deployed, for machines.
fn place(change: &Change) -> Value {
    json!({ "environment": change.environment, "region": change.region })
}

/// A thread that panicked decided nothing.
fn panicked(change: &Change) -> Ended {
    Ended {
        target: place(change),
        label: change.label(),
        exit_code: Exit::Internal.code(),
        outcome: "internal-error".to_owned(),
        change_request_id: String::new(),
        message: "this runner has a defect: report it with the input".to_owned(),
        report: Value::Null,
    }
}

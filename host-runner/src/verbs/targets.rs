//! Many targets in one run: one change request each, in parallel, independent outcomes, one table (CR1).

use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Common;
use super::change::{Run, waiting};
use crate::clock::Clock;
use crate::drive::{Drive, Telling};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::refusal::Refusal;
use crate::report::Report;
use crate::sandbox::Sandbox;
use crate::settings::{Change, Promoted, Subject};
use crate::table::Table;
use crate::wire::{Driving, Target};

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
        set(&mut change.purpose, self.purpose);
        set(&mut change.detail, self.detail);
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
    target: Target,
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
        for Ended { target, exit_code, outcome, change_request_id, message, .. } in &self.targets {
            table.row([&target.label(), change_request_id, outcome, &exit_code.to_string(), message]);
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
    targets.sort_by_key(|ended| ended.target.label());
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
            return Err(unusable(format!("{} stands there twice", change.target().label())));
        }
    }
    Ok(changes)
}

/// One target, from beginning to end, with an engine of its own.
fn one(sandbox: &Sandbox, clock: &Clock, change: &Change, promoted: &Promoted, args: &Run) -> Ended {
    let target = change.target();
    let go = || -> Result<Report, Refusal> {
        let engine = Engine::new(sandbox.instantiate().map_err(Failure::from)?);
        let driving = Driving { wait: waiting(&args.patience, clock), ..Driving::default() };
        let telling = Telling::of_target(target.label());
        let drive = Drive::new(engine, clock, change, Subject::Promoted(promoted), telling)?;
        if args.dry_run { drive.look("preview", &driving) } else { drive.act(driving, &args.commands) }
    };
    match go() {
        Ok(report) => Ended {
            target: change.target(),
            exit_code: report.exit().code(),
            outcome: report.outcome.clone(),
            change_request_id: report.change_request_id.clone(),
            message: report.message.clone(),
            report: json!(report),
        },
        Err(refusal) => Ended {
            target: change.target(),
            exit_code: refusal.exit().code(),
            outcome: "refused".to_owned(),
            change_request_id: String::new(),
            message: refusal.to_string(),
            report: refusal.json(),
        },
    }
}

/// A thread that panicked decided nothing.
fn panicked(change: &Change) -> Ended {
    Ended {
        target: change.target(),
        exit_code: Exit::Internal.code(),
        outcome: "internal-error".to_owned(),
        change_request_id: String::new(),
        message: "this runner has a defect: report it with the input".to_owned(),
        report: Value::Null,
    }
}

//! The work on the target: show it, deploy, test, verify, and roll back what failed (CL1, RB1..RB4, PC7).

use crate::change::event::{Conclusion, Event, Ran, Step};
use crate::change::journal::Journal;
use crate::change::state::{Filed, Work};
use crate::effect::{Action, Variable};
use crate::plan::World;
use crate::plan::decide::{Next, append, perform};
use crate::plan::outcome::{Outcome, Stop};
use crate::policy::{Acceptance, Command};
use crate::scalar::Name;

/// Cleared: show it, then deploy, test, verify, and roll back what failed (CL1, RB1..RB4, PC7).
pub(super) fn implement(world: &World<'_>, journal: &Journal, filed: &Filed, work: &Work) -> Next {
    if !work.implementing {
        return perform("implement", Action::Implement { id: filed.id.clone() });
    }
    let deployment = &world.facts.policy.deployment;
    let failed = |step| work.last(step).is_some_and(|ran| !ran.success);
    let passed = |step| work.last(step).is_some_and(|ran| ran.success);
    let untested = matches!(deployment.acceptance, Some(Acceptance::None(_)));
    let ended = |conclusion| append(Event::Ended { conclusion });
    if failed(Step::Deploy) || failed(Step::Accept) || failed(Step::Verify) {
        return match work.last(Step::Rollback) {
            Some(rollback) if rollback.success => ended(Conclusion::RolledBack),
            Some(_) => ended(Conclusion::RollbackFailed),
            None if deployment.rollback.is_some() || reported(world, Step::Rollback, 0).is_some() => {
                run(world, journal, filed, work, Step::Rollback, deployment.rollback.as_ref())
            }
            None => ended(Conclusion::Failed),
        };
    }
    if !passed(Step::Deploy) {
        return run(world, journal, filed, work, Step::Deploy, deployment.deploy.as_ref());
    }
    if !passed(Step::Accept) && !untested {
        let command = match &deployment.acceptance {
            Some(Acceptance::Command(command)) => Some(command),
            Some(Acceptance::None(_)) | None => None,
        };
        return run(world, journal, filed, work, Step::Accept, command);
    }
    if let Some(verification) = &deployment.verification {
        let since = work.last(Step::Accept).or(work.last(Step::Deploy)).and_then(|ran| ran.ended);
        let since = since.unwrap_or(world.facts.now);
        let end = since.plus_seconds(i64::from(verification.minutes).saturating_mul(60));
        let last = work.last(Step::Verify).and_then(|ran| ran.ended);
        let due = last.map(|last| last.plus_seconds(i64::from(verification.interval_seconds.max(1))));
        match (last, due) {
            (Some(last), _) if last >= end => {}
            (Some(_), Some(due)) if world.facts.now < due => {
                let why = "the deployment is being watched".to_owned();
                return perform(format!("wait/{}", due.as_millisecond()), Action::Wait { until: due, why });
            }
            (_, _) => return run(world, journal, filed, work, Step::Verify, Some(&verification.command)),
        }
    }
    ended(if untested { Conclusion::SucceededUntested } else { Conclusion::Succeeded })
}

/// What the caller reports of the command that would be the `nth` of its kind.
fn reported<'a>(world: &World<'a>, step: Step, nth: usize) -> Option<&'a Ran> {
    world.drive.reports.iter().filter(|ran| ran.step == step).nth(nth)
}

/// Runs a command of the user at most once; what the caller reports counts as its outcome (RB4).
fn run(
    world: &World<'_>,
    journal: &Journal,
    filed: &Filed,
    work: &Work,
    step: Step,
    command: Option<&Command>,
) -> Next {
    let before = work.ran.iter().filter(|ran| ran.step == step).count();
    let key = match before {
        0 => format!("run/{}", step.word()),
        before => format!("run/{}/{}", step.word(), before.saturating_add(1)),
    };
    let begun = journal.life.pending.as_ref() == Some(&key);
    match (begun, reported(world, step, before), world.drive.parked.contains(&step), command) {
        (true, Some(ran), _, _) => append(Event::Ran(ran.clone())),
        (false, Some(_), _, _) => append(Event::Intended { effect: key }),
        (true, None, _, _) => Next::Stop(
            Stop::new(
                Outcome::OutcomeUnknown,
                format!("`{}` was begun, and nobody recorded how it ended", step.word()),
            )
            .help(format!(
                "look at the target, then say what happened with `close`: `{}` was a success or a failure",
                step.word()
            )),
        ),
        (false, None, true, _) | (false, None, false, None) if step == Step::Deploy => Next::Stop(
            Stop::new(Outcome::Cleared, format!("change request `{}` is approved: deploy now", filed.id))
                .help("then report with `close` how `deploy` and `acceptance` ended"),
        ),
        (false, None, true, _) | (false, None, false, None) => {
            Next::Stop(Stop::new(Outcome::ReportNeeded, format!("nobody said how `{}` ended", step.word())).help(
                "report it; no result is not a passed test, and a policy that has none says so in \
                 `deployment.acceptance.none`",
            ))
        }
        (false, None, false, Some(command)) => {
            let environment = environment(world, filed, step);
            perform(key, Action::Run { step, command: Some(command.clone()), environment })
        }
    }
}

/// What a command is told: through its environment, never through its arguments (T60).
fn environment(world: &World<'_>, filed: &Filed, step: Step) -> Vec<Variable> {
    let facts = &*world.facts;
    let names: Vec<&String> = facts.delta.entries.keys().collect();
    let region = facts.target.region.as_ref().map_or("", Name::as_str);
    let commit = facts.inventory.commit.as_ref().map_or("", |commit| commit.as_str());
    let last = facts.concluded.as_ref().and_then(|concluded| concluded.commit.as_ref());
    let variables = [
        ("COUNTERSIGN_STEP", step.word().to_owned()),
        ("COUNTERSIGN_CHANGE_REQUEST_ID", filed.id.to_string()),
        ("COUNTERSIGN_ENVIRONMENT", facts.target.environment.to_string()),
        ("COUNTERSIGN_REGION", region.to_owned()),
        ("COUNTERSIGN_COMMIT", commit.to_owned()),
        ("COUNTERSIGN_LAST_COMMIT", last.map_or_else(String::new, ToString::to_string)),
        ("COUNTERSIGN_DELTA", serde_json::to_string(&names).unwrap_or_default()),
        ("COUNTERSIGN_DELETIONS", serde_json::to_string(&facts.delta.removed).unwrap_or_default()),
    ];
    variables.into_iter().map(|(name, value)| Variable { name: name.to_owned(), value }).collect()
}

//! The plan: what must happen next to a change. Pure and level-triggered: it looks at where things stand.
//!
//! One call performs at most one effect. So the outcome of each effect is durable before the next one is begun, by
//! construction and not by a rule for hosts.

mod assessing;
mod barred;
mod decide;
mod notify;
pub mod outcome;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::change::event::{Assessment, Engine, Event, Kind, Observed, Ran, Status, Step, Trouble};
use crate::change::journal::Journal;
use crate::change::state::Change;
use crate::effect::{Action, Effect};
use crate::facts::{Facts, Target};
use crate::gate;
use crate::plan::decide::Next;
use crate::plan::outcome::{Outcome, Stop};
use crate::problem::Problem;
use crate::readiness::Readiness;
use crate::scalar::{Digest, Name, Timestamp};

/// The blobs that the engine made: attachments, by digest.
pub type Blobs = BTreeMap<Digest, Rc<Vec<u8>>>;

/// How this run drives the flow. It says who performs; it decides nothing.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Drive {
    /// Commands that the caller performs, and reports. The flow stops before them.
    pub parked: BTreeSet<Step>,
    /// What the caller reports of them.
    pub reports: Vec<Ran>,
    /// Wait for approval until this time, looking again after each interval; absent: do not wait (GA1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<Waiting>,
}

/// A bounded wait for approval.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// When the wait is over, and its end is a refusal.
    pub until: Timestamp,
    /// Seconds between two looks; at least 5.
    pub interval_seconds: u32,
}

/// The answer to the effect that the last plan named.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// The effect's key.
    pub key: String,
    /// What happened: the event that answers the effect, or `failed`.
    pub event: Event,
}

/// What must happen next.
#[derive(Debug)]
pub struct Plan {
    /// The journal with all that was decided, to be made durable before anything else.
    pub journal: Journal,
    /// How many lines are new.
    pub appended: u32,
    /// What to do; absent: nothing is left to do, and `stop` says how it ended.
    pub effect: Option<Effect>,
    /// How it ended.
    pub stop: Option<Stop>,
}

/// Everything that a plan is made from.
#[derive(Debug)]
pub struct World<'a> {
    /// What is known.
    pub facts: &'a mut Facts,
    /// How this run drives the flow.
    pub drive: &'a Drive,
    /// When this run began; what was read before that is stale (GA3).
    pub started: Timestamp,
    /// Which engine this is.
    pub engine: &'a Engine,
    /// Where attachments go.
    pub blobs: &'a mut Blobs,
}

/// Decides what must happen next, given the journal so far and the answer to the last effect.
pub fn plan(world: &mut World<'_>, mut journal: Journal, answer: Option<Answer>) -> Result<Plan, Problem> {
    let before = journal.len();
    let now = world.facts.now;
    if let Some(stop) = nothing_to_deploy(world.facts, &journal) {
        return Ok(Plan { journal, appended: 0, effect: None, stop: Some(stop) });
    }
    same_engine(&journal, world.engine)?;
    cleared_before(world, &journal)?;
    if let Some(answer) = answer {
        take(&mut journal, now, answer)?;
    }
    let known = journal.life.runs.iter().any(|run| run.id == world.facts.run.id);
    if !journal.is_empty() && !known {
        let by_id = world.facts.change_request_id.is_some();
        journal.push(now, Event::Continued { run: world.facts.run.clone(), by_id })?;
    }
    loop {
        match decide::next(world, &journal)? {
            Next::Append(event) => journal.push(now, *event)?,
            Next::Stop(stop) => {
                let appended = journal.len().saturating_sub(before);
                return Ok(Plan { journal, appended, effect: None, stop: Some(stop) });
            }
            Next::Perform(key, action) => {
                begin(&mut journal, now, &key)?;
                let change = journal.life.change.opened().map_or_else(|| world.facts.key(), |opened| opened.key);
                let appended = journal.len().saturating_sub(before);
                return Ok(Plan {
                    journal,
                    appended,
                    effect: Some(Effect { key, change, action: *action }),
                    stop: None,
                });
            }
        }
    }
}

/// A deployment counts for what was cleared before it began, and for nothing else: not for a change that nobody opened, nor
/// for one that is still held, nor for what was promoted since (CL1, GA2).
fn cleared_before(world: &World<'_>, journal: &Journal) -> Result<(), Problem> {
    let reported = world.drive.reports.iter().any(|ran| ran.step == Step::Deploy);
    let change = &journal.life.change;
    let held = match change {
        Change::New | Change::Draft(_) | Change::Assess(..) | Change::Authorize(_) | Change::Scheduled(..) => true,
        Change::Implement(..) | Change::Review(..) | Change::Closed(..) | Change::Canceled(..) => false,
    };
    if !(reported && held) {
        return Ok(());
    }
    let commit = world.facts.inventory.commit.as_ref();
    let of = commit.map_or_else(String::new, |commit| format!(" of commit {commit}"));
    Err(Problem::new(
        format!("a deployment{of} is reported that was not cleared: its change is in the state `{}`", change.name()),
        "open the change first, deploy when it is cleared, and close it with the commit and the settings of `open`",
    ))
}

/// Journals the intent, unless the same effect was begun before and its outcome never came.
fn begin(journal: &mut Journal, now: Timestamp, key: &str) -> Result<(), Problem> {
    match &journal.life.pending {
        Some(pending) if pending == key => return Ok(()),
        Some(pending) => {
            let trouble = Trouble {
                code: "superseded".to_owned(),
                message: "things changed before its outcome was known".to_owned(),
                help: None,
            };
            let effect = pending.clone();
            journal.push(now, Event::Failed { effect, trouble })?;
        }
        None => {}
    }
    journal.push(now, Event::Intended { effect: key.to_owned() })
}

/// Another engine may judge otherwise, so it does not continue what this one did not begin.
pub fn same_engine(journal: &Journal, engine: &Engine) -> Result<(), Problem> {
    match journal.life.change.opened() {
        Some(opened) if opened.engine != *engine => Err(Problem::new(
            format!(
                "this change was begun by engine {} ({}), and this is engine {} ({})",
                opened.engine.version,
                opened.engine.source_digest.short(),
                engine.version,
                engine.source_digest.short()
            ),
            "finish it with the engine that began it (`--module`), or open another attempt (`--attempt`)",
        )),
        Some(_) | None => Ok(()),
    }
}

/// Takes the answer to the effect that was begun.
fn take(journal: &mut Journal, now: Timestamp, answer: Answer) -> Result<(), Problem> {
    if journal.life.pending.as_ref() != Some(&answer.key) {
        return Err(Problem::new(
            format!("nothing waits for an answer to `{}`", crate::scalar::shorten(&answer.key)),
            "answer the effect that the last plan named, once",
        ));
    }
    let kind = answer.key.split('/').next().unwrap_or_default();
    let fits = match &answer.event {
        Event::Filed { .. } => kind == "file",
        Event::Attached { name, .. } => answer.key.strip_prefix("attach/").is_some_and(|rest| rest.starts_with(name)),
        Event::Approved(_) => kind == "approve",
        Event::ApprovalRequested {} => kind == "request-approval",
        Event::Observed(_) => kind == "read",
        Event::Implementing {} => kind == "implement",
        Event::Ran(ran) => answer.key.strip_prefix("run/").is_some_and(|rest| rest.starts_with(ran.step.word())),
        Event::Closed { .. } => kind == "close",
        Event::LeftOpen { .. } => kind == "leave-open",
        Event::Concluded { .. } => kind == "conclude",
        Event::Waited { .. } => kind == "wait",
        Event::Notified { channel, .. } => {
            answer.key.strip_prefix("notify/").is_some_and(|rest| rest.ends_with(channel.as_str()))
        }
        Event::Failed { effect, .. } => *effect == answer.key,
        Event::Opened(_)
        | Event::Continued { .. }
        | Event::Assessed(_)
        | Event::Intended { .. }
        | Event::Obliged { .. }
        | Event::Fulfilled(_)
        | Event::Voided { .. }
        | Event::Rejected { .. }
        | Event::Cleared { .. }
        | Event::Ended { .. }
        | Event::Relinked { .. }
        | Event::Reassessed(_) => false,
    };
    if fits {
        journal.push(now, answer.event)
    } else {
        Err(Problem::new(
            format!("`{}` does not answer `{}`", answer.event.name(), crate::scalar::shorten(&answer.key)),
            "answer with the event that the effect's table names, or with `failed`",
        ))
    }
}

/// What a whole run would do, without doing it: the same plan with imagined answers.
#[derive(Debug)]
pub struct Preview {
    /// The effects, in order.
    pub effects: Vec<Effect>,
    /// How it would end, at the latest before the deployment.
    pub stop: Stop,
}

/// Follows the plan as far as the deployment, imagining that each effect succeeds and that nobody approves.
pub fn preview(world: &mut World<'_>, journal: Journal) -> Result<Preview, Problem> {
    const MOST: usize = 64;
    let mut effects = Vec::new();
    let mut current = plan(world, journal, None)?;
    for _ in 0..MOST {
        match (current.effect.take(), current.stop.take()) {
            (Some(effect), _) => {
                let Some(event) = imagine(&effect.action, &current.journal) else {
                    let stop = Stop::new(Outcome::Cleared, "the deployment would begin");
                    return Ok(Preview { effects, stop });
                };
                let answer = Answer { key: effect.key.clone(), event };
                effects.push(effect);
                current = plan(world, current.journal, Some(answer))?;
            }
            (None, Some(stop)) => return Ok(Preview { effects, stop }),
            (None, None) => break,
        }
    }
    Err(Problem::new("the preview does not end", "report this as a defect"))
}

/// The answer to an effect if all goes well; none for what only the caller's world can answer.
fn imagine(action: &Action, journal: &Journal) -> Option<Event> {
    Some(match action {
        Action::File(filing) => Event::Filed { id: filing.suggested_id.clone(), url: None },
        Action::Attach { name, digest, .. } => Event::Attached { name: name.clone(), digest: *digest },
        Action::Approve { .. } => Event::Approved(crate::change::event::Basis::Readiness {}),
        Action::RequestApproval { .. } => Event::ApprovalRequested {},
        Action::Implement { .. } => Event::Implementing {},
        Action::Read { id } => {
            let status = match &journal.life.change {
                crate::change::state::Change::Scheduled(..) => Status::Scheduled,
                _ => Status::Authorize,
            };
            let (decisions, change, target) = (Vec::new(), None, None);
            Event::Observed(Observed {
                id: id.clone(),
                status,
                decisions,
                change,
                target,
                planned_start: None,
                planned_end: None,
            })
        }
        Action::Notify { channel, moment, .. } => Event::Notified { channel: channel.clone(), moment: *moment },
        Action::Run { .. }
        | Action::Close { .. }
        | Action::LeaveOpen { .. }
        | Action::Conclude { .. }
        | Action::Wait { .. } => return None,
    })
}

/// What the facts come to: readiness, what would be recorded of it, and the end of a run that only asks.
#[derive(Debug)]
pub struct Judged {
    /// Readiness.
    pub readiness: Readiness,
    /// What would be recorded, without attachments.
    pub assessment: Assessment,
    /// Ready or not, and what stands in the way of an automatic approval.
    pub stop: Stop,
}

/// Judges the facts. Nothing is recorded, and nothing is made to be attached.
#[must_use]
pub fn judge(world: &World<'_>, journal: &Journal) -> Judged {
    let scopes = assessing::scopes(world, journal);
    let readiness = crate::readiness::assess(world.facts, crate::policy::Stage::PreDeployment, &scopes);
    let assessment = assessing::record(world, &readiness);
    let stop = match nothing_to_deploy(world.facts, journal) {
        Some(stop) => stop,
        None => judged(world.facts, journal, &assessment),
    };
    Judged { readiness, assessment, stop }
}

fn judged(facts: &Facts, journal: &Journal, assessment: &Assessment) -> Stop {
    let supplied = facts.change_request_id.is_some();
    let mut details: Vec<String> = match journal.life.change.filed() {
        Some(filed) => vec![format!("change request `{}` is in the state `{}`", filed.id, journal.life.change.name())],
        None => Vec::new(),
    };
    let obstacles = gate::obstacles(supplied, assessment);
    details.push(match (obstacles.is_empty(), assessment.kind) {
        (true, _) => "the change request would be approved automatically".to_owned(),
        (false, Kind::Standard) => "the change request would wait for approval by people".to_owned(),
        (false, Kind::Emergency) => "the change would be deployed as an emergency, without waiting".to_owned(),
    });
    let others = obstacles.iter().filter(|obstacle| **obstacle != gate::Obstacle::NotReady);
    details.extend(others.map(|obstacle| obstacle.words().to_owned()));
    match assessment.ready {
        true => Stop::new(Outcome::Ready, "the change is ready").details(details),
        false => Stop::new(Outcome::NotReady, "the change is not ready")
            .help("mend the reasons that block, or have the change request approved by people")
            .details(details),
    }
}

/// The end of a run that was given a change request for another target (EX3).
#[must_use]
pub fn target_mismatch(id: &Name, there: &Target, here: &Target) -> Stop {
    Stop::new(
        Outcome::TargetMismatch,
        format!("change request `{id}` is for {}, and this is {}", there.label(), here.label()),
    )
    .help("give the change request of this target, or none; the policy forbids to use another target's")
}

fn nothing_to_deploy(facts: &Facts, journal: &Journal) -> Option<Stop> {
    (journal.is_empty() && facts.delta.is_empty()).then(|| {
        Stop::new(
            Outcome::NothingToDeploy,
            format!("nothing differs from what was last concluded in {}", facts.target.label()),
        )
        .help("promote something, or use `force-redeploy` to deploy everything again")
    })
}

//! The loop: ask the engine what must happen next, make the journal durable, do it, and tell the engine what came of it.
//!
//! Nothing is decided here, and nothing is kept in memory that a crash must not take: the journal in the ledger is the
//! only state.

pub mod faults;
pub mod perform;
mod telling;

use std::time::Duration;

use serde::Deserialize as _;
use serde_json::Value;

use crate::change_system::ChangeSystem;
use crate::clock::Clock;
use crate::command::{self, Redaction, Secrets};
use crate::engine::{Engine, Planned};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gather::{Gathered, file, gather};
use crate::ledger::{Guard, Lock, Put};
use crate::records::folder;
use crate::refusal::Refusal;
use crate::report::Report;
use crate::settings::{Change, Commands, Promoted, Subject, secrets};
use crate::webhook::Webhooks;
use crate::wire::{Answer, Driving, Head, Named, Plan, PlanRequest, Rollback, Run, Step, Target};
use faults::{Faults, Moment};
use perform::Performed;
pub use telling::Telling;

/// How long another run of the same change is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Journals beside one change request that are tried: its own, and the one of this change.
const JOURNALS_MAX: u32 = 3;
/// Plans at most: a journal has at most 10 000 lines.
const PLANS_MAX: u32 = 20_000;

/// One run of the flow.
#[derive(Debug)]
pub struct Drive<'a> {
    engine: Engine,
    system: ChangeSystem,
    asks: Asks<'a>,
    faults: Faults,
    telling: Telling,
    webhooks: Webhooks,
    /// Logs that the caller reports.
    reported: Vec<Vec<u8>>,
}

/// What every request of this run says.
#[derive(Debug)]
struct Asks<'a> {
    clock: &'a Clock,
    change: &'a Change,
    gathered: Gathered,
    target: Target,
    run: Run,
    started: String,
    supplied: Option<String>,
    force_redeploy: bool,
    rollback: Option<Rollback>,
}

/// The journal of the change, as the ledger has it.
#[derive(Debug)]
struct Journal {
    path: String,
    version: Option<String>,
    given: Named,
}

impl<'a> Drive<'a> {
    /// Gathers everything for a change.
    pub fn new(
        mut engine: Engine,
        clock: &'a Clock,
        change: &'a Change,
        subject: Subject<'_>,
        telling: Telling,
    ) -> Result<Self, Refusal> {
        let started = clock.now();
        let run = change.caller.run(clock)?;
        let system = change.ledger.system(&run.id, change.approvals())?;
        let gathered = gather(&mut engine, clock, change, subject, &system)?;
        let target = change.target();
        let (supplied, force_redeploy, rollback) = match subject {
            Subject::Promoted(promoted) => (supplied(&mut engine, promoted, &target)?, promoted.force_redeploy, None),
            Subject::Restored { id, emergency, .. } => {
                (None, false, Some(Rollback { change_request_id: id.to_owned(), emergency }))
            }
        };
        let asks = Asks { clock, change, gathered, target, run, started, supplied, force_redeploy, rollback };
        let webhooks = Webhooks::new(&change.webhooks)?;
        let faults = Faults::from_environment();
        Ok(Self { engine, system, asks, faults, telling, webhooks, reported: Vec::new() })
    }

    /// Takes a log that the caller reports, without its secrets; gives its digest.
    pub fn report_log(&mut self, bytes: &[u8], secrets: &Secrets) -> Result<String, Refusal> {
        let mut redaction = Redaction::new(secrets);
        let mut clean = redaction.feed(bytes);
        clean.extend(redaction.finish());
        let named = self.engine.give("log", &clean)?;
        self.reported.push(clean);
        Ok(named.digest)
    }

    /// What a run would come to, or whether the change is ready. Nothing is recorded.
    pub fn look(mut self, mode: &str, driving: &Driving) -> Result<Report, Refusal> {
        let plan = match (self.asks.gathered.history.is_empty(), &self.asks.supplied) {
            // Where there is no journal at all, the one that is needed is empty, whatever its name.
            (true, None) => {
                let empty = self.engine.give("journal.jsonl", &[])?;
                match self.plan(mode, driving, Some(empty), None)? {
                    Planned::Plan(plan) => *plan,
                    Planned::Recall { .. } => return Err(defect("a journal where there is none")),
                }
            }
            (_, _) => {
                let (id, name) = self.recall(driving)?;
                self.first(mode, driving, &id, name)?.1
            }
        };
        let end = plan.end.ok_or_else(|| defect("no end"))?;
        Ok(Report::new(&end, plan.id, plan.state).judged(plan.judgement).would(plan.would))
    }

    /// Takes every step that can be taken now, each durable before the next.
    pub fn act(mut self, mut driving: Driving, commands: &Commands) -> Result<Report, Refusal> {
        let (id, name) = self.recall(&driving)?;
        let _held = self.hold(&id)?;
        self.give_logs(&id)?;
        for log in std::mem::take(&mut self.reported) {
            self.keep_log(&id, &log)?;
        }
        let token = self.asks.change.ledger.token();
        let secrets = secrets(&commands.secret_env, self.webhooks.secrets().chain(token));
        let (mut journal, first) = self.first("act", &driving, &id, name)?;
        let mut first = Some(first);
        let mut answer: Option<Answer> = None;
        for _ in 0..PLANS_MAX {
            let answered = answer.as_ref().map(|answer| answer.key.clone());
            let plan = match first.take() {
                Some(plan) => plan,
                None => match self.plan("act", &driving, Some(journal.given.clone()), answer.take())? {
                    Planned::Plan(plan) => *plan,
                    Planned::Recall { .. } => return Err(defect("another journal in the middle of a change")),
                },
            };
            self.keep(&mut journal, plan.journal.as_ref())?;
            if let Some(key) = answered {
                self.faults.at(Moment::After, &key);
            }
            plan.appended.iter().for_each(|entry| self.telling.decided(&entry.event));
            match (plan.effect, plan.end) {
                (Some(effect), None) => {
                    let performed = self.perform(&id, &effect, commands, &secrets)?;
                    answer = match performed {
                        Performed::Answered(answer) => Some(answer),
                        Performed::Unknown => None,
                    };
                    if answer.is_none() || command::interrupted() {
                        driving.parked = Step::ALL.to_vec();
                    }
                }
                (None, Some(end)) => {
                    let mut report = Report::new(&end, plan.id, plan.state);
                    if let Some(head) = plan.journal {
                        let standing = self.engine.status(&journal.given)?;
                        let url =
                            standing.entries.iter().find_map(|entry| entry.event["url"].as_str().map(str::to_owned));
                        let assessed = standing.entries.into_iter().rev().find_map(|entry| assessment(entry.event));
                        let assessed = assessed.map(|mut assessed| {
                            assessed["delta"] = plan.delta.unwrap_or_default();
                            assessed
                        });
                        let place = self.system.ledger.show(&folder(&id));
                        report = report.judged(assessed).recorded(head.head, place, url);
                    }
                    return Ok(report);
                }
                (Some(_), Some(_)) | (None, None) => return Err(defect("neither one effect nor one end")),
            }
        }
        Err(defect("the plan does not end"))
    }

    /// Which journal is needed: the id of the change request, and the journal's name beside it.
    fn recall(&mut self, driving: &Driving) -> Result<(String, String), Refusal> {
        match self.plan("act", driving, None, None)? {
            Planned::Recall { id, journal } => Ok((id, journal)),
            Planned::Plan(_) => Err(defect("a plan without a journal")),
        }
    }

    /// The first plan, and the journal that it goes on from. A request that was made by hand may have several journals.
    fn first(&mut self, mode: &str, driving: &Driving, id: &str, mut name: String) -> Result<(Journal, Plan), Refusal> {
        for _ in 0..JOURNALS_MAX {
            let journal = self.journal(id, &name)?;
            match self.plan(mode, driving, Some(journal.given.clone()), None)? {
                Planned::Plan(plan) => return Ok((journal, *plan)),
                Planned::Recall { journal, .. } => name = journal,
            }
        }
        Err(defect("journal after journal"))
    }

    fn plan(
        &mut self,
        mode: &str,
        driving: &Driving,
        journal: Option<Named>,
        answer: Option<Answer>,
    ) -> Result<Planned, Refusal> {
        self.engine.plan(&self.asks.request(mode, driving, journal, answer))
    }

    fn hold(&self, id: &str) -> Result<Guard, Refusal> {
        match self.system.ledger.lock_change(id, LOCK_WAIT)? {
            Lock::Held(guard) => Ok(guard),
            Lock::Busy(who) => Err(Failure::new(Exit::Held, format!("another run holds change request `{id}`: {who}"))
                .help("wait until it has ended, then run the same command again; it continues here")
                .into()),
        }
    }

    fn journal(&mut self, id: &str, name: &str) -> Result<Journal, Refusal> {
        let path = format!("{}/{name}", folder(id));
        let (bytes, version) = match self.system.ledger.get(&path)? {
            Some((bytes, version)) => (bytes, Some(version)),
            None => (Vec::new(), None),
        };
        let given = self.engine.give("journal.jsonl", &bytes)?;
        Ok(Journal { path, version, given })
    }

    /// Logs of earlier runs, which attachments may rest on.
    fn give_logs(&mut self, id: &str) -> Result<(), Refusal> {
        for path in self.system.ledger.list(&format!("{}/logs/", folder(id)))? {
            if let Some((bytes, _)) = self.system.ledger.get(&path)? {
                self.engine.give(path, &bytes)?;
            }
        }
        Ok(())
    }

    /// Makes the journal durable.
    fn keep(&mut self, journal: &mut Journal, head: Option<&Head>) -> Result<(), Refusal> {
        let Some(head) = head.filter(|head| journal.version.as_deref() != Some(&head.digest)) else { return Ok(()) };
        let bytes = self.engine.take(&head.digest)?;
        match self.system.ledger.put_if_unchanged(&journal.path, &bytes, journal.version.as_deref())? {
            Put::Done(version) => {
                journal.version = Some(version);
                journal.given.digest.clone_from(&head.digest);
                self.engine.give("journal.jsonl", &bytes)?;
                Ok(())
            }
            Put::Conflict(_) => Err(Failure::new(Exit::Held, format!("somebody else wrote `{}`", journal.path))
                .help("run the same command again; it continues here")
                .into()),
        }
    }
}

impl Asks<'_> {
    fn request<'r>(
        &'r self,
        mode: &'r str,
        driving: &'r Driving,
        journal: Option<Named>,
        answer: Option<Answer>,
    ) -> PlanRequest<'r> {
        PlanRequest {
            mode,
            now: self.clock.now(),
            started: &self.started,
            target: &self.target,
            run: &self.run,
            documents: &self.gathered.documents,
            change_request_id: self.supplied.as_deref(),
            attempt: self.change.attempt,
            force_redeploy: self.force_redeploy,
            rollback: self.rollback.as_ref(),
            history: &self.gathered.history,
            journal,
            answer,
            drive: driving,
        }
    }
}

/// The change request that exists already: the one that was named, or the one of this target in the prepared file.
fn supplied(engine: &mut Engine, promoted: &Promoted, target: &Target) -> Result<Option<String>, Refusal> {
    let Some(path) = &promoted.prepared else { return Ok(promoted.supplied()?.map(str::to_owned)) };
    let document = file(engine, path, "file of prepared change requests")?;
    for prepared in engine.prepare(&document)? {
        let there = Target::deserialize(&prepared["target"]).map_err(|error| defect(&error.to_string()))?;
        if there.environment == target.environment && there.region == target.region {
            return Ok(prepared["id"].as_str().map(str::to_owned));
        }
    }
    Err(Failure::usage(format!("`{}` prepares no change request for this target", path.display()))
        .help("add the environment and region to the file, run `countersign prepare`, and have it approved")
        .into())
}

/// The assessment that a line of the journal holds.
fn assessment(event: Value) -> Option<Value> {
    let name = event.get("event").and_then(Value::as_str);
    matches!(name, Some("assessed" | "reassessed")).then_some(event)
}

fn defect(what: &str) -> Refusal {
    Failure::new(Exit::Internal, format!("the engine's plan is unusable: {what}"))
        .help("this is a defect of the engine, not a verdict: report it with the input")
        .into()
}

//! The loop: ask the engine what must happen next, make the journal durable, do it, and tell the engine what came of it.
//!
//! Nothing is decided here, and nothing is kept in memory that a crash must not take: the journal in the ledger is the
//! only state.

pub mod faults;
pub mod perform;
mod telling;

use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::command::{self, Redaction, Secrets};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gather::{Gathered, gather};
use crate::ledger::{Guard, Ledger, Lock, Put};
use crate::records::{folder, journal_path, was_unsuccessful};
use crate::refusal::Refusal;
use crate::report::Report;
use crate::settings::{Change, Commands, secrets};
use crate::wire::{Answer, Driving, Head, Named, Plan, PlanRequest, Run, Step, Target};
use faults::{Faults, Moment};
use perform::Performed;
pub use telling::Telling;

/// How long another run of the same change is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Plans at most: a journal has at most 10 000 lines.
const PLANS_MAX: u32 = 20_000;

/// One run of the flow.
#[derive(Debug)]
pub struct Drive<'a> {
    engine: Engine,
    ledger: Ledger,
    asks: Asks<'a>,
    faults: Faults,
    telling: Telling,
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
    unsuccessful_recently: bool,
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
    pub fn new(mut engine: Engine, clock: &'a Clock, change: &'a Change, telling: Telling) -> Result<Self, Refusal> {
        let started = clock.now();
        let ledger = Ledger::open(&change.ledger.folder)?;
        let gathered = gather(&mut engine, change, &ledger)?;
        let asks = Asks {
            clock,
            change,
            gathered,
            target: change.target(),
            run: change.caller.run(clock)?,
            started,
            unsuccessful_recently: false,
        };
        Ok(Self { engine, ledger, asks, faults: Faults::from_environment(), telling, reported: Vec::new() })
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
        let id = self.recall(driving)?;
        let journal = self.journal(&id)?;
        let plan = self.plan(mode, driving, Some(journal.given), None)?;
        let end = plan.end.ok_or_else(|| defect("no end"))?;
        Ok(Report::new(&end, plan.id, plan.state).judged(plan.judgement).would(plan.would))
    }

    /// Takes every step that can be taken now, each durable before the next.
    pub fn act(mut self, mut driving: Driving, commands: &Commands) -> Result<Report, Refusal> {
        let id = self.recall(&driving)?;
        let _held = self.hold(&id)?;
        let mut journal = self.journal(&id)?;
        self.give_logs(&id)?;
        for log in std::mem::take(&mut self.reported) {
            self.keep_log(&id, &log)?;
        }
        let secrets = secrets(&commands.secret_env);
        let mut answer: Option<Answer> = None;
        for _ in 0..PLANS_MAX {
            let answered = answer.as_ref().map(|answer| answer.key.clone());
            let plan = self.plan("act", &driving, Some(journal.given.clone()), answer.take())?;
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
                        let assessed = standing.entries.into_iter().rev().find_map(|entry| assessment(entry.event));
                        let place = self.ledger.root().join(folder(&id));
                        report = report.judged(assessed).recorded(head.head, &place);
                    }
                    return Ok(report);
                }
                (Some(_), Some(_)) | (None, None) => return Err(defect("neither one effect nor one end")),
            }
        }
        Err(defect("the plan does not end"))
    }

    fn recall(&mut self, driving: &Driving) -> Result<String, Refusal> {
        let id = self.engine.recall(&self.asks.request("act", driving, None, None)?)?;
        self.asks.unsuccessful_recently = was_unsuccessful(&self.ledger, &id, &self.asks.target)?;
        Ok(id)
    }

    fn plan(
        &mut self,
        mode: &str,
        driving: &Driving,
        journal: Option<Named>,
        answer: Option<Answer>,
    ) -> Result<Plan, Refusal> {
        self.engine.plan(&self.asks.request(mode, driving, journal, answer)?)
    }

    fn hold(&self, id: &str) -> Result<Guard, Refusal> {
        match self.ledger.lock_change(id, LOCK_WAIT)? {
            Lock::Held(guard) => Ok(guard),
            Lock::Busy(who) => Err(Failure::new(Exit::Held, format!("another run holds change request `{id}`: {who}"))
                .help("wait until it has ended, then run the same command again; it continues here")
                .into()),
        }
    }

    fn journal(&mut self, id: &str) -> Result<Journal, Refusal> {
        let path = journal_path(id);
        let (bytes, version) = match self.ledger.get(&path)? {
            Some((bytes, version)) => (bytes, Some(version)),
            None => (Vec::new(), None),
        };
        let given = self.engine.give("journal.jsonl", &bytes)?;
        Ok(Journal { path, version, given })
    }

    /// Logs of earlier runs, which attachments may rest on.
    fn give_logs(&mut self, id: &str) -> Result<(), Refusal> {
        for path in self.ledger.list(&format!("{}/logs/", folder(id)))? {
            if let Some((bytes, _)) = self.ledger.get(&path)? {
                self.engine.give(path, &bytes)?;
            }
        }
        Ok(())
    }

    /// Makes the journal durable.
    fn keep(&mut self, journal: &mut Journal, head: Option<&Head>) -> Result<(), Refusal> {
        let Some(head) = head.filter(|head| journal.version.as_deref() != Some(&head.digest)) else { return Ok(()) };
        let bytes = self.engine.take(&head.digest)?;
        match self.ledger.put_if_unchanged(&journal.path, &bytes, journal.version.as_deref())? {
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
    ) -> Result<PlanRequest<'r>, Refusal> {
        Ok(PlanRequest {
            mode,
            now: self.clock.now(),
            started: &self.started,
            target: &self.target,
            run: &self.run,
            documents: &self.gathered.documents,
            change_request_id: self.change.supplied()?,
            attempt: self.change.attempt,
            force_redeploy: self.change.force_redeploy,
            unsuccessful_recently: self.unsuccessful_recently,
            journal,
            answer,
            drive: driving,
        })
    }
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

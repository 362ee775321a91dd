//! `assess`, `open`, `run`, `close` and `rollback`: the same flow, driven five ways.
//!
//! Reading is a straight line. A change's own steps are a loop: decide, record, perform; so any run resumes anywhere, and
//! nothing is done before the line that announces it is stored.

use std::collections::BTreeSet;

use super::reading;
use super::registers::{self, Kept as Registered};
use super::{At, Command, Patience, Promoted, Settings, StepReport, telling};
use crate::change::event::{Ran, Step};
use crate::change::journal::{self, Journal};
use crate::connectors::ledger::{self, Folder};
use crate::connectors::{Pause, Seen, Talk};
use crate::effect::Action;
use crate::failure::{Code, Failure};
use crate::gather::Rollback;
use crate::history;
use crate::io::exchange::Put;
use crate::io::{Fault, LEDGER};
use crate::plan::outcome::{Outcome, Stop};
use crate::plan::{self, Answer, Drive, Waiting, World};
use crate::problem::Problem;
use crate::report::{DeltaSummary, Ended, Judgement, Reported};
use crate::scalar::{Digest, Name, Timestamp};
use crate::survey;

mod effects;
mod facts;

use facts::{Drivable, read};

/// The name of a change's journal beside its change request.
const JOURNAL: &str = "journal.jsonl";
/// Journals beside one change request that are tried: its own, and the one of this change.
const JOURNALS_MAX: u32 = 3;
/// Steps at most: a journal has at most 10 000 lines.
const STEPS_MAX: u32 = 20_000;
/// How often a run looks at everything because others moved the register of its target.
const LOOKS_MAX: u32 = 16;

/// What is driven, and how far.
#[derive(Debug)]
struct Errand {
    subject: Subject,
    mode: Mode,
    drive: Drive,
    reports: Vec<StepReport>,
}

/// What is deployed.
#[derive(Debug)]
enum Subject {
    Promoted(Promoted),
    Restored { rollback: Rollback, attempt: u32 },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mode {
    Assess,
    Preview,
    Act,
}

/// Runs a command about a change to its end.
pub(super) async fn command(at: &At, settings: &Settings, command: Command, now: Timestamp) -> Ended {
    let Some(errand) = errand(command, now) else {
        return Ended::refused(Failure::one(Code::Internal, "this is not about a change", "report this as a defect"));
    };
    for _ in 0..LOOKS_MAX {
        return match Box::pin(drive(at, settings, &errand)).await {
            Ok((stop, change)) => Ended::stopped(stop, Some(change)),
            Err(Refused::Failure(failure)) => Ended::refused(failure),
            Err(Refused::Stop(stop)) => Ended::stopped(stop, None),
            Err(Refused::Again) => continue,
        };
    }
    let stop = Stop::new(Outcome::Held, "others change the same target all the time");
    Ended::stopped(stop.help("run it again when they have ended; it continues here"), None)
}

/// Why there is nothing to report about a change.
enum Refused {
    Failure(Failure),
    Stop(Stop),
    /// Others moved the target's register in between.
    Again,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

fn errand(command: Command, now: Timestamp) -> Option<Errand> {
    let parked = || [Step::Deploy, Step::Accept, Step::Verify, Step::Rollback].into_iter().collect();
    let waiting = |wait: Option<Patience>| {
        wait.map(|Patience { seconds, interval_seconds }| Waiting {
            until: now.plus_seconds(i64::from(seconds)),
            interval_seconds,
        })
    };
    let mode = |dry_run| if dry_run { Mode::Preview } else { Mode::Act };
    let (subject, mode, drive, reports) = match command {
        Command::Assess { promoted } => (Subject::Promoted(promoted), Mode::Assess, Drive::default(), Vec::new()),
        Command::Open { promoted, wait, dry_run } => {
            let drive = Drive { parked: parked(), wait: waiting(wait), ..Drive::default() };
            (Subject::Promoted(promoted), mode(dry_run), drive, Vec::new())
        }
        Command::Run { promoted, reports, wait, dry_run } => {
            let drive = Drive { wait: waiting(wait), ..Drive::default() };
            (Subject::Promoted(promoted), mode(dry_run), drive, reports)
        }
        Command::Close { promoted, reports } => {
            let drive = Drive { parked: parked(), ..Drive::default() };
            (Subject::Promoted(promoted), Mode::Act, drive, reports)
        }
        Command::Rollback { change_request_id, reports, emergency, attempt, wait, dry_run } => {
            let parked = if reports.is_some() { parked() } else { BTreeSet::new() };
            let drive = Drive { parked, wait: waiting(wait), ..Drive::default() };
            let rollback = Rollback { change_request_id, emergency };
            (Subject::Restored { rollback, attempt }, mode(dry_run), drive, reports.unwrap_or_default())
        }
        Command::Decide { .. }
        | Command::Prepare { .. }
        | Command::Status { .. }
        | Command::Obligations { .. }
        | Command::Fulfil { .. }
        | Command::Audit { .. }
        | Command::Sweep { .. }
        | Command::Withdraw { .. }
        | Command::Record(_)
        | Command::Add(_)
        | Command::Promote(_)
        | Command::Delta { .. }
        | Command::Reconcile { .. } => return None,
    };
    Some(Errand { subject, mode, drive, reports })
}

/// The journal of the change and the folder of its request, as the ledger has them, with what is staged.
struct Kept {
    id: Name,
    path: String,
    /// The digest of the journal.
    stored: Option<Digest>,
    /// The digest of what people read beside it.
    shown: Option<Digest>,
    folder: Folder,
    seen: Seen,
}

async fn drive(at: &At, settings: &Settings, errand: &Errand) -> Result<(Stop, Reported), Refused> {
    let started = at.io.now();
    let Errand { subject, mode, drive, reports } = errand;
    let (mode, mut drive) = (*mode, drive.clone());
    let mut driven = read(at, settings, subject, mode, started).await?;
    let (mut kept, journal) = driven.first().await?;
    if mode != Mode::Act {
        return Ok(driven.look(mode, &drive, &kept, journal)?);
    }
    for report in reports {
        let reported = driven.reported(&kept.id, report.clone()).await?;
        drive.reports.push(reported);
    }
    let (stop, journal) = driven.act(&mut kept, journal, &drive).await?;
    let change = driven.report(&kept, &journal);
    Ok((stop, change))
}

impl Drivable<'_> {
    /// The journal that this run goes on from. A request that was made by hand may have several (EX3).
    async fn first(&mut self) -> Result<(Kept, Journal), Refused> {
        let key = self.facts.key();
        let suggested: Name = format!("CR-{}", key.short())
            .parse()
            .map_err(|error| Failure::one(Code::Internal, format!("no id: {error}"), "report this as a defect"))?;
        let id = self.facts.change_request_id.clone().unwrap_or(suggested);
        let mut name = JOURNAL.to_owned();
        for _ in 0..JOURNALS_MAX {
            let path = format!("changes/{id}/{name}");
            let (stored, journal) = self.journal(&path).await?;
            let other = journal.life.change.opened().filter(|opened| opened.key != key);
            let Some(other) = other else {
                plan::same_engine(&journal, &self.engine)
                    .map_err(|problem| Failure::all(Code::Journal, Some(&path), vec![problem]))?;
                if let Some(last) = journal.life.last_at {
                    self.at.io.not_before(last);
                }
                let mut journal = journal;
                self.register.finishes(self.at, &path, &mut journal)?;
                let (folder, shown) = (Folder::new(id.clone()), self.shown(&id).await?);
                let seen = Seen::default();
                return Ok((Kept { id, path, stored, shown, folder, seen }, journal));
            };
            // Made for another change: nothing of it is reused, and this one has a journal of its own beside it.
            let elsewhere = other.target.pointer() != self.facts.target.pointer();
            if elsewhere && self.facts.policy.block_target_mismatch {
                return Err(Refused::Stop(plan::target_mismatch(&id, &other.target, &self.facts.target)));
            }
            name = format!("journal-{}.jsonl", key.short());
        }
        Err(Failure::one(Code::Internal, "journal after journal", "report this as a defect").into())
    }

    async fn journal(&self, path: &str) -> Result<(Option<Digest>, Journal), Failure> {
        let refuse = |fault| reading::unavailable("the ledger", fault);
        let found = self.at.io.stored(LEDGER, vec![path.to_owned()]).await.map_err(refuse)?;
        let Some(digest) = found.get(path).copied() else { return Ok((None, Journal::new())) };
        let bytes = self.at.documents.borrow().bytes(path, &digest)?;
        let journal =
            Journal::read(&bytes).map_err(|problem| Failure::all(Code::Journal, Some(path), vec![problem]))?;
        Ok((Some(digest), journal))
    }

    /// What a run would come to, or whether the change is ready. Nothing is recorded.
    fn look(&mut self, mode: Mode, drive: &Drive, kept: &Kept, journal: Journal) -> Result<(Stop, Reported), Failure> {
        let mut change = self.report(kept, &journal);
        let documents = self.at.documents.borrow();
        let mut made = documents.made();
        let facts = &mut self.facts;
        facts.now = self.at.io.now();
        let mut world = World { facts, drive, started: self.started, engine: &self.engine, blobs: &mut made };
        let mut judged = plan::judge(&world, &journal);
        let mut stop = std::mem::replace(&mut judged.stop, Stop::new(Outcome::Done, ""));
        if mode == Mode::Preview {
            let preview = plan::preview(&mut world, journal).map_err(bad_answer)?;
            change.would = preview.effects;
            stop = preview.stop;
        }
        change.judgement = Some(Box::new(Judgement::of(world.facts, judged)));
        Ok((stop, change))
    }

    /// Takes every step that can be taken now, each stored before the next.
    async fn act(&mut self, kept: &mut Kept, mut journal: Journal, drive: &Drive) -> Result<(Stop, Journal), Refused> {
        self.give_logs(&kept.id).await?;
        let mut answer: Option<Answer> = None;
        let mut ran = false;
        for _ in 0..STEPS_MAX {
            let before = journal.len();
            let (next, effect, stop) = self.step(drive, journal, answer.take())?;
            journal = next;
            self.keep(kept, &journal, before)?;
            self.tell(kept, &journal, before)?;
            if stop.is_some() {
                self.catch_up(kept, &journal).await;
            }
            let mut stored = match (ran, &stop) {
                // What a command of the user did is stored before anything else can go wrong.
                (true, _) | (_, Some(_)) => self.at.io.settle().await,
                (false, None) => Ok(()),
            };
            ran = false;
            match (effect, stop) {
                (Some(effect), None) if stored.is_ok() => {
                    let performed = Box::pin(self.perform(kept, &journal, &effect)).await;
                    stored = self.at.io.failed().map_or(Ok(()), Err);
                    if stored.is_ok() {
                        answer = performed?;
                        // While it waited, others may have moved the register.
                        let tip = self.register.register.tip();
                        journal.go_on_from(tip.number, tip.head);
                        ran = matches!(effect.action, Action::Run { .. }) && answer.is_some();
                    }
                }
                (None, Some(stop)) if stored.is_ok() => return Ok((stop, journal)),
                (Some(_), None) | (None, Some(_)) => {}
                (Some(_), Some(_)) | (None, None) => break,
            }
            self.stored(kept, stored)?;
        }
        Err(Failure::one(Code::Internal, "the change does not come to an end", "report this as a defect").into())
    }

    /// Decides what must happen next.
    fn step(
        &mut self,
        drive: &Drive,
        journal: Journal,
        answer: Option<Answer>,
    ) -> Result<(Journal, Option<crate::effect::Effect>, Option<Stop>), Refused> {
        self.facts.now = self.at.io.now();
        let documents = self.at.documents.borrow();
        let mut made = documents.made();
        if let Some(checks) = &self.sources.evidence_checks {
            let bytes = documents.given(&checks.digest);
            made.extend(bytes.map(|bytes| (checks.digest, bytes)));
        }
        let facts = &mut self.facts;
        let mut world = World { facts, drive, started: self.started, engine: &self.engine, blobs: &mut made };
        let plan = plan::plan(&mut world, journal, answer).map_err(bad_answer)?;
        Ok((plan.journal, plan.effect, plan.stop))
    }

    /// Writes the journal, and what people read beside it, with the next commit: at the latest before anything else is done.
    fn keep(&mut self, kept: &mut Kept, journal: &Journal, before: u32) -> Result<(), Refused> {
        let bytes = journal.text().as_bytes();
        let content = Digest::of(bytes);
        if journal.is_empty() || kept.stored == Some(content) {
            return Ok(());
        }
        self.at.io.keep(bytes.to_vec());
        self.stage(kept.path.clone(), content, kept.stored)?;
        kept.stored = Some(content);
        self.register.moves(self.at, &kept.path, journal, before)?;
        if !kept.folder.is_there() {
            // A request that nobody filed yet has nothing to show.
            return Ok(());
        }
        let shown = kept.folder.show(&self.talk(), &journal.life).map_err(|pause| paused(pause, "the record"))?;
        if kept.shown != Some(shown) {
            let path = ledger::record_path(&kept.id).map_err(|pause| paused(pause, "the record"))?;
            self.stage(path, shown, kept.shown)?;
            kept.shown = Some(shown);
        }
        Ok(())
    }

    fn stage(&self, path: String, content: Digest, expected: Option<Digest>) -> Result<(), Failure> {
        let message = format!("`{path}` is written twice");
        match self.at.io.stage(Put { path, content: Some(content), expected }) {
            true => Ok(()),
            false => Err(Failure::one(Code::Internal, message, "report this as a defect")),
        }
    }

    /// What became of writing. Where others moved the target's register, this run looks at everything again; another run that works on
    /// the same change has the word.
    fn stored(&self, kept: &Kept, stored: Result<(), Fault>) -> Result<(), Refused> {
        match stored {
            Ok(()) => Ok(()),
            Err(Fault::Overtaken(paths)) => {
                self.at.io.abandon();
                if self.register.is_among(&paths) && !paths.contains(&kept.path) {
                    return Err(Refused::Again);
                }
                let stop = Stop::new(Outcome::Held, format!("another run works on change request `{}`", kept.id));
                Err(Refused::Stop(stop.help("wait until it has ended, then run it again; it continues here")))
            }
            Err(fault) => Err(reading::unavailable("the ledger", fault).into()),
        }
    }

    /// What other changes of the target and of its staging did meanwhile counts as well.
    async fn look_at_the_past(&mut self) -> Result<(), Failure> {
        self.register = Registered::read(self.at, &self.applied.target).await?;
        if let Some(environment) = &self.applied.staging {
            self.staging = registers::staging(self.at, &self.applied.target, environment).await?;
        }
        let (shares, key) = (self.facts.past.shares_request, self.facts.key());
        self.facts.now = self.at.io.now();
        self.facts.past = history::past(&self.register.register, &self.staging, &key, &self.facts, shares);
        Ok(())
    }

    /// The digest of what people read of a change request.
    async fn shown(&self, id: &Name) -> Result<Option<Digest>, Failure> {
        let path = ledger::record_path(id).map_err(|pause| paused(pause, "the record"))?;
        let refuse = |fault| reading::unavailable("the ledger", fault);
        Ok(self.at.io.stored(LEDGER, vec![path.clone()]).await.map_err(refuse)?.remove(&path))
    }

    /// Says what the new lines of the journal tell.
    fn tell(&self, kept: &Kept, journal: &Journal, before: u32) -> Result<(), Failure> {
        let skip = usize::try_from(before).unwrap_or(usize::MAX);
        let id = journal.life.change.filed().map_or(kept.id.as_str(), |filed| filed.id.as_str());
        for entry in journal::entries(journal.text().as_bytes()).map_err(bad_answer)?.skip(skip) {
            telling::happened(&self.at.io, id, &entry.map_err(bad_answer)?.event);
        }
        Ok(())
    }

    /// What is known of the change now.
    fn report(&self, kept: &Kept, journal: &Journal) -> Reported {
        let life = &journal.life;
        let filed = life.change.filed();
        let id = filed.map_or(&kept.id, |filed| &filed.id);
        Reported {
            change_request_id: id.clone(),
            state: life.change.name().to_owned(),
            policy: self.applied.source.clone(),
            commit: self.sources.inventory.commit.clone(),
            judgement: None,
            attachments: filed.map(|filed| filed.attached.clone()).unwrap_or_default(),
            obligations: survey::owed(journal, self.at.io.now()),
            assessment: filed.map(|filed| Box::new(filed.assessment.clone())),
            delta: DeltaSummary::of(&self.facts),
            would: Vec::new(),
            journal_head: (!journal.is_empty()).then(|| journal.head()),
            folder: (!journal.is_empty()).then(|| format!("changes/{}", kept.id)),
            url: filed.and_then(|filed| filed.url.clone()),
        }
    }

    /// What the caller says of one of its steps.
    async fn reported(&self, id: &Name, report: StepReport) -> Result<Ran, Failure> {
        let StepReport { step, success, note, log } = report;
        let log = match log {
            Some(located) => {
                let named = reading::file(self.at, &located, "log").await?;
                self.keep_log(id, named.digest).await?;
                Some(named.digest)
            }
            None => None,
        };
        Ok(Ran { step, success, exit_code: None, note, started: None, ended: None, log })
    }

    fn talk(&self) -> Talk {
        Talk::new(self.at.io.clone(), "github")
    }
}

/// Why something of the ledger cannot be read or written.
fn paused(pause: Pause, what: &str) -> Failure {
    match pause {
        Pause::Nonsense(problem) => bad_answer(*problem),
        Pause::Trouble(trouble) => {
            let help = trouble.help.unwrap_or_else(|| "run it again; it continues here".to_owned());
            Failure::one(Code::Unavailable, format!("{what} cannot be made: {}", trouble.message), help)
        }
    }
}

fn bad_answer(problem: Problem) -> Failure {
    Failure::all(Code::BadAnswer, None, vec![problem])
}

//! `assess`, `open`, `run`, `close` and `rollback`: the same flow, driven five ways.
//!
//! Reading is a straight line. A change's own steps are a loop: decide, record, perform; so any run resumes anywhere, and
//! nothing is done before the line that announces it is stored.

use super::reading::{self, Applied, Pointer};
use super::{At, Command, Patience, Promoted, Settings, StepReport, telling};
use crate::change::event::{Engine, Ran, Step};
use crate::change::journal::{self, Journal};
use crate::connectors::{LEDGER, System, Talk};
use crate::facts::Facts;
use crate::failure::{Code, Failure};
use crate::gather::{self, Asked, Named, Rollback, Sources};
use crate::io::Committed;
use crate::io::exchange::Put;
use crate::plan::outcome::{Outcome, Stop};
use crate::plan::{self, Answer, Drive, Waiting, World};
use crate::problem::Problem;
use crate::report::{DeltaSummary, Ended, Judgement, Reported};
use crate::scalar::{Digest, Name, Timestamp};

mod effects;

/// The name of a change's journal beside its change request.
const JOURNAL: &str = "journal.jsonl";
/// Journals beside one change request that are tried: its own, and the one of this change.
const JOURNALS_MAX: u32 = 3;
/// Steps at most: a journal has at most 10 000 lines.
const STEPS_MAX: u32 = 20_000;

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
    match Box::pin(drive(at, settings, errand)).await {
        Ok((stop, change)) => Ended::stopped(stop, Some(change)),
        Err(Refused::Failure(failure)) => Ended::refused(failure),
        Err(Refused::Stop(stop)) => Ended::stopped(stop, None),
    }
}

/// Why there is nothing to report about a change.
enum Refused {
    Failure(Failure),
    Stop(Stop),
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
        Command::Rollback { change_request_id, emergency, attempt, wait, dry_run } => {
            let drive = Drive { wait: waiting(wait), ..Drive::default() };
            let rollback = Rollback { change_request_id, emergency };
            (Subject::Restored { rollback, attempt }, mode(dry_run), drive, Vec::new())
        }
        Command::Decide { .. }
        | Command::Prepare { .. }
        | Command::Status { .. }
        | Command::Obligations { .. }
        | Command::Fulfil { .. }
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

/// Everything that was read for this run, and what is known of the change.
struct Drivable<'a> {
    at: &'a At,
    settings: &'a Settings,
    applied: Applied,
    pointer: Pointer,
    sources: Sources,
    history: Vec<Named>,
    facts: Facts,
    started: Timestamp,
    engine: Engine,
}

/// The journal of the change, as the ledger has it.
struct Kept {
    id: Name,
    path: String,
    /// The digest of what is stored.
    stored: Option<Digest>,
}

async fn drive(at: &At, settings: &Settings, errand: Errand) -> Result<(Stop, Reported), Refused> {
    let started = at.io.now();
    let Errand { subject, mode, mut drive, reports } = errand;
    let mut driven = read(at, settings, &subject, mode, started).await?;
    let (mut kept, journal) = driven.first().await?;
    if mode != Mode::Act {
        return Ok(driven.look(mode, &drive, &kept, journal)?);
    }
    for report in reports {
        let reported = driven.reported(&kept.id, report).await?;
        drive.reports.push(reported);
    }
    let (stop, journal) = driven.act(&mut kept, journal, &drive).await?;
    let change = driven.report(&kept, &journal);
    Ok((stop, change))
}

/// Reads everything that the change is judged by.
async fn read<'a>(
    at: &'a At,
    settings: &'a Settings,
    subject: &Subject,
    mode: Mode,
    started: Timestamp,
) -> Result<Drivable<'a>, Refused> {
    let applied = reading::applied(at, settings).await?;
    let history = reading::history(at).await?;
    let (commit, supplied) = match subject {
        Subject::Promoted(promoted) => (promoted.commit.clone(), supplied(at, promoted, &applied).await?),
        Subject::Restored { rollback, .. } => (Some(restored(at, &history, &rollback.change_request_id)?), None),
    };
    let branch = &applied.branch;
    let inventory = reading::current(at, settings, branch, commit.as_ref(), &applied.ignore_file).await?;
    let (pointer, concluded) = reading::concluded(at, settings, &applied.target.pointer()).await?;
    let staging = match &applied.staging {
        Some(environment) => {
            let there = crate::facts::Target { environment: environment.clone(), ..applied.target.clone() };
            reading::concluded(at, settings, &there.pointer()).await?.1
        }
        None => None,
    };
    let mut evidence = reading::evidence(at, &settings.evidence).await?;
    evidence.extend(reading::at_github(at, settings, &inventory, concluded.as_ref()).await?);
    let promotion = match subject {
        Subject::Promoted(promoted) => {
            Some(reading::promotion(at, settings, promoted, &applied, inventory.commit.as_ref()).await?)
        }
        Subject::Restored { .. } => None,
    };
    let evidence_checks = match &settings.evidence_checks {
        Some(located) => Some(reading::file(at, located, "evidence-checks config").await?),
        None => None,
    };
    let ignore_file = inventory.files.iter().find(|file| file.name == applied.ignore_file).cloned();
    let policy = applied.document.clone();
    let sources = Sources { policy, evidence_checks, promotion, inventory, concluded, staging, ignore_file, evidence };
    let (attempt, force_redeploy, rollback) = match subject {
        Subject::Promoted(promoted) => (promoted.attempt, promoted.force_redeploy, None),
        Subject::Restored { rollback, attempt } => (*attempt, false, Some(rollback)),
    };
    let asked = Asked {
        now: at.io.now(),
        target: &applied.target,
        run: &settings.run,
        sources: &sources,
        before_merge: mode == Mode::Assess,
        change_request_id: supplied.as_ref(),
        attempt,
        force_redeploy,
        rollback,
        history: &history,
    };
    let facts = gather::facts(&mut at.documents.borrow_mut(), &asked)?;
    let engine = Engine::this();
    Ok(Drivable { at, settings, applied, pointer, sources, history, facts, started, engine })
}

/// The change request that exists already: the one that was named, or the one of this target in the prepared file (EX1, EX5).
async fn supplied(at: &At, promoted: &Promoted, applied: &Applied) -> Result<Option<Name>, Failure> {
    if let Some(located) = &promoted.prepared {
        let named = reading::file(at, located, "file of prepared change requests").await?;
        let bytes = at.documents.borrow().bytes(&named.name, &named.digest)?;
        let requests = crate::prepared::read(&bytes)
            .map_err(|problem| Failure::all(Code::Prepared, Some(&named.name), vec![problem]))?;
        let here = &applied.target;
        let ours = requests
            .into_iter()
            .find(|prepared| prepared.target.environment == here.environment && prepared.target.region == here.region);
        return ours.map(|prepared| Some(prepared.id)).ok_or_else(|| {
            let help = "add the environment and region to the file, run `countersign prepare`, and have it approved";
            let message = format!("`{}` prepares no change request for {}", named.name, here.label());
            Failure::one(Code::Prepared, message, help)
        });
    }
    match promoted.change_request_id.as_deref() {
        None | Some("notAvailable") => Ok(None),
        Some("") => {
            let help = "leave it out, or give an id";
            Err(Failure::one(Code::BadRequest, "the change request's id is empty", help))
        }
        Some(id) => id.parse().map(Some).map_err(|error: crate::scalar::Invalid| {
            Failure::one(Code::BadRequest, format!("the change request's id is unusable: {error}"), "give a valid id")
        }),
    }
}

/// The commit that the change deployed which is restored (FR1).
fn restored(at: &At, history: &[Named], id: &Name) -> Result<crate::scalar::Commit, Failure> {
    let path = format!("changes/{id}/{JOURNAL}");
    let named = history.iter().find(|named| named.name == path).ok_or_else(|| {
        let message = format!("there is no journal of change request `{id}`");
        Failure::one(Code::Rollback, message, "name a change request whose deployment was concluded on this target")
    })?;
    let bytes = at.documents.borrow().bytes(&named.name, &named.digest)?;
    let journal =
        Journal::read(&bytes).map_err(|problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]))?;
    journal.life.change.opened().and_then(|opened| opened.commit.clone()).ok_or_else(|| {
        let message = format!("change request `{id}` deployed a plain directory, which no commit names");
        let help = "keep the inventory in git; until then deploy the older entries as an ordinary change";
        Failure::one(Code::Rollback, message, help)
    })
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
                return Ok((Kept { id, path, stored }, journal));
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
        for _ in 0..STEPS_MAX {
            let before = journal.len();
            let (next, effect, stop) = self.step(drive, journal, answer.take())?;
            journal = next;
            self.keep(kept, &journal).await?;
            self.tell(kept, &journal, before)?;
            match (effect, stop) {
                (Some(effect), None) => answer = Box::pin(self.perform(kept, &effect)).await?,
                (None, Some(stop)) => return Ok((stop, journal)),
                (Some(_), Some(_)) | (None, None) => break,
            }
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

    /// Stores the journal.
    async fn keep(&self, kept: &mut Kept, journal: &Journal) -> Result<(), Refused> {
        let bytes = journal.text().as_bytes();
        let digest = Digest::of(bytes);
        if journal.is_empty() || kept.stored == Some(digest) {
            return Ok(());
        }
        let content = self.at.io.keep(bytes.to_vec());
        let put = Put { path: kept.path.clone(), content: Some(content), expected: kept.stored };
        let refuse = |fault| reading::unavailable("the ledger", fault);
        let committed = self.at.io.commit(LEDGER, vec![put], &format!("{}\n", kept.path)).await.map_err(refuse)?;
        let taken = match committed {
            Committed::Done => true,
            // A lost answer: what is there now tells.
            Committed::Unknown(_) | Committed::Conflict(_) | Committed::Behind => {
                let found = self.at.io.stored(LEDGER, vec![kept.path.clone()]).await.map_err(refuse)?;
                found.get(&kept.path) == Some(&content)
            }
        };
        if taken {
            kept.stored = Some(content);
            return Ok(());
        }
        let stop = Stop::new(Outcome::Held, format!("another run works on change request `{}`", kept.id));
        Err(Refused::Stop(stop.help("wait until it has ended, then run it again; it continues here")))
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
        let StepReport { step, success, log } = report;
        let log = match log {
            Some(located) => {
                let named = reading::file(self.at, &located, "log").await?;
                self.keep_log(id, named.digest).await;
                Some(named.digest)
            }
            None => None,
        };
        Ok(Ran { step, success, exit_code: None, note: None, started: None, ended: None, log })
    }

    fn talk(&self) -> Talk {
        Talk::new(self.at.io.clone(), "github")
    }

    fn system(&self) -> &System {
        &self.settings.system
    }
}

fn bad_answer(problem: Problem) -> Failure {
    Failure::all(Code::BadAnswer, None, vec![problem])
}

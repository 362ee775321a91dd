//! Reading everything that a change is judged by.

use super::{Mode, Refused, Subject};
use crate::change::event::Engine;
use crate::change::journal::Journal;
use crate::commands::reading::{self, Applied};
use crate::commands::registers::{self, Kept as Registered};
use crate::commands::{At, Promoted, Settings};
use crate::facts::Facts;
use crate::failure::{Code, Failure};
use crate::gather::{self, Asked, Sources};
use crate::register::Register;
use crate::scalar::{Name, Timestamp};

/// Everything that was read for this run, and what is known of the change.
pub(super) struct Drivable<'a> {
    pub(super) at: &'a At,
    pub(super) settings: &'a Settings,
    pub(super) applied: Applied,
    pub(super) sources: Sources,
    pub(super) register: Registered,
    pub(super) staging: Vec<Register>,
    pub(super) facts: Facts,
    pub(super) started: Timestamp,
    pub(super) engine: Engine,
}

/// Reads everything that the change is judged by.
pub(super) async fn read<'a>(
    at: &'a At,
    settings: &'a Settings,
    subject: &Subject,
    mode: Mode,
    started: Timestamp,
) -> Result<Drivable<'a>, Refused> {
    let applied = reading::applied(at, settings).await?;
    let register = Registered::read(at, &applied.target).await?;
    let restored = match subject {
        Subject::Promoted(_) => None,
        Subject::Restored { rollback, .. } => {
            reading::journals_of(at, &rollback.change_request_id).await?.into_iter().next()
        }
    };
    let (commit, supplied) = match subject {
        Subject::Promoted(promoted) => (promoted.commit.clone(), supplied(at, promoted, &applied).await?),
        Subject::Restored { rollback, .. } => {
            (Some(restored_commit(restored.as_ref(), &rollback.change_request_id)?), None)
        }
    };
    let branch = &applied.branch;
    let inventory = reading::current(at, settings, branch, commit.as_ref(), &applied.ignore_file).await?;
    let concluded = registers::deployed(at, settings, Some(&register.register), &applied.target).await?;
    let (registers, staging) = match &applied.staging {
        Some(environment) => {
            let there = crate::facts::Target { environment: environment.clone(), ..applied.target.clone() };
            let registers = registers::staging(at, &applied.target, environment).await?;
            let same = registers.iter().find(|register| register.target.region == there.region);
            let deployed = registers::deployed(at, settings, same, &there).await?;
            (registers, deployed)
        }
        None => (Vec::new(), None),
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
        here: &register.register,
        staging: &registers,
        restored: restored.as_ref(),
        shares_request: false,
    };
    let mut facts = gather::facts(&mut at.documents.borrow_mut(), &asked)?;
    if let Some(id) = &supplied {
        // Another change may have used the request before (EX3).
        let key = facts.key();
        let others = reading::journals_of(at, id).await?;
        let mut others = others.iter().filter_map(|journal| journal.life.change.filed());
        facts.past.shares_request = others.any(|filed| filed.opened.key != key);
    }
    if let (Subject::Restored { .. }, Some(current)) = (subject, register.register.concluded.last()) {
        let pointer = reading::tag(&applied.target.pointer());
        let held = at.io.reference(reading::POINTERS, &pointer).await;
        let held = held.map_err(|fault| reading::unavailable("the pointer to the last deployment", fault))?;
        // Where an earlier run of this rollback moved it, it died before it could write that down.
        let known = [&current.commit, &commit];
        if held.is_some_and(|held| !known.contains(&&Some(held.commit))) {
            let message = format!("the pointer does not stand where change request `{}` left it", current.id);
            let help = "find out who moved it; a rollback needs to know what is deployed";
            return Err(Failure::one(Code::Rollback, message, help).into());
        }
    }
    let engine = Engine::this();
    Ok(Drivable { at, settings, applied, sources, register, staging: registers, facts, started, engine })
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
fn restored_commit(journal: Option<&Journal>, id: &Name) -> Result<crate::scalar::Commit, Failure> {
    let opened = journal.and_then(|journal| journal.life.change.opened()).ok_or_else(|| {
        let message = format!("there is no journal of change request `{id}`");
        Failure::one(Code::Rollback, message, "name a change request whose deployment was concluded on this target")
    })?;
    opened.commit.clone().ok_or_else(|| {
        let message = format!("change request `{id}` deployed a plain directory, which no commit names");
        let help = "keep the inventory in git; until then deploy the older entries as an ordinary change";
        Failure::one(Code::Rollback, message, help)
    })
}

//! Assessments: readiness with everything that follows from it, and the attachments that show it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::attachments::{self, Ended};
use crate::category;
use crate::change::event::{Assessment, Basis, Conclusion, Kind, MAX_REASONS};
use crate::change::journal::Journal;
use crate::change::state::{Change, Filed, Work};
use crate::gate;
use crate::inventory::{Delta, Difference};
use crate::plan::World;
use crate::policy::Stage;
use crate::readiness::{self, Posture, Readiness};
use crate::risk;
use crate::scalar::{Digest, Timestamp};

/// Judges the facts before deployment, and makes what is attached right after filing (AT1).
pub(super) fn before_deployment(world: &mut World<'_>, journal: &Journal) -> Assessment {
    let readiness = readiness::assess(world.facts, Stage::PreDeployment, &scopes(world, journal));
    let mut assessment = record(world, &readiness);
    let config = world.facts.checks_config.and_then(|digest| world.blobs.get(&digest)).map(|bytes| bytes.as_slice());
    let files = attachments::before_deployment(world.facts, &readiness, &assessment, config);
    assessment.attachments = keep(world, journal, files);
    assessment
}

/// Judges the facts at closing time, and makes what is attached then (AT2, AT3, RD4).
pub(super) fn at_closing(
    world: &mut World<'_>,
    journal: &Journal,
    filed: &Filed,
    basis: &Basis,
    work: &Work,
    conclusion: Conclusion,
) -> Assessment {
    let runs = scopes(world, journal);
    let readiness = readiness::assess(world.facts, Stage::PostDeployment, &runs);
    let mut assessment = record(world, &readiness);
    let whole = whole_inventory(world, &runs);
    let ended = Ended {
        readiness: &readiness,
        assessment: &assessment,
        whole: &whole,
        filed,
        basis,
        work,
        conclusion,
        runs: &runs,
    };
    let files = attachments::at_closing(world.facts, &ended);
    assessment.attachments = keep(world, journal, files);
    if let Some(log) = work.last(crate::change::event::Step::Rollback).and_then(|ran| ran.log) {
        assessment.attachments.insert("rollback.log".to_owned(), log);
    }
    assessment
}

/// How each demand on every entry of the inventory stands, not only on those of the delta (AT2).
fn whole_inventory(world: &mut World<'_>, runs: &[Digest]) -> Vec<Posture> {
    let facts = &mut *world.facts;
    let entries = facts.inventory.entries.iter().map(|(name, from)| {
        let difference = facts.delta.entries.get(name).map_or(Difference::Unchanged, |(difference, _)| *difference);
        (name.clone(), (difference, Rc::clone(&from.value)))
    });
    let whole = Delta { entries: entries.collect(), ..Delta::default() };
    let delta = std::mem::replace(&mut facts.delta, whole);
    let posture = readiness::assess(facts, Stage::PostDeployment, runs).posture;
    facts.delta = delta;
    posture
}

/// Makes the attachments of an assessment again, after a crash, from unchanged facts.
pub(super) fn again(world: &mut World<'_>, journal: &Journal) {
    let Some(at) = journal.life.assessed_at else { return };
    let now = std::mem::replace(&mut world.facts.now, at);
    match &journal.life.change {
        Change::Assess(..) | Change::Authorize(_) | Change::Scheduled(..) => _ = before_deployment(world, journal),
        Change::Review(filed, basis, work, conclusion, _) => {
            let _ = at_closing(world, journal, filed, basis, work, *conclusion);
        }
        Change::New | Change::Draft(_) | Change::Implement(..) | Change::Closed(..) | Change::Canceled(..) => {}
    }
    world.facts.now = now;
}

/// The scopes of evidence that counts: all runs so far, and this one.
pub(super) fn scopes(world: &World<'_>, journal: &Journal) -> Vec<Digest> {
    let mut scopes = journal.life.scopes();
    let this = world.facts.run.scope();
    if !scopes.contains(&this) {
        scopes.push(this);
    }
    scopes
}

/// What is recorded of a judgement, before anything is attached.
pub(super) fn record(world: &World<'_>, readiness: &Readiness) -> Assessment {
    let facts = &*world.facts;
    let category = category::categorize(facts);
    let (kind, labelled_by): (Kind, _) = gate::kind(facts);
    Assessment {
        ready: readiness.is_ready(),
        facts: facts.digest(),
        policy: facts.policy_digest,
        kind,
        labelled_by,
        outage_minutes: facts.policy.deployment.outage_minutes,
        category,
        risk: risk::weigh(facts, category),
        reasons: readiness.reasons.iter().take(MAX_REASONS).cloned().collect(),
        reason_count: u32::try_from(readiness.reasons.len()).unwrap_or(u32::MAX),
        needed: readiness.needed.clone(),
        attachments: BTreeMap::new(),
    }
}

/// Keeps the files as blobs, and names those that replace an attached one of other bytes apart from it (AT4).
fn keep(world: &mut World<'_>, journal: &Journal, files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Digest> {
    let attached = journal.life.change.filed().map(|filed| filed.attached.clone()).unwrap_or_default();
    let shared = world.facts.past.shares_request.then(|| world.facts.key().short());
    let mut named = BTreeMap::new();
    for (name, bytes) in files {
        let name = match &shared {
            Some(key) => apart(&name, key),
            None => name,
        };
        let digest = Digest::of(&bytes);
        world.blobs.insert(digest, Rc::new(bytes));
        named.insert(free(&attached, &name, digest), digest);
    }
    named
}

/// `name` with `mark` before its ending.
fn apart(name: &str, mark: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{mark}.{ending}"),
        None => format!("{name}-{mark}"),
    }
}

/// `name`, or `name` with a number before its ending if other bytes are attached under it.
fn free(attached: &BTreeMap<String, Digest>, name: &str, digest: Digest) -> String {
    let numbered = (2_u32..=u32::MAX).map(|number| apart(name, &number.to_string()));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| attached.get(name).is_none_or(|known| *known == digest)).unwrap_or_else(|| name.to_owned())
}

/// When the deployment is planned to end.
pub(super) fn planned_end(world: &World<'_>, start: Timestamp) -> Timestamp {
    let minutes = world.facts.policy.deployment.duration_minutes.unwrap_or(30);
    start.plus_seconds(i64::from(minutes).saturating_mul(60))
}

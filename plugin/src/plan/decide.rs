//! What must happen next, by state. Every rule of the process is one arm of one match.

use std::collections::{BTreeMap, BTreeSet};

use crate::attachments::components_without_bom;
use crate::change::event::{Assessment, Basis, Conclusion, Event, Kind, Observed, Opened, Status};
use crate::change::journal::Journal;
use crate::change::state::{Change, Closing, Ending, Filed, Work};
use crate::closure::{self, Manner};
use crate::effect::{Action, Filing};
use crate::gate::{self, Ruling};
use crate::obligations;
use crate::plan::barred::barred;
use crate::plan::outcome::{Outcome, Stop};
use crate::plan::{World, assessing, notify, work};
use crate::policy::Stage;
use crate::problem::Problem;
use crate::readiness;
use crate::scalar::{Digest, Timestamp};

/// What must happen next.
pub(super) enum Next {
    /// The engine decided something.
    Append(Box<Event>),
    /// The host has to do something.
    Perform(String, Box<Action>),
    /// Nothing is left to do in this run.
    Stop(Stop),
}

pub(super) fn append(event: Event) -> Next {
    Next::Append(Box::new(event))
}

pub(super) fn perform(key: impl Into<String>, action: Action) -> Next {
    Next::Perform(key.into(), Box::new(action))
}

/// Decides what must happen next to the change that the journal tells of.
pub(super) fn next(world: &mut World<'_>, journal: &Journal) -> Result<Next, Problem> {
    let change = journal.life.change.clone();
    if let Some(stop) = trouble(world, journal, &change) {
        return Ok(Next::Stop(stop));
    }
    let next = rule(world, journal, change)?;
    Ok(notify::first(world, journal, &next).unwrap_or(next))
}

/// The rule for the state in which the change is.
fn rule(world: &mut World<'_>, journal: &Journal, change: Change) -> Result<Next, Problem> {
    Ok(match change {
        Change::New => append(Event::Opened(Box::new(opened(world)))),
        Change::Draft(_) => append(Event::Assessed(Box::new(assessing::before_deployment(world, journal)))),
        Change::Assess(opened, assessment) => file(world, journal, opened, &assessment)?,
        Change::Authorize(filed) => authorize(world, journal, &filed),
        Change::Scheduled(filed, basis) => clear(world, journal, &filed, &basis),
        Change::Implement(filed, _, work) => work::implement(world, journal, &filed, &work),
        Change::Review(filed, basis, work, conclusion, closing) => {
            review(world, journal, &filed, &basis, &work, conclusion, &closing)
        }
        Change::Closed(filed, ending) => conclude(world, journal, &filed, ending),
        Change::Canceled(filed, why) => Next::Stop(
            Stop::new(Outcome::Rejected, format!("change request `{}` will not be deployed: {why}", filed.id))
                .help("talk to the approvers; a new attempt (`--attempt`) files a new change request"),
        ),
    })
}

/// An effect failed in this run: nothing more is tried, except to finish the record of a failed deployment (RB2).
fn trouble(world: &World<'_>, journal: &Journal, change: &Change) -> Option<Stop> {
    let (at, effect, trouble) = journal.life.failed.as_ref()?;
    let best_effort = match change {
        Change::Review(_, _, _, conclusion, _) => !conclusion.is_success() && effect.starts_with("attach/"),
        _ => false,
    };
    if *at < world.started || best_effort || trouble.code == "superseded" {
        return None;
    }
    let closing = matches!(change, Change::Review(_, _, _, Conclusion::Succeeded | Conclusion::SucceededUntested, _))
        || matches!(change, Change::Closed(..));
    let outcome = match (closing, trouble.code.as_str()) {
        (true, _) => Outcome::ClosingUnfinished,
        (false, "write-not-taken" | "conflict") => Outcome::WriteNotTaken,
        (false, _) => Outcome::Unavailable,
    };
    let name = effect.split('/').next().unwrap_or_default();
    let help = trouble.help.clone().unwrap_or_else(|| "run it again; it continues here".to_owned());
    Some(Stop::new(outcome, format!("`{name}` did not succeed: {}", trouble.message)).help(help))
}

/// The beginning of the change: what never changes about it.
fn opened(world: &World<'_>) -> Opened {
    let facts = &*world.facts;
    let promotion = &facts.promotion;
    let people = promotion.contributors.iter().chain([&promotion.author]).chain(&promotion.merged_by);
    let involved: BTreeSet<String> = people.chain(&facts.run.actor).map(|person| person.id.clone()).collect();
    Opened {
        engine: world.engine.clone(),
        key: facts.key(),
        attempt: facts.attempt,
        target: facts.target.clone(),
        run: facts.run.clone(),
        repository: promotion.repository.clone(),
        promotion: promotion.number,
        promotion_url: promotion.url.clone(),
        title: promotion.title.clone(),
        fields: facts.fields.clone(),
        commit: facts.inventory.commit.clone(),
        delta: facts.delta_digest(),
        involved,
        supplied: facts.change_request_id.clone(),
        restores: facts.restoration.as_ref().map(|restoration| restoration.id.clone()),
    }
}

/// Whether what an earlier run found is reused: this run was given the change request's id, and neither the policy nor
/// the kind of the change is another by now (EX2). The target and the delta are the same, or the journal would not be.
fn is_fast(world: &World<'_>, journal: &Journal, assessment: &Assessment) -> bool {
    let continued = world.facts.change_request_id.is_some()
        && journal.life.change.opened().is_some_and(|opened| opened.run.id != world.facts.run.id);
    continued && assessment.policy == world.facts.policy_digest && assessment.kind == gate::kind(world.facts).0
}

/// Whether the facts are no longer those that the assessment rests on.
fn is_outdated(world: &World<'_>, assessment: &Assessment) -> bool {
    assessment.facts != world.facts.digest()
}

/// Whether an approval by readiness still has its ground: nothing changed, and nothing became too old since (EV6).
fn still_ready(world: &World<'_>, journal: &Journal, assessment: &Assessment) -> bool {
    !is_outdated(world, assessment) && !has_expired(world, journal, assessment)
}

/// Whether an earlier run found the change ready, and it no longer is: evidence became too old since (EV6).
fn has_expired(world: &World<'_>, journal: &Journal, assessment: &Assessment) -> bool {
    let this_run = journal.life.assessed_at.is_some_and(|at| at >= world.started);
    let ready = || readiness::assess(world.facts, Stage::PreDeployment, &assessing::scopes(world, journal)).is_ready();
    assessment.ready && !this_run && !ready()
}

/// Assessed, not filed: the request is filed, not approved (CR4); one that was supplied is there already (EX1).
fn file(world: &mut World<'_>, journal: &Journal, opened: Opened, assessment: &Assessment) -> Result<Next, Problem> {
    if is_outdated(world, assessment) {
        return Ok(append(Event::Assessed(Box::new(assessing::before_deployment(world, journal)))));
    }
    if let Some(id) = opened.supplied {
        return Ok(append(Event::Filed { id, url: None }));
    }
    let at = journal.life.assessed_at.unwrap_or(world.facts.now);
    Ok(perform("file", Action::File(Box::new(filing(world, &opened, assessment, at)?))))
}

fn filing(world: &World<'_>, opened: &Opened, assessment: &Assessment, at: Timestamp) -> Result<Filing, Problem> {
    let facts = &*world.facts;
    let deployment = &facts.policy.deployment;
    let suggested = format!("CR-{}", opened.key.short());
    let methods = [
        deployment.method.as_ref().map(|method| format!("deployment: {method}")),
        deployment.rollback_method.as_ref().map(|method| format!("rollback: {method}")),
        (!deployment.rollback_triggers.is_empty())
            .then(|| format!("rollback triggers: {}", deployment.rollback_triggers.join(", "))),
        deployment
            .verification
            .as_ref()
            .and_then(|verification| verification.on_watch.as_ref())
            .map(|engineer| format!("on watch: {engineer}")),
    ];
    Ok(Filing {
        suggested_id: suggested.parse().map_err(|error| {
            Problem::new(format!("no id can be made of the key: {error}"), "report this as a defect")
        })?,
        kind: assessment.kind,
        title: match &opened.restores {
            Some(id) => format!("Roll {} back to `{id}`", facts.target.label()),
            None => format!("Deploy {} to {}", crate::attachments::summary_of(&facts.delta), facts.target.label()),
        },
        target: facts.target.clone(),
        fields: opened.fields.clone(),
        automation: crate::attachments::automation_section(facts, opened, assessment),
        ready: assessment.ready,
        risk: assessment.risk.level,
        category: assessment.category,
        planned_start: at,
        planned_end: assessing::planned_end(world, at),
        outage_minutes: assessment.outage_minutes,
        pipeline: facts.run.pipeline.clone(),
        pipeline_version: facts.run.pipeline_version.clone(),
        validation_record: match &facts.past.validated {
            Some(validated) if validated.tested => validated.id.to_string(),
            Some(_) | None => "NA".to_owned(),
        },
        restores: opened.restores.clone(),
        delta: opened.delta,
        policy: assessment.policy,
        methods: methods.into_iter().flatten().collect(),
    })
}

/// How far the attachments are.
enum Attaching {
    /// One is to be attached.
    Next(Next),
    /// The bytes of one cannot be made again, so everything is to be judged again.
    JudgeAgain,
    /// All are there.
    Complete,
}

/// Looks for an attachment that is not there yet. Logs come from the host; all else is made from the facts.
fn attach(world: &mut World<'_>, journal: &Journal, filed: &Filed, wanted: &BTreeMap<String, Digest>) -> Attaching {
    let missing = wanted.iter().find(|(name, digest)| filed.attached.get(*name) != Some(digest));
    let Some((name, digest)) = missing else { return Attaching::Complete };
    if !name.ends_with(".log") && !world.blobs.contains_key(digest) {
        assessing::again(world, journal);
        if !world.blobs.contains_key(digest) {
            return Attaching::JudgeAgain;
        }
    }
    let key = format!("attach/{name}/{}", digest.short());
    let media_type = crate::attachments::media_type(name).to_owned();
    let (id, name, digest) = (filed.id.clone(), name.clone(), *digest);
    Attaching::Next(perform(key, Action::Attach { id, name, digest, media_type }))
}

/// Filed, not approved: attach everything, then approve, or ask people, or look what they said (CR3, CR4, GA1).
fn authorize(world: &mut World<'_>, journal: &Journal, filed: &Filed) -> Next {
    let supplied = filed.opened.supplied.is_some();
    let older = filed.opened.run.id != world.facts.run.id || journal.life.began_at.is_some_and(|at| at < world.started);
    if (supplied || older) && fresh_look(world, journal, filed).is_none() {
        // What people said in between comes first: nothing is written over a rejection (EX4, GA3).
        return perform("read", Action::Read { id: filed.id.clone() });
    }
    if let Some(stop) = other_target(world, filed) {
        return Next::Stop(stop);
    }
    let seen =
        fresh_look(world, journal, filed).map(|observed| gate::judge(world.facts, &journal.life, filed, observed));
    if let Some(Ruling::Rejected(why)) = seen {
        return append(Event::Rejected { why });
    }
    // What is approved automatically rests on the evidence as it is, and not on what an earlier run found.
    let reused = is_fast(world, journal, &filed.assessment) && !gate::obstacles(supplied, &filed.assessment).is_empty();
    if !reused && is_outdated(world, &filed.assessment) || has_expired(world, journal, &filed.assessment) {
        return append(Event::Assessed(Box::new(assessing::before_deployment(world, journal))));
    }
    match attach(world, journal, filed, &filed.assessment.attachments) {
        Attaching::Next(next) => return next,
        Attaching::JudgeAgain => {
            return append(Event::Assessed(Box::new(assessing::before_deployment(world, journal))));
        }
        Attaching::Complete => {}
    }
    decide(world, journal, filed, seen)
}

/// The record is attached: approve, or ask people, or see what they said (CR3, GA1, EM2).
fn decide(world: &World<'_>, journal: &Journal, filed: &Filed, seen: Option<Ruling>) -> Next {
    let obstacles = gate::obstacles(filed.opened.supplied.is_some(), &filed.assessment);
    let id = filed.id.clone();
    if obstacles.is_empty() {
        return match barred(world, filed) {
            Some(stop) => Next::Stop(stop),
            None => {
                perform("approve", Action::Approve { id, delta: filed.opened.delta, policy: filed.assessment.policy })
            }
        };
    }
    if !filed.requested && !matches!(seen, Some(Ruling::Approved(_))) {
        return perform(
            "request-approval",
            Action::RequestApproval {
                id,
                delta: filed.opened.delta,
                policy: filed.assessment.policy,
                kind: filed.assessment.kind,
                why: obstacles.iter().map(|obstacle| obstacle.words().to_owned()).collect(),
            },
        );
    }
    let Some(observed) = fresh_look(world, journal, filed) else {
        return perform("read", Action::Read { id });
    };
    match (gate::judge(world.facts, &journal.life, filed, observed), filed.assessment.kind) {
        (Ruling::Approved(basis), _) => append(Event::Approved(basis)),
        (Ruling::Rejected(why), _) => append(Event::Rejected { why }),
        (Ruling::Unapproved | Ruling::Void(_), Kind::Emergency) => append(Event::Approved(Basis::Emergency {})),
        (ruling @ (Ruling::Unapproved | Ruling::Void(_)), Kind::Standard) => hold(world, filed, &obstacles, ruling),
    }
}

/// What the change request showed since this run began, or since it last waited.
fn fresh_look<'f>(world: &World<'_>, journal: &Journal, filed: &'f Filed) -> Option<&'f Observed> {
    let since = journal.life.waited_until.map_or(world.started, |waited| waited.max(world.started));
    filed.observed.as_ref().filter(|(at, _)| *at >= since).map(|(_, observed)| observed)
}

/// A change request that says that it deploys elsewhere blocks, where the policy says so (EX3).
fn other_target(world: &World<'_>, filed: &Filed) -> Option<Stop> {
    let facts = &*world.facts;
    let there = filed.observed.as_ref().and_then(|(_, observed)| observed.target.as_ref())?;
    let same = there.environment == facts.target.environment && there.region == facts.target.region;
    (!same && facts.policy.block_target_mismatch).then(|| super::target_mismatch(&filed.id, there, &facts.target))
}

/// Not approved: wait if this run may, else end here (GA1).
fn hold(world: &World<'_>, filed: &Filed, obstacles: &[gate::Obstacle], ruling: Ruling) -> Next {
    let now = world.facts.now;
    let id = &filed.id;
    let mut details: Vec<String> = obstacles.iter().map(|obstacle| obstacle.words().to_owned()).collect();
    let void = match ruling {
        Ruling::Void(why) => why,
        Ruling::Approved(_) | Ruling::Rejected(_) | Ruling::Unapproved => Vec::new(),
    };
    match &world.drive.wait {
        Some(wait) if now < wait.until => {
            let interval = i64::from(wait.interval_seconds.max(5));
            let until = now.plus_seconds(interval).min(wait.until);
            let why = format!("change request `{id}` is not approved");
            return perform(format!("wait/{}", until.as_millisecond()), Action::Wait { until, why });
        }
        Some(wait) => {
            return Next::Stop(
                Stop::new(
                    Outcome::ApprovalTimedOut,
                    format!("nobody approved change request `{id}` until {}", wait.until),
                )
                .help("have it approved, then run it again")
                .details(details),
            );
        }
        None => {}
    }
    if void.is_empty() {
        let stop = Stop::new(Outcome::AwaitingApproval, format!("change request `{id}` is not approved"));
        Next::Stop(stop.help("have it approved, then run it again; it continues here").details(details))
    } else {
        details.extend(void);
        let stop = Stop::new(Outcome::ApprovalVoid, format!("the approval of change request `{id}` does not count"));
        Next::Stop(stop.help("have it approved by somebody who had no part in it, as it is now").details(details))
    }
}

/// Approved: right before deployment everything that the approval rests on is checked again (GA2).
fn clear(world: &mut World<'_>, journal: &Journal, filed: &Filed, basis: &Basis) -> Next {
    if *basis == (Basis::Emergency {}) && journal.life.obligations.is_empty() {
        let policy = &world.facts.policy.emergency;
        let obligations = obligations::of(&filed.opened, &filed.assessment, policy, world.facts.now);
        return append(Event::Obliged { obligations });
    }
    let void = |why: &str| append(Event::Voided { why: why.to_owned() });
    if world.facts.delta_digest() != filed.opened.delta {
        return void("the delta changed after the approval");
    }
    if world.facts.policy_digest != filed.assessment.policy {
        return void("the policy changed after the approval");
    }
    if gate::kind(world.facts).0 != filed.assessment.kind {
        return void("the change became another kind of change after the approval");
    }
    if *basis == (Basis::Readiness {}) && !still_ready(world, journal, &filed.assessment) {
        return void("the evidence no longer permits what was approved by it");
    }
    let Some((_, observed)) = filed.observed.as_ref().filter(|(at, _)| *at >= world.started) else {
        return perform("read", Action::Read { id: filed.id.clone() });
    };
    let ruling = gate::judge(world.facts, &journal.life, filed, observed);
    let standing = match (basis, observed.status, ruling) {
        (_, Status::Canceled | Status::Closed, _) => {
            return append(Event::Rejected { why: "the change request was cancelled or closed".to_owned() });
        }
        // People need not approve it, and may reject it all the same.
        (Basis::Readiness {} | Basis::Emergency {}, _, Ruling::Rejected(why)) => {
            return append(Event::Rejected { why });
        }
        (Basis::Readiness {}, Status::Scheduled | Status::Implement, _) => true,
        (Basis::Readiness {}, Status::New | Status::Assess | Status::Authorize | Status::Review, _) => false,
        (Basis::People { .. }, _, ruling) => matches!(ruling, Ruling::Approved(_)),
        (Basis::Emergency {}, _, _) => true,
    };
    match (standing, barred(world, filed)) {
        (false, _) => void("the change request is no longer approved"),
        (true, Some(stop)) => Next::Stop(stop),
        (true, None) => append(Event::Cleared { delta: filed.opened.delta, policy: filed.assessment.policy }),
    }
}

/// The work is over: judge again, attach the record, close or leave open (CL2, CL3, RB2, RB3, AT2, AT3).
fn review(
    world: &mut World<'_>,
    journal: &Journal,
    filed: &Filed,
    basis: &Basis,
    work: &Work,
    conclusion: Conclusion,
    closing: &Closing,
) -> Next {
    let judge_again = |world: &mut World<'_>| {
        let reassessed = assessing::at_closing(world, journal, filed, basis, work, conclusion);
        append(Event::Reassessed(Box::new(reassessed)))
    };
    let reassessed = match &closing.reassessed {
        Some(reassessed) if !is_outdated(world, reassessed) => reassessed,
        Some(_) | None => return judge_again(world),
    };
    let missing = components_without_bom(world.facts, &assessing::scopes(world, journal), conclusion);
    if conclusion.is_success() && !missing.is_empty() {
        return Next::Stop(
            Stop::new(Outcome::ClosingUnfinished, "the merged SBOM is not complete, so the change stays open")
                .help("add evidence of `sbom` with a readable CycloneDX file for each of them, and run again")
                .details(missing),
        );
    }
    let gave_up = journal.life.failed.as_ref().is_some_and(|(at, effect, _)| {
        *at >= world.started && effect.starts_with("attach/") && !conclusion.is_success()
    });
    if !gave_up {
        match attach(world, journal, filed, &reassessed.attachments) {
            Attaching::Next(next) => return next,
            Attaching::JudgeAgain => return judge_again(world),
            Attaching::Complete => {}
        }
    }
    let category = closure::categorize(conclusion, basis, reassessed.ready);
    let id = filed.id.clone();
    let notes = crate::attachments::closing_notes(filed, work, conclusion, category);
    match closure::manner(conclusion, filed.opened.supplied.is_some() || journal.life.by_id) {
        Manner::Close => perform("close", Action::Close { id, category, notes }),
        Manner::LeaveOpen => perform("leave-open", Action::LeaveOpen { id, category, notes }),
    }
}

/// The request is finished: the pointer moves if, and only if, the deployment stands (CL5).
fn conclude(world: &World<'_>, journal: &Journal, filed: &Filed, ending: Ending) -> Next {
    let id = &filed.id;
    if journal.life.concluded_at.is_some_and(|at| at < world.started) {
        // Had nothing happened since, the delta would be empty, and this would be another change.
        return Next::Stop(
            Stop::new(
                Outcome::AttemptNeeded,
                format!("change request `{id}` was deployed already, and something else may have been since"),
            )
            .help("deploy it again as another attempt: `--attempt 2`, or the next number that was not used"),
        );
    }
    let help = "look into the attachments of the change request; people finish it";
    match (ending.conclusion, ending.concluded) {
        (Conclusion::Succeeded | Conclusion::SucceededUntested, false) => perform(
            "conclude",
            Action::Conclude { pointer: filed.opened.target.pointer(), commit: filed.opened.commit.clone() },
        ),
        (Conclusion::Succeeded | Conclusion::SucceededUntested, true) => {
            let category = crate::risk::word(&ending.category);
            let message = match ending.left_open {
                false => format!("change request `{id}` is closed as `{category}`"),
                true => format!("change request `{id}` is deployed and stays open; its category would be `{category}`"),
            };
            Next::Stop(Stop::new(Outcome::Done, message))
        }
        (Conclusion::Failed, _) => Next::Stop(
            Stop::new(Outcome::DeploymentFailed, format!("the deployment of change request `{id}` failed")).help(help),
        ),
        (Conclusion::RolledBack, _) => Next::Stop(
            Stop::new(
                Outcome::RolledBack,
                format!("the deployment of change request `{id}` failed and was rolled back"),
            )
            .help(help),
        ),
        (Conclusion::RollbackFailed, _) => Next::Stop(
            Stop::new(
                Outcome::RollbackFailed,
                format!("the deployment of change request `{id}` failed, and so did its rollback"),
            )
            .help(help),
        ),
    }
}

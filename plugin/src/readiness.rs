//! Readiness: whether the evidence permits the delta to be deployed, and every reason why not (RD1..RD4).

mod binding;
pub mod reason;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::category;
use crate::evidence::{Check, Evidence, Finding, Outcome, Report, Severity};
use crate::facts::{Facts, From};
use crate::glob::Glob;
use crate::inventory::Entry;
use crate::order;
use crate::policy::{Level, Policy, Requirement, Scope, Stage, Waiver};
use crate::readiness::binding::Bound;
use crate::readiness::reason::{Code, Reason, Source};
use crate::scalar::{Digest, Timestamp};

/// Whether the change may be deployed, and why (not).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Readiness {
    /// All reasons, blocking ones first, sorted.
    pub reasons: Vec<Reason>,
    /// The smallest set of evidence that would turn the verdict (RD3); empty if evidence alone cannot.
    pub needed: Vec<Needed>,
    /// How each demand on each entry stands, sorted by entry.
    pub posture: Vec<Posture>,
}

impl Readiness {
    /// DEPLOYMENT_READY.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.reasons.iter().any(|reason| reason.blocking)
    }
}

/// One record of evidence that is needed; it may cover all of its entries.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Needed {
    /// The check that must succeed.
    pub check: Check,
    /// The tool, where a certain one must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The entries whose artifact or commit the evidence must name.
    pub entries: BTreeSet<String>,
}

/// How one demand on one entry stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Posture {
    /// The entry.
    pub entry: Rc<str>,
    /// The check.
    pub check: Check,
    /// How much the demand weighs.
    pub level: Level,
    /// How it stands.
    pub standing: Standing,
    /// The evidence that speaks: document, digest, tool, run.
    pub evidence: Vec<From<Rc<Evidence>>>,
}

/// How a demand stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Standing {
    /// There is no evidence that counts.
    Missing,
    /// The worst evidence that counts says failure.
    Failure,
    /// The worst evidence that counts says pending.
    Pending,
    /// All evidence that counts says success.
    Success,
    /// It is not met, and waived.
    Waived,
}

/// Judges the delta against what `facts.policy` demands at `stage` (RD1, RD4).
///
/// Total: bad evidence is a reason, never an error. `runs` are the runs of this change so far, oldest first: evidence
/// of any of them counts, and of a later one supersedes an earlier one's (EV2, EV3).
#[must_use]
pub fn assess(facts: &Facts, stage: Stage, runs: &[Digest]) -> Readiness {
    let bench = Bench::new(facts, runs);
    let mut reasons = documents(facts);
    let mut posture = Vec::new();
    let mut needed: BTreeMap<(Check, Option<String>), BTreeSet<String>> = BTreeMap::new();
    let requirements: Vec<&Requirement> = facts
        .policy
        .requirements
        .iter()
        .filter(|requirement| stage == Stage::PostDeployment || requirement.stage == Stage::PreDeployment)
        .collect();
    for ((name, (_, entry)), evidence) in facts.delta.entries.iter().zip(&bench.by_entry) {
        let name: Rc<str> = Rc::from(name.as_str());
        let required = |requirement: &&&Requirement| {
            requirement.stage == Stage::PreDeployment && requirement.level == Level::Required
        };
        if !requirements.iter().filter(required).any(|requirement| is_about(requirement.scope, entry)) {
            reasons.push(reason::nothing_demanded(&name));
        }
        for requirement in requirements.iter().filter(|requirement| is_about(requirement.scope, entry)) {
            let (standing, speaking, found) = bench.judge(&name, requirement, evidence);
            let (standing, found) = bench.waive(&name, requirement, standing, found);
            for reason in found.iter().filter(|reason| reason.blocking) {
                needed.entry(remedy(requirement, reason)).or_default().insert(name.to_string());
            }
            reasons.extend(found);
            posture.push(Posture {
                entry: Rc::clone(&name),
                check: requirement.check.clone(),
                level: requirement.level,
                standing,
                evidence: speaking,
            });
        }
    }
    reasons.extend(category::reviews(facts));
    reasons.extend(staging(facts));
    order::sort_by(&mut reasons, |a, b| (!a.blocking, a).cmp(&(!b.blocking, b)));
    reasons.dedup();
    let evidence_suffices = reasons.iter().all(|reason| !reason.blocking || reason.check.is_some());
    let needed = needed.into_iter().map(|((check, tool), entries)| Needed { check, tool, entries });
    Readiness { needed: if evidence_suffices { needed.collect() } else { Vec::new() }, reasons, posture }
}

fn is_about(scope: Scope, entry: &Entry) -> bool {
    match scope {
        Scope::Every => true,
        Scope::Infrastructure => entry.is_infrastructure(),
        Scope::Images => entry.kind == "image",
    }
}

/// The record that would mend `reason`: by the tool that failed, or by the one that is demanded.
fn remedy(requirement: &Requirement, reason: &Reason) -> (Check, Option<String>) {
    let failed = reason.source.as_ref().and_then(|source| source.tool.clone());
    (requirement.check.clone(), requirement.tool.clone().or(failed))
}

/// Documents that cannot be read block; reports that nothing names are listed.
fn documents(facts: &Facts) -> Vec<Reason> {
    let locker = &facts.locker;
    let malformed = locker.malformed.iter().map(|from| {
        let place = from.value.place.clone();
        reason::malformed(&from.document, &from.value).from(source(from, None, place))
    });
    let named: BTreeSet<Digest> = locker
        .evidence
        .iter()
        .flat_map(|from| from.value.reports.iter().chain(&from.value.attachments))
        .map(|attachment| attachment.digest)
        .collect();
    let unbound =
        locker.reports.iter().filter(|(digest, _)| !named.contains(digest)).map(|(_, from)| match &*from.value {
            Ok(_) => reason::unbound(&from.document).from(source(from, None, None)),
            Err(problem) => reason::malformed(&from.document, problem).from(source(from, None, problem.place.clone())),
        });
    let undated = facts.inventory.commit.is_none().then(|| {
        let reason = Reason::new(
            Code::InventoryWithoutCommit,
            "the inventory is a plain directory: nothing proves which promotion made it".to_owned(),
            "keep the inventory in git and give its repository".to_owned(),
        );
        match facts.target.purpose {
            crate::policy::Purpose::Production => reason,
            crate::policy::Purpose::PreProd => reason.listed(),
        }
    });
    malformed.chain(unbound).chain(undated).collect()
}

fn source<T>(from: &From<T>, tool: Option<&str>, place: Option<crate::problem::Place>) -> Source {
    Source { document: from.document.to_string(), digest: from.digest, tool: tool.map(str::to_owned), place }
}

/// The same artifacts must have concluded in the pre-production environment (PC4).
fn staging(facts: &Facts) -> Vec<Reason> {
    let (Some(demand), None) = (&facts.policy.staging, &facts.restoration) else { return Vec::new() };
    let validated = facts.past.validated.as_ref().is_some_and(|validated| {
        validated.tested && facts.staging.as_ref().is_some_and(|staging| staging.commit == validated.commit)
    });
    let proved = |name: &str| {
        validated.then_some(())?;
        let here = facts.inventory.entries.get(name)?;
        let there = facts.staging.as_ref()?.entries.get(name)?;
        (here.value.sha256.is_some() && here.value.sha256 == there.value.sha256 || here.digest == there.digest)
            .then_some(())
    };
    let unproved = facts.delta.entries.keys().filter(|name| proved(name).is_none());
    unproved
        .map(|name| {
            let mut reason = Reason::new(
                Code::StagingProofMissing,
                format!("nothing proves that `{name}` as it is was deployed and tested in `{}`", demand.environment),
                format!(
                    "take the same artifact through a change in `{}` with acceptance tests first",
                    demand.environment
                ),
            );
            reason.entry = Some(name.clone());
            reason
        })
        .collect()
}

/// Evidence laid out by entry, so that each judgement looks at little.
struct Bench<'f> {
    facts: &'f Facts,
    /// For each entry of the delta, in its order: the evidence that is bound to it, ranked by run.
    by_entry: Vec<Vec<Bound<'f>>>,
    waivers: Vec<(&'f Waiver, Option<Glob>)>,
}

/// What one record says once its reports were looked at.
enum Word {
    Success(Vec<Reason>),
    Failure(Reason),
    Pending(Reason),
    /// It counts as missing, and blocks whatever else there is: it may hide a failure.
    Unreadable(Reason),
    /// It counts as missing.
    Void(Reason),
}

impl<'f> Bench<'f> {
    fn new(facts: &'f Facts, runs: &[Digest]) -> Self {
        let waivers = facts.policy.waivers.iter();
        let waivers = waivers.map(|waiver| (waiver, crate::facts::glob(&waiver.entries, "waivers.entries").ok()));
        Self { facts, by_entry: binding::by_entry(facts, runs), waivers: waivers.collect() }
    }

    /// How one demand on one entry stands, the evidence that speaks, and the reasons.
    fn judge(
        &self,
        entry: &str,
        requirement: &Requirement,
        evidence: &[Bound<'f>],
    ) -> (Standing, Vec<From<Rc<Evidence>>>, Vec<Reason>) {
        let speaking = binding::newest(requirement, evidence);
        let mut reasons = Vec::new();
        let mut worst: Option<Outcome> = None;
        for from in &speaking {
            let word = self.word(entry, from);
            let outcome = match &word {
                Word::Success(_) => Some(Outcome::Success),
                Word::Failure(_) => Some(Outcome::Failure),
                Word::Pending(_) => Some(Outcome::Pending),
                Word::Unreadable(_) | Word::Void(_) => None,
            };
            worst = worst.min(outcome).or(worst).or(outcome);
            match (word, requirement.level) {
                (Word::Success(listed), _) => reasons.extend(listed),
                (Word::Pending(reason), Level::RequiredIfPresent) => reasons.push(reason.listed()),
                (Word::Failure(reason) | Word::Pending(reason) | Word::Unreadable(reason), level) => {
                    reasons.push(reason.weighed(level));
                }
                (Word::Void(reason), _) => reasons.push(reason.listed()),
            }
        }
        let standing = match worst {
            None => Standing::Missing,
            Some(Outcome::Failure) => Standing::Failure,
            Some(Outcome::Pending) => Standing::Pending,
            Some(Outcome::Success) => Standing::Success,
        };
        match (standing, requirement.level) {
            (Standing::Missing, Level::Required | Level::Recommended) => {
                let told = reasons.iter_mut().find(|reason| reason.source.is_some());
                match told {
                    Some(reason) => reason.blocking = requirement.level == Level::Required,
                    None => {
                        let missing = match binding::stranger(requirement, evidence) {
                            None => reason::missing(entry, &requirement.check, requirement.tool.as_deref()),
                            Some((from, stranger)) => reason::signed_by(entry, &requirement.check, &stranger)
                                .from(source(from, Some(&from.value.tool), None)),
                        };
                        reasons.push(missing.weighed(requirement.level));
                    }
                }
            }
            (Standing::Missing, Level::RequiredIfPresent)
            | (Standing::Failure | Standing::Pending | Standing::Success | Standing::Waived, _) => {}
        }
        (standing, speaking, reasons)
    }

    /// Applies the waivers of a demand (PO5): what would block is listed instead.
    fn waive(
        &self,
        entry: &str,
        requirement: &Requirement,
        standing: Standing,
        mut reasons: Vec<Reason>,
    ) -> (Standing, Vec<Reason>) {
        if !reasons.iter().any(|reason| reason.blocking) {
            return (standing, reasons);
        }
        let now = self.facts.now;
        let mut standing = standing;
        for (waiver, glob) in &self.waivers {
            let matches = glob.as_ref().is_some_and(|glob| glob.is_match(entry));
            if waiver.check != requirement.check || !matches {
                continue;
            }
            if now < waiver.expires {
                standing = Standing::Waived;
                reasons.iter_mut().for_each(|reason| reason.blocking = false);
            }
            reasons.push(reason::waived(entry, waiver, now));
        }
        (standing, reasons)
    }

    /// What one record says: its own outcome, its age, and its reports (EV3, EV5, EV6, EV7).
    fn word(&self, entry: &str, from: &From<Rc<Evidence>>) -> Word {
        let evidence = &from.value;
        let policy = &self.facts.policy;
        let judgement = policy.checks.get(&evidence.check);
        let about = |reason: Reason| reason.from(source(from, Some(&evidence.tool), None));
        let skew = i64::from(policy.clock_skew_seconds);
        if evidence.date.seconds_since(self.facts.now) > skew {
            return Word::Void(about(reason::from_future(entry, &evidence.check, evidence.date)));
        }
        if let Some(hours) = judgement.and_then(|judgement| judgement.max_age_hours) {
            let age = self.facts.now.seconds_since(evidence.date);
            if age > i64::from(hours).saturating_mul(3600) {
                return Word::Void(about(reason::stale(entry, &evidence.check, evidence.date, hours)));
            }
        }
        match evidence.outcome {
            Outcome::Success => {}
            Outcome::Pending => {
                return Word::Pending(about(reason::unsuccessful(
                    entry,
                    &evidence.check,
                    Outcome::Pending,
                    &evidence.tool,
                )));
            }
            Outcome::Failure => match self.standing_findings(entry, evidence, &evidence.findings) {
                Ok(listed) if !evidence.findings.is_empty() => return Word::Success(listed),
                _ => {
                    return Word::Failure(about(reason::unsuccessful(
                        entry,
                        &evidence.check,
                        Outcome::Failure,
                        &evidence.tool,
                    )));
                }
            },
        }
        self.reports(entry, from)
    }

    /// What the reports of a record say that itself claims success.
    fn reports(&self, entry: &str, from: &From<Rc<Evidence>>) -> Word {
        let evidence = &from.value;
        let mut listed = match self.standing_findings(entry, evidence, &evidence.findings) {
            Ok(listed) => listed,
            Err(what) => {
                let reason = reason::report_failed(entry, &evidence.check, &evidence.tool, &what);
                return Word::Failure(reason.from(source(from, Some(&evidence.tool), None)));
            }
        };
        for report in &evidence.reports {
            let locker = &self.facts.locker;
            let Some(document) = locker.reports.get(&report.digest) else {
                let reason = reason::report_missing(entry, &evidence.check, &report.name, &report.digest);
                return Word::Unreadable(reason.from(source(from, Some(&evidence.tool), None)));
            };
            let said = match &*document.value {
                Err(problem) => {
                    let reason = reason::report_malformed(entry, &evidence.check, &document.document, problem);
                    let place = problem.place.clone();
                    return Word::Unreadable(reason.from(source(document, Some(&evidence.tool), place)));
                }
                Ok(Report::Bom(_)) => Ok(Vec::new()),
                Ok(Report::Tests(tests)) if tests.failed > 0 => Err(match tests.first_failed.first() {
                    Some(first) => {
                        format!("{} tests failed, the first is `{}`", tests.failed, crate::scalar::shorten(first))
                    }
                    None => format!("{} tests failed", tests.failed),
                }),
                Ok(Report::Tests(_)) => Ok(Vec::new()),
                Ok(Report::Scan(scan)) => self.standing_findings(entry, evidence, &scan.findings),
            };
            match said {
                Ok(more) => listed.extend(more),
                Err(what) => {
                    let reason = reason::report_failed(entry, &evidence.check, &evidence.tool, &what);
                    return Word::Failure(reason.from(source(document, Some(&evidence.tool), None)));
                }
            }
        }
        Word::Success(listed)
    }

    /// Findings at or above the check's threshold fail it, unless exempt or inside their time (EV7).
    fn standing_findings(&self, entry: &str, evidence: &Evidence, findings: &[Finding]) -> Result<Vec<Reason>, String> {
        let policy = &self.facts.policy;
        let judgement = policy.checks.get(&evidence.check);
        let threshold = judgement.and_then(|judgement| judgement.fail_on).unwrap_or(Severity::High);
        let mut listed = Vec::new();
        let mut failing: Vec<&Finding> = Vec::new();
        for finding in findings.iter().filter(|finding| finding.severity <= threshold) {
            let until = allowed_until(policy, finding);
            match (finding.exempt, until) {
                (true, _) => listed.push(reason::tolerated(entry, &evidence.check, finding, None)),
                (false, Some(until)) if self.facts.now < until => {
                    listed.push(reason::tolerated(entry, &evidence.check, finding, Some(until)));
                }
                (false, _) => failing.push(finding),
            }
        }
        match failing.first() {
            None => Ok(listed),
            Some(first) => Err(format!(
                "{} findings of severity {threshold} or worse, the first is `{}`",
                failing.len(),
                crate::scalar::shorten(&first.id)
            )),
        }
    }
}

/// Until when a finding may stand: its due date, or the grace period of its severity since it was first found.
fn allowed_until(policy: &Policy, finding: &Finding) -> Option<Timestamp> {
    let days = match finding.severity {
        Severity::Critical => policy.grace_days.critical,
        Severity::High => policy.grace_days.high,
        Severity::Medium => policy.grace_days.medium,
        Severity::Low => policy.grace_days.low,
        Severity::Informational => policy.grace_days.informational,
    };
    let grace = || Some(finding.first_found?.plus_seconds(i64::from(days).saturating_mul(86_400)));
    finding.due.or_else(grace)
}

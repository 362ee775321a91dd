//! The decision table: what RULES say of a change, as plainly as it can be written, and slowly.
//!
//! It reads scenarios, shares nothing with the engine, and remembers nothing but what is written on the change request.

use std::collections::{BTreeMap, BTreeSet};

use crate::decisions::scenario::*;

/// What is said of a change before anything is done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The promotion lacks a required field (PR4).
    Refused,
    /// The delta is empty (IN2).
    NothingToDeploy,
    Judged {
        ready: bool,
        risk: Level,
        category: Category,
        emergency: bool,
        /// Whether the change request is approved without people (CR3).
        automatic: bool,
        /// Entries and checks that stand in the way.
        blocked: BTreeSet<(String, String)>,
        /// What else stands in the way.
        others: BTreeSet<&'static str>,
    },
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Category {
    Standard,
    Normal,
    HighRisk,
}

/// Which demands are judged (PO2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    Before,
    Closing,
}

/// What is known at a moment: the evidence so far, the runs so far by number, and the one who started the last.
#[derive(Clone, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) records: Vec<Record>,
    pub(crate) labels: Vec<(&'static str, Option<Person>)>,
    pub(crate) runs: Vec<usize>,
    pub(crate) actor: Person,
    pub(crate) now: Minutes,
}

impl<'a> Known<'a> {
    /// What is known when the first run begins.
    pub(crate) fn first(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            records: scenario.records.clone(),
            labels: scenario.promotion.labels.clone(),
            runs: vec![1],
            actor: scenario.flow.rounds[0].actor,
            now: 0,
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let scenario = self.scenario;
        if scenario.promotion.incomplete {
            return Verdict::Refused;
        }
        if delta(scenario).is_empty() && scenario.gone == 0 {
            return Verdict::NothingToDeploy;
        }
        let (blocked, others) = self.in_the_way(Stage::Before);
        let ready = blocked.is_empty() && others.is_empty();
        let (risk, category) = (risk(scenario), category(scenario));
        let obstacles = !ready
            || scenario.policy.outage_minutes > 0
            || risk > scenario.policy.limit
            || category == Category::HighRisk;
        Verdict::Judged {
            ready,
            risk,
            category,
            emergency: self.is_emergency(),
            automatic: !obstacles,
            blocked,
            others,
        }
    }

    pub(crate) fn is_ready(&self, stage: Stage) -> bool {
        let (blocked, others) = self.in_the_way(stage);
        blocked.is_empty() && others.is_empty()
    }

    /// EM1, EM5, PR6: the label, without ASCII case and otherwise exactly, by somebody who may apply it.
    pub(crate) fn is_emergency(&self) -> bool {
        let policy = &self.scenario.policy;
        let entitled =
            |by: &Option<Person>| policy.appliers.is_empty() || by.is_some_and(|by| policy.appliers.contains(&by));
        let meant = policy.emergency_label.to_lowercase();
        self.labels.iter().any(|(label, by)| label.to_lowercase() == meant && entitled(by))
    }

    fn in_the_way(&self, stage: Stage) -> (BTreeSet<(String, String)>, BTreeSet<&'static str>) {
        let policy = &self.scenario.policy;
        let before = policy.before.clone().unwrap_or_else(built_in);
        let mut blocked = BTreeSet::new();
        let mut others = self.reviews();
        for entry in delta(self.scenario) {
            // PO3: an empty required set is illegal.
            if !before.iter().any(|demand| demand.weight == Weight::Required && concerns(demand.scope, entry)) {
                others.insert("nothing-demanded");
            }
            let after = policy.after.iter().filter(|_| stage == Stage::Closing);
            for demand in before.iter().chain(after).filter(|demand| concerns(demand.scope, entry)) {
                if self.blocks(entry, demand) && !self.is_waived(entry, demand) {
                    blocked.insert((entry.name.to_owned(), demand.check.to_owned()));
                }
            }
        }
        // EV5, RD1: a file that nobody can read may hide a failure.
        if self.scenario.strays.iter().any(|stray| !matches!(stray, Stray::Unbound | Stray::Kept)) {
            others.insert("evidence-malformed");
        }
        if self.scenario.staging.as_ref().is_some_and(|staging| !is_proved(self.scenario, staging)) {
            others.insert("staging-proof-missing");
        }
        (blocked, others)
    }

    /// PO2: required: failure, pending and missing block; required if present: failure blocks; recommended: warns.
    fn blocks(&self, entry: &Entry, demand: &Demand) -> bool {
        let words: Vec<Says> = self.speaking(entry, demand).into_iter().map(|record| self.word(record)).collect();
        let any = |word: Says| words.contains(&word);
        match demand.weight {
            Weight::Required => {
                any(Says::Failure) || any(Says::Pending) || any(Says::Unreadable) || !any(Says::Success)
            }
            Weight::RequiredIfPresent => any(Says::Failure) || any(Says::Unreadable),
            Weight::Recommended => false,
        }
    }

    /// EV2, EV3: of the records that are bound to the entry and of its run or of this change's, for each tool and asset
    /// those of the newest run, and of its last attempt.
    fn speaking(&self, entry: &Entry, demand: &Demand) -> Vec<&Record> {
        let bound = self.bound(entry, |record| {
            record.check == demand.check && demand.tool.is_none_or(|tool| record.tool == Some(tool))
        });
        let is_newest = |(asset, order, record): &(Asset, (usize, u32), &Record)| {
            !bound.iter().any(|(other, newer, by)| other == asset && by.tool == record.tool && newer > order)
        };
        bound.iter().filter(|one| is_newest(one)).map(|(_, _, record)| *record).collect()
    }

    fn bound(&self, entry: &Entry, about: impl Fn(&Record) -> bool) -> Vec<(Asset, (usize, u32), &Record)> {
        let mut bound = Vec::new();
        for record in self.records.iter().filter(|record| about(record) && self.may_speak(record, entry)) {
            let order = match record.run {
                Run::Ci(run) if run == entry.run => 0,
                Run::Cd(run) if self.runs.contains(&run) => run,
                Run::Ci(_) | Run::Cd(_) => continue,
            };
            for asset in record.assets.iter().filter(|asset| is_of(**asset, entry)) {
                bound.push((*asset, (order, record.attempt), record));
            }
        }
        bound
    }

    /// EV8, RD2: a signature speaks for what was built of the entry's repository at its commit, by a workflow of that
    /// repository or one that the policy trusts.
    fn may_speak(&self, record: &Record, entry: &Entry) -> bool {
        record.signed.is_none_or(|signed| {
            let trusted = match signed.workflow {
                Workflow::Own => true,
                Workflow::Shared => self.scenario.policy.trusts,
                Workflow::Other => false,
            };
            signed.own && signed.commit == entry.commit && trusted
        })
    }

    /// EV5, EV6, EV7: what a record comes to.
    fn word(&self, record: &Record) -> Says {
        let policy = &self.scenario.policy;
        let judged = policy.judged.iter().find(|judged| judged.check == record.check);
        let most = judged.and_then(|judged| judged.max_age_hours);
        if record.date > self.now + policy.skew_minutes || most.is_some_and(|hours| self.now - record.date > hours * 60)
        {
            return Says::Nothing;
        }
        let threshold = judged.and_then(|judged| judged.fail_on).unwrap_or(Severity::High);
        let findings: &[Finding] = match &record.says {
            crate::decisions::scenario::Says::Findings(findings) => findings,
            _ => &[],
        };
        let stands = |finding: &Finding| finding.severity >= threshold && !self.is_tolerated(finding);
        match (record.outcome, findings.iter().any(stands), &record.says) {
            (Outcome::Pending, _, _) => Says::Pending,
            // A failure that its findings explain is none, if all of them may stand.
            (Outcome::Failure, false, _) if !findings.is_empty() => Says::Success,
            (Outcome::Failure, _, _) | (Outcome::Success, true, _) => Says::Failure,
            (Outcome::Success, false, crate::decisions::scenario::Says::Report(Report::Failed)) => Says::Failure,
            (
                Outcome::Success,
                false,
                crate::decisions::scenario::Says::Report(Report::Malformed | Report::NotGiven),
            ) => Says::Unreadable,
            (Outcome::Success, false, _) => Says::Success,
        }
    }

    /// EV7: exempt, before its due date, or inside of the grace period of its severity.
    fn is_tolerated(&self, finding: &Finding) -> bool {
        let days = match finding.severity {
            Severity::Critical | Severity::High => 30,
            Severity::Medium => 90,
            Severity::Low | Severity::Informational => 180,
        };
        let until = finding.due.or(finding.first_found.map(|found| found + days * DAY));
        finding.exempt || until.is_some_and(|until| self.now < until)
    }

    /// PO5: waivers end.
    fn is_waived(&self, entry: &Entry, demand: &Demand) -> bool {
        self.scenario.policy.waivers.iter().any(|waiver| {
            waiver.check == demand.check
                && waiver.entry.is_none_or(|name| name == entry.name)
                && self.now < waiver.expires
        })
    }

    /// PC2, PC3: approvals of the promotion, for its head commit, by people who had no other part in it.
    fn reviews(&self) -> BTreeSet<&'static str> {
        let Scenario { policy, promotion, .. } = self.scenario;
        let mut involved = BTreeSet::from([promotion.author, promotion.merger, self.actor]);
        if promotion.commits_read {
            involved.extend([promotion.committer].into_iter().chain(promotion.co_author));
        }
        let mut latest: BTreeMap<Person, Review> = BTreeMap::new();
        for review in promotion.reviews.iter().filter(|review| review.word != Word::Comments) {
            latest.insert(review.by, *review);
        }
        let approvers: Vec<Person> = latest
            .values()
            .filter(|review| review.word == Word::Approves && review.on_head && !involved.contains(&review.by))
            .map(|review| review.by)
            .collect();
        let category = category(self.scenario);
        let needed = match category {
            Category::Standard => 1,
            Category::Normal => policy.normal_approvals.unwrap_or(1),
            Category::HighRisk => 2,
        };
        let mut missing = BTreeSet::new();
        if policy.require_approvals && (approvers.len() < needed || !promotion.commits_read) {
            missing.insert("approvals-missing");
        }
        let led = approvers.iter().any(|approver| policy.tech_leads.contains(approver));
        if policy.require_approvals && category == Category::HighRisk && !led {
            missing.insert("tech-lead-missing");
        }
        let triggered = is_labelled(self.scenario, &policy.security) || any_path(self.scenario, &policy.security);
        if triggered && !approvers.iter().any(|approver| policy.security_team.contains(approver)) {
            missing.insert("security-review-missing");
        }
        missing
    }

    /// AT2: every entry of the inventory has a readable bill of materials.
    pub(crate) fn has_all_boms(&self) -> bool {
        self.scenario.entries.iter().all(|entry| {
            let is_bom = |record: &Record| {
                record.check == "sbom" && matches!(record.says, crate::decisions::scenario::Says::Report(Report::Bom))
            };
            !self.bound(entry, is_bom).is_empty()
        })
    }
}

/// What a record comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Says {
    Success,
    Failure,
    Pending,
    /// It rests on what nobody can read.
    Unreadable,
    /// It counts for nothing.
    Nothing,
}

/// PO3, for production.
fn built_in() -> Vec<Demand> {
    let every = [
        "unit-tests",
        "integration-tests",
        "static-analysis",
        "dependency-check",
        "secret-scan",
        "peer-review",
        "artifact-signature",
        "sbom",
    ];
    let demand = |check, scope| Demand { check, tool: None, weight: Weight::Required, scope };
    let infrastructure = demand("infrastructure-validation", Scope::Infrastructure);
    every.into_iter().map(|check| demand(check, Scope::Every)).chain([infrastructure]).collect()
}

/// PC4: what is deployed is, as it is, what was deployed and tested in staging. Without a digest of its artifact an entry is
/// the same only to the letter.
fn is_proved(scenario: &Scenario, staging: &Staging) -> bool {
    let is_there = |entry: &Entry| {
        let staged = scenario.entries.iter().zip(&staging.there).find(|(other, _)| other.name == entry.name);
        match staged.map(|(_, staged)| staged) {
            Some(Staged::Same) => true,
            Some(Staged::Rewritten) => entry.kind == Kind::Image,
            Some(Staged::Other | Staged::Absent) | None => false,
        }
    };
    let delta = delta(scenario);
    delta.is_empty() || staging.proof == Proof::Tested && delta.into_iter().all(is_there)
}

/// IN2: what differs from the last concluded deployment; everything, where there was none or all is forced.
pub(crate) fn delta(scenario: &Scenario) -> Vec<&Entry> {
    let differs = |entry: &&Entry| !scenario.concluded || scenario.force || entry.before != Before::Same;
    scenario.entries.iter().filter(differs).collect()
}

fn concerns(scope: Scope, entry: &Entry) -> bool {
    match scope {
        Scope::Every => true,
        Scope::Images => entry.kind == Kind::Image,
        Scope::Infrastructure => entry.kind == Kind::Terraform,
    }
}

fn is_of(asset: Asset, entry: &Entry) -> bool {
    match asset {
        Asset::Image(image) => entry.kind == Kind::Image && image == entry.image,
        Asset::Commit(commit) => commit == entry.commit,
        Asset::Artifact(name) => name == entry.name,
    }
}

/// RK1: the highest level of all factors.
pub(crate) fn risk(scenario: &Scenario) -> Level {
    let Scenario { policy, promotion, .. } = scenario;
    let raised = |is: bool, level| if is { level } else { Level::Low };
    let size = delta(scenario).len() + scenario.gone;
    [
        match promotion.customer {
            "no_impact" | "low" => Level::Low,
            "moderate" => Level::Moderate,
            _ => Level::High,
        },
        raised(promotion.large, Level::Moderate),
        raised(policy.outage_minutes > 0, Level::High),
        promotion.declared.unwrap_or(Level::Low),
        raised(category(scenario) == Category::HighRisk, Level::High),
        raised(policy.delta_entries.is_some_and(|most| size > most), Level::Moderate),
        raised(
            scenario.failed_before && policy.unsuccessful_within_days.is_some_and(|days| days >= 5),
            Level::Moderate,
        ),
    ]
    .into_iter()
    .max()
    .unwrap_or(Level::High)
}

/// PC1: high-risk: infrastructure, a declared high risk, or what the policy names; standard: a label, or all paths.
pub(crate) fn category(scenario: &Scenario) -> Category {
    let Scenario { policy, promotion, .. } = scenario;
    let infrastructure = delta(scenario).iter().any(|entry| entry.kind == Kind::Terraform);
    let (high, standard) = (&policy.high_risk, &policy.standard);
    let all_standard = !standard.paths.is_empty()
        && paths(scenario).iter().all(|path| standard.paths.iter().any(|glob| fits(*glob, path)));
    if infrastructure
        || promotion.declared == Some(Level::High)
        || is_labelled(scenario, high)
        || any_path(scenario, high)
    {
        Category::HighRisk
    } else if is_labelled(scenario, standard) || all_standard {
        Category::Standard
    } else {
        Category::Normal
    }
}

/// Changed paths, and the names of what is deployed or gone.
fn paths(scenario: &Scenario) -> Vec<&str> {
    let entries = delta(scenario).into_iter().map(|entry| entry.name);
    let gone = (0..scenario.gone).map(|_| "gone");
    scenario.promotion.paths.iter().flatten().copied().chain(entries).chain(gone).collect()
}

fn is_labelled(scenario: &Scenario, pattern: &Pattern) -> bool {
    pattern.labels.iter().any(|wanted| scenario.promotion.labels.iter().any(|(label, _)| label == wanted))
}

fn any_path(scenario: &Scenario, pattern: &Pattern) -> bool {
    paths(scenario).iter().any(|path| pattern.paths.iter().any(|glob| fits(*glob, path)))
}

fn fits(glob: Glob, path: &str) -> bool {
    match glob {
        Glob::Exactly(name) => name == path,
        Glob::Under(folder) => path.split('/').next() == Some(folder) && path.contains('/'),
    }
}

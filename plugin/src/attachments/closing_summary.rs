//! The Closing Summary: the evidence of the whole inventory, and everything that was done (AT2, AT3).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::attachments::automation::{manner, outcome, show_commands};
use crate::attachments::markdown::{Inline, Most, Page, code, count, join, names, ours, prose, strong};
use crate::attachments::posture::{self, Component, Head, Reviewed};
use crate::change::event::{Assessment, Basis, Closure, Conclusion, Decision, Engine, Ran, Step};
use crate::change::state::{Filed, Work};
use crate::closure;
use crate::facts::{Facts, Run};
use crate::policy::Acceptance;
use crate::readiness::reason::Reason;
use crate::readiness::{Needed, Posture, Readiness};
use crate::risk::Risk;
use crate::scalar::{Commit, Digest, Email, Name, Timestamp};

/// A change whose work on the target is over.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// Readiness of the delta at closing time (RD4).
    pub readiness: &'a Readiness,
    /// The record of it.
    pub assessment: &'a Assessment,
    /// How each demand on every entry of the inventory stands, not only on those of the delta.
    pub whole: &'a [Posture],
    /// The change request.
    pub filed: &'a Filed,
    /// Why the deployment could begin.
    pub basis: &'a Basis,
    /// What was done on the target.
    pub work: &'a Work,
    /// How that ended.
    pub conclusion: Conclusion,
    /// The runs of the change so far, oldest first.
    pub runs: &'a [Digest],
}

impl Ended<'_> {
    fn category(&self) -> Closure {
        closure::categorize(self.conclusion, self.basis, self.assessment.ready)
    }
}

/// The Closing Summary.
#[derive(Debug, Serialize)]
pub(super) struct ClosingSummary<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    assessed_at: Timestamp,
    change_request: Request<'a>,
    conclusion: Conclusion,
    /// The category that the change request is closed with, or that is proposed.
    category: Closure,
    /// The inventory commit that the target has now, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_commit: Option<&'a Commit>,
    readiness: Readinesses<'a>,
    approval: Approval<'a>,
    reviews: Vec<Reviewed<'a>>,
    commands: &'a [Ran],
    /// Why there are no acceptance tests, if there are none (CL4).
    #[serde(skip_serializing_if = "Option::is_none")]
    untested_because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verified<'a>>,
    rollback: Rollback<'a>,
    /// All reasons at closing time, blocking ones first.
    reasons: &'a [Reason],
    /// The smallest set of evidence that would turn the verdict.
    needed: &'a [Needed],
    /// Every entry of the inventory at the commit that was deployed.
    components: Vec<Component<'a>>,
    /// The entries that the Merged SBOM has no bill of materials of.
    components_without_bom: Vec<&'a str>,
    /// What was attached before the deployment.
    attachments: &'a BTreeMap<String, Digest>,
}

#[derive(Debug, Serialize)]
struct Request<'a> {
    id: &'a Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    key: Digest,
    attempt: u32,
    engine: &'a Engine,
    /// The run that opened the change.
    run: &'a Run,
}

/// Readiness before the deployment and at closing time; both are kept (RD4).
#[derive(Debug, Serialize)]
struct Readinesses<'a> {
    before: Judged<'a>,
    at_closing: Judged<'a>,
}

#[derive(Debug, Serialize)]
struct Judged<'a> {
    ready: bool,
    facts: Digest,
    policy: Digest,
    reason_count: u32,
    risk: &'a Risk,
}

impl<'a> Judged<'a> {
    fn of(assessment: &'a Assessment) -> Self {
        let Assessment { ready, facts, policy, reason_count, risk, .. } = assessment;
        Self { ready: *ready, facts: *facts, policy: *policy, reason_count: *reason_count, risk }
    }
}

#[derive(Debug, Serialize)]
struct Approval<'a> {
    #[serde(flatten)]
    basis: &'a Basis,
    /// What people said, as the change system showed it last.
    decisions: &'a [Decision],
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<Timestamp>,
}

/// The verification after the deployment (PC7).
#[derive(Debug, Serialize)]
struct Verified<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    on_watch: Option<&'a Email>,
    minutes: u32,
    passed: usize,
    failed: usize,
    notes: Vec<&'a str>,
}

/// The rollback, as planned and as done (RB1..RB4, PC8).
#[derive(Debug, Serialize)]
struct Rollback<'a> {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    triggers: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    backout_plan: Option<&'a str>,
    events: Vec<&'a Ran>,
}

impl<'a> ClosingSummary<'a> {
    pub(super) fn of(facts: &'a Facts, ended: &Ended<'a>, components_without_bom: Vec<&'a str>) -> Self {
        let Filed { opened, observed, .. } = ended.filed;
        let deployment = &facts.policy.deployment;
        let entries = facts.inventory.entries.iter().map(|(name, from)| (name.as_str(), &*from.value));
        Self {
            head: Head::of(facts, "countersign/closing-summary/v1"),
            assessed_at: facts.now,
            change_request: Request {
                id: &ended.filed.id,
                url: ended.filed.url.as_deref(),
                key: opened.key,
                attempt: opened.attempt,
                engine: &opened.engine,
                run: &opened.run,
            },
            conclusion: ended.conclusion,
            category: ended.category(),
            running_commit: match ended.conclusion {
                Conclusion::Succeeded | Conclusion::SucceededUntested => facts.inventory.commit.as_ref(),
                Conclusion::RolledBack => facts.concluded.as_ref().and_then(|concluded| concluded.commit.as_ref()),
                Conclusion::Failed | Conclusion::RollbackFailed => None,
            },
            readiness: Readinesses {
                before: Judged::of(&ended.filed.assessment),
                at_closing: Judged::of(ended.assessment),
            },
            approval: Approval {
                basis: ended.basis,
                decisions: observed.as_ref().map(|(_, observed)| observed.decisions.as_slice()).unwrap_or_default(),
                read_at: observed.as_ref().map(|(at, _)| *at),
            },
            reviews: posture::reviews(facts),
            commands: &ended.work.ran,
            untested_because: match &deployment.acceptance {
                Some(Acceptance::None(why)) => Some(why),
                Some(Acceptance::Command(_)) | None => None,
            },
            verification: Verified::of(facts, ended.work),
            rollback: Rollback {
                enabled: deployment.rollback.is_some(),
                method: deployment.rollback_method.as_deref(),
                triggers: &deployment.rollback_triggers,
                backout_plan: facts.fields.backout_plan.as_deref(),
                events: ended.work.ran.iter().filter(|ran| ran.step == Step::Rollback).collect(),
            },
            reasons: &ended.readiness.reasons,
            needed: &ended.readiness.needed,
            components: posture::components(facts, entries, ended.whole),
            components_without_bom,
            attachments: &ended.filed.assessment.attachments,
        }
    }

    pub(super) fn page(&self, facts: &Facts, ended: &Ended<'_>) -> String {
        let most = |rows, bytes| Most { rows, bytes, rest: "closing-summary.json" };
        let mut page = Page::default();
        page.heading(1, join([ours("Closing Summary for "), code(facts.target.label())]));
        page.paragraph([outcome(self.conclusion), ours(" "), manner(ended.filed, self.conclusion, self.category)]);
        page.paragraph([
            ours("Before the deployment: "),
            ready(self.readiness.before.ready),
            ours(". At closing time: "),
            ready(self.readiness.at_closing.ready),
            ours(". "),
            self.approved(),
        ]);
        if let Some(why) = self.untested_because {
            page.paragraph([ours("There are no acceptance tests: "), prose(why)]);
        }
        if !self.commands.is_empty() {
            page.heading(2, ours("What was done"));
            show_commands(&mut page, self.commands, most(30, 9_000));
        }
        self.show_approval(&mut page, most(20, 5_000));
        self.show_reasons(&mut page, most(30, 10_000));
        page.heading(2, ours("Components of the whole inventory"));
        posture::show_components(&mut page, &self.components, most(200, 16_000));
        if !self.components_without_bom.is_empty() {
            let without = names(self.components_without_bom.iter(), 10);
            page.paragraph([strong("Without a bill of materials:"), ours(" "), without, ours(".")]);
        }
        if !self.reviews.is_empty() {
            page.heading(2, ours("Reviews of the promotion"));
            posture::show_reviews(&mut page, &self.reviews, most(20, 3_000));
        }
        self.show_rollback(&mut page);
        let Request { id, attempt, engine, run, .. } = &self.change_request;
        page.paragraph([
            ours("Change request "),
            code(id),
            prose(format!(", attempt {attempt}, opened by run")),
            ours(" "),
            code(&run.id),
            ours(", engine "),
            code(&engine.version),
            ours(" of source "),
            code(engine.source_digest.short()),
            ours("."),
        ]);
        page.finish()
    }

    fn approved(&self) -> Inline {
        match self.approval.basis {
            Basis::Readiness {} => ours("Approved by readiness."),
            Basis::People { approvers } => {
                let approvers = names(approvers.iter().map(|person| &person.login), 5);
                join([ours("Approved by "), approvers, ours(".")])
            }
            Basis::Emergency {} => ours("Deployed as an emergency, without approval."),
        }
    }

    fn show_approval(&self, page: &mut Page, most: Most) {
        let decisions = self.approval.decisions;
        if decisions.is_empty() {
            return;
        }
        page.heading(2, ours("What people said"));
        let rows = decisions.iter().map(|decision| {
            let word = ours(match (decision.withdraws, decision.approves) {
                (true, _) => "takes it back",
                (false, true) => "approves",
                (false, false) => "rejects",
            });
            let (word, at) = match &decision.environment {
                Some(name) => (join([word, ours(", by "), code(name)]), join([ours("after "), code(decision.at)])),
                None => (word, code(decision.at)),
            };
            [code(&decision.by.login), word, at, decision.why.as_ref().map_or_else(|| ours("-"), prose)]
        });
        page.table(["Person", "Word", "When", "Why"], decisions.len(), rows, most);
    }

    fn show_reasons(&self, page: &mut Page, most: Most) {
        let blocking = self.reasons.iter().filter(|reason| reason.blocking).count();
        if blocking > 0 {
            page.heading(2, ours("What was not met at closing time"));
            posture::show_reasons(page, self.reasons.iter().filter(|reason| reason.blocking), blocking, most);
        }
        let noted = self.reasons.len().saturating_sub(blocking);
        if noted > 0 {
            page.heading(2, ours("Noted: waivers, exemptions and warnings"));
            let most = Most { rows: 20, bytes: 7_000, ..most };
            posture::show_reasons(page, self.reasons.iter().filter(|reason| !reason.blocking), noted, most);
        }
    }

    fn show_rollback(&self, page: &mut Page) {
        if let Some(Verified { on_watch, minutes, passed, failed, .. }) = &self.verification {
            let watch = on_watch.map_or_else(|| ours("nobody named"), code);
            page.paragraph([
                prose(format!("Watched for {minutes} minutes: {passed} checks passed, {failed} failed. On watch:")),
                ours(" "),
                watch,
                ours("."),
            ]);
        }
        let Rollback { enabled, method, events, .. } = &self.rollback;
        let method = method.map_or_else(|| ours(""), |method| join([ours(" Method: "), code(method), ours(".")]));
        let enabled =
            ours(if *enabled { "Rollback is enabled, and ran " } else { "Rollback is not enabled, and ran " });
        page.paragraph([enabled, count(events.len(), "time"), ours("."), method]);
    }
}

fn ready(ready: bool) -> Inline {
    if ready { ours("ready") } else { strong("not ready") }
}

impl<'a> Verified<'a> {
    fn of(facts: &'a Facts, work: &'a Work) -> Option<Self> {
        let planned = facts.policy.deployment.verification.as_ref();
        let checks: Vec<&Ran> = work.ran.iter().filter(|ran| ran.step == Step::Verify).collect();
        (planned.is_some() || !checks.is_empty()).then(|| Self {
            on_watch: planned.and_then(|planned| planned.on_watch.as_ref()),
            minutes: planned.map_or(0, |planned| planned.minutes),
            passed: checks.iter().filter(|ran| ran.success).count(),
            failed: checks.iter().filter(|ran| !ran.success).count(),
            notes: checks.iter().filter_map(|ran| ran.note.as_deref()).collect(),
        })
    }
}

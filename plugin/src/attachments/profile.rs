//! The profile: a named list of controls, with the verdict on each (PO4).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::attachments::markdown::{Inline, Most, Page, code, join, names, ours, prose, strong};
use crate::attachments::posture::Head;
use crate::category;
use crate::evidence::Check;
use crate::facts::Facts;
use crate::policy::{Acceptance, Control, Pattern, Profile, Stage};
use crate::readiness::reason::Code;
use crate::readiness::{Readiness, Standing};
use crate::risk::word;

/// The profile as it stands before the deployment.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    controls: Vec<Verdict<'a>>,
}

/// The verdict on one control.
#[derive(Debug, Serialize)]
struct Verdict<'a> {
    id: &'a str,
    title: &'a str,
    verdict: Word,
    checks: Vec<Proof<'a>>,
}

/// How the check of a control stands on the entries that it is demanded of.
#[derive(Debug, Serialize)]
struct Proof<'a> {
    check: &'a Check,
    verdict: Word,
    /// On how many entries it is demanded.
    entries: usize,
    /// The entries on which it is not satisfied, by how it stands there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    open: BTreeMap<Standing, BTreeSet<&'a str>>,
}

/// A verdict. Of several checks the worst speaks for a control.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    /// Somewhere it is missing, failed or pending.
    NotSatisfied,
    /// The policy does not demand it, so nothing proves it.
    NoDemand,
    /// It is judged after the deployment.
    AfterDeployment,
    /// Somebody waived it.
    Waived,
    /// It is proved everywhere.
    Satisfied,
    /// It is demanded, but not of any entry of this delta.
    NotApplicable,
}

impl<'a> Report<'a> {
    pub(super) fn of(facts: &'a Facts, profile: &'a Profile, readiness: &'a Readiness) -> Self {
        let mut by_check: BTreeMap<&Check, BTreeMap<Standing, BTreeSet<&str>>> = BTreeMap::new();
        for posture in &readiness.posture {
            by_check.entry(&posture.check).or_default().entry(posture.standing).or_default().insert(&posture.entry);
        }
        let proof = |check: &'a Check| {
            let standings = by_check.get(check).cloned().unwrap_or_default();
            Proof::of(facts, check, standings, process(facts, readiness, check))
        };
        let verdict = |control: &'a Control| {
            let checks: Vec<Proof<'a>> = control.checks.iter().map(proof).collect();
            let verdict = checks.iter().map(|proof| proof.verdict).min().unwrap_or(Word::NoDemand);
            Verdict { id: &control.id, title: &control.title, verdict, checks }
        };
        Self {
            head: Head::of(facts, "countersign/profile/v1"),
            name: &profile.name,
            version: profile.version.as_deref(),
            controls: profile.controls.iter().map(verdict).collect(),
        }
    }

    pub(super) fn page(&self) -> String {
        let most = Most { rows: 200, bytes: 50_000, rest: "profile.json" };
        let mut counts: BTreeMap<Word, usize> = BTreeMap::new();
        for control in &self.controls {
            let count = counts.entry(control.verdict).or_default();
            *count = count.saturating_add(1);
        }
        let counts = counts.into_iter().flat_map(|(word, count)| [ours(", "), prose(count), ours(" "), word.cell()]);
        let mut page = Page::default();
        page.heading(1, join([ours("Profile "), code(self.name), version(self.version)]));
        page.paragraph([strong("Controls:"), ours(" "), join(counts.skip(1)), ours(".")]);
        let rows = self.controls.iter().map(|control| {
            let checks = control.checks.iter().flat_map(|proof| [ours("; "), proof.cell()]).skip(1);
            [code(control.id), prose(control.title), control.verdict.cell(), join(checks)]
        });
        page.table(["Control", "What it demands", "Verdict", "Checks"], self.controls.len(), rows, most);
        page.finish()
    }
}

fn version(version: Option<&str>) -> Inline {
    match version {
        Some(version) => join([ours(" "), code(version)]),
        None => ours(""),
    }
}

impl<'a> Proof<'a> {
    fn of(
        facts: &Facts,
        check: &'a Check,
        mut standings: BTreeMap<Standing, BTreeSet<&'a str>>,
        process: Option<Word>,
    ) -> Self {
        let demanded = |stage| {
            facts
                .policy
                .requirements
                .iter()
                .any(|requirement| requirement.check == *check && requirement.stage == stage)
        };
        let everywhere: BTreeSet<&str> = standings.values().flatten().copied().collect();
        let worst = standings.keys().find(|standing| !matches!(standing, Standing::Success | Standing::Waived));
        let verdict = match (worst, everywhere.is_empty()) {
            (Some(_), _) => Word::NotSatisfied,
            (None, false) if standings.contains_key(&Standing::Waived) => Word::Waived,
            (None, false) => Word::Satisfied,
            (None, true) if demanded(Stage::PreDeployment) => Word::NotApplicable,
            (None, true) if demanded(Stage::PostDeployment) => Word::AfterDeployment,
            (None, true) => process.unwrap_or(Word::NoDemand),
        };
        standings.remove(&Standing::Success);
        Self { check, verdict, entries: everywhere.len(), open: standings }
    }

    fn cell(&self) -> Inline {
        let open = self.open.iter().flat_map(|(standing, entries)| {
            [ours(", "), prose(word(standing)), ours(" for "), names(entries.iter(), 3)]
        });
        let open = if self.open.is_empty() { vec![self.verdict.cell()] } else { open.skip(1).collect() };
        join([code(self.check), ours(" "), join(open)])
    }
}

/// How a step of the process stands that the product takes itself, so that no tool writes evidence about it.
fn process(facts: &Facts, readiness: &Readiness, check: &Check) -> Option<Word> {
    let policy = &facts.policy;
    let unless = |code: Code| match readiness.reasons.iter().any(|reason| reason.code == code) {
        true => Word::NotSatisfied,
        false => Word::Satisfied,
    };
    Some(match check.as_str() {
        // A promotion whose fields are missing or wrong is refused before anything is attached (PR4).
        "promotion" => Word::Satisfied,
        "security-review" if policy.process.security_review == Pattern::default() => Word::NoDemand,
        "security-review" if !category::security_review_is_due(facts) => Word::NotApplicable,
        "security-review" => unless(Code::SecurityReviewMissing),
        "staging" if policy.staging.is_none() => Word::NoDemand,
        "staging" if facts.delta.entries.is_empty() => Word::NotApplicable,
        "staging" => unless(Code::StagingProofMissing),
        "acceptance-tests" if matches!(policy.deployment.acceptance, Some(Acceptance::None(_))) => Word::NotSatisfied,
        "acceptance-tests" => Word::AfterDeployment,
        "verification" if policy.deployment.verification.is_none() => Word::NoDemand,
        "verification" => Word::AfterDeployment,
        "rollback-plan" if policy.deployment.rollback.is_some() || facts.fields.backout_plan.is_some() => {
            Word::Satisfied
        }
        "rollback-plan" => Word::NotSatisfied,
        _ => return None,
    })
}

impl Word {
    fn cell(self) -> Inline {
        match self {
            Self::NotSatisfied => strong("not satisfied"),
            Self::NoDemand => ours("no demand"),
            Self::AfterDeployment => ours("after the deployment"),
            Self::Waived => ours("waived"),
            Self::Satisfied => ours("satisfied"),
            Self::NotApplicable => ours("not applicable"),
        }
    }
}

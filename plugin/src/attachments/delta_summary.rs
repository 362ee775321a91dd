//! The Delta Summary: readiness, every reason, and the evidence posture of each component of the delta (AT1, RD3).

use serde::Serialize;

use crate::attachments::markdown::{Most, Page, code, join, ours, prose};
use crate::attachments::posture::{self, Component, Head, Reviewed};
use crate::change::event::{Assessment, Kind};
use crate::facts::{Facts, glob};
use crate::policy::{Category, Waiver};
use crate::promotion::Person;
use crate::readiness::reason::Reason;
use crate::readiness::{Needed, Readiness};
use crate::risk::Risk;
use crate::scalar::{Digest, Timestamp};

/// The Delta Summary.
#[derive(Debug, Serialize)]
pub(super) struct DeltaSummary<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    assessed_at: Timestamp,
    ready: bool,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    labelled_by: Option<&'a Person>,
    category: Category,
    risk: &'a Risk,
    outage_minutes: u32,
    /// The digest of everything that the policy was read from.
    policy: Digest,
    /// The digest of everything that readiness rests on.
    facts: Digest,
    /// All reasons, blocking ones first.
    reasons: &'a [Reason],
    /// The smallest set of evidence that would turn the verdict.
    needed: &'a [Needed],
    components: Vec<Component<'a>>,
    reviews: Vec<Reviewed<'a>>,
    /// The policy's waivers that are about entries of the delta (PO5).
    waivers: Vec<&'a Waiver>,
}

impl<'a> DeltaSummary<'a> {
    pub(super) fn of(facts: &'a Facts, readiness: &'a Readiness, assessment: &'a Assessment) -> Self {
        let entries = facts.delta.entries.iter().map(|(name, (_, entry))| (name.as_str(), &**entry));
        let concerned = |waiver: &&Waiver| {
            let glob = glob(&waiver.entries, "waivers.entries");
            glob.is_ok_and(|glob| facts.delta.entries.keys().any(|name| glob.is_match(name)))
        };
        Self {
            head: Head::of(facts, "countersign/delta-summary/v1"),
            assessed_at: facts.now,
            ready: assessment.ready,
            kind: assessment.kind,
            labelled_by: assessment.labelled_by.as_ref(),
            category: assessment.category,
            risk: &assessment.risk,
            outage_minutes: assessment.outage_minutes,
            policy: assessment.policy,
            facts: assessment.facts,
            reasons: &readiness.reasons,
            needed: &readiness.needed,
            components: posture::components(facts, entries, &readiness.posture),
            reviews: posture::reviews(facts),
            waivers: facts.policy.waivers.iter().filter(concerned).collect(),
        }
    }

    pub(super) fn page(&self, facts: &Facts, assessment: &Assessment) -> String {
        let most = |rows, bytes| Most { rows, bytes, rest: "delta-summary.json" };
        let blocking = self.reasons.iter().filter(|reason| reason.blocking).count();
        let noted = self.reasons.len().saturating_sub(blocking);
        let mut page = Page::default();
        page.heading(1, join([ours("Delta Summary for "), code(facts.target.label())]));
        posture::show_verdict(&mut page, assessment, blocking);
        if blocking > 0 {
            page.heading(2, ours("What blocks"));
            let reasons = self.reasons.iter().filter(|reason| reason.blocking);
            posture::show_reasons(&mut page, reasons, blocking, most(50, 16_000));
        }
        if !self.needed.is_empty() {
            page.heading(2, ours("Evidence that would make it ready"));
            posture::show_needed(&mut page, self.needed, most(30, 5_000));
        }
        page.heading(2, ours("Risk"));
        posture::show_risk(&mut page, self.risk, most(20, 3_000));
        page.heading(2, ours("Components"));
        posture::show_components(&mut page, &self.components, most(200, 16_000));
        if noted > 0 {
            page.heading(2, ours("Noted: waivers, exemptions and warnings"));
            let reasons = self.reasons.iter().filter(|reason| !reason.blocking);
            posture::show_reasons(&mut page, reasons, noted, most(30, 9_000));
        }
        if !self.reviews.is_empty() {
            page.heading(2, ours("Reviews of the promotion"));
            posture::show_reviews(&mut page, &self.reviews, most(20, 2_000));
        }
        page.paragraph([prose(format!(
            "Judged at {} under policy `{}`, resting on facts `{}`.",
            facts.now,
            self.policy.short(),
            self.facts.short()
        ))]);
        page.finish()
    }
}

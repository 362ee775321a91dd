//! What several attachments show alike: the change, how each demand stands, what is wrong, and the risk.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::attachments::markdown::{Inline, Most, Page, code, count, join, names, ours, prose, strong};
use crate::change::event::{Assessment, Kind};
use crate::evidence::{Check, Evidence, Outcome, Signer};
use crate::facts::{Facts, From, Target};
use crate::inventory::{Difference, Entry};
use crate::policy::Level;
use crate::promotion::{Person, Review};
use crate::readiness::reason::Reason;
use crate::readiness::{Needed, Posture, Standing};
use crate::risk::{Risk, word};
use crate::scalar::{Commit, Digest, Timestamp};

/// What every file begins with.
#[derive(Debug, Serialize)]
pub(super) struct Head<'a> {
    format: &'static str,
    target: &'a Target,
    promotion: Promoted<'a>,
    /// The inventory commit that is deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_commit: Option<&'a Commit>,
    /// The inventory commit that was concluded last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_concluded_commit: Option<&'a Commit>,
    /// The digest of what is deployed.
    delta: Digest,
}

#[derive(Debug, Serialize)]
struct Promoted<'a> {
    repository: &'a str,
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    title: &'a str,
    author: &'a Person,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_by: Option<&'a Person>,
    head: &'a Commit,
    #[serde(skip_serializing_if = "Option::is_none")]
    merge_commit: Option<&'a Commit>,
}

impl<'a> Head<'a> {
    pub(super) fn of(facts: &'a Facts, format: &'static str) -> Self {
        let promotion = &facts.promotion;
        Self {
            format,
            target: &facts.target,
            promotion: Promoted {
                repository: &promotion.repository,
                number: promotion.number,
                url: promotion.url.as_deref(),
                title: &promotion.title,
                author: &promotion.author,
                merged_by: promotion.merged_by.as_ref(),
                head: &promotion.head,
                merge_commit: promotion.merge_commit.as_ref(),
            },
            inventory_commit: facts.inventory.commit.as_ref(),
            last_concluded_commit: facts.concluded.as_ref().and_then(|concluded| concluded.commit.as_ref()),
            delta: facts.delta_digest(),
        }
    }
}

/// One entry with everything that is demanded of it.
#[derive(Debug, Serialize)]
pub(super) struct Component<'a> {
    pub(super) entry: &'a str,
    /// How it differs from what was concluded; absent: it is not part of the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) difference: Option<Difference>,
    pub(super) artifact: &'a str,
    pub(super) version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<Digest>,
    pub(super) demands: Vec<Demand<'a>>,
}

/// One demand, how it stands, and what says so.
#[derive(Debug, Serialize)]
pub(super) struct Demand<'a> {
    check: &'a Check,
    level: Level,
    standing: Standing,
    evidence: Vec<Speaking<'a>>,
}

/// One record of evidence that speaks.
#[derive(Debug, Serialize)]
struct Speaking<'a> {
    document: &'a str,
    digest: Digest,
    tool: &'a str,
    outcome: Outcome,
    date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<&'a Signer>,
}

impl<'a> Speaking<'a> {
    fn of(from: &'a From<std::rc::Rc<Evidence>>) -> Self {
        let evidence = &from.value;
        Self {
            document: &from.document,
            digest: from.digest,
            tool: &evidence.tool,
            outcome: evidence.outcome,
            date: evidence.date,
            run: evidence.origin.run.as_deref(),
            attempt: evidence.origin.attempt,
            url: evidence.origin.url.as_deref(),
            signer: evidence.signer.as_ref(),
        }
    }
}

/// The entries with how each demand on them stands, by name.
pub(super) fn components<'a>(
    facts: &'a Facts,
    entries: impl Iterator<Item = (&'a str, &'a Entry)>,
    posture: &'a [Posture],
) -> Vec<Component<'a>> {
    let by_entry: BTreeMap<&str, &[Posture]> = posture
        .chunk_by(|one, next| one.entry == next.entry)
        .filter_map(|demands| Some((&*demands.first()?.entry, demands)))
        .collect();
    entries
        .map(|(name, entry)| Component {
            entry: name,
            difference: facts.delta.entries.get(name).map(|(difference, _)| *difference),
            artifact: &entry.artifact,
            version: &entry.version,
            sha256: entry.sha256,
            demands: by_entry.get(name).copied().unwrap_or_default().iter().map(demand).collect(),
        })
        .collect()
}

fn demand(posture: &Posture) -> Demand<'_> {
    Demand {
        check: &posture.check,
        level: posture.level,
        standing: posture.standing,
        evidence: posture.evidence.iter().map(Speaking::of).collect(),
    }
}

impl Demand<'_> {
    fn is_met(&self) -> bool {
        match (self.standing, self.level) {
            (Standing::Success, _) | (Standing::Missing, Level::RequiredIfPresent) => true,
            (Standing::Missing, Level::Required | Level::Recommended)
            | (Standing::Failure | Standing::Pending | Standing::Waived, _) => false,
        }
    }
}

impl Component<'_> {
    fn met(&self) -> usize {
        self.demands.iter().filter(|demand| demand.is_met()).count()
    }

    pub(super) fn is_met(&self) -> bool {
        self.demands.iter().all(Demand::is_met)
    }
}

/// A table of the components, those with something open first.
pub(super) fn show_components(page: &mut Page, components: &[Component<'_>], most: Most) {
    let open = components.iter().filter(|component| !component.is_met());
    let all = open.chain(components.iter().filter(|component| component.is_met()));
    let rows = all.map(|component| {
        let open: Vec<Inline> = component
            .demands
            .iter()
            .filter(|demand| !demand.is_met())
            .flat_map(|demand| {
                let weight = match demand.level {
                    Level::Required | Level::RequiredIfPresent => "",
                    Level::Recommended => " (recommended)",
                };
                [ours(", "), code(demand.check), ours(" "), prose(word(&demand.standing)), ours(weight)]
            })
            .skip(1)
            .collect();
        [
            code(component.entry),
            difference(component.difference),
            code(short(component.version)),
            prose(format!("{} of {}", component.met(), component.demands.len())),
            if open.is_empty() { ours("-") } else { join(open) },
        ]
    });
    page.table(["Component", "Change", "Version", "Met", "Open"], components.len(), rows, most);
}

/// How an entry differs, in one word.
pub(super) fn difference(difference: Option<Difference>) -> Inline {
    ours(match difference {
        Some(Difference::Added) => "added",
        Some(Difference::Changed) => "changed",
        Some(Difference::Unchanged) => "deployed again",
        None => "none",
    })
}

/// A commit or another long id as people write it.
pub(super) fn short(text: &str) -> String {
    let hex = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex { text.chars().take(12).collect() } else { crate::scalar::shorten(text) }
}

/// The verdict, in two lines: what it is, and what it rests on.
pub(super) fn show_verdict(page: &mut Page, assessment: &Assessment, blocking: usize) {
    let emergency = match assessment.kind {
        Kind::Emergency => join([strong("Emergency."), ours(" ")]),
        Kind::Standard => ours(""),
    };
    let noted = usize::try_from(assessment.reason_count).unwrap_or(usize::MAX).saturating_sub(blocking);
    let verdict = if assessment.ready { strong("Ready.") } else { strong("Not ready.") };
    let blocks = ours(if blocking == 1 { " blocks, " } else { " block, " });
    let noted = [count(blocking, "reason"), blocks, prose(noted), ours(" more noted.")];
    page.paragraph([emergency, verdict, ours(" "), join(noted)]);
    let Risk { level, limit, .. } = &assessment.risk;
    let within = if assessment.risk.is_acceptable() { "within" } else { "above" };
    page.paragraph([prose(format!(
        "Risk {}, {within} the limit {}. Category {}. Outage {} minutes.",
        word(level),
        word(limit),
        word(&assessment.category),
        assessment.outage_minutes
    ))]);
}

/// Reasons as a table: what is wrong, what mends it, and the document that it rests on.
pub(super) fn show_reasons<'a>(page: &mut Page, reasons: impl Iterator<Item = &'a Reason>, total: usize, most: Most) {
    let rows = reasons.map(|reason| {
        let source = match &reason.source {
            None => ours("-"),
            Some(source) => join([
                code(&source.document),
                match &source.place {
                    Some(place) => join([ours(" at "), code(place)]),
                    None => ours(""),
                },
            ]),
        };
        [code(word(&reason.code)), code(&reason.rule), prose(&reason.message), prose(&reason.help), source]
    });
    page.table(["Code", "Rule", "What is wrong", "What mends it", "Document"], total, rows, most);
}

/// The smallest set of evidence that would turn the verdict (RD3).
pub(super) fn show_needed(page: &mut Page, needed: &[Needed], most: Most) {
    let items = needed.iter().map(|needed| {
        let tool = match &needed.tool {
            Some(tool) => join([ours(" by "), code(tool)]),
            None => ours(""),
        };
        join([code(&needed.check), tool, ours(" for "), names(needed.entries.iter(), 5)])
    });
    page.list(needed.len(), items, most);
}

/// The risk with its factors (RK1).
pub(super) fn show_risk(page: &mut Page, risk: &Risk, most: Most) {
    let rows =
        risk.factors.iter().map(|factor| [prose(&factor.factor), prose(&factor.value), prose(word(&factor.level))]);
    page.table(["Factor", "Value", "Risk"], risk.factors.len(), rows, most);
}

/// One review of the promotion pull request.
#[derive(Debug, Serialize)]
pub(super) struct Reviewed<'a> {
    by: &'a Person,
    approves: bool,
    commit: &'a Commit,
    /// Whether it is about the head commit; a review of another one does not count (PC2).
    of_head: bool,
}

/// The reviews of the promotion pull request (AT2).
pub(super) fn reviews(facts: &Facts) -> Vec<Reviewed<'_>> {
    let promotion = &facts.promotion;
    let reviews = promotion.reviews.iter();
    reviews
        .map(|Review { by, approves, commit }| Reviewed {
            by,
            approves: *approves,
            commit,
            of_head: *commit == promotion.head,
        })
        .collect()
}

/// A table of the reviews.
pub(super) fn show_reviews(page: &mut Page, reviews: &[Reviewed<'_>], most: Most) {
    let rows = reviews.iter().map(|review| {
        [
            code(&review.by.login),
            ours(if review.approves { "approves" } else { "asks for changes" }),
            code(short(review.commit.as_str())),
            ours(if review.of_head { "yes" } else { "no, of an earlier commit" }),
        ]
    });
    page.table(["Reviewer", "Word", "Commit", "Counts"], reviews.len(), rows, most);
}

//! The category of a change, and the reviews that it needs (PC1, PC2, PC3).

use std::collections::BTreeSet;

use crate::facts::{Facts, glob};
use crate::policy::{Category, Pattern};
use crate::promotion::{Person, RiskLevel};
use crate::readiness::reason::{Code, Reason};
use crate::scalar::Name;

/// The category of the change, by labels, paths, entries and declared risk (PC1). The highest that applies wins.
#[must_use]
pub fn categorize(facts: &Facts) -> Category {
    let process = &facts.policy.process;
    let infrastructure = facts.delta.entries.values().any(|(_, entry)| entry.is_infrastructure());
    let declared_high = facts.fields.declared_risk == Some(RiskLevel::High);
    let paths = paths(facts);
    if infrastructure || declared_high || touches(facts, &process.high_risk, &paths) {
        Category::HighRisk
    } else if is_wholly(facts, &process.standard, &paths) {
        Category::Standard
    } else {
        Category::Normal
    }
}

/// What is missing among the reviews of the promotion pull request (PC2, PC3).
#[must_use]
pub fn reviews(facts: &Facts) -> Vec<Reason> {
    let process = &facts.policy.process;
    if facts.restoration.is_some() {
        // Nothing is promoted: what is deployed was reviewed when it was (FR1).
        return Vec::new();
    }
    let mut reasons = Vec::new();
    let approvers = independent_approvers(facts);
    let category = categorize(facts);
    if process.require_approvals && !facts.promotion.contributors_complete {
        reasons.push(Reason::new(
            Code::ApprovalsMissing,
            format!(
                "not all commits of pull request {} were read, so nobody's approval is known to be independent",
                facts.promotion.number
            ),
            "give its commits beside it, as `GET /pulls/{number}/commits` lists them".to_owned(),
        ));
    }
    if process.require_approvals {
        let (floor, asked) = match category {
            Category::Standard => (1, process.standard_approvals),
            Category::Normal => (1, process.normal_approvals),
            Category::HighRisk => (2, process.high_risk_approvals),
        };
        let needed = usize::try_from(asked.max(floor)).unwrap_or(usize::MAX);
        if approvers.len() < needed {
            reasons.push(Reason::new(
                Code::ApprovalsMissing,
                format!(
                    "pull request {} has {} of {needed} approvals that a {} change needs",
                    facts.promotion.number,
                    approvers.len(),
                    crate::risk::word(&category),
                ),
                "have people approve its head commit who are neither author, committer, merger nor the one who started \
                 this run"
                    .to_owned(),
            ));
        }
        let led = process.tech_leads.iter().any(|lead| one_of(facts, lead, &approvers));
        if category == Category::HighRisk && !led {
            reasons.push(Reason::new(
                Code::TechLeadMissing,
                "no tech lead approved this high-risk change".to_owned(),
                "ask one of `process.tech-leads` to approve the pull request".to_owned(),
            ));
        }
    }
    if security_review_is_due(facts) {
        let reviewed = process.security_team.iter().any(|member| one_of(facts, member, &approvers));
        if !reviewed {
            reasons.push(Reason::new(
                Code::SecurityReviewMissing,
                "the change needs a security review".to_owned(),
                "ask one of `process.security-team` to approve the pull request".to_owned(),
            ));
        }
    }
    reasons
}

/// Whether a person, or a member of the team `@organization/team`, is among the approvers. A team that was not read has none.
fn one_of(facts: &Facts, named: &Name, approvers: &BTreeSet<&str>) -> bool {
    match facts.promotion.teams.get(named.as_str()) {
        Some(members) => members.iter().any(|member| approvers.contains(member.as_str())),
        None => approvers.contains(named.as_str()),
    }
}

/// Whether something that the change touches needs a security review (PC3).
#[must_use]
pub fn security_review_is_due(facts: &Facts) -> bool {
    touches(facts, &facts.policy.process.security_review, &paths(facts))
}

/// Ids of those who approved the head commit and had no other part in the change (PC2).
///
/// People are compared by id and by login: a commit may name somebody by e-mail address alone.
fn independent_approvers(facts: &Facts) -> BTreeSet<&str> {
    let promotion = &facts.promotion;
    let others = [&promotion.author].into_iter().chain(&promotion.merged_by).chain(&facts.run.actor);
    let involved: Vec<&Person> = promotion.contributors.iter().chain(others).collect();
    let took_part = |person: &Person| {
        involved.iter().any(|other| other.id == person.id || other.login.eq_ignore_ascii_case(&person.login))
    };
    promotion
        .reviews
        .iter()
        .filter(|review| review.approves && review.commit == promotion.head && !took_part(&review.by))
        .map(|review| review.by.id.as_str())
        .collect()
}

/// Changed paths if they were read, and the names of the entries in any case.
fn paths(facts: &Facts) -> Vec<&str> {
    let entries = facts.delta.entries.keys().chain(&facts.delta.removed);
    facts.promotion.changed_paths.iter().flatten().chain(entries).map(String::as_str).collect()
}

fn labelled(facts: &Facts, pattern: &Pattern) -> bool {
    let labels = &facts.promotion.labels;
    pattern.labels.iter().any(|wanted| labels.iter().any(|label| label.name.eq_ignore_ascii_case(wanted)))
}

/// Whether any path or label matches.
fn touches(facts: &Facts, pattern: &Pattern, paths: &[&str]) -> bool {
    let globs: Vec<_> = pattern.paths.iter().filter_map(|text| glob(text, "process").ok()).collect();
    labelled(facts, pattern) || paths.iter().any(|path| globs.iter().any(|glob| glob.is_match(path)))
}

/// Whether a label matches, or every path does.
fn is_wholly(facts: &Facts, pattern: &Pattern, paths: &[&str]) -> bool {
    let globs: Vec<_> = pattern.paths.iter().filter_map(|text| glob(text, "process").ok()).collect();
    let all = !globs.is_empty() && paths.iter().all(|path| globs.iter().any(|glob| glob.is_match(path)));
    labelled(facts, pattern) || all
}

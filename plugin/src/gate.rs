//! The gate: whether a change request may be approved, by whom, and whether that approval still stands (CR3, GA1..GA3).

use std::collections::BTreeSet;

use crate::change::event::{self, Assessment, Basis, Decision, Kind, Observed, Status};
use crate::change::state::{Filed, Life};
use crate::facts::Facts;
use crate::policy::Category;
use crate::promotion::Person;

/// What stands in the way of an automatic approval (CR3). Each is told to the approvers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Obstacle {
    /// The evidence does not permit it.
    NotReady,
    /// Something will be down (CR5).
    PlannedDowntime,
    /// The risk is above the limit (RK2).
    Risk,
    /// High-risk changes are started by a person (PC5).
    HighRisk,
    /// The change request was made by hand, and is approved by hand (CR5).
    Supplied,
}

impl Obstacle {
    /// The obstacle in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotReady => "the change is not ready",
            Self::PlannedDowntime => "the deployment causes an outage",
            Self::Risk => "the risk is above the acceptable limit",
            Self::HighRisk => "a high-risk change is started by a person",
            Self::Supplied => "the change request was made by hand",
        }
    }
}

/// Everything that stands in the way of an automatic approval; nothing: ready, and no outage, and the risk within the
/// limit (CR3).
#[must_use]
pub fn obstacles(supplied: bool, assessment: &Assessment) -> Vec<Obstacle> {
    let candidates = [
        (!assessment.ready, Obstacle::NotReady),
        (assessment.outage_minutes > 0, Obstacle::PlannedDowntime),
        (!assessment.risk.is_acceptable(), Obstacle::Risk),
        (assessment.category == Category::HighRisk, Obstacle::HighRisk),
        (supplied, Obstacle::Supplied),
    ];
    candidates.into_iter().filter(|(stands, _)| *stands).map(|(_, obstacle)| obstacle).collect()
}

/// What the change request, as its system shows it, permits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ruling {
    /// People approved it.
    Approved(Basis),
    /// It was rejected or cancelled.
    Rejected(String),
    /// Nobody has approved it.
    Unapproved,
    /// People approved it, but their approvals do not count: why, for each (PC2, GA2).
    Void(Vec<String>),
}

/// Judges what people said. Positive proof only: a state alone approves nothing (T21).
#[must_use]
pub fn judge(facts: &Facts, life: &Life, filed: &Filed, observed: &Observed) -> Ruling {
    match observed.status {
        Status::Canceled => return Ruling::Rejected("the change request is cancelled".to_owned()),
        Status::Closed => return Ruling::Rejected("the change request is closed".to_owned()),
        Status::New | Status::Assess | Status::Authorize | Status::Scheduled | Status::Implement | Status::Review => {}
    }
    let standing: Vec<&Decision> = event::standing(&observed.decisions).collect();
    if let Some(no) = standing.iter().find(|decision| !decision.approves) {
        let why = no.why.as_deref().map(|why| format!(": {}", crate::scalar::shorten(why))).unwrap_or_default();
        return Ruling::Rejected(format!("`{}` rejected it{why}", no.by.login));
    }
    let involved = involved(facts, life, filed);
    let mut approvers: Vec<Person> = Vec::new();
    let mut void = Vec::new();
    for decision in standing {
        let login = crate::scalar::shorten(&decision.by.login);
        match (
            involved.contains(decision.by.id.as_str()),
            binds(decision.change.as_ref(), &filed.opened.key, filed),
            binds(decision.delta.as_ref(), &filed.opened.delta, filed),
            binds(decision.policy.as_ref(), &filed.assessment.policy, filed),
        ) {
            (true, _, _, _) => void.push(format!("`{login}` had a part in this change and cannot approve it")),
            (false, _, false, _) => void.push(format!("`{login}` approved another delta")),
            (false, false, true, _) => void.push(format!("`{login}` approved another change")),
            (false, true, true, false) => void.push(format!("`{login}` approved under another policy")),
            (false, true, true, true) => approvers.push(decision.by.clone()),
        }
    }
    let needed = match filed.assessment.category {
        Category::Standard | Category::Normal => 1,
        Category::HighRisk => 2,
    };
    match (approvers.len() >= needed, void.is_empty()) {
        (true, _) => Ruling::Approved(Basis::People { approvers }),
        (false, false) => Ruling::Void(void),
        (false, true) => Ruling::Unapproved,
    }
}

/// Whether an approval is about what it must be about. Only a change request that was made by hand may leave it unsaid.
fn binds<T: PartialEq>(said: Option<&T>, meant: &T, filed: &Filed) -> bool {
    match said {
        Some(said) => said == meant,
        None => filed.opened.supplied.is_some() && is_ours(filed),
    }
}

/// Whether no other change used the request before this one (EX3).
fn is_ours(filed: &Filed) -> bool {
    let used = filed.observed.as_ref().and_then(|(_, observed)| observed.change);
    used.is_none_or(|change| change == filed.opened.key)
}

/// Ids of everyone who had a part in the change: in the promotion, or in starting one of its runs (PC2).
fn involved<'a>(facts: &'a Facts, life: &'a Life, filed: &'a Filed) -> BTreeSet<&'a str> {
    let actors = life.runs.iter().chain([&facts.run]).filter_map(|run| run.actor.as_ref());
    filed.opened.involved.iter().map(String::as_str).chain(actors.map(|actor| actor.id.as_str())).collect()
}

/// Whether the promotion carries the emergency label, put there by somebody who may; and who that was (EM1, EM5, PR6).
#[must_use]
pub fn kind(facts: &Facts) -> (Kind, Option<Person>) {
    let emergency = &facts.policy.emergency;
    let entitled_to = |person: Option<&Person>| {
        emergency.appliers.is_empty()
            || person.is_some_and(|person| emergency.appliers.iter().any(|applier| applier.as_str() == person.id))
    };
    if let Some(restoration) = &facts.restoration {
        let actor = facts.run.actor.as_ref();
        return match restoration.emergency && entitled_to(actor) {
            true => (Kind::Emergency, actor.cloned()),
            false => (Kind::Standard, None),
        };
    }
    let labels = || facts.promotion.labels.iter().filter(|label| label.name.eq_ignore_ascii_case(&emergency.label));
    match (labels().find(|label| entitled_to(label.applied_by.as_ref())), labels().next()) {
        (Some(label), _) => (Kind::Emergency, label.applied_by.clone()),
        (None, Some(label)) => (Kind::Standard, label.applied_by.clone()),
        (None, None) => (Kind::Standard, None),
    }
}

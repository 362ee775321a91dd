//! What is owed after an emergency: by whom, until when, and how it is fulfilled (EM4).

use std::collections::{BTreeMap, BTreeSet};

use crate::change::event::{Assessment, Engine, Event, Opened};
use crate::change::journal::Journal;
use crate::change::obligation::{Duty, Fulfilment, Obligation};
use crate::policy::Emergency;
use crate::problem::Problem;
use crate::promotion::Person;
use crate::scalar::{Name, Timestamp, shorten};

/// Everything that an emergency owes which is activated `now`: reviews, evidence, and learning from it.
#[must_use]
pub fn of(opened: &Opened, assessment: &Assessment, policy: &Emergency, now: Timestamp) -> Vec<Obligation> {
    let fixed = [
        ("review", Duty::Review, "review and approve the change in retrospect".to_owned(), policy.review_hours),
        ("retrospective", Duty::Retrospective, "hold a retrospective".to_owned(), policy.retrospective_hours),
        ("root-cause", Duty::RootCause, "find the root cause and write it down".to_owned(), policy.root_cause_hours),
        (
            "reconciliation",
            Duty::Reconciliation,
            "bring the lower environments to what was deployed".to_owned(),
            policy.reconciliation_hours,
        ),
    ];
    let gaps = gaps(assessment).into_iter().map(|(id, what)| (id, Duty::EvidenceGap, what, policy.remediation_hours));
    let all = fixed.into_iter().map(|(id, duty, what, hours)| (id.to_owned(), duty, what, hours)).chain(gaps);
    all.filter_map(|(id, duty, what, hours)| {
        let due = now.plus_seconds(i64::from(hours).saturating_mul(3600));
        Some(Obligation { id: id.parse().ok()?, duty, what, owner: opened.fields.assignee.clone(), due })
    })
    .collect()
}

/// What the emergency passed over, each by check or by the code of its reason.
fn gaps(assessment: &Assessment) -> Vec<(String, String)> {
    let mut checks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut others: BTreeMap<String, &str> = BTreeMap::new();
    for reason in assessment.reasons.iter().filter(|reason| reason.blocking) {
        match &reason.check {
            Some(check) => checks.entry(check.as_str()).or_default().extend(reason.entry.as_deref()),
            None => _ = others.entry(crate::risk::word(&reason.code)).or_insert(&reason.message),
        }
    }
    let checks = checks.into_iter().map(|(check, entries)| {
        let entries = entries.into_iter().collect::<Vec<_>>().join(", ");
        (format!("gap-{check}"), format!("have `{check}` succeed under standard conditions for {entries}"))
    });
    let others =
        others.into_iter().map(|(code, message)| (format!("gap-{code}"), format!("mend in retrospect: {message}")));
    let told = u32::try_from(assessment.reasons.len()).unwrap_or(u32::MAX);
    let untold = assessment.reason_count.saturating_sub(told);
    let rest = (untold > 0)
        .then(|| ("gap-others".to_owned(), format!("mend the {untold} further reasons that the Delta Summary lists")));
    checks.chain(others).chain(rest).collect()
}

/// What is owed and was due before `now`, of a change whose emergency was activated.
pub fn overdue(journal: &Journal, now: Timestamp) -> impl Iterator<Item = &Obligation> {
    let open = journal.life.obligations.iter().filter(|(_, fulfilled)| fulfilled.is_none());
    open.map(|(obligation, _)| obligation).filter(move |obligation| obligation.due <= now)
}

/// What somebody says that they did.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Which obligation.
    pub obligation: Name,
    /// Who did it.
    pub by: Person,
    /// Where to look at it.
    pub reference: String,
    /// What else is to say.
    pub note: Option<String>,
}

/// Writes down that an obligation was fulfilled. A review counts only from somebody who had no part in the change (PC2).
pub fn fulfil(journal: &mut Journal, now: Timestamp, claim: Claim, engine: &Engine) -> Result<(), Problem> {
    let Claim { obligation, by, reference, note } = claim;
    let known = journal.life.obligations.iter().find(|(known, _)| known.id == obligation);
    let duty = match known {
        Some((known, None)) => known.duty,
        Some((_, Some(_))) => {
            return Err(Problem::new(
                format!("`{}` is fulfilled already", shorten(obligation.as_str())),
                "look at the change with `countersign obligations --all`",
            ));
        }
        None => {
            let ids: Vec<&str> = journal.life.obligations.iter().map(|(known, _)| known.id.as_str()).collect();
            let help = match ids.as_slice() {
                [] => "only an emergency that was activated owes something".to_owned(),
                ids => format!("it is one of {}", ids.join(", ")),
            };
            return Err(Problem::new(format!("the change does not owe `{}`", shorten(obligation.as_str())), help));
        }
    };
    if reference.trim().is_empty() {
        return Err(Problem::new("the reference is empty", "say where to look at what was done: a link or a ticket"));
    }
    if duty == Duty::Review && took_part(journal, &by) {
        return Err(Problem::new(
            format!("`{}` had a part in this change and cannot review it", shorten(&by.login)),
            "have somebody review it who had none",
        ));
    }
    journal.push(now, Event::Fulfilled(Fulfilment { obligation, by, reference, note, engine: engine.clone() }))
}

fn took_part(journal: &Journal, person: &Person) -> bool {
    let involved = journal.life.change.opened().is_some_and(|opened| opened.involved.contains(&person.id));
    let started = journal.life.runs.iter().filter_map(|run| run.actor.as_ref()).any(|actor| actor.id == person.id);
    involved || started
}

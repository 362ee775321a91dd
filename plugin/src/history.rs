//! What the journals of other changes say about this one: what failed, what was proved, what is owed.

use crate::change::event::{Closure, Conclusion};
use crate::change::journal::Journal;
use crate::change::state::{Change, Ending, Filed};
use crate::facts::{Facts, Past, Target, Validated};
use crate::obligations;
use crate::order;
use crate::problem::Problem;
use crate::scalar::{Commit, Digest, Name, Timestamp};

/// Reads the past of the change `own` out of all journals; its own journal is not its past.
#[must_use]
pub fn past(journals: &[Journal], own: &Digest, facts: &Facts) -> Past {
    let Facts { target, policy, now, .. } = facts;
    let others = || {
        let is_other = |journal: &&Journal| journal.life.change.opened().is_none_or(|opened| opened.key != *own);
        journals.iter().filter(is_other)
    };
    let here = || others().filter(|journal| is_at(journal, &target.environment, target.region.as_ref()));
    let staging = policy.staging.as_ref().map(|staging| &staging.environment);
    Past {
        unsuccessful: policy.risk.unsuccessful_within_days.is_some_and(|days| {
            let since = now.plus_seconds(i64::from(days).saturating_mul(-86_400));
            here().any(|journal| is_unsuccessful(journal) && journal.life.last_at.is_some_and(|at| at >= since))
        }),
        validated: staging.and_then(|environment| {
            let there = others().filter(|journal| {
                is_at(journal, environment, target.region.as_ref()) || is_at(journal, environment, None)
            });
            let pointer = facts.staging.as_ref().and_then(|staging| staging.commit.as_ref());
            concluded(there, pointer).last().map(|(_, filed, ending)| Validated {
                id: filed.id.clone(),
                commit: filed.opened.commit.clone(),
                tested: ending.conclusion == Conclusion::Succeeded,
            })
        }),
        overdue: here()
            .flat_map(|journal| {
                let id = journal.life.change.filed().map_or("", |filed| filed.id.as_str());
                obligations::overdue(journal, *now)
                    .map(move |owed| format!("`{id}` owes `{}` since {}: {}", owed.id, owed.due, owed.what))
            })
            .collect(),
        shares_request: facts.change_request_id.as_ref().is_some_and(|supplied| {
            others().filter_map(|journal| journal.life.change.filed()).any(|filed| filed.id == *supplied)
        }),
    }
}

/// The change to restore: a concluded deployment of the same target, at most so many deployments back (FR2).
pub fn to_restore<'j>(
    journals: &'j [Journal],
    id: &Name,
    target: &Target,
    pointer: Option<&Commit>,
    limit: u32,
) -> Result<(&'j Filed, &'j Filed), Problem> {
    let refuse = |message: String, help: &str| Err(Problem::new(message, help));
    let known = journals.iter().filter_map(|journal| journal.life.change.filed()).find(|filed| filed.id == *id);
    let Some(known) = known else {
        return refuse(
            format!("there is no journal of change request `{id}`"),
            "name a change request whose deployment was concluded on this target",
        );
    };
    let there = &known.opened.target;
    if there.environment != target.environment || there.region != target.region {
        return refuse(
            format!("change request `{id}` deployed to {}, and this is {}", there.label(), target.label()),
            "name a change request of the same environment and region",
        );
    }
    let here = journals.iter().filter(|journal| is_at(journal, &target.environment, target.region.as_ref()));
    let concluded: Vec<_> = concluded(here, pointer).collect();
    let Some((back, (_, filed, _))) = concluded.iter().rev().enumerate().find(|(_, (_, filed, _))| filed.id == *id)
    else {
        return refuse(
            format!("the deployment of change request `{id}` was not concluded"),
            "name a change request that was deployed and tested with success",
        );
    };
    let Some((_, current, _)) = concluded.last() else {
        return refuse("nothing was deployed yet".to_owned(), "deploy something first");
    };
    if current.opened.restores.as_ref() == Some(id) {
        // It is restored already, so that nothing differs, which is said as of any other change.
        return Ok((filed, current));
    }
    match u32::try_from(back).unwrap_or(u32::MAX) {
        0 => refuse(
            format!("change request `{id}` is what is deployed now"),
            "name the change request whose state is to be restored",
        ),
        back if back > limit => refuse(
            format!("change request `{id}` is {back} deployments back, and the policy allows {limit}"),
            "name a later one, or raise `deployment.rollback-limit`",
        ),
        _ => Ok((filed, current)),
    }
}

fn is_at(journal: &Journal, environment: &Name, region: Option<&Name>) -> bool {
    let target = journal.life.change.opened().map(|opened| &opened.target);
    target.is_some_and(|target| target.environment == *environment && target.region.as_ref() == region)
}

/// When the pointer was moved. A host that died while it moved it could not write that down: then the pointer tells.
fn concluded_at(journal: &Journal, filed: &Filed, pointer: Option<&Commit>) -> Option<Timestamp> {
    let moved = pointer.is_some() && filed.opened.commit.as_ref() == pointer;
    journal.life.concluded_at.or(journal.life.last_at.filter(|_| moved))
}

fn is_unsuccessful(journal: &Journal) -> bool {
    matches!(&journal.life.change, Change::Closed(_, ending) if ending.category == Closure::Unsuccessful)
}

/// The concluded deployments among these, in the order in which they were concluded.
fn concluded<'j>(
    journals: impl Iterator<Item = &'j Journal>,
    pointer: Option<&Commit>,
) -> impl DoubleEndedIterator<Item = (Timestamp, &'j Filed, &'j Ending)> {
    let mut concluded: Vec<_> = journals
        .filter_map(|journal| match &journal.life.change {
            Change::Closed(filed, ending) if ending.conclusion.is_success() => {
                Some((concluded_at(journal, filed, pointer)?, filed, ending))
            }
            _ => None,
        })
        .collect();
    order::sort_by(&mut concluded, |a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    concluded.into_iter()
}

//! What the registers say about this change: what failed, what was proved, what is owed, and what can be restored.

use crate::change::event::Closure;
use crate::change::state::Filed;
use crate::facts::{Facts, Past, Target, Validated};
use crate::problem::Problem;
use crate::register::{Concluded, Register};
use crate::scalar::{Digest, Name};

/// What the registers of the target and of its staging say. What the change `own` did itself is not its past.
#[must_use]
pub fn past(here: &Register, staging: &[Register], own: &Digest, facts: &Facts, shares_request: bool) -> Past {
    let Facts { policy, now, .. } = facts;
    let staged = staging.iter().filter_map(|register| register.concluded.last()).max_by_key(|concluded| concluded.at);
    Past {
        unsuccessful: policy.risk.unsuccessful_within_days.is_some_and(|days| {
            let since = now.plus_seconds(i64::from(days).saturating_mul(-86_400));
            let failed =
                here.outcomes.iter().filter(|ended| ended.category == Closure::Unsuccessful && ended.key != *own);
            failed.into_iter().any(|ended| ended.at >= since)
        }),
        validated: policy.staging.as_ref().and(staged).map(|concluded| Validated {
            id: concluded.id.clone(),
            commit: concluded.commit.clone(),
            tested: concluded.tested,
        }),
        overdue: here
            .obligations
            .iter()
            .filter(|owed| owed.key != *own && owed.due <= *now)
            .map(|owed| format!("`{}` owes `{}` since {}: {}", owed.change, owed.id, owed.due, owed.what))
            .collect(),
        shares_request,
    }
}

/// The deployment to restore, and the one that is there now: a concluded one of the same target, at most so many deployments back
/// (FR2). `known` is what its journal tells of the change request `id`, if there is one.
pub fn to_restore<'r>(
    here: &'r Register,
    known: Option<&Filed>,
    id: &Name,
    target: &Target,
    limit: u32,
) -> Result<(&'r Concluded, &'r Concluded), Problem> {
    let refuse = |message: String, help: &str| Err(Problem::new(message, help));
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
    let Some((back, good)) = here.concluded.iter().rev().enumerate().find(|(_, concluded)| concluded.id == *id) else {
        return refuse(
            format!("the deployment of change request `{id}` was not concluded"),
            "name a change request that was deployed and tested with success",
        );
    };
    let Some(current) = here.concluded.last() else {
        return refuse("nothing was deployed yet".to_owned(), "deploy something first");
    };
    if current.restores.as_ref() == Some(id) {
        // It is restored already, so that nothing differs, which is said as of any other change.
        return Ok((good, current));
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
        _ => Ok((good, current)),
    }
}

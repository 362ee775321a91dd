//! What bars a deployment now, whoever approved it: the calendar, the request's own time, what is owed (PC6, CR5, EM4).

use crate::calendar::{self, Allowed};
use crate::change::event::{Kind, Observed};
use crate::change::state::Filed;
use crate::plan::World;
use crate::plan::outcome::{Outcome, Stop};
use crate::scalar::{Name, Timestamp};

/// What bars the deployment now. An emergency lifts all of it (EM1).
pub(super) fn barred(world: &World<'_>, filed: &Filed) -> Option<Stop> {
    let facts = &*world.facts;
    let kind = filed.assessment.kind;
    let owed = &facts.past.overdue;
    let planned = filed.observed.as_ref().and_then(|(_, observed)| planned(facts.now, &filed.id, observed));
    match (kind, facts.policy.emergency.overdue_blocks && !owed.is_empty()) {
        (Kind::Emergency, _) => None,
        (Kind::Standard, true) => Some(
            Stop::new(
                Outcome::ObligationsOverdue,
                format!("an emergency on {} still owes what is overdue", facts.target.label()),
            )
            .help("do what is owed and write it down with `countersign fulfil`, then run it again")
            .details(owed.clone()),
        ),
        (Kind::Standard, false) => planned.or_else(|| window(world, kind)),
    }
}

/// Whether now is inside the time that a request made by hand was planned for (CR5).
fn planned(now: Timestamp, id: &Name, observed: &Observed) -> Option<Stop> {
    let outside = |message: String, help: String| Some(Stop::new(Outcome::OutsideWindow, message).help(help));
    match (observed.planned_start, observed.planned_end) {
        (Some(start), _) if now < start => {
            outside(format!("change request `{id}` is planned from {start} on"), format!("run it again from {start}"))
        }
        (_, Some(end)) if now >= end => {
            outside(format!("change request `{id}` was planned until {end}"), "prepare another one".to_owned())
        }
        (_, _) => None,
    }
}

/// Whether deployments are allowed now (PC6). An emergency lifts business hours.
fn window(world: &World<'_>, kind: Kind) -> Option<Stop> {
    let facts = &*world.facts;
    let calendar = facts.policy.calendar.as_ref()?;
    let region = facts.target.region.as_ref().map(Name::as_str);
    match (kind, calendar::allowed(calendar, region, facts.now)) {
        (Kind::Emergency, _) | (Kind::Standard, Allowed::Open { .. }) => None,
        (Kind::Standard, Allowed::Closed { why, next }) => {
            let help = match next {
                Some(next) => format!("run it again from {next}"),
                None => "no window opens within the next year; look at the policy's calendar".to_owned(),
            };
            let message = format!("deployments to {} are not allowed now", facts.target.label());
            let why = why.iter().map(ToString::to_string).collect();
            Some(Stop::new(Outcome::OutsideWindow, message).help(help).details(why))
        }
    }
}

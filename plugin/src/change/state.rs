//! The states of a change, named as ITIL names them (CR7), and the fold of events into them.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::event::{Assessment, Basis, Closure, Conclusion, Event, Observed, Opened, Ran, Status, Step};
use crate::change::obligation::{Fulfilment, Obligation};
use crate::facts::Run;
use crate::scalar::{Digest, Name, Timestamp};

/// Where a change stands. A variant holds exactly what is known there: a deployment that nobody approved cannot be
/// written down.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one change is alive at a time")]
pub enum Change {
    /// Nothing is known.
    New,
    /// Opened, not yet assessed.
    Draft(Opened),
    /// Assessed, not yet filed.
    Assess(Opened, Assessment),
    /// Filed, not approved.
    Authorize(Filed),
    /// Approved, not begun.
    Scheduled(Filed, Basis),
    /// Cleared by the gate, under way.
    Implement(Filed, Basis, Work),
    /// The work on the target is over; the record is being finished.
    Review(Filed, Basis, Work, Conclusion, Closing),
    /// Finished: closed, or left open with a category for people to finish.
    Closed(Filed, Ending),
    /// Rejected or cancelled before anything was deployed.
    Canceled(Filed, String),
}

/// A change whose request exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Filed {
    /// How it began.
    pub opened: Opened,
    /// The latest assessment before deployment.
    pub assessment: Assessment,
    /// The request's id.
    pub id: Name,
    /// Where to look at it.
    pub url: Option<String>,
    /// What is attached, by name.
    pub attached: BTreeMap<String, Digest>,
    /// Whether people were asked for approval.
    pub requested: bool,
    /// What was read last, and when.
    pub observed: Option<(Timestamp, Observed)>,
}

/// What was done on the target.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Work {
    /// Whether the change request shows that it is being implemented.
    pub implementing: bool,
    /// The commands that ended, in order.
    pub ran: Vec<Ran>,
}

impl Work {
    /// The last run of a command.
    #[must_use]
    pub fn last(&self, step: Step) -> Option<&Ran> {
        self.ran.iter().rev().find(|ran| ran.step == step)
    }
}

/// What was done to finish the record.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Closing {
    /// Readiness at closing time (RD4).
    pub reassessed: Option<Assessment>,
}

/// How a change ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending {
    /// How the work ended.
    pub conclusion: Conclusion,
    /// The category.
    pub category: Closure,
    /// Whether the request was left open for people to finish.
    pub left_open: bool,
    /// Whether the pointer to the last concluded deployment was moved.
    pub concluded: bool,
    /// Why it was deployed.
    pub basis: Basis,
}

/// An event that cannot happen in this state: the journal is damaged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{event}` cannot happen in state `{state}`")]
pub struct IllegalTransition {
    /// The state's name.
    pub state: &'static str,
    /// The event's name.
    pub event: &'static str,
}

impl Change {
    /// The state's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Draft(_) => "draft",
            Self::Assess(..) => "assess",
            Self::Authorize(_) => "authorize",
            Self::Scheduled(..) => "scheduled",
            Self::Implement(..) => "implement",
            Self::Review(..) => "review",
            Self::Closed(..) => "closed",
            Self::Canceled(..) => "canceled",
        }
    }

    /// The request, where there is one.
    #[must_use]
    pub fn filed(&self) -> Option<&Filed> {
        match self {
            Self::New | Self::Draft(_) | Self::Assess(..) => None,
            Self::Authorize(filed)
            | Self::Scheduled(filed, _)
            | Self::Implement(filed, ..)
            | Self::Review(filed, ..)
            | Self::Closed(filed, _)
            | Self::Canceled(filed, _) => Some(filed),
        }
    }

    /// How the change began, once it has.
    #[must_use]
    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Self::New => None,
            Self::Draft(opened) | Self::Assess(opened, _) => Some(opened),
            _ => self.filed().map(|filed| &filed.opened),
        }
    }

    /// The state after `event`, which happened at `at`. An illegal transition is a damaged journal: it is reported,
    /// never repaired.
    pub fn apply(self, at: Timestamp, event: Event) -> Result<Self, IllegalTransition> {
        Ok(match (self, event) {
            (Self::New, Event::Opened(opened)) => Self::Draft(*opened),
            (Self::Draft(opened), Event::Assessed(assessment)) => Self::Assess(opened, *assessment),
            (Self::Assess(opened, _), Event::Assessed(assessment)) => Self::Assess(opened, *assessment),
            (Self::Assess(opened, assessment), Event::Filed { id, url }) => {
                Self::Authorize(Filed::new(opened, assessment, id, url))
            }
            (Self::Authorize(filed), Event::Assessed(assessment)) => {
                Self::Authorize(Filed { assessment: *assessment, requested: false, ..filed })
            }
            (Self::Authorize(filed), Event::Attached { name, digest }) => Self::Authorize(filed.with(name, digest)),
            (Self::Authorize(filed), Event::ApprovalRequested {}) => {
                Self::Authorize(Filed { requested: true, ..filed })
            }
            (Self::Authorize(filed), Event::Observed(observed)) => Self::Authorize(filed.seen(at, observed)),
            // What was seen before this approval says nothing about it.
            (Self::Authorize(filed), Event::Approved(basis @ Basis::Readiness {})) => {
                Self::Scheduled(Filed { observed: None, ..filed }, basis)
            }
            (Self::Authorize(filed), Event::Approved(basis)) => Self::Scheduled(filed, basis),
            (Self::Authorize(filed) | Self::Scheduled(filed, _), Event::Rejected { why }) => Self::Canceled(filed, why),
            (Self::Scheduled(filed, basis), Event::Observed(observed)) => {
                Self::Scheduled(filed.seen(at, observed), basis)
            }
            (Self::Scheduled(filed, _), Event::Voided { .. }) => {
                Self::Authorize(Filed { requested: false, observed: None, ..filed })
            }
            (Self::Scheduled(filed, basis), Event::Cleared { .. }) => Self::Implement(filed, basis, Work::default()),
            (Self::Implement(filed, basis, work), Event::Implementing {}) => {
                Self::Implement(filed, basis, Work { implementing: true, ..work })
            }
            (Self::Implement(filed, basis, mut work), Event::Ran(ran)) => {
                work.ran.push(ran);
                Self::Implement(filed, basis, work)
            }
            (Self::Implement(filed, basis, work), Event::Ended { conclusion }) => {
                Self::Review(filed, basis, work, conclusion, Closing::default())
            }
            (Self::Review(filed, basis, work, conclusion, _), Event::Reassessed(assessment)) => {
                Self::Review(filed, basis, work, conclusion, Closing { reassessed: Some(*assessment) })
            }
            (Self::Review(filed, basis, work, conclusion, closing), Event::Attached { name, digest }) => {
                Self::Review(filed.with(name, digest), basis, work, conclusion, closing)
            }
            (Self::Review(filed, basis, _, conclusion, _), Event::Closed { category }) => {
                Self::Closed(filed, Ending { conclusion, category, left_open: false, concluded: false, basis })
            }
            (Self::Review(filed, basis, _, conclusion, _), Event::LeftOpen { category }) => {
                Self::Closed(filed, Ending { conclusion, category, left_open: true, concluded: false, basis })
            }
            (Self::Closed(filed, ending), Event::Concluded { .. }) => {
                Self::Closed(filed, Ending { concluded: true, ..ending })
            }
            (state, event) => return Err(IllegalTransition { state: state.name(), event: event.name() }),
        })
    }
}

impl Filed {
    fn new(opened: Opened, assessment: Assessment, id: Name, url: Option<String>) -> Self {
        Self { opened, assessment, id, url, attached: BTreeMap::new(), requested: false, observed: None }
    }

    fn with(mut self, name: String, digest: Digest) -> Self {
        self.attached.insert(name, digest);
        self
    }

    fn seen(self, at: Timestamp, observed: Observed) -> Self {
        Self { observed: Some((at, observed)), ..self }
    }

    /// The state that was read at or after `since`, if one was.
    #[must_use]
    pub fn status_since(&self, since: Timestamp) -> Option<Status> {
        self.observed.as_ref().filter(|(at, _)| *at >= since).map(|(_, observed)| observed.status)
    }
}

/// A change with what its journal says beside its state: who worked on it, and what was begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Life {
    /// The state.
    pub change: Change,
    /// The runs so far, oldest first.
    pub runs: Vec<Run>,
    /// The effect that was begun and whose outcome is not known.
    pub pending: Option<String>,
    /// The effect that failed last, when, and its code; forgotten when something else succeeds.
    pub failed: Option<(Timestamp, String, crate::change::event::Trouble)>,
    /// When the latest assessment was made.
    pub assessed_at: Option<Timestamp>,
    /// When the first event happened.
    pub began_at: Option<Timestamp>,
    /// When the last event happened.
    pub last_at: Option<Timestamp>,
    /// Until when the engine had the host wait last.
    pub waited_until: Option<Timestamp>,
    /// Whether a run was given the request's id (EX2).
    pub by_id: bool,
    /// When the pointer to the last concluded deployment was moved.
    pub concluded_at: Option<Timestamp>,
    /// What is owed after an emergency, and how it was fulfilled (EM4).
    pub obligations: Vec<(Obligation, Option<(Timestamp, Fulfilment)>)>,
    /// The keys of notifications that were sent, or could not be (PC9).
    pub notified: BTreeSet<String>,
    /// How often an approval was voided.
    pub voids: u32,
}

impl Life {
    /// Before anything happened.
    #[must_use]
    pub fn new() -> Self {
        Self {
            change: Change::New,
            runs: Vec::new(),
            pending: None,
            failed: None,
            assessed_at: None,
            began_at: None,
            last_at: None,
            waited_until: None,
            by_id: false,
            concluded_at: None,
            obligations: Vec::new(),
            notified: BTreeSet::new(),
            voids: 0,
        }
    }

    /// The life after `event`, which happened at `at`.
    pub fn after(mut self, at: Timestamp, event: Event) -> Result<Self, IllegalTransition> {
        self.began_at.get_or_insert(at);
        self.last_at = Some(at);
        match &event {
            Event::Opened(opened) => self.runs.push(opened.run.clone()),
            Event::Assessed(_) | Event::Reassessed(_) => self.assessed_at = Some(at),
            Event::Concluded { .. } => self.concluded_at = Some(at),
            Event::Voided { .. } => self.voids = self.voids.saturating_add(1),
            _ => {}
        }
        match event {
            Event::Continued { run, by_id } if self.change != Change::New => {
                self.runs.push(run);
                self.by_id |= by_id;
            }
            Event::Intended { effect } if self.change != Change::New && self.pending.is_none() => {
                self.pending = Some(effect);
            }
            Event::Failed { effect, .. } if self.pending.as_ref() == Some(&effect) && effect.starts_with("notify/") => {
                self.pending = None;
                self.notified.insert(effect);
            }
            Event::Notified { .. } if self.pending.as_ref().is_some_and(|effect| effect.starts_with("notify/")) => {
                self.notified.extend(self.pending.take());
            }
            Event::Obliged { obligations }
                if self.obligations.is_empty() && matches!(self.change, Change::Scheduled(_, Basis::Emergency {})) =>
            {
                self.obligations = obligations.into_iter().map(|obligation| (obligation, None)).collect();
            }
            Event::Relinked { .. } if self.change != Change::New => {}
            Event::Fulfilled(fulfilment) if self.owes(&fulfilment.obligation) => {
                for (obligation, fulfilled) in &mut self.obligations {
                    if obligation.id == fulfilment.obligation {
                        *fulfilled = Some((at, fulfilment.clone()));
                    }
                }
            }
            Event::Failed { effect, trouble } if self.pending.as_ref() == Some(&effect) => {
                self.pending = None;
                self.failed = Some((at, effect, trouble));
            }
            Event::Waited { until } if self.pending.is_some() => {
                self.pending = None;
                self.failed = None;
                self.waited_until = Some(until);
            }
            event => {
                if is_outcome(&event) {
                    self.pending = None;
                    self.failed = None;
                }
                self.change = self.change.apply(at, event)?;
            }
        }
        Ok(self)
    }

    /// Whether this is owed, and not yet done.
    #[must_use]
    pub fn owes(&self, id: &Name) -> bool {
        self.obligations.iter().any(|(obligation, fulfilled)| obligation.id == *id && fulfilled.is_none())
    }

    /// The scopes of all runs so far (EV2).
    #[must_use]
    pub fn scopes(&self) -> Vec<Digest> {
        self.runs.iter().map(Run::scope).collect()
    }
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the event answers an effect.
fn is_outcome(event: &Event) -> bool {
    match event {
        Event::Filed { .. }
        | Event::Attached { .. }
        | Event::ApprovalRequested {}
        | Event::Observed(_)
        | Event::Approved(_)
        | Event::Implementing {}
        | Event::Ran(_)
        | Event::Closed { .. }
        | Event::LeftOpen { .. }
        | Event::Concluded { .. }
        | Event::Waited { .. }
        | Event::Failed { .. } => true,
        Event::Opened(_)
        | Event::Continued { .. }
        | Event::Assessed(_)
        | Event::Intended { .. }
        | Event::Voided { .. }
        | Event::Rejected { .. }
        | Event::Obliged { .. }
        | Event::Fulfilled(_)
        | Event::Notified { .. }
        | Event::Cleared { .. }
        | Event::Ended { .. }
        | Event::Relinked { .. }
        | Event::Reassessed(_) => false,
    }
}

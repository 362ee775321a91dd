//! What people are told while a command runs: one line for each thing that happens.

use crate::change::event::{Basis, Event, Ran};
use crate::effect::Action;
use crate::io::Io;
use crate::risk::word;

/// Something happened to the change `id`.
pub(super) fn happened(io: &Io, id: &str, event: &Event) {
    if let Some(words) = words(id, event) {
        io.tell_of(event.name(), words);
    }
}

fn words(id: &str, event: &Event) -> Option<String> {
    Some(match event {
        Event::Assessed(assessment) | Event::Reassessed(assessment) => {
            let ready = if assessment.ready { "ready" } else { "not ready" };
            format!("assessed: {ready}, risk {}", word(&assessment.risk.level))
        }
        Event::Continued { run, .. } => format!("continued by run {}", run.id),
        Event::Voided { why } => format!("the approval is void: {why}"),
        Event::Rejected { why } => format!("rejected: {why}"),
        Event::Cleared { .. } => "cleared for deployment".to_owned(),
        Event::Obliged { obligations } => {
            format!("{} obligations: see `countersign obligations`", obligations.len())
        }
        Event::Approved(Basis::People { .. }) => "approved by people".to_owned(),
        Event::Approved(Basis::Emergency {}) => "not approved, and deployed at once: an emergency".to_owned(),
        Event::Approved(Basis::Readiness {}) => format!("approved {id} by readiness"),
        Event::Filed { id, .. } => format!("filed {id}"),
        Event::Attached { name, .. } => format!("attached {name}"),
        Event::ApprovalRequested {} => format!("asked for approval of {id}"),
        Event::Observed(observed) => format!("read {id}: {}", word(&observed.status)),
        Event::Implementing {} => format!("{id} is being implemented"),
        Event::Ran(ran) => how(ran),
        Event::Notified { channel, moment } => format!("told {channel}: {}", word(moment)),
        Event::Closed { category } => format!("closed {id} as {}", word(category)),
        Event::LeftOpen { category } => format!("left {id} open as {}", word(category)),
        Event::Concluded { pointer, .. } => format!("moved {pointer}"),
        Event::Failed { effect, trouble } => format!("`{effect}` did not succeed: {}", trouble.message),
        Event::Opened(_)
        | Event::Intended { .. }
        | Event::Fulfilled(_)
        | Event::Relinked { .. }
        | Event::Ended { .. }
        | Event::Waited { .. } => return None,
    })
}

fn how(ran: &Ran) -> String {
    let step = ran.step.word();
    match (ran.success, ran.exit_code, &ran.note) {
        (true, _, _) => format!("{step} succeeded"),
        (false, Some(code), _) => format!("{step} failed with exit code {code}"),
        (false, None, Some(note)) => format!("{step} failed: {note}"),
        (false, None, None) => format!("{step} failed"),
    }
}

/// Something begins that may take long.
pub(super) fn begins(io: &Io, action: &Action) {
    match action {
        Action::Run { step, .. } => io.tell(format!("running {}", step.word())),
        Action::Wait { until, why } => io.tell(format!("waiting until {until}: {why}")),
        _ => {}
    }
}

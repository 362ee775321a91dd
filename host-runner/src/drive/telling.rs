//! Telling people what happens while it happens: one line each, on standard error.

use serde_json::Value;

use crate::text::guard;
use crate::wire::{Action, Step};

/// How much is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Telling {
    /// What is decided, and what is done.
    Lines,
    /// What is done.
    Effects,
}

impl Telling {
    /// The engine decided something.
    pub(super) fn decided(self, event: &Value) {
        let Self::Lines = self else { return };
        match text(event, "event") {
            "assessed" | "reassessed" => {
                let ready = if event["ready"] == true { "ready" } else { "not ready" };
                line(&format!("assessed: {ready}, risk {}", text(&event["risk"], "level")));
            }
            "continued" => line(&format!("continued by run {}", text(&event["run"], "id"))),
            "voided" => line(&format!("the approval is void: {}", text(event, "why"))),
            "rejected" => line(&format!("rejected: {}", text(event, "why"))),
            "cleared" => line("cleared for deployment"),
            "approved" if event["basis"] == "people" => line("approved by people"),
            "approved" if event["basis"] == "emergency" => line("not approved, and deployed at once: an emergency"),
            _ => {}
        }
    }

    /// An effect begins that may take long.
    pub(super) fn begin(self, key: &str, action: &Action) {
        match (self, action) {
            (_, Action::Run { step, .. }) => line(&format!("running {}", word(*step))),
            (_, Action::Wait { until, why }) => line(&format!("waiting until {until}: {why}")),
            (Self::Lines, Action::Conclude { .. } | Action::Connect) => {}
            (Self::Effects, Action::Conclude { .. } | Action::Connect) => line(key),
        }
    }

    /// An effect has ended.
    pub(super) fn ended(self, id: &str, event: &Value) {
        let Self::Lines = self else { return };
        match text(event, "event") {
            "filed" => line(&format!("filed {}", text(event, "id"))),
            "attached" => line(&format!("attached {}", text(event, "name"))),
            "approved" => line(&format!("approved {id} by readiness")),
            "approval-requested" => line(&format!("asked for approval of {id}")),
            "observed" => line(&format!("read {id}: {}", text(event, "status"))),
            "implementing" => line(&format!("{id} is being implemented")),
            "ran" => line(&ran(event)),
            "closed" => line(&format!("closed {id} as {}", text(event, "category"))),
            "left-open" => line(&format!("left {id} open as {}", text(event, "category"))),
            "concluded" => line(&format!("moved {}", text(event, "pointer"))),
            "failed" => {
                let effect = text(event, "effect");
                line(&format!("`{effect}` did not succeed: {}", text(&event["trouble"], "message")));
            }
            _ => {}
        }
    }

    /// Something is wrong that changes nothing.
    pub(super) fn warn(self, what: &str) {
        eprintln!("warning: {}", guard(what));
    }
}

fn ran(event: &Value) -> String {
    let step = text(event, "step");
    match (event["success"] == true, event["exit_code"].as_i64(), event["note"].as_str()) {
        (true, _, _) => format!("{step} succeeded"),
        (false, Some(code), _) => format!("{step} failed with exit code {code}"),
        (false, None, note) => format!("{step} failed: {}", note.unwrap_or("nobody knows why")),
    }
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Deploy => "deploy",
        Step::Accept => "accept",
        Step::Verify => "verify",
        Step::Rollback => "rollback",
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn line(what: &str) {
    eprintln!("==> {}", guard(what).replace("##", "# #"));
}

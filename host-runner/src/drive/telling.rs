//! Telling people what happens while it happens: one line each, on standard error.

use serde_json::Value;

use crate::text::guard;
use crate::wire::{Action, Step};

/// How much is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Much {
    /// What is decided, and what is done.
    Lines,
    /// What is done.
    Effects,
}

/// What is told, and of which of several targets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Telling {
    much: Much,
    target: Option<String>,
}

impl Telling {
    /// What is decided, and what is done.
    #[must_use]
    pub const fn lines() -> Self {
        Self { much: Much::Lines, target: None }
    }

    /// What is done.
    #[must_use]
    pub const fn effects() -> Self {
        Self { much: Much::Effects, target: None }
    }

    /// What is decided and done on one of several targets.
    #[must_use]
    pub const fn of_target(target: String) -> Self {
        Self { much: Much::Lines, target: Some(target) }
    }

    fn line(&self, what: &str) {
        let target = self.target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
        eprintln!("==> {}", guard(&format!("{target}{what}")).replace("##", "# #"));
    }

    /// The engine decided something.
    pub(super) fn decided(&self, event: &Value) {
        let Much::Lines = self.much else { return };
        match text(event, "event") {
            "assessed" | "reassessed" => {
                let ready = if event["ready"] == true { "ready" } else { "not ready" };
                self.line(&format!("assessed: {ready}, risk {}", text(&event["risk"], "level")));
            }
            "continued" => self.line(&format!("continued by run {}", text(&event["run"], "id"))),
            "voided" => self.line(&format!("the approval is void: {}", text(event, "why"))),
            "rejected" => self.line(&format!("rejected: {}", text(event, "why"))),
            "cleared" => self.line("cleared for deployment"),
            "obliged" => {
                let owed = event["obligations"].as_array().map_or(0, Vec::len);
                self.line(&format!("{owed} obligations: see `countersign obligations`"));
            }
            "approved" if event["basis"] == "people" => self.line("approved by people"),
            "approved" if event["basis"] == "emergency" => {
                self.line("not approved, and deployed at once: an emergency")
            }
            _ => {}
        }
    }

    /// An effect begins that may take long.
    pub(super) fn begin(&self, key: &str, action: &Action) {
        match (self.much, action) {
            (_, Action::Run { step, .. }) => self.line(&format!("running {}", word(*step))),
            (_, Action::Wait { until, why }) => self.line(&format!("waiting until {until}: {why}")),
            (Much::Lines, Action::Conclude { .. } | Action::Notify { .. } | Action::Connect) => {}
            (Much::Effects, Action::Conclude { .. } | Action::Notify { .. } | Action::Connect) => self.line(key),
        }
    }

    /// An effect has ended.
    pub(super) fn ended(&self, id: &str, event: &Value) {
        let Much::Lines = self.much else { return };
        match text(event, "event") {
            "filed" => self.line(&format!("filed {}", text(event, "id"))),
            "attached" => self.line(&format!("attached {}", text(event, "name"))),
            "approved" => self.line(&format!("approved {id} by readiness")),
            "approval-requested" => self.line(&format!("asked for approval of {id}")),
            "observed" => self.line(&format!("read {id}: {}", text(event, "status"))),
            "implementing" => self.line(&format!("{id} is being implemented")),
            "ran" => self.line(&ran(event)),
            "notified" => self.line(&format!("told {}: {}", text(event, "channel"), text(event, "moment"))),
            "closed" => self.line(&format!("closed {id} as {}", text(event, "category"))),
            "left-open" => self.line(&format!("left {id} open as {}", text(event, "category"))),
            "concluded" => self.line(&format!("moved {}", text(event, "pointer"))),
            "failed" => {
                let effect = text(event, "effect");
                self.line(&format!("`{effect}` did not succeed: {}", text(&event["trouble"], "message")));
            }
            _ => {}
        }
    }

    /// Something is wrong that changes nothing.
    pub(super) fn warn(&self, what: &str) {
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

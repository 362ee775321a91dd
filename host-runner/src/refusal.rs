//! Why a verb ends without a verdict: something that this host cannot do, or something that the engine cannot read.

use std::fmt;

use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::ledger::LedgerError;
use crate::sandbox::Fault;
use crate::text::guard;
use crate::wire;

/// A refusal. Never a verdict.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// This host's own.
    Host(Failure),
    /// The engine's: what is wrong with the documents, all at once.
    Engine(wire::Faults),
}

impl Refusal {
    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Host(failure) => failure.exit,
            Self::Engine(faults) => Exit::from_code(faults.exit_code).unwrap_or(Exit::Internal),
        }
    }

    /// The refusal for machines.
    #[must_use]
    pub fn json(&self) -> Value {
        let exit_code = self.exit().code();
        match self {
            Self::Host(Failure { problem, help, .. }) => json!({
                "outcome": "refused", "exit_code": exit_code, "message": problem, "help": help,
                "errors": [{ "message": problem, "help": help }],
            }),
            Self::Engine(faults) => {
                let first = faults.errors.first();
                json!({
                    "outcome": "refused", "exit_code": exit_code,
                    "message": first.map(|fault| &fault.message), "help": first.map(|fault| &fault.help),
                    "errors": faults.errors,
                })
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = match self {
            Self::Host(failure) => return failure.fmt(f),
            Self::Engine(faults) => faults,
        };
        for (number, fault) in faults.errors.iter().enumerate() {
            let line_end = if number == 0 { "" } else { "\n" };
            let place = [fault.document.clone(), fault.place.as_ref().map(ToString::to_string)];
            let place = place.into_iter().flatten().collect::<Vec<_>>().join(", ");
            let place = if place.is_empty() { place } else { format!("{}: ", guard(&place)) };
            write!(f, "{line_end}error: {place}{}\nhelp: {}", guard(&fault.message), guard(&fault.help))?;
        }
        Ok(())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Host(failure)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Host(fault.into())
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        let exit = match error {
            LedgerError::Path(_) => Exit::Usage,
            LedgerError::Locked { .. } | LedgerError::System { .. } | LedgerError::Remote { .. } => Exit::Unavailable,
        };
        Self::Host(Failure::new(exit, error.to_string()))
    }
}

impl From<wire::Faults> for Refusal {
    fn from(faults: wire::Faults) -> Self {
        Self::Engine(faults)
    }
}

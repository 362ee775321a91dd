//! Connectors speak the languages of change systems: straight-line code over the host's exchanges.

pub mod github;
pub mod ledger;
mod talk;

use serde::{Deserialize, Serialize};

pub use crate::io::exchange::Method;

pub use talk::{Pause, Talk};

/// Which change system, as the host is configured.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "system", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum System {
    /// The embedded ledger: a directory or a git repository behind a store port.
    Ledger {},
    /// GitHub: people see an issue and decide there; the record is a ledger on a branch of the same repository.
    Github(github::Place),
}

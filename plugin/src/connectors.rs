//! Connectors speak the languages of change systems: straight-line code over the host's exchanges.

pub mod github;
pub mod ledger;
mod talk;

use serde::{Deserialize, Serialize};

use crate::change::event::{Event, Observed};
use crate::change::state::Life;
use crate::effect::Effect;
pub use crate::io::exchange::Method;
use crate::prepared::Prepared;
use ledger::Folder;

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

/// What a change system showed last, for the effect right after.
#[derive(Debug, Default)]
pub struct Seen {
    github: github::Seen,
}

impl System {
    /// Performs one effect: the event that answers it.
    pub async fn perform(
        &self,
        talk: &Talk,
        effect: &Effect,
        life: &Life,
        folder: &mut Folder,
        seen: &mut Seen,
    ) -> Result<Event, Pause> {
        match self {
            Self::Ledger {} => ledger::perform(talk, effect, life, folder).await,
            Self::Github(place) => github::perform(talk, place, effect, life, folder, &mut seen.github).await,
        }
    }

    /// Files a change request that nobody's pipeline made yet, or finds it again (CR5, EX5).
    pub async fn prepare(&self, talk: &Talk, prepared: &Prepared) -> Result<Observed, Pause> {
        match self {
            Self::Ledger {} => ledger::prepare(talk, prepared).await.map(|(_, observed)| observed),
            Self::Github(place) => github::prepare(talk, place, prepared).await,
        }
    }

    /// Shows where the change stands, if the system does not yet.
    pub async fn catch_up(&self, talk: &Talk, life: &Life, folder: &Folder) -> Result<(), Pause> {
        match self {
            Self::Ledger {} => Ok(()),
            Self::Github(place) => github::catch_up(talk, place, life, folder).await,
        }
    }
}

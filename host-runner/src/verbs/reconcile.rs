//! `countersign inventory reconcile`: which entries are not the same in several environments, the last step of
//! fix-forward (IN6).

use std::fmt;

use serde::Serialize;

use super::Common;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::refusal::Refusal;
use crate::settings::InventoryAt;
use crate::text::{excerpt, guard};
use crate::wire::{Reconciliation, Version};

/// Characters of a version that are shown.
const VERSION_MAX: usize = 24;

/// Arguments of `inventory reconcile`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the inventory is.
    #[command(flatten)]
    pub inventory: InventoryAt,
    /// The environments, lowest first.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 1.., required = true)]
    pub environments: Vec<String>,
}

#[derive(Serialize)]
struct Reconciled {
    environments: Vec<String>,
    #[serde(flatten)]
    found: Reconciliation,
}

impl fmt::Display for Reconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = self.found.same;
        if self.found.differing.is_empty() {
            return write!(f, "all {same} entries are the same in {}", self.environments.join(", "));
        }
        for (entry, versions) in &self.found.differing {
            writeln!(f, "{}", guard(entry))?;
            for (environment, version) in self.environments.iter().zip(versions) {
                writeln!(f, "  {environment:<12} {}", version.as_ref().map_or_else(|| "-".to_owned(), shown))?;
            }
        }
        write!(f, "{} entries differ, {same} are the same", self.found.differing.len())
    }
}

fn shown(version: &Version) -> String {
    let digest = version.sha256.as_deref().map(|digest| digest.trim_start_matches("sha256:"));
    let digest = digest.and_then(|digest| digest.get(..12)).unwrap_or("no digest");
    format!("{} ({digest})", guard(&excerpt(&version.version, VERSION_MAX)))
}

/// Compares the inventories of the environments.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let inventory = Inventory::open(&args.inventory.folder, None)?;
    let mut engine = common.engine()?;
    let mut tiers = Vec::new();
    for environment in &args.environments {
        tiers.push((environment.clone(), inventory.current(&mut engine, environment, None)?));
    }
    let found = engine.reconcile(&tiers)?;
    common.tell(&Reconciled { environments: args.environments.clone(), found })?;
    Ok(Exit::Done)
}

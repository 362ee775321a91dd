//! `countersign reconcile`: which entries are not the same in several environments, the last step of
//! fix-forward (IN6).

use serde_json::json;

use super::Common;
use crate::clock::Clock;
use crate::exchanges::Host;
use crate::exit::Exit;
use crate::inventory::git::Repository;
use crate::refusal::Refusal;
use crate::settings::{self, InventoryAt};

/// Arguments of `reconcile`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the inventory is.
    #[command(flatten)]
    pub inventory: InventoryAt,
    /// The environments, lowest first.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 1.., required = true)]
    pub environments: Vec<String>,
}

/// Compares the inventories of the environments.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let mut host = Host::new(&clock, settings::secrets(&[], []))?;
    host.inventory = Repository::at(&args.inventory.folder);
    let inventory = if host.inventory.is_some() { "git" } else { "folder" };
    let command = json!({ "command": "reconcile", "inventory": inventory, "environments": args.environments });
    common.drive(&mut host, &clock, &command, None)
}

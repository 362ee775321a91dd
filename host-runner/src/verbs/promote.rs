//! `countersign promote` and `countersign delta`: entries of one environment, or folder, beside those of another.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Common;
use crate::clock::Clock;
use crate::exchanges::Host;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inventory::Inventory;
use crate::refusal::Refusal;
use crate::settings;

/// Two sides of an inventory.
#[derive(Debug, clap::Args)]
pub struct Sides {
    /// Where the inventory is; not needed for two folders.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_INVENTORY")]
    pub inventory: Option<PathBuf>,
    /// A branch, a tag or a commit; or a folder.
    #[arg(long, value_name = "BRANCH")]
    pub from: String,
    /// Another one.
    #[arg(long, value_name = "BRANCH")]
    pub to: String,
}

/// Arguments of `promote`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which has the entries, and which branch or folder gets them; it is made when it is missing.
    #[command(flatten)]
    pub sides: Sides,
    /// An entry to promote. Can be given several times; without it, all that differ are.
    #[arg(long = "entry", value_name = "NAME")]
    pub entries: Vec<String>,
    /// Take away entries that are no longer there. Without it they stay.
    #[arg(long, conflicts_with = "entries")]
    pub prune: bool,
    /// The commit's message.
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
}

/// Carries entries from one side to the other.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let Sides { from, to, .. } = &args.sides;
    let (mut host, kind) = args.sides.host(&clock)?;
    if kind == "folder" && Path::new(from).is_dir() {
        let unusable = |error: std::io::Error| Failure::usage(format!("`{to}` cannot be made: {error}"));
        std::fs::create_dir_all(to).map_err(unusable)?;
    }
    let command = json!({
        "command": "promote", "inventory": kind, "from": from, "to": to, "entries": args.entries,
        "prune": args.prune, "message": args.message,
    });
    common.drive(&mut host, &clock, &command, None)
}

/// Shows how the sides differ.
pub(super) fn delta(args: &Sides, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let (mut host, kind) = args.host(&clock)?;
    let command = json!({ "command": "delta", "inventory": kind, "from": args.from, "to": args.to });
    common.drive(&mut host, &clock, &command, None)
}

impl Sides {
    /// A host that knows both sides, and what they are.
    fn host<'c>(&self, clock: &'c Clock) -> Result<(Host<'c>, &'static str), Refusal> {
        let mut host = Host::new(clock, settings::secrets(&[], []))?;
        if let Some(Inventory::Git(repository)) = self.inventory.as_deref().map(Inventory::open).transpose()? {
            host.inventory = Some(repository);
            return Ok((host, "git"));
        }
        for (place, folder) in [("from", &self.from), ("to", &self.to)] {
            host.places.insert(place.to_owned(), PathBuf::from(folder));
        }
        Ok((host, "folder"))
    }
}

//! `countersign add`: CI writes an entry of the inventory, one deployable artifact (IN1, IN4).

use serde_json::json;

use super::Common;
use super::change::Ended;
use crate::clock::Clock;
use crate::exchanges::Host;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inventory::Inventory;
use crate::refusal::Refusal;
use crate::settings::{self, InventoryAt};

/// Arguments of `add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the inventory is.
    #[command(flatten)]
    pub inventory: InventoryAt,
    /// Commit to this branch; without it, the file is written into the folder.
    #[arg(long)]
    pub branch: Option<String>,
    /// The entry's name: its path in the inventory.
    #[arg(long)]
    pub name: String,
    /// What is deployed: an image as `<name>[:<tag>]@sha256:<digest>`.
    #[arg(long)]
    pub artifact: String,
    /// `image`, `deployment`, `helm-chart`, `terraform`, or anything else.
    #[arg(long = "type", default_value = "image")]
    pub kind: String,
    /// The version.
    #[arg(long = "entry-version", value_name = "VERSION")]
    pub version: String,
    /// The artifact's digest, where the artifact does not say it.
    #[arg(long, value_name = "DIGEST")]
    pub sha256: Option<String>,
    /// The full URL of the artifact. Default: the artifact.
    #[arg(long, value_name = "URL")]
    pub provenance: Option<String>,
    /// The artifact's signature.
    #[arg(long)]
    pub signature: Option<String>,
    /// Where the source is.
    #[arg(long, value_name = "URL")]
    pub repository_url: String,
    /// The source commit.
    #[arg(long, value_name = "SHA")]
    pub commit_sha: String,
    /// The CI build.
    #[arg(long, value_name = "N")]
    pub build_number: u64,
    /// The CI run whose evidence counts for this entry.
    #[arg(long = "pipeline-run-id", value_name = "ID")]
    pub run: String,
    /// How the CI run ended. A failed one adds no entry, unless the next option says so (IN4).
    #[arg(long, value_enum, default_value_t = Ended::Success)]
    pub ci_outcome: Ended,
    /// `0` or empty: add the entry of a failed CI run all the same, so that an emergency fix can be promoted.
    #[arg(
        long,
        value_name = "VALUE",
        num_args = 0..=1,
        default_missing_value = "1",
        env = "COUNTERSIGN_SKIP_INVENTORY_UPDATE_ON_FAILURE"
    )]
    pub skip_inventory_update_on_failure: Option<String>,
}

/// Writes the entry.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let mut host = Host::new(&clock, settings::secrets(&[], []))?;
    let folder = &args.inventory.folder;
    let kind = match Inventory::open(folder)? {
        Inventory::Git(repository) => {
            host.inventory = Some(repository);
            "git"
        }
        Inventory::Folder(_) => "folder",
    };
    if args.branch.is_none() && folder.join("HEAD").is_file() {
        return Err(Failure::usage("the inventory has no work tree").help("name a branch with `--branch`").into());
    }
    host.places.insert("inventory".to_owned(), folder.clone());
    let entry = json!({
        "name": args.name, "artifact": args.artifact, "type": args.kind, "version": args.version,
        "sha256": args.sha256, "provenance": args.provenance, "signature": args.signature,
        "repository_url": args.repository_url, "commit_sha": args.commit_sha, "build_number": args.build_number,
        "pipeline_run_id": args.run,
    });
    let command = json!({
        "command": "add", "entry": entry, "inventory": kind, "branch": args.branch,
        "failed": args.ci_outcome == Ended::Failure, "skip_on_failure": args.skip_inventory_update_on_failure,
    });
    common.drive(&mut host, &clock, &command, None)
}

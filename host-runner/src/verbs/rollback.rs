//! `countersign rollback`: a full rollback, the first path of the response to a critical incident (FR1..FR3).

use serde_json::json;

use super::Common;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::settings::{Change, Commands, Patience};

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The change request whose deployment is restored: a concluded one of the same target.
    #[arg(long, value_name = "ID", env = "COUNTERSIGN_ROLLBACK_CHANGE_REQUEST_ID")]
    pub rollback_change_request_id: String,
    /// Declare an emergency: nobody is waited for, and what that owes is written down.
    #[arg(long)]
    pub emergency: bool,
    /// The change.
    #[command(flatten)]
    pub change: Change,
    /// How long to wait for approval.
    #[command(flatten)]
    pub patience: Patience,
    /// How the policy's commands are run.
    #[command(flatten)]
    pub commands: Commands,
    /// Say what would be done and how it would end, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Restores what an earlier change deployed.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let (mut host, settings) = args.change.host(&clock, &args.commands, None)?;
    let command = json!({
        "command": "rollback", "change_request_id": args.rollback_change_request_id, "emergency": args.emergency,
        "attempt": args.change.attempt, "wait": args.patience.told(), "dry_run": args.dry_run,
    });
    common.drive(&mut host, &clock, &command, Some(&settings))
}

//! `countersign rollback`: a full rollback, the first path of the response to a critical incident (FR1..FR3).

use super::{Common, status};
use crate::clock::Clock;
use crate::drive::Drive;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::refusal::Refusal;
use crate::settings::{Change, Commands, Patience, Subject};
use crate::verbs::change::waiting;
use crate::wire::Driving;

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
    let id = args.rollback_change_request_id.as_str();
    let mut engine = common.engine()?;
    let ledger = args.change.ledger.open()?;
    let standing = status::standing(&mut engine, &ledger, id)?.ok_or_else(|| status::unknown(id))?;
    let commit = standing.commit.ok_or_else(|| {
        Failure::usage(format!("change request `{id}` deployed a plain folder, which no commit names"))
            .help("keep the inventory in git; until then deploy the older entries as an ordinary change")
    })?;
    let subject = Subject::Restored { id, commit: &commit, emergency: args.emergency };
    let driving = Driving { wait: waiting(&args.patience, &clock), ..Driving::default() };
    let drive = Drive::new(engine, &clock, &args.change, subject, common.telling())?;
    let report = if args.dry_run { drive.look("preview", &driving)? } else { drive.act(driving, &args.commands)? };
    common.tell(&report)?;
    Ok(report.exit())
}

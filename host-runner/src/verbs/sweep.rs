//! `countersign sweep`: changes that nobody finished, and what becomes of them.

use serde_json::json;

use super::Common;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::settings::LedgerAt;

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End with 24 when one is unfinished for longer than so many hours.
    #[arg(long, value_name = "HOURS")]
    pub older_than: Option<u32>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Shows the changes that are not finished.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    common.ask(&args.ledger, &json!({ "command": "sweep", "older_than_hours": args.older_than }))
}

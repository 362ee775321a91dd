//! `countersign status`: the changes of a ledger, or one change as its journal tells it.

use serde_json::json;

use super::Common;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::settings::LedgerAt;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One change request, as its journal tells it; without it, all of them.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Shows all changes, or one.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    common.ask(&args.ledger, &json!({ "command": "status", "id": args.id }))
}

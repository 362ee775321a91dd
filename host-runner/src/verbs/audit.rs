//! `countersign audit`: whether the records of a ledger hold together, offline.

use serde_json::json;

use super::Common;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::settings::{LedgerAt, person};

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Make registers again that are not what their chains come to; a chain that is broken is never mended.
    #[arg(long, conflicts_with = "adopt")]
    pub rebuild: bool,
    /// Take over the records of version 1. Changes that it cleared are finished with it first.
    #[arg(long, requires = "by")]
    pub adopt: bool,
    /// Who takes them over, by immutable id.
    #[arg(long = "as", id = "by", value_name = "ID[:LOGIN]", requires = "adopt")]
    pub by: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Walks every chain, and says what does not hold.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let by = args.by.as_deref().filter(|_| args.adopt).map(person).transpose()?;
    common.ask(&args.ledger, &json!({ "command": "audit", "rebuild": args.rebuild, "adopt": by }))
}

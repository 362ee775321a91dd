//! `countersign approve`, `reject` and `withdraw`: a person's word on a change request of the ledger.

use serde_json::json;

use super::Common;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::settings::{LedgerAt, person};

/// Arguments of `approve`, `reject` and `withdraw`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The change request.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Who decides, by immutable id; the login is for people to read.
    #[arg(long = "as", value_name = "ID[:LOGIN]")]
    pub by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Writes down that somebody approves, or rejects. Whether it counts is judged when the change continues.
pub(super) fn run(args: &Args, approves: bool, common: &Common) -> Result<Exit, Refusal> {
    let by = person(&args.by)?;
    let command = json!({ "command": "decide", "id": args.id, "by": by, "approves": approves, "why": args.why });
    common.ask(&args.ledger, &command)
}

/// Writes down that somebody takes back what they said.
pub(super) fn withdraw(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let by = person(&args.by)?;
    let command = json!({ "command": "withdraw", "id": args.id, "by": by, "why": args.why });
    common.ask(&args.ledger, &command)
}

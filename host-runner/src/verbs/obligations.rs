//! `countersign obligations` and `fulfil`: what emergencies owe, and what was done about it (EM4).

use serde_json::json;

use super::Common;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::settings::{LedgerAt, person};

/// Arguments of `obligations`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what was fulfilled too.
    #[arg(long)]
    pub all: bool,
    /// Of this environment only.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Of this region only.
    #[arg(long, value_name = "NAME", requires = "environment")]
    pub region: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Arguments of `fulfil`.
#[derive(Debug, clap::Args)]
pub struct Fulfil {
    /// The change request.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Which obligation, as `countersign obligations` names it.
    #[arg(long, value_name = "NAME")]
    pub obligation: String,
    /// Who did it, by immutable id; the login is for people to read.
    #[arg(long = "as", value_name = "ID[:LOGIN]")]
    pub by: String,
    /// Where to look at what was done: a link or a ticket.
    #[arg(long, value_name = "TEXT")]
    pub reference: String,
    /// What else is to say.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Shows what is owed; ends with 41 when something is overdue.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let Args { all, environment, region, ledger } = args;
    common.ask(ledger, &json!({ "command": "obligations", "environment": environment, "region": region, "all": all }))
}

/// Writes down that something that is owed was done.
pub(super) fn fulfil(args: &Fulfil, common: &Common) -> Result<Exit, Refusal> {
    let command = json!({
        "command": "fulfil", "id": args.id, "obligation": args.obligation, "by": person(&args.by)?,
        "reference": args.reference, "note": args.note,
    });
    common.ask(&args.ledger, &command)
}

//! `countersign prepare`: change requests made by hand ahead of time, one for each target of a file (CR5, EX5).

use std::path::PathBuf;

use serde_json::json;

use super::Common;
use crate::clock::Clock;
use crate::exchanges::Host;
use crate::exit::Exit;
use crate::refusal::Refusal;
use crate::settings::{self, LedgerAt};

/// Arguments of `prepare`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: a title, and the targets with their planned times.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
}

/// Makes the change requests of the file, those that are not there yet.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let mut host = Host::new(&clock, settings::secrets(&[], args.ledger.token()))?;
    host.ledger = Some(args.ledger.open()?);
    host.api = args.ledger.api()?;
    let document = settings::located(&mut host, "prepared", Some(&args.file))?;
    let system = args.ledger.system(&format!("prepare-{}-{}", clock.milliseconds(), std::process::id()), None)?;
    let command = json!({ "command": "prepare", "document": document, "system": system });
    common.drive(&mut host, &clock, &command, None)
}

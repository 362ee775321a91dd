//! `countersign prepare`: change requests made by hand ahead of time, one for each target of a file (CR5, EX5).

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};

use super::Common;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gather::file;
use crate::refusal::Refusal;
use crate::settings::LedgerAt;
use crate::table::Table;

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

#[derive(Serialize)]
struct Prepared {
    exit_code: u8,
    requests: Vec<Value>,
}

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["CHANGE REQUEST", "STATE", "FROM", "UNTIL", "TITLE"]);
        for request in &self.requests {
            let word = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
            let cells = [word("id"), word("status"), word("planned_start"), word("planned_end"), word("title")];
            table.row(cells.each_ref().map(String::as_str));
        }
        write!(f, "{table}\n\nhave each approved (`countersign approve`), then run with `--prepared` and this file")
    }
}

/// Makes the change requests of the file, those that are not there yet.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let system = args.ledger.system(&format!("prepare-{}-{}", clock.milliseconds(), std::process::id()), None)?;
    let mut engine = common.engine()?;
    let document = file(&mut engine, &args.file, "file of change requests")?;
    let mut requests = engine.prepare(&document)?;
    for request in &mut requests {
        let errand = json!({ "errand": "prepare", "request": request });
        let event = system.perform(&mut engine, &clock, &errand, |_| ())?;
        if event["event"] == "failed" {
            let message = event["trouble"]["message"].as_str().unwrap_or("the change request was not made");
            return Err(Failure::new(Exit::Unavailable, message).help("run the same command again").into());
        }
        request["status"] = event["status"].clone();
    }
    common.tell(&Prepared { exit_code: 0, requests })?;
    Ok(Exit::Done)
}

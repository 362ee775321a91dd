//! `countersign approve` and `reject`: a person's word on a change request of the ledger.

use std::fmt;

use serde::Serialize;
use serde_json::json;

use super::Common;
use crate::change_system::ChangeSystem;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::refusal::Refusal;
use crate::settings::{LedgerAt, person};
use crate::text::guard;

/// Arguments of `approve` and `reject`.
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

#[derive(Serialize)]
struct Decided {
    outcome: &'static str,
    exit_code: u8,
    change_request_id: String,
    by: String,
    status: String,
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, change_request_id, by, status, .. } = self;
        let (id, by, status) = (guard(change_request_id), guard(by), guard(status));
        write!(f, "{outcome}: `{by}` on change request `{id}`, which is now `{status}`")?;
        f.write_str("\nwhether it counts is judged when the change continues: run the same command again")
    }
}

/// Writes down that somebody approves, or rejects.
pub(super) fn run(args: &Args, approves: bool, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let system = ChangeSystem::ledger(args.ledger.existing()?);
    let by = person(&args.by)?;
    if args.why.trim().is_empty() {
        return Err(Failure::usage("a decision needs a reason").help("say why: `--why \"...\"`").into());
    }
    let decision = json!({ "by": &by, "approves": approves, "at": clock.now(), "why": args.why });
    let errand = json!({ "errand": "decide", "id": args.id, "decision": decision });
    // Without the change's lock: a run may hold it while it waits for exactly this word. Every write is conditional.
    let event = system.perform(&mut common.engine()?, &clock, &errand, |_| ())?;
    if event["event"] == "failed" {
        let trouble = &event["trouble"];
        let exit = match trouble["code"].as_str() {
            Some("not-found") => Exit::Usage,
            Some("write-not-taken" | "conflict") => Exit::WriteLost,
            Some(_) | None => Exit::Unavailable,
        };
        let message = trouble["message"].as_str().unwrap_or("the decision was not written");
        return Err(Failure::new(exit, message).help("look for the id with `countersign status`").into());
    }
    let decided = Decided {
        outcome: if approves { "approved" } else { "rejected" },
        exit_code: 0,
        change_request_id: args.id.clone(),
        by: by.login,
        status: event["status"].as_str().unwrap_or("unknown").to_owned(),
    };
    common.tell(&decided)?;
    Ok(Exit::Done)
}

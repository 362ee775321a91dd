//! `prepare`: change requests made by hand ahead of time, one for each target of a file (CR5, EX5).

use super::decide::refused;
use super::{At, Located, reading, registers};
use crate::connectors::{System, Talk};
use crate::failure::{Code, Failure};
use crate::plan::outcome::{Outcome, Stop};
use crate::report::{Ended, Found, PreparedRequest, Table};
use crate::risk::word;

pub(super) async fn run(at: &At, document: &Located, system: &System) -> Result<Ended, Failure> {
    let named = reading::file(at, document, "file of prepared change requests").await?;
    let bytes = at.documents.borrow().bytes(&named.name, &named.digest)?;
    let prepared = crate::prepared::read(&bytes)
        .map_err(|problem| Failure::all(Code::Prepared, Some(&named.name), vec![problem]))?;
    registers::begin(at).await?;
    let talk = Talk::new(at.io.clone(), "github");
    let mut table = Table::new(&["CHANGE REQUEST", "STATE", "FROM", "UNTIL", "TITLE"]);
    let mut requests = Vec::new();
    for prepared in prepared {
        let made = system.prepare(&talk, &prepared).await;
        let status = made.map_err(|pause| refused(pause, "a change request"))?.status;
        let time = |time: &Option<crate::scalar::Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        table.row([
            prepared.id.to_string(),
            word(&status),
            time(&prepared.planned_start),
            time(&prepared.planned_end),
            prepared.title.clone(),
        ]);
        requests.push(PreparedRequest { prepared, status });
    }
    talk.settle().await.map_err(|pause| refused(pause, "a change request"))?;
    let stop = Stop::new(Outcome::Done, "the ledger has every change request of the file")
        .help("have each of them approved, then run with the same file");
    Ok(Ended::found(stop, Found::Prepared { requests }, Some(table)))
}

//! `sweep`: changes that are not finished, and what becomes of them.

use super::{At, reading};
use crate::failure::Failure;
use crate::plan::outcome::{Outcome, Stop};
use crate::report::{Ended, Found, Table};
use crate::scalar::Name;
use crate::survey::{self, Surveyed};

/// Shows the changes that are not finished; ends with 24 when one of them is older than the limit.
pub(super) async fn run(at: &At, older_than_hours: Option<u32>) -> Result<Ended, Failure> {
    let history = reading::history(at).await?;
    let journals = crate::gather::journals(&at.documents.borrow(), &history)?;
    let now = at.io.now();
    let surveyed = history.iter().zip(&journals).map(|(named, journal)| survey::surveyed(&named.name, journal, now));
    let mut unfinished: Vec<Surveyed> = surveyed.filter(|change| !change.finished || change.left_open).collect();
    unfinished.sort_by(|a, b| (a.last, &a.journal).cmp(&(b.last, &b.journal)));
    let limit = older_than_hours.map(|hours| now.plus_seconds(i64::from(hours).saturating_mul(-3600)));
    let old = |change: &&Surveyed| change.last.zip(limit).is_some_and(|(last, limit)| last <= limit);
    let stop = match (unfinished.len(), unfinished.iter().filter(old).count()) {
        (0, _) => Stop::new(Outcome::Done, "every change is finished"),
        (1, 0) => Stop::new(Outcome::Done, "one change is not finished"),
        (count, 0) => Stop::new(Outcome::Done, format!("{count} changes are not finished")),
        (_, old) => Stop::new(
            Outcome::ClosingUnfinished,
            format!("{old} unfinished changes are older than {} hours", older_than_hours.unwrap_or_default()),
        ),
    };
    let mut table = Table::new(&["CHANGE REQUEST", "TARGET", "STATE", "SINCE", "BEGUN", "WHAT TO DO"]);
    for change in &unfinished {
        table.row([
            change.id.as_ref().map_or_else(|| "not filed".to_owned(), Name::to_string),
            change.target.as_ref().map(|target| target.label()).unwrap_or_default(),
            if change.left_open { "open".to_owned() } else { change.state.clone() },
            change.last.map(|last| last.to_string()).unwrap_or_default(),
            change.pending.clone().unwrap_or_default(),
            todo(change).to_owned(),
        ]);
    }
    Ok(Ended::found(stop, Found::Unfinished { unfinished }, Some(table)))
}

/// What is to be done about it, by the state in which it was left.
fn todo(change: &Surveyed) -> &'static str {
    let command = change.pending.as_deref().is_some_and(|effect| effect.starts_with("run/"));
    match (change.state.as_str(), command, change.left_open) {
        (_, true, _) => "look at the target, then say how it ended with `close`",
        (_, _, true) => "people finish the change request in its system",
        ("authorize", _, _) => "decide on it (`countersign approve` or `reject`), then run it again",
        ("closed", _, _) => "see whether the pointer stands at its commit; run it again if not",
        (_, _, _) => "run the same command again; it continues there",
    }
}

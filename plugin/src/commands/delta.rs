//! `delta`: how two environments, two commits or two folders differ.

use super::entries::{Entries, compare};
use super::{At, InventoryKind};
use crate::failure::Failure;
use crate::inventory::Differs;
use crate::plan::outcome::{Outcome, Stop};
use crate::report::{Ended, Found, Table};
use crate::risk::word;

/// The places of two folders that are compared.
pub(super) const FROM: &str = "from";
pub(super) const TO: &str = "to";

pub(super) async fn run(at: &At, inventory: InventoryKind, from: &str, to: &str) -> Result<Ended, Failure> {
    let mut before = Entries::of(at, inventory, from, FROM).await?;
    let mut after = Entries::of(at, inventory, to, TO).await?;
    let differences = compare(at, &mut before, &mut after).await?;
    let message = match differences.len() {
        0 => "nothing differs".to_owned(),
        1 => "1 entry differs".to_owned(),
        count => format!("{count} entries differ"),
    };
    let table = table(&differences);
    let found = Found::Differences { differences };
    Ok(Ended::found(Stop::new(Outcome::Done, message), found, Some(table)))
}

/// The differences, for people.
pub(super) fn table(differences: &[Differs]) -> Table {
    let mut table = Table::new(&["CHANGE", "ENTRY", "FROM", "TO"]);
    for Differs { change, entry, from, to } in differences {
        let version = |version: &Option<String>| version.clone().unwrap_or_default();
        table.row([word(change), entry.clone(), version(from), version(to)]);
    }
    table
}

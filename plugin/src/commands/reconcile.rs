//! `reconcile`: which entries are not the same in several environments, the last step of fix-forward (IN6).

use super::{At, InventoryKind, reading};
use crate::failure::{Code, Failure};
use crate::inventory::Version;
use crate::plan::outcome::{Outcome, Stop};
use crate::report::{Ended, Found, Table};
use crate::scalar::{Digest, Name, shorten};
use crate::survey;

pub(super) async fn run(at: &At, inventory: InventoryKind, environments: &[Name]) -> Result<Ended, Failure> {
    if environments.len() < 2 {
        let help = "name two environments or more, the lowest first";
        return Err(Failure::one(Code::BadRequest, "there is nothing to compare", help));
    }
    if inventory == InventoryKind::Folder {
        let help = "compare the branches of a git repository";
        return Err(Failure::one(Code::BadRequest, "a plain folder has no environments", help));
    }
    let mut inventories = Vec::new();
    for environment in environments {
        let tree = reading::branch(at, environment).await?;
        inventories.push(crate::gather::inventory(&mut at.documents.borrow_mut(), &tree)?);
    }
    let reconciliation = survey::reconcile(&inventories);
    let (same, differing) = (reconciliation.same, reconciliation.differing.len());
    let names: Vec<&str> = environments.iter().map(Name::as_str).collect();
    let message = match differing {
        0 => format!("all {same} entries are the same in {}", names.join(", ")),
        1 => format!("1 entry differs, {same} are the same"),
        _ => format!("{differing} entries differ, {same} are the same"),
    };
    let columns: Vec<&str> = std::iter::once("ENTRY").chain(names).collect();
    let mut table = Table::new(&columns);
    for (entry, versions) in &reconciliation.differing {
        table.rows.push(std::iter::once(entry.clone()).chain(versions.iter().map(shown)).collect());
    }
    let found = Found::Reconciled { environments: environments.to_vec(), reconciliation };
    Ok(Ended::found(Stop::new(Outcome::Done, message), found, Some(table)))
}

fn shown(version: &Option<Version>) -> String {
    match version {
        None => "-".to_owned(),
        Some(version) => {
            let digest = version.sha256.as_ref().map_or_else(|| "no digest".to_owned(), Digest::short);
            format!("{} ({digest})", shorten(&version.version))
        }
    }
}

//! `promote`: entries of one environment are carried to the next, without a pull request of their own.

use serde::Deserialize;

use super::delta::{FROM, TO, table};
use super::entries::{self, Entries, compare};
use super::{At, InventoryKind};
use crate::failure::{Code, Failure};
use crate::inventory::{self, Differing, Differs};
use crate::io::exchange::Put;
use crate::plan::outcome::{Outcome, Stop};
use crate::report::{Ended, Found};
use crate::scalar::shorten;

/// What is promoted, and where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Promoting {
    /// What the inventory is: a repository, or the folders at the places `from` and `to`.
    pub inventory: InventoryKind,
    /// The branch, tag or commit that has the entries; of a folder, its name for people.
    pub from: String,
    /// The branch that gets them, made if it is missing; of a folder, its name for people.
    pub to: String,
    /// The entries to promote. Empty: all that differ.
    #[serde(default)]
    pub entries: Vec<String>,
    /// Whether entries are taken away that are no longer there.
    #[serde(default)]
    pub prune: bool,
    /// The commit's message.
    #[serde(default)]
    pub message: Option<String>,
}

pub(super) async fn run(at: &At, promoting: &Promoting) -> Result<Ended, Failure> {
    let Promoting { inventory: kind, from, to, entries: wanted, prune, message } = promoting;
    let mut source = Entries::of(at, *kind, from, FROM).await?;
    if let Some(missing) = wanted.iter().find(|name| !source.has(name)) {
        let message = format!("`{}` has no entry `{}`", shorten(from), shorten(missing));
        return Err(Failure::one(Code::BadRequest, message, "list its entries with `countersign delta`"));
    }
    let mut target = Entries::before(at, *kind, to, TO).await?;
    let is_wanted = |differs: &Differs| match (wanted.as_slice(), differs.change) {
        ([], Differing::Removed) => *prune,
        ([], Differing::Added | Differing::Changed) => true,
        (named, _) => named.contains(&differs.entry),
    };
    let promoted: Vec<Differs> = compare(at, &mut target, &mut source).await?.into_iter().filter(is_wanted).collect();
    let mut commit = None;
    if !promoted.is_empty() {
        let put = |differs: &Differs| {
            let path = differs.entry.clone();
            inventory::path(&path).map_err(|problem| Failure::all(Code::Inventory, None, vec![problem]))?;
            Ok(Put { content: source.digest(&path), expected: target.digest(&path), path })
        };
        let puts = promoted.iter().map(put).collect::<Result<_, Failure>>()?;
        let message = message.clone().unwrap_or_else(|| format!("Promote from {from} to {to}"));
        match kind {
            InventoryKind::Git => commit = entries::commit(at, to, puts, &message).await?,
            InventoryKind::Folder => entries::store(at, TO, puts, &message).await?,
        }
    }
    let (from, to) = (from.clone(), to.clone());
    let between = format!("from `{}` to `{}`", shorten(&from), shorten(&to));
    let message = match (promoted.as_slice(), &commit) {
        ([], _) => format!("nothing to promote {between}"),
        (_, Some(commit)) => format!("promoted {between}: commit {commit}"),
        (_, None) => format!("promoted {between}"),
    };
    let table = table(&promoted);
    let found = Found::Carried { from, to, promoted, commit };
    Ok(Ended::found(Stop::new(Outcome::Done, message), found, Some(table)))
}

//! The entries of an environment or of a folder: which there are, how two sides differ, and how they are written.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::reading::{INVENTORY, irregular, unavailable};
use super::{At, InventoryKind};
use crate::facts;
use crate::failure::{Code, Failure};
use crate::formats::json;
use crate::inventory::{Differing, Differs};
use crate::io::exchange::{Listed, Put};
use crate::io::{Committed, Fault, Held};
use crate::scalar::{Commit, Digest, shorten};

/// The entries of one side, and the bytes of those that were read.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// By path, what tells one version of the file from another.
    ids: BTreeMap<String, String>,
    bytes: BTreeMap<String, Digest>,
}

impl Entries {
    /// The entries of a side as people name it: a branch, a tag or a commit of the inventory; or the place of a folder.
    pub(super) async fn of(at: &At, kind: InventoryKind, name: &str, place: &str) -> Result<Self, Failure> {
        match kind {
            InventoryKind::Folder => Self::folder(at, place).await,
            InventoryKind::Git => match revision(at, name).await? {
                Some(commit) => Self::commit(at, &commit).await,
                None => {
                    let message = format!("the inventory has no branch `{}`", shorten(name));
                    let help = "a branch is an environment: name another, or fetch it";
                    Err(Failure::one(Code::BadRequest, message, help))
                }
            },
        }
    }

    /// The entries of a side that is about to be written: none where there is no such branch yet.
    pub(super) async fn before(at: &At, kind: InventoryKind, branch: &str, place: &str) -> Result<Self, Failure> {
        match kind {
            InventoryKind::Folder => Self::folder(at, place).await,
            InventoryKind::Git => match head(at, branch).await? {
                Some(held) => Self::commit(at, &held.commit).await,
                None => Ok(Self::default()),
            },
        }
    }

    async fn commit(at: &At, commit: &Commit) -> Result<Self, Failure> {
        let mut entries = Self::default();
        for file in at.io.tree(INVENTORY, commit).await.map_err(unreadable)? {
            match (facts::is_entry_path(&file.path), file.regular) {
                (true, true) => _ = entries.ids.insert(file.path, file.id),
                (true, false) => return Err(irregular(&file.path)),
                (false, _) => {}
            }
        }
        Ok(entries)
    }

    async fn folder(at: &At, place: &str) -> Result<Self, Failure> {
        let (files, links) = at.io.list(place).await.map_err(unreadable)?;
        if let Some(link) = links.iter().find(|link| facts::is_entry_path(link)) {
            return Err(irregular(link));
        }
        let files: Vec<Listed> = files.into_iter().filter(|file| facts::is_entry_path(&file.path)).collect();
        let read = at.io.read_all(place, &files).await.map_err(unreadable)?;
        let mut entries = Self::default();
        for file in read {
            entries.ids.insert(file.path.clone(), file.digest.to_string());
            entries.bytes.insert(file.path, file.digest);
        }
        Ok(entries)
    }

    /// Whether there is such an entry.
    pub(super) fn has(&self, name: &str) -> bool {
        self.ids.contains_key(name)
    }

    /// The digest of an entry's bytes, once they were read.
    pub(super) fn digest(&self, name: &str) -> Option<Digest> {
        self.bytes.get(name).copied()
    }

    /// Reads the bytes of these entries, as far as they are there.
    pub(super) async fn read(&mut self, at: &At, names: &[&str]) -> Result<(), Failure> {
        let unread = names.iter().filter(|name| !self.bytes.contains_key(**name));
        let wanted: Vec<(&str, &String)> = unread.filter_map(|name| Some((*name, self.ids.get(*name)?))).collect();
        let mut ids: Vec<String> = wanted.iter().map(|(_, id)| (*id).clone()).collect();
        ids.sort();
        ids.dedup();
        let blobs = at.io.blobs(INVENTORY, &ids).await.map_err(unreadable)?;
        let read = wanted.into_iter().filter_map(|(name, id)| Some((name.to_owned(), *blobs.get(id)?)));
        let read: Vec<(String, Digest)> = read.collect();
        self.bytes.extend(read);
        Ok(())
    }

    /// The version that a file names, if it is there; what is no entry names none.
    fn version(&self, at: &At, name: &str) -> Result<Option<String>, Failure> {
        #[derive(Deserialize)]
        struct Versioned {
            version: Option<String>,
        }

        let Some(digest) = self.digest(name) else { return Ok(None) };
        let bytes = at.documents.borrow().bytes(name, &digest)?;
        let version = json::parse::<Versioned>(&bytes).ok().and_then(|entry| entry.version);
        Ok(Some(version.unwrap_or_else(|| "no version".to_owned())))
    }
}

/// How `to` differs from `from`, entry by entry.
pub(super) async fn compare(at: &At, from: &mut Entries, to: &mut Entries) -> Result<Vec<Differs>, Failure> {
    let names: BTreeSet<&String> = from.ids.keys().chain(to.ids.keys()).collect();
    let differing = names.into_iter().filter_map(|name| {
        let change = match (from.ids.get(name), to.ids.get(name)) {
            (Some(old), Some(new)) if old == new => return None,
            (Some(_), Some(_)) => Differing::Changed,
            (None, _) => Differing::Added,
            (Some(_), None) => Differing::Removed,
        };
        Some((name.clone(), change))
    });
    let differing: Vec<(String, Differing)> = differing.collect();
    let names: Vec<&str> = differing.iter().map(|(name, _)| name.as_str()).collect();
    from.read(at, &names).await?;
    to.read(at, &names).await?;
    let differs = |(entry, change): (String, Differing)| {
        let (from, to) = (from.version(at, &entry)?, to.version(at, &entry)?);
        Ok(Differs { change, entry, from, to })
    };
    differing.into_iter().map(differs).collect()
}

/// A commit by its id, or the tip of a branch, or a tag.
async fn revision(at: &At, name: &str) -> Result<Option<Commit>, Failure> {
    if name.parse::<Commit>().is_ok() {
        return Ok(at.io.reference(INVENTORY, name).await.map_err(unreadable)?.map(|held| held.commit));
    }
    if let Some(held) = head(at, name).await? {
        return Ok(Some(held.commit));
    }
    let tag = at.io.reference(INVENTORY, &format!("refs/tags/{name}")).await.map_err(unreadable)?;
    Ok(tag.map(|held| held.commit))
}

async fn head(at: &At, branch: &str) -> Result<Option<Held>, Failure> {
    at.io.reference(INVENTORY, &format!("refs/heads/{branch}")).await.map_err(unreadable)
}

/// Commits entries to a branch of the inventory, if each is still as expected; gives the commit.
pub(super) async fn commit(at: &At, branch: &str, puts: Vec<Put>, message: &str) -> Result<Option<Commit>, Failure> {
    store(at, &format!("{INVENTORY}/{branch}"), puts, message).await?;
    Ok(head(at, branch).await?.map(|held| held.commit))
}

/// Writes the files of a store, if each is still as expected.
pub(super) async fn store(at: &At, store: &str, puts: Vec<Put>, message: &str) -> Result<(), Failure> {
    let not_taken = |message: String| {
        let help = "look at the inventory, then run the same command again";
        Err(Failure::one(Code::WriteNotTaken, message, help))
    };
    match at.io.commit(store, puts, message).await {
        Ok(Committed::Done) => Ok(()),
        Ok(Committed::Conflict(paths)) => {
            let paths: Vec<String> = paths.iter().take(5).map(|path| format!("`{}`", shorten(path))).collect();
            not_taken(format!("somebody else wrote to the inventory meanwhile: {}", paths.join(", ")))
        }
        Ok(Committed::Behind) => not_taken("others keep writing to the inventory".to_owned()),
        Ok(Committed::Unknown(why)) => not_taken(format!("nobody knows whether the inventory was written: {why}")),
        Err(fault) => {
            let message = format!("the inventory cannot be written: {}", fault.trouble().message);
            Err(Failure::one(Code::BadRequest, message, "give an inventory that can be written"))
        }
    }
}

fn unreadable(fault: Fault) -> Failure {
    unavailable("the inventory", fault)
}

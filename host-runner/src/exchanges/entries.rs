//! Writing entries: a commit on a branch of the inventory, or files of a folder, if each is as the engine expects.

use std::env;
use std::fs;

use serde_json::{Value, json};

use super::wire::Put;
use super::{Host, odd};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::inventory::git::{Author, Edit, entry_path};
use crate::module::digest;
use crate::refusal::Refusal;

/// Stores that are branches of the inventory begin with this; all others are places.
const BRANCHES: &str = "inventory/";

impl Host<'_> {
    /// Writes entries to a store that is not the ledger.
    pub(super) fn write_entries(
        &self,
        engine: &mut Engine,
        store: &str,
        puts: &[Put],
        message: &str,
    ) -> Result<Value, Refusal> {
        let mut edits = Vec::new();
        for Put { path, content, .. } in puts {
            let path = entry_path(path)?.to_owned();
            edits.push(match content {
                Some(content) => Edit::Write(path, engine.take(content)?),
                None => Edit::Remove(path),
            });
        }
        match store.strip_prefix(BRANCHES) {
            Some(branch) => self.to_branch(branch, puts, &edits, message),
            None => self.to_folder(store, puts, &edits),
        }
    }

    fn to_branch(&self, branch: &str, puts: &[Put], edits: &[Edit], message: &str) -> Result<Value, Refusal> {
        let inventory = self.repository()?;
        let tip = inventory.find_branch(branch)?;
        let mut conflicts = Vec::new();
        for Put { path, expected, .. } in puts {
            let there = tip.as_ref().map(|tip| inventory.file(tip, path)).transpose()?.flatten();
            if there.map(|bytes| digest(&bytes)) != *expected {
                conflicts.push(path);
            }
        }
        if !conflicts.is_empty() {
            return Ok(json!({ "response": "conflict", "paths": conflicts }));
        }
        inventory.commit(branch, tip.as_ref(), edits, &format!("{}\n", message.trim_end()), &self.author())?;
        inventory.forget();
        Ok(json!({ "response": "committed" }))
    }

    fn to_folder(&self, place: &str, puts: &[Put], edits: &[Edit]) -> Result<Value, Refusal> {
        let folder = self.places.get(place).ok_or_else(|| odd(&format!("the store `{place}`")))?;
        let mut conflicts = Vec::new();
        for Put { path, expected, .. } in puts {
            let at = folder.join(path);
            let there = at.symlink_metadata().is_ok().then(|| files::read(&at, "inventory entry")).transpose()?;
            if there.map(|bytes| digest(&bytes)) != *expected {
                conflicts.push(path);
            }
        }
        if !conflicts.is_empty() {
            return Ok(json!({ "response": "conflict", "paths": conflicts }));
        }
        for edit in edits {
            match edit {
                Edit::Write(path, bytes) => files::write(&folder.join(path), bytes)?,
                Edit::Remove(path) => fs::remove_file(folder.join(path)).map_err(|error| {
                    Failure::new(Exit::Usage, format!("`{}` cannot be removed: {error}", folder.join(path).display()))
                })?,
            }
        }
        Ok(json!({ "response": "committed" }))
    }

    /// Who commits: as git's own variables say, else this program.
    fn author(&self) -> Author {
        let variable = |name: &str, otherwise: &str| {
            env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| otherwise.to_owned())
        };
        Author {
            name: variable("GIT_AUTHOR_NAME", "countersign"),
            email: variable("GIT_AUTHOR_EMAIL", "countersign@localhost"),
            date: self.clock.now(),
        }
    }
}

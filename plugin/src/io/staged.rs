//! What is to be written to the ledger: gathered, and stored in one commit before anything else is done in the world.
//!
//! Lost answers are settled here, once for all stores: what is there tells whether a write took. The register comes last, and the
//! journal before it, so that a store that takes files one by one never names what is not there.

use std::collections::BTreeMap;

use super::exchange::Put;
use super::{Committed, Fault, Io, Told};
use crate::scalar::Digest;

/// The store of records.
pub const LEDGER: &str = "ledger";
/// How often a commit is tried whose answer was lost.
const TRIES: u32 = 4;

/// Writes that wait for the next commit.
#[derive(Debug, Default)]
pub(super) struct Staged {
    puts: BTreeMap<String, Put>,
    /// Lines about them.
    pub(super) untold: Vec<Told>,
    /// Why the last commit failed: nothing more is written until the command gives those writes up.
    failed: Option<Fault>,
}

impl Staged {
    pub(super) fn is_empty(&self) -> bool {
        self.puts.is_empty()
    }

    /// Those of these files that are staged.
    pub(super) fn of(&self, store: &str, paths: &[String]) -> BTreeMap<String, Option<Digest>> {
        let ours = paths.iter().filter(|_| store == LEDGER);
        ours.filter_map(|path| Some((path.clone(), self.puts.get(path)?.content))).collect()
    }

    /// The staged paths that begin with `prefix`.
    pub(super) fn paths(&self, store: &str, prefix: &str) -> Vec<String> {
        let ours = self.puts.values().filter(|put| store == LEDGER && put.content.is_some());
        ours.filter(|put| put.path.starts_with(prefix)).map(|put| put.path.clone()).collect()
    }

    /// All of them in the order in which a store may take them.
    fn in_order(&self) -> Vec<Put> {
        let rank = |put: &Put| match put.path.rsplit_once('/') {
            // What says which ledger this is comes first.
            None => 0_u8,
            Some((_, "register.json")) => 3,
            Some((_, name)) if name.ends_with(".jsonl") => 2,
            Some(_) => 1,
        };
        let mut puts: Vec<Put> = self.puts.values().cloned().collect();
        puts.sort_by_key(rank);
        puts
    }
}

impl Io {
    /// Writes a file with the next commit, if it is then as it is expected to be; says whether that can still be so.
    pub fn stage(&self, put: Put) -> bool {
        let mut staged = self.0.staged.borrow_mut();
        match staged.puts.get_mut(&put.path) {
            Some(there) if there.content == put.expected => {
                there.content = put.content;
                true
            }
            Some(_) => false,
            None => {
                staged.puts.insert(put.path.clone(), put);
                true
            }
        }
    }

    /// Stores what is staged, in one commit, and reads it back (CR8).
    pub async fn settle(&self) -> Result<(), Fault> {
        if let Some(fault) = self.0.staged.borrow().failed.clone() {
            return Err(fault);
        }
        let puts = self.0.staged.borrow().in_order();
        let settled = if puts.is_empty() { Ok(()) } else { self.store(puts).await };
        let mut staged = self.0.staged.borrow_mut();
        match &settled {
            Ok(()) => {
                staged.puts.clear();
                self.0.told.borrow_mut().append(&mut staged.untold);
            }
            Err(fault) => staged.failed = Some(fault.clone()),
        }
        settled
    }

    /// Stores one more file with what is staged, now: whether this file was as expected. Where it was not, the others stay staged.
    pub async fn claim(&self, put: Put) -> Result<bool, Fault> {
        let path = put.path.clone();
        // Equal bytes that somebody else wrote are no claim of ours.
        let there = self.stored(LEDGER, vec![path.clone()]).await?.remove(&path);
        if there != put.expected || !self.stage(put) {
            return Ok(false);
        }
        match self.settle().await {
            Ok(()) => Ok(true),
            Err(Fault::Overtaken(paths)) if paths == [path.clone()] => {
                let mut staged = self.0.staged.borrow_mut();
                staged.puts.remove(&path);
                staged.failed = None;
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Why the last commit failed, if it did.
    #[must_use]
    pub fn failed(&self) -> Option<Fault> {
        self.0.staged.borrow().failed.clone()
    }

    /// Gives up what is staged: it never happened.
    pub fn abandon(&self) {
        let mut staged = self.0.staged.borrow_mut();
        let untold = std::mem::take(&mut staged.untold);
        self.0.told.borrow_mut().extend(untold.into_iter().filter(|told| told.event.is_none()));
        *staged = Staged::default();
    }

    async fn store(&self, mut puts: Vec<Put>) -> Result<(), Fault> {
        let mut last = Fault::Broken(String::new());
        for _ in 0..TRIES {
            last = match self.commit(LEDGER, puts.clone(), &message(&puts)).await? {
                Committed::Done => Fault::NotTaken("it says that they were written".to_owned()),
                Committed::Behind => return Err(Fault::Broken("others write to the ledger all the time".to_owned())),
                Committed::Conflict(_) => Fault::NotTaken("it says that they are other files by now".to_owned()),
                Committed::Unknown(message) => Fault::Broken(message),
            };
            // Whatever it says, what is there now tells.
            let paths: Vec<String> = puts.iter().map(|put| put.path.clone()).collect();
            let there = self.at_the_tip(LEDGER, &paths).await?;
            puts.retain(|put| there.get(&put.path).copied() != put.content);
            if puts.is_empty() {
                return Ok(());
            }
            for put in puts.iter_mut().filter(|put| is_shown(put)) {
                put.expected = there.get(&put.path).copied();
            }
            let others = puts.iter().filter(|put| there.get(&put.path).copied() != put.expected);
            let others: Vec<String> = others.map(|put| put.path.clone()).collect();
            if !others.is_empty() {
                return Err(Fault::Overtaken(others));
            }
        }
        Err(last)
    }
}

/// Whether it only shows to people what other files say: whoever writes it last has the word.
fn is_shown(put: &Put) -> bool {
    put.path.ends_with("/record.json")
}

/// What a commit is about: the folder of its journal, or its first file.
fn message(puts: &[Put]) -> String {
    let journal = puts.iter().find(|put| put.path.ends_with(".jsonl")).or(puts.first());
    let path = journal.map_or("", |put| put.path.as_str());
    format!("{}\n", path.rsplit_once('/').map_or(path, |(folder, _)| folder))
}

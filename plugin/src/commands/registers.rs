//! The registers of a run: its target's, which it moves, and its staging's, which it reads.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{self, INVENTORY, POINTERS};
use super::{At, InventoryKind, Settings};
use crate::change::event::Event;
use crate::change::journal::Journal;
use crate::facts::{Facts, Target, is_entry_path};
use crate::failure::{Code, Failure};
use crate::gather::{Named, Tree};
use crate::io::LEDGER;
use crate::io::exchange::Put;
use crate::register::{self, Deployed, DeployedFile, DeployedFiles, Register};
use crate::scalar::{Commit, Digest, Name, shorten};

/// What says which version of the ledger's layout this is.
const MARK: &str = "ledger.json";
const MARK_TEXT: &[u8] = b"{\"version\":2}\n";
const ABOUT: &str = "README.md";
const ABOUT_TEXT: &[u8] = include_bytes!("../../templates/ledger.md");

/// A register, with the digest of its bytes in the ledger.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) register: Register,
    path: String,
    stored: Option<Digest>,
    /// Whether the ledger does not say yet what it is.
    unmarked: bool,
}

impl Kept {
    /// Reads the register of a target.
    pub(super) async fn read(at: &At, target: &Target) -> Result<Self, Failure> {
        let refuse = |fault| reading::unavailable("the ledger", fault);
        let path = register::path(&target.environment, target.region.as_ref());
        let found = at.io.stored(LEDGER, vec![path.clone()]).await.map_err(refuse)?;
        let Some(stored) = found.get(&path).copied() else {
            let unmarked = is_new(at).await?;
            return Ok(Self { register: Register::new(target), path, stored: None, unmarked });
        };
        let bytes = at.documents.borrow().bytes(&path, &stored)?;
        let register =
            Register::read(&bytes).map_err(|problem| Failure::all(Code::Journal, Some(&path), vec![problem]))?;
        Ok(Self { register, path, stored: Some(stored), unmarked: false })
    }

    /// Moves it over the links of a journal after the line `skip`, and stores it with them.
    pub(super) fn moves(&mut self, at: &At, path: &str, journal: &Journal, skip: u32) -> Result<(), Failure> {
        let refuse = |problem| Failure::all(Code::Journal, Some(path), vec![problem]);
        for line in journal.links(skip).map_err(refuse)? {
            self.register = self.register.clone().after(path, &line).map_err(refuse)?;
        }
        self.stage(at)
    }

    /// Moves it over a decision.
    pub(super) fn decided(&mut self, at: &At, path: &str, digest: Digest) -> Result<(), Failure> {
        let refuse = |problem| Failure::all(Code::Journal, Some(path), vec![problem]);
        let link = self.register.tip().next();
        self.register = self.register.clone().decided(path, link, digest).map_err(refuse)?;
        self.stage(at)
    }

    fn stage(&mut self, at: &At) -> Result<(), Failure> {
        let bytes = self.register.text();
        let content = Digest::of(&bytes);
        if self.stored == Some(content) || self.register.number == 0 {
            return Ok(());
        }
        at.io.keep(bytes);
        if std::mem::take(&mut self.unmarked) {
            mark(at);
        }
        let put = Put { path: self.path.clone(), content: Some(content), expected: self.stored };
        if !at.io.stage(put) {
            let message = format!("`{}` is written twice", self.path);
            return Err(Failure::one(Code::Internal, message, "report this as a defect"));
        }
        self.stored = Some(content);
        Ok(())
    }

    /// Whether one of these paths is its own.
    pub(super) fn is_among(&self, paths: &[String]) -> bool {
        paths.contains(&self.path)
    }

    /// Goes on with a journal where a run died: links that the register does not know yet are finished; one that another link overtook
    /// gets a line that stands for it.
    pub(super) fn finishes(&mut self, at: &At, path: &str, journal: &mut Journal) -> Result<(), Failure> {
        let refuse = |problem| Failure::all(Code::Journal, Some(path), vec![problem]);
        let links = journal.links(0).map_err(refuse)?;
        let replaced: BTreeSet<u32> = links.iter().filter_map(|line| line.stands_for).collect();
        let mut orphans = Vec::new();
        for line in links.iter().filter(|line| !replaced.contains(&line.seq)) {
            if register::settled(&self.register, line.link.number, line.digest) != Some(false) {
                continue;
            }
            match line.link.number > self.register.number {
                true => self.register = self.register.clone().after(path, line).map_err(refuse)?,
                false => orphans.push(line.seq),
            }
        }
        let tip = self.register.tip();
        journal.go_on_from(tip.number, tip.head);
        let before = journal.len();
        for of in orphans {
            journal.push(at.io.now(), Event::Relinked { of }).map_err(refuse)?;
        }
        match journal.len() > before {
            true => self.moves(at, path, journal, before),
            false => self.stage(at),
        }
    }
}

/// A ledger that nobody wrote to yet says from now on what it is.
pub(super) async fn begin(at: &At) -> Result<(), Failure> {
    if is_new(at).await? {
        mark(at);
    }
    Ok(())
}

/// Whether the ledger says that it is of this version.
pub(super) async fn is_marked(at: &At) -> Result<bool, Failure> {
    let found = at.io.stored(LEDGER, vec![MARK.to_owned()]).await;
    Ok(found.map_err(|fault| reading::unavailable("the ledger", fault))?.contains_key(MARK))
}

/// Whether nobody wrote to the ledger yet. One of version 1 is taken over by a person first.
async fn is_new(at: &At) -> Result<bool, Failure> {
    let refuse = |fault| reading::unavailable("the ledger", fault);
    if is_marked(at).await? {
        return Ok(false);
    }
    if !at.io.paths(LEDGER, "changes/").await.map_err(refuse)?.is_empty() {
        let help = "finish its cleared changes with version 1, then take it over with `countersign audit --adopt`";
        return Err(Failure::one(Code::Journal, "the ledger was written by version 1", help));
    }
    Ok(true)
}

/// Says which version of the layout this is, and to people what they see.
pub(super) fn mark(at: &At) {
    for (path, text) in [(MARK, MARK_TEXT), (ABOUT, ABOUT_TEXT)] {
        let content = at.io.keep(text.to_vec());
        at.io.stage(Put { path: path.to_owned(), content: Some(content), expected: None });
    }
}

/// The registers of the staging environment: of the same region, and of none.
pub(super) async fn staging(at: &At, target: &Target, environment: &Name) -> Result<Vec<Register>, Failure> {
    let refuse = |fault| reading::unavailable("the ledger", fault);
    let mut paths = vec![register::path(environment, target.region.as_ref())];
    if target.region.is_some() {
        paths.push(register::path(environment, None));
    }
    let found = at.io.stored(LEDGER, paths).await.map_err(refuse)?;
    let read = |(path, digest): (String, Digest)| {
        let bytes = at.documents.borrow().bytes(&path, &digest)?;
        Register::read(&bytes).map_err(|problem| Failure::all(Code::Journal, Some(&path), vec![problem]))
    };
    found.into_iter().map(read).collect()
}

/// What is deployed on a target: as its register says; where that says nothing yet, as its pointer does.
pub(super) async fn deployed(
    at: &At,
    settings: &Settings,
    register: Option<&Register>,
    target: &Target,
) -> Result<Option<Tree>, Failure> {
    let Some(deployed) = register.and_then(|register| register.deployed.as_ref()) else {
        return pointed(at, settings, &target.pointer()).await;
    };
    let files = match (deployed.files, &deployed.commit) {
        (Some(digest), _) => listed(at, target, &digest).await?.files,
        (None, Some(commit)) => return known(at, deployed, commit).await.map(Some),
        (None, None) => return Ok(None),
    };
    bring(at, settings, target, &files).await?;
    let named = files.into_iter().map(|(name, file)| Named { name, digest: file.digest });
    Ok(Some(Tree { commit: deployed.commit.clone(), files: named.collect() }))
}

fn list_path(target: &Target, digest: &Digest) -> String {
    let folder = register::folder(&target.environment, target.region.as_ref());
    format!("{folder}/deployed-{}.json", digest.hex())
}

fn entry_path(target: &Target, digest: &Digest) -> String {
    format!("{}/entries/{}", register::folder(&target.environment, target.region.as_ref()), digest.hex())
}

/// The list that the register names.
async fn listed(at: &At, target: &Target, digest: &Digest) -> Result<DeployedFiles, Failure> {
    let refuse = |fault| reading::unavailable("the ledger", fault);
    let path = list_path(target, digest);
    let found = at.io.stored(LEDGER, vec![path.clone()]).await.map_err(refuse)?;
    if found.get(&path) != Some(digest) {
        let help = "restore it from a copy of the ledger";
        let message = format!("`{path}`, which the register names, is missing or has other bytes");
        return Err(Failure::one(Code::Journal, message, help));
    }
    let bytes = at.documents.borrow().bytes(&path, digest)?;
    DeployedFiles::read(&bytes).map_err(|problem| Failure::all(Code::Journal, Some(&path), vec![problem]))
}

/// Reads the bytes of deployed entries that are not known yet: from the commits that have them, or from the ledger.
async fn bring(
    at: &At,
    settings: &Settings,
    target: &Target,
    files: &BTreeMap<String, DeployedFile>,
) -> Result<(), Failure> {
    let unknown = || files.iter().filter(|(_, file)| at.documents.borrow().take(&file.digest).is_none());
    if settings.inventory == InventoryKind::Folder {
        let paths: Vec<String> = unknown().map(|(_, file)| entry_path(target, &file.digest)).collect();
        if !paths.is_empty() {
            at.io.stored(LEDGER, paths).await.map_err(|fault| reading::unavailable("the ledger", fault))?;
        }
    } else {
        let mut by_commit: BTreeMap<&Commit, BTreeSet<&str>> = BTreeMap::new();
        for (path, file) in unknown() {
            if let Some(commit) = &file.commit {
                by_commit.entry(commit).or_default().insert(path);
            }
        }
        for (commit, paths) in by_commit {
            reading::entries_at(at, commit, |path| paths.contains(path)).await?;
        }
    }
    match unknown().next() {
        None => Ok(()),
        Some((path, _)) => {
            let message = format!("`{}` is not to be had as it was deployed", shorten(path));
            Err(Failure::one(
                Code::Inventory,
                message,
                "check the inventory out with its whole past (`fetch-depth: 0`)",
            ))
        }
    }
}

/// What stands at the pointer of a target whose ledger knows of no deployment yet.
async fn pointed(at: &At, settings: &Settings, pointer: &str) -> Result<Option<Tree>, Failure> {
    if settings.inventory == InventoryKind::Folder {
        return Ok(None);
    }
    let refuse = |fault| reading::unavailable("the pointer to the last deployment", fault);
    let Some(held) = at.io.reference(POINTERS, &reading::tag(pointer)).await.map_err(refuse)? else { return Ok(None) };
    if at.io.reference(INVENTORY, held.commit.as_str()).await.map_err(refuse)?.is_none() {
        let message = format!("the pointer `{pointer}` is at commit {}, which the inventory lacks", held.commit);
        let help = "fetch it: check the inventory out with its whole past (`fetch-depth: 0`)";
        return Err(Failure::one(Code::Inventory, message, help));
    }
    reading::entries_at(at, &held.commit, is_entry_path).await.map(Some)
}

/// What a change of version 1 deployed.
async fn known(at: &At, deployed: &Deployed, commit: &Commit) -> Result<Tree, Failure> {
    let refuse = |fault| reading::unavailable("the inventory", fault);
    if at.io.reference(INVENTORY, commit.as_str()).await.map_err(refuse)?.is_none() {
        let message = format!("`{}` deployed commit {commit}, which the inventory lacks", deployed.by);
        let help = "fetch it: check the inventory out with its whole past (`fetch-depth: 0`)";
        return Err(Failure::one(Code::Inventory, message, help));
    }
    reading::entries_at(at, commit, is_entry_path).await
}

/// Stages the list of everything that is deployed once this change is concluded: what was there, with the change's delta. What the
/// policy hides stays as it is deployed (IN3). Gives the digest of the list.
pub(super) async fn conclude(
    at: &At,
    settings: &Settings,
    register: &Register,
    facts: &Facts,
) -> Result<Digest, Failure> {
    let (target, inventory) = (&facts.target, &facts.inventory);
    let mut files = match register.deployed.as_ref().and_then(|deployed| deployed.files) {
        Some(digest) => listed(at, target, &digest).await?.files,
        None => {
            let concluded = facts.concluded.iter().flat_map(|concluded| {
                let file = |digest| DeployedFile { digest, commit: concluded.commit.clone() };
                concluded.entries.iter().map(move |(path, entry)| (path.clone(), file(entry.digest)))
            });
            concluded.collect()
        }
    };
    files.retain(|path, _| !facts.delta.removed.contains(path));
    for (path, entry) in &inventory.entries {
        let same = files.get(path).is_some_and(|file| file.digest == entry.digest);
        if same || facts.delta.entries.contains_key(path) {
            files.insert(path.clone(), DeployedFile { digest: entry.digest, commit: inventory.commit.clone() });
        }
    }
    let mut puts = Vec::new();
    if settings.inventory == InventoryKind::Folder {
        let digests: BTreeSet<Digest> = files.values().map(|file| file.digest).collect();
        puts.extend(digests.into_iter().map(|digest| (entry_path(target, &digest), digest)));
    }
    let list = at.io.keep(DeployedFiles::text(files));
    puts.push((list_path(target, &list), list));
    let paths = puts.iter().map(|(path, _)| path.clone()).collect();
    let there = at.io.stored(LEDGER, paths).await.map_err(|fault| reading::unavailable("the ledger", fault))?;
    for (path, digest) in puts.into_iter().filter(|(path, digest)| there.get(path) != Some(digest)) {
        let expected = there.get(&path).copied();
        at.io.stage(Put { path, content: Some(digest), expected });
    }
    Ok(list)
}

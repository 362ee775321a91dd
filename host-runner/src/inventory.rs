//! The inventory: a git repository whose branches are environments, or a plain folder; and the pointer to what was
//! concluded last on a target.

pub mod git;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::failure::Failure;
use crate::files;
use crate::ledger::{Ledger, Put};
use crate::refusal::Refusal;
use crate::remote::Remote;
use crate::wire::{Named, Target, Tree};
use git::Repository;

/// An inventory.
#[derive(Debug)]
pub enum Inventory {
    /// A git repository; and the one elsewhere that has the pointers, if they are not in it.
    Git(Repository, Option<Remote>),
    /// A plain folder: it has no commits, so nothing proves which promotion made it.
    Folder(PathBuf),
}

/// The pointer to the last concluded deployment of a target, as it was when this run began.
#[derive(Clone, Debug)]
pub struct Pointer {
    /// Its name.
    pub name: String,
    /// What it held: the tag's object, or the version of the snapshot.
    before: Option<String>,
}

/// Why a pointer did not move.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotMoved {
    /// A stable name.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

/// What was concluded last in a plain folder, as the ledger keeps it.
#[derive(Deserialize, Serialize)]
struct Snapshot {
    version: u32,
    files: Vec<Named>,
}

/// The name of the pointer of a target: `<region>_<environment>_latest`, or without the region.
#[must_use]
pub fn pointer_name(target: &Target, environment: &str) -> String {
    match &target.region {
        Some(region) => format!("{region}_{environment}_latest"),
        None => format!("{environment}_latest"),
    }
}

impl Inventory {
    /// The inventory at `path`, whose pointers are in `pointers`, or in itself.
    pub fn open(path: &Path, pointers: Option<Remote>) -> Result<Self, Failure> {
        if let Some(repository) = Repository::at(path) {
            return Ok(Self::Git(repository, pointers));
        }
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        Err(Failure::usage(format!("there is no inventory at `{}`", path.display()))
            .help("give the folder of a git repository, or a plain folder of entries"))
    }

    /// What is to be deployed: `commit`, or the tip of `branch`; of a plain folder, all of it.
    pub fn current(&self, engine: &mut Engine, branch: &str, commit: Option<&str>) -> Result<Tree, Refusal> {
        match self {
            Self::Git(repository, _) => {
                let commit = match commit {
                    Some(commit) => git::Commit::parse(commit)?,
                    None => repository.branch(branch)?,
                };
                git_tree(repository, engine, &commit)
            }
            Self::Folder(folder) => folder_tree(folder, engine),
        }
    }

    /// What was concluded last under the pointer `name`, if anything was.
    pub fn concluded(
        &self,
        engine: &mut Engine,
        ledger: &Ledger,
        name: &str,
    ) -> Result<(Pointer, Option<Tree>), Refusal> {
        let (before, tree) = match self {
            Self::Git(repository, Some(remote)) => match remote_tag(repository, remote, name)? {
                Some(tag) => (Some(tag.object), Some(git_tree(repository, engine, &tag.commit)?)),
                None => (None, None),
            },
            Self::Git(repository, None) => match repository.tag(name)? {
                Some(tag) => (Some(tag.object), Some(git_tree(repository, engine, &tag.commit)?)),
                None => (None, None),
            },
            Self::Folder(_) => match ledger.get(&snapshot_path(name))? {
                Some((bytes, version)) => (Some(version), Some(snapshot(engine, ledger, name, &bytes)?)),
                None => (None, None),
            },
        };
        Ok((Pointer { name: name.to_owned(), before }, tree))
    }

    /// The ignore file `name` of the inventory, if there is one.
    pub fn ignore_file(&self, engine: &mut Engine, tree: &Tree, name: &str) -> Result<Option<Named>, Refusal> {
        match (self, &tree.commit) {
            (Self::Git(repository, _), Some(commit)) => match repository.file(&git::Commit::parse(commit)?, name)? {
                Some(bytes) => Ok(Some(engine.give(name, &bytes)?)),
                None => Ok(None),
            },
            (Self::Folder(folder), _) if folder.join(name).is_file() => {
                Ok(Some(engine.give(name, &files::read(&folder.join(name), "ignore file")?)?))
            }
            (Self::Git(..) | Self::Folder(_), _) => Ok(None),
        }
    }

    /// Moves the pointer to `tree`, if it is as it was when this run began, and reads it back.
    pub fn conclude(
        &self,
        engine: &mut Engine,
        ledger: &Ledger,
        pointer: &Pointer,
        tree: &Tree,
    ) -> Result<Result<(), NotMoved>, Refusal> {
        match (self, &tree.commit) {
            (Self::Git(repository, Some(remote)), Some(commit)) => {
                Ok(move_remote_tag(repository, remote, pointer, commit))
            }
            (Self::Git(repository, None), Some(commit)) => {
                Ok(repository.move_tag(&pointer.name, &git::Commit::parse(commit)?, pointer.before.as_deref()))
            }
            (Self::Git(..) | Self::Folder(_), _) => keep_snapshot(engine, ledger, pointer, tree),
        }
    }
}

fn tag_name(name: &str) -> Result<String, Failure> {
    Ok(format!("refs/tags/{}", git::reference(name)?))
}

/// A tag of the repository elsewhere, whose commit this one must have.
fn remote_tag(repository: &Repository, remote: &Remote, name: &str) -> Result<Option<git::Tag>, Failure> {
    let Some((object, commit)) = remote.reference(&tag_name(name)?)? else { return Ok(None) };
    let commit = git::Commit::parse(&commit)?;
    if repository.has(&commit)? {
        return Ok(Some(git::Tag { object, commit }));
    }
    Err(Failure::usage(format!("the pointer `{name}` is at commit {commit}, which the inventory lacks"))
        .help("fetch it: check the inventory out with its whole past (`fetch-depth: 0`)"))
}

/// Moves a tag of the repository elsewhere, if it is as it was when this run began, and reads it back.
fn move_remote_tag(repository: &Repository, remote: &Remote, pointer: &Pointer, commit: &str) -> Result<(), NotMoved> {
    let broken = |failure: Failure| NotMoved { code: "unavailable", message: failure.problem };
    let name = tag_name(&pointer.name).map_err(broken)?;
    let mut last = None;
    for _ in 0..3 {
        let now = match remote.reference(&name) {
            Ok(now) => now,
            Err(failure) => {
                last = Some(failure);
                continue;
            }
        };
        if now.as_ref().is_some_and(|(_, there)| there == commit) {
            return Ok(());
        }
        if now.map(|(object, _)| object) != pointer.before {
            let message = format!("the tag `{}` was moved by another run in between", pointer.name);
            return Err(NotMoved { code: "conflict", message });
        }
        // Whatever it says, the next look tells whether it took.
        last = remote.push(repository.git_dir(), commit, &name, pointer.before.as_deref()).err();
    }
    match (remote.reference(&name), last) {
        (Ok(Some((_, there))), _) if there == commit => Ok(()),
        (_, Some(failure)) => Err(broken(failure)),
        (_, None) => {
            let message = format!("the tag `{}` was moved, and reads otherwise", pointer.name);
            Err(NotMoved { code: "write-not-taken", message })
        }
    }
}

fn git_tree(repository: &Repository, engine: &mut Engine, commit: &git::Commit) -> Result<Tree, Refusal> {
    let mut tree = Tree { commit: Some(commit.to_string()), files: Vec::new() };
    for (name, object) in repository.files(commit)? {
        let bytes = repository.blob(&object, &name)?;
        tree.files.push(engine.give(name, &bytes)?);
    }
    Ok(tree)
}

fn folder_tree(folder: &Path, engine: &mut Engine) -> Result<Tree, Refusal> {
    let found = files::below(folder, "inventory")?;
    if let Some(link) = found.links.first() {
        return Err(is_link(link).into());
    }
    let mut tree = Tree::default();
    for (name, path) in found.files {
        tree.files.push(engine.give(name, &files::read(&path, "inventory entry")?)?);
    }
    Ok(tree)
}

/// A link in an inventory may point anywhere, so nobody can say what it deploys.
fn is_link(name: &str) -> Failure {
    Failure::usage(format!("`{}` in the inventory is not a regular file", crate::text::excerpt(name, 200)))
        .help("put the entry itself there: links and submodules are not followed")
}

fn snapshot_path(pointer: &str) -> String {
    format!("pointers/{pointer}/tree.json")
}

fn blob_path(pointer: &str, digest: &str) -> String {
    format!("pointers/{pointer}/{}", digest.trim_start_matches("sha256:"))
}

fn snapshot(engine: &mut Engine, ledger: &Ledger, pointer: &str, bytes: &[u8]) -> Result<Tree, Refusal> {
    let path = snapshot_path(pointer);
    let damaged = |what: String| {
        Refusal::from(
            Failure::usage(format!("`{path}` in the ledger is damaged: {what}"))
                .help("restore it from a copy of the ledger"),
        )
    };
    let snapshot: Snapshot = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    let mut tree = Tree::default();
    for file in snapshot.files {
        let (bytes, _) =
            ledger.get(&blob_path(pointer, &file.digest))?.ok_or_else(|| damaged(format!("no `{}`", file.digest)))?;
        let given = engine.give(file.name, &bytes)?;
        if given.digest != file.digest {
            return Err(damaged(format!("`{}` has other bytes", file.digest)));
        }
        tree.files.push(given);
    }
    Ok(tree)
}

/// The bytes first, the list of them last: whoever reads the list finds the bytes.
fn keep_snapshot(
    engine: &mut Engine,
    ledger: &Ledger,
    pointer: &Pointer,
    tree: &Tree,
) -> Result<Result<(), NotMoved>, Refusal> {
    let distinct: BTreeMap<&str, &Named> = tree.files.iter().map(|file| (file.digest.as_str(), file)).collect();
    for digest in distinct.keys() {
        let path = blob_path(&pointer.name, digest);
        if ledger.get(&path)?.is_none() {
            let bytes = engine.take(digest)?;
            ledger.put_if_unchanged(&path, &bytes, None)?;
        }
    }
    let path = snapshot_path(&pointer.name);
    let snapshot = Snapshot { version: 1, files: tree.files.clone() };
    let bytes = serde_json::to_vec_pretty(&snapshot)
        .map_err(|error| Failure::new(crate::exit::Exit::Internal, error.to_string()))?;
    if ledger.get(&path)?.is_some_and(|(there, _)| there == bytes) {
        return Ok(Ok(()));
    }
    Ok(match ledger.put_if_unchanged(&path, &bytes, pointer.before.as_deref())? {
        Put::Done(_) if ledger.get(&path)?.is_some_and(|(there, _)| there == bytes) => Ok(()),
        Put::Done(_) => {
            Err(NotMoved { code: "write-not-taken", message: format!("`{path}` was written, and reads otherwise") })
        }
        Put::Conflict(_) => Err(NotMoved {
            code: "conflict",
            message: format!("`{}` was moved by another run in between", pointer.name),
        }),
    })
}

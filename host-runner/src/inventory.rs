//! The inventory: a git repository whose branches are environments, or a plain folder.

pub mod git;

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use git::Repository;

/// An inventory.
#[derive(Debug)]
pub enum Inventory {
    /// A git repository.
    Git(Repository),
    /// A plain folder: it has no commits, so nothing proves which promotion made it.
    Folder(PathBuf),
}

impl Inventory {
    /// The inventory at `path`.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if let Some(repository) = Repository::at(path) {
            return Ok(Self::Git(repository));
        }
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        Err(Failure::usage(format!("there is no inventory at `{}`", path.display()))
            .help("give the folder of a git repository, or a plain folder of entries"))
    }
}

/// A link in an inventory may point anywhere, so nobody can say what it deploys.
fn is_link(name: &str) -> Failure {
    Failure::usage(format!("`{}` in the inventory is not a regular file", crate::text::excerpt(name, 200)))
        .help("put the entry itself there: links and submodules are not followed")
}

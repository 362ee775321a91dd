//! The store port: whole files by path, compare and set. A directory has them, or a branch of a remote git repository.

mod branch;
mod directory;

use std::io;
use std::path::Path;

use crate::refusal::Refusal;
use crate::remote::Remote;
use branch::Branch;
use directory::Directory;

/// Why the ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The path is not one that a ledger holds.
    #[error("`{0}` is not a path in the ledger: segments of letters, digits, `.`, `_`, `-`, not beginning with a dot")]
    Path(String),
    /// Another process holds the lock for writing, and does not end.
    #[error(
        "`{path}` has been locked by another process for {seconds} s: end that process, then run this again; the file may stay"
    )]
    Locked {
        /// The file that is locked.
        path: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The remote repository refused, or does not answer.
    #[error("the ledger at `{place}` cannot be {doing}: {error}")]
    Remote {
        /// Where it is.
        place: String,
        /// What was tried.
        doing: &'static str,
        /// What git said.
        error: String,
    },
    /// The system refused.
    #[error("`{path}` cannot be {doing}: {error}")]
    System {
        /// The file or directory.
        path: String,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

/// What came of a write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Put {
    /// It took; this is the new version.
    Done(String),
    /// Somebody else wrote in between; this is the version found, `None` when there is no such file.
    Conflict(Option<String>),
}

/// A file to write, if it is as expected.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its path.
    pub path: String,
    /// The new bytes; none: it is removed.
    pub bytes: Option<Vec<u8>>,
    /// The version that must be there; none: there must be no such file.
    pub expected: Option<String>,
}

/// What came of writing several files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Committed {
    /// All of them are there.
    Done,
    /// These are not as expected; nothing was written.
    Conflict(Vec<String>),
    /// Others kept moving the ledger, so nothing was written.
    Behind,
}

/// A ledger.
#[derive(Debug)]
pub struct Ledger {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Directory(Directory),
    Branch(Box<Branch>),
}

impl Ledger {
    /// The ledger in the directory `root`, which is made when it is missing.
    pub fn open(root: &Path) -> Result<Self, LedgerError> {
        Ok(Self { place: Place::Directory(Directory::open(root)?) })
    }

    /// The ledger on a branch of a remote repository; its first file makes the branch.
    pub fn remote(remote: Remote, branch: &str) -> Result<Self, Refusal> {
        Ok(Self { place: Place::Branch(Box::new(Branch::open(remote, branch)?)) })
    }

    /// Whether it is there: a directory is made when it is opened, a branch by its first file.
    #[must_use]
    pub fn is_there(&self) -> bool {
        match &self.place {
            Place::Directory(_) => true,
            Place::Branch(branch) => branch.is_there(),
        }
    }

    /// Where to look at `path`, for people.
    #[must_use]
    pub fn show(&self, path: &str) -> String {
        match &self.place {
            Place::Directory(directory) => directory.root().join(path).display().to_string(),
            Place::Branch(branch) => branch.show(path),
        }
    }

    /// The bytes at `path` and their version, the digest `sha256:<hex>`; `None` when there is no such file.
    pub fn get(&self, path: &str) -> Result<Option<(Vec<u8>, String)>, LedgerError> {
        match &self.place {
            Place::Directory(directory) => directory.get(path),
            Place::Branch(branch) => branch.get(path),
        }
    }

    /// Writes `bytes` at `path` if the version there is still `expected`; `None` means that there must be no such file.
    pub fn put_if_unchanged(&self, path: &str, bytes: &[u8], expected: Option<&str>) -> Result<Put, LedgerError> {
        match &self.place {
            Place::Directory(directory) => directory.put_if_unchanged(path, bytes, expected),
            Place::Branch(branch) => branch.put_if_unchanged(path, bytes, expected),
        }
    }

    /// Writes several files, each if it is as expected: at once where the ledger can, else in their order.
    pub fn commit(&self, writes: &[Write], message: &str) -> Result<Committed, LedgerError> {
        match &self.place {
            Place::Directory(directory) => directory.commit(writes),
            Place::Branch(branch) => branch.commit(writes, message),
        }
    }

    /// Looks again at what others may have written since.
    pub fn refresh(&self) -> Result<(), LedgerError> {
        match &self.place {
            Place::Directory(_) => Ok(()),
            Place::Branch(branch) => branch.refresh(),
        }
    }

    /// The paths that begin with `prefix`, sorted.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, LedgerError> {
        match &self.place {
            Place::Directory(directory) => directory.list(prefix),
            Place::Branch(branch) => branch.list(prefix),
        }
    }
}

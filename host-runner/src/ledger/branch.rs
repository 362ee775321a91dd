//! The ledger on a branch of a remote git repository: every write is one commit, pushed if the branch is as it was.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::directory::{DEPTH_MAX, is_segment};
use super::{Committed, LedgerError, Put, Write};
use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inventory::git::{Author, Commit, Edit, Repository, reference};
use crate::module::digest;
use crate::refusal::Refusal;
use crate::remote::Remote;
use crate::text::excerpt;

/// The tip of the branch, as this process knows it.
const TIP: &str = "refs/countersign/tip";
/// How long a write is tried again when somebody else wrote to the branch, or nobody knows whether it took.
const PATIENCE: Duration = Duration::from_secs(300);
/// A branch that nobody else moved, and that takes no push so many times, takes none.
const REFUSALS: u32 = 4;

/// A branch, and a repository of this process that holds its tip.
#[derive(Debug)]
pub(super) struct Branch {
    remote: Remote,
    branch: String,
    local: PathBuf,
    tip: RefCell<Tip>,
    /// Removed with this value.
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
struct Tip {
    repository: Repository,
    commit: Option<Commit>,
}

impl Branch {
    pub(super) fn open(remote: Remote, branch: &str) -> Result<Self, Refusal> {
        let branch = reference(branch)?.to_owned();
        // Nobody else can guess its name, or write into it.
        let folder = tempfile::Builder::new().prefix("countersign-").tempdir().map_err(|error| {
            Failure::new(Exit::Internal, format!("no temporary folder can be made: {error}"))
                .help("set `TMPDIR` to a folder that this user may write to")
        })?;
        let local = folder.path().to_owned();
        let repository = Repository::create(&local, "none")?;
        let tip = RefCell::new(Tip { repository, commit: None });
        let opened = Self { remote, branch, local, tip, _folder: folder };
        opened.fetch()?;
        Ok(opened)
    }

    pub(super) fn is_there(&self) -> bool {
        self.tip.borrow().commit.is_some()
    }

    pub(super) fn show(&self, path: &str) -> String {
        format!("{} on the branch `{}` of {}", path, self.branch, self.remote.url())
    }

    pub(super) fn get(&self, path: &str) -> Result<Option<(Vec<u8>, String)>, LedgerError> {
        let path = sound(path)?;
        let tip = self.tip.borrow();
        let Some(commit) = &tip.commit else { return Ok(None) };
        let bytes = tip.repository.file(commit, path).map_err(|failure| self.trouble("read", &failure.problem))?;
        Ok(bytes.map(|bytes| {
            let version = digest(&bytes);
            (bytes, version)
        }))
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, LedgerError> {
        let tip = self.tip.borrow();
        let Some(commit) = &tip.commit else { return Ok(Vec::new()) };
        let files = tip.repository.files(commit).map_err(|failure| self.trouble("listed", &failure.problem))?;
        Ok(files.into_keys().filter(|path| path.starts_with(prefix)).collect())
    }

    pub(super) fn put_if_unchanged(
        &self,
        path: &str,
        bytes: &[u8],
        expected: Option<&str>,
    ) -> Result<Put, LedgerError> {
        let write = Write { path: path.to_owned(), bytes: Some(bytes.to_vec()), expected: expected.map(str::to_owned) };
        match self.commit(std::slice::from_ref(&write), &format!("countersign: {path}"))? {
            Committed::Done => Ok(Put::Done(digest(bytes))),
            Committed::Conflict(_) => Ok(Put::Conflict(self.get(path)?.map(|(_, version)| version))),
            Committed::Behind => Err(self.trouble("written", "others write to it all the time")),
        }
    }

    /// Writes several files as one commit and one push.
    pub(super) fn commit(&self, writes: &[Write], message: &str) -> Result<Committed, LedgerError> {
        for write in writes {
            sound(&write.path)?;
        }
        if !self.conflicts(writes)?.is_empty() && !self.is_behind()? {
            return Ok(Committed::Conflict(self.conflicts(writes)?));
        }
        let until = Instant::now() + PATIENCE;
        let (mut last, mut refused, mut lost) = (String::new(), 0, 0);
        while Instant::now() < until && refused < REFUSALS {
            if lost > 0 || !self.conflicts(writes)?.is_empty() {
                let before = self.tip.borrow().commit.clone();
                step_back(lost);
                self.fetch()?;
                refused = if self.tip.borrow().commit == before { refused + 1 } else { 0 };
            }
            if lost > 0 && self.holds(writes)? {
                return Ok(Committed::Done);
            }
            let conflicts = self.conflicts(writes)?;
            if !conflicts.is_empty() {
                return Ok(Committed::Conflict(conflicts));
            }
            match self.push(writes, message)? {
                Ok(()) => return Ok(Committed::Done),
                Err(why) => last = why,
            }
            lost += 1;
        }
        match refused < REFUSALS {
            true => Ok(Committed::Behind),
            false => Err(self.trouble("written", &last)),
        }
    }

    /// Looks again at what others may have written since.
    pub(super) fn refresh(&self) -> Result<(), LedgerError> {
        if self.is_behind()? { self.fetch() } else { Ok(()) }
    }

    /// The files that are not as expected.
    fn conflicts(&self, writes: &[Write]) -> Result<Vec<String>, LedgerError> {
        let mut conflicts = Vec::new();
        for Write { path, expected, .. } in writes {
            if self.get(path)?.map(|(_, version)| version) != *expected {
                conflicts.push(path.clone());
            }
        }
        Ok(conflicts)
    }

    /// Whether all of it is there.
    fn holds(&self, writes: &[Write]) -> Result<bool, LedgerError> {
        for Write { path, bytes, .. } in writes {
            if self.get(path)?.map(|(found, _)| found) != *bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Commits files and pushes them; why that did not work, or seems not to have.
    fn push(&self, writes: &[Write], message: &str) -> Result<Result<(), String>, LedgerError> {
        let mut tip = self.tip.borrow_mut();
        let author = Author {
            name: "countersign".to_owned(),
            email: "countersign@users.noreply.github.com".to_owned(),
            date: Clock::from_environment().map_or_else(|_| "2000-01-01T00:00:00Z".to_owned(), |clock| clock.now()),
        };
        let edit = |write: &Write| match &write.bytes {
            Some(bytes) => Edit::Write(write.path.clone(), bytes.clone()),
            None => Edit::Remove(write.path.clone()),
        };
        let edits: Vec<Edit> = writes.iter().map(edit).collect();
        let commit = tip
            .repository
            .commit_on(tip.commit.as_ref(), &edits, message.trim_end(), &author)
            .map_err(|failure| self.trouble("written", &failure.problem))?;
        let before = tip.commit.as_ref().map(Commit::as_str);
        if let Err(failure) = self.remote.push(&self.local, commit.as_str(), &self.name(), before) {
            return Ok(Err(failure.problem));
        }
        tip.commit = Some(commit);
        tip.repository.forget();
        Ok(Ok(()))
    }

    /// Whether the branch has moved since it was fetched.
    fn is_behind(&self) -> Result<bool, LedgerError> {
        let there = self.remote.reference(&self.name()).map_err(|failure| self.trouble("read", &failure.problem))?;
        Ok(there.map(|(object, _)| object).as_deref() != self.tip.borrow().commit.as_ref().map(Commit::as_str))
    }

    fn fetch(&self) -> Result<(), LedgerError> {
        let trouble = |failure: Failure| self.trouble("read", &failure.problem);
        let mut last = None;
        for _ in 0..3 {
            let there = match self.remote.reference(&self.name()) {
                Ok(there) => there,
                Err(failure) => {
                    last = Some(failure);
                    continue;
                }
            };
            let commit = match there {
                None => None,
                Some(_) => {
                    if let Err(failure) = self.remote.fetch(&self.local, &self.name(), TIP) {
                        last = Some(failure);
                        continue;
                    }
                    let tip = self.tip.borrow();
                    tip.repository.forget();
                    tip.repository.named(TIP).map_err(trouble)?
                }
            };
            self.tip.borrow_mut().commit = commit;
            return Ok(());
        }
        Err(last.map_or_else(|| self.trouble("read", "nobody knows why"), trouble))
    }

    fn name(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    fn trouble(&self, doing: &'static str, error: &str) -> LedgerError {
        LedgerError::Remote { place: self.remote.url().to_owned(), doing, error: excerpt(error, 400) }
    }
}

/// Whoever lost a race steps back: for longer each time, and not everybody for as long.
fn step_back(lost: u64) {
    let own = 1 + u64::from(std::process::id()) % 7;
    std::thread::sleep(Duration::from_millis(25 * lost.min(20) * own));
}

fn sound(path: &str) -> Result<&str, LedgerError> {
    match path.split('/').count() <= DEPTH_MAX && path.split('/').all(is_segment) {
        true => Ok(path),
        false => Err(LedgerError::Path(excerpt(path, 200))),
    }
}

#[cfg(test)]
mod tests;

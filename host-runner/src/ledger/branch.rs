//! The ledger on a branch of a remote git repository: every write is one commit, pushed if the branch is as it was.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::directory::{DEPTH_MAX, is_segment};
use super::{LedgerError, Put};
use crate::clock::Clock;
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
}

#[derive(Debug)]
struct Tip {
    repository: Repository,
    commit: Option<Commit>,
}

impl Drop for Branch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.local);
    }
}

impl Branch {
    pub(super) fn open(remote: Remote, branch: &str) -> Result<Self, Refusal> {
        static TURN: AtomicU32 = AtomicU32::new(0);
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let local = std::env::temp_dir().join(format!("countersign-branch-{}-{turn}", std::process::id()));
        let branch = reference(branch)?.to_owned();
        let _ = std::fs::remove_dir_all(&local);
        let repository = Repository::create(&local, "none")?;
        let tip = RefCell::new(Tip { repository, commit: None });
        let opened = Self { remote, branch, local, tip };
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
        let path = sound(path)?;
        let found = self.get(path)?.map(|(_, version)| version);
        if found.as_deref() != expected && !self.is_behind()? {
            return Ok(Put::Conflict(found));
        }
        let until = Instant::now() + PATIENCE;
        let (mut last, mut refused, mut lost) = (String::new(), 0, 0);
        while Instant::now() < until && refused < REFUSALS {
            if lost > 0 || found.as_deref() != expected {
                let before = self.tip.borrow().commit.clone();
                step_back(lost);
                self.fetch()?;
                refused = if self.tip.borrow().commit == before { refused + 1 } else { 0 };
            }
            let found = self.get(path)?.map(|(_, version)| version);
            if lost > 0 && found.as_deref() == Some(&digest(bytes)) {
                return Ok(Put::Done(digest(bytes)));
            }
            if found.as_deref() != expected {
                return Ok(Put::Conflict(found));
            }
            match self.push(path, bytes)? {
                Ok(()) => return Ok(Put::Done(digest(bytes))),
                Err(why) => last = why,
            }
            lost += 1;
        }
        Err(self.trouble("written", &last))
    }

    /// Commits one file and pushes it; why that did not work, or seems not to have.
    fn push(&self, path: &str, bytes: &[u8]) -> Result<Result<(), String>, LedgerError> {
        let mut tip = self.tip.borrow_mut();
        let author = Author {
            name: "countersign".to_owned(),
            email: "countersign@users.noreply.github.com".to_owned(),
            date: Clock::from_environment().map_or_else(|_| "2000-01-01T00:00:00Z".to_owned(), |clock| clock.now()),
        };
        let edits = [Edit::Write(path.to_owned(), bytes.to_vec())];
        let message = format!("countersign: {path}");
        let commit = tip
            .repository
            .commit_on(tip.commit.as_ref(), &edits, &message, &author)
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
        let trouble = |failure: crate::failure::Failure| self.trouble("read", &failure.problem);
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

//! The ledger in a directory: whole files, compare-and-set, safe under two processes and `kill -9`.
//!
//! A file is written beside its place, forced to disk, and renamed into it: a reader sees the old bytes or the new ones.
//! Names beginning with a dot are this module's own: locks and files in the making.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{Committed, LedgerError, Put, Write};
use crate::faults;
use crate::module::digest;
use crate::text::excerpt;

/// Characters of one segment of a path at most.
const SEGMENT_MAX: usize = 128;
/// Segments of a path at most.
pub(super) const DEPTH_MAX: usize = 8;
/// How long a write waits for another one, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a lock is tried again.
const TICK: Duration = Duration::from_millis(20);
/// How files in the making are called.
const MAKING: &str = ".making-";

/// A directory of records.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    root: PathBuf,
    patience: Duration,
}

impl Directory {
    /// The ledger in `root`, which is made when it is missing.
    pub(super) fn open(root: &Path) -> Result<Self, LedgerError> {
        fs::create_dir_all(root).map_err(system(root, "made"))?;
        Ok(Self { root: root.to_owned(), patience: PATIENCE })
    }

    /// Where the ledger is.
    #[must_use]
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The bytes at `path` and their version, the digest `sha256:<hex>`; `None` when there is no such file.
    pub(super) fn get(&self, path: &str) -> Result<Option<(Vec<u8>, String)>, LedgerError> {
        let place = self.place(path)?;
        let Some(bytes) = read(&place)? else { return Ok(None) };
        let version = digest(&bytes);
        Ok(Some((bytes, version)))
    }

    /// Writes `bytes` at `path` if the version there is still `expected`; `None` means that there must be no such file.
    pub(super) fn put_if_unchanged(
        &self,
        path: &str,
        bytes: &[u8],
        expected: Option<&str>,
    ) -> Result<Put, LedgerError> {
        let place = self.place(path)?;
        let _writing = lock(&self.root, self.patience)?;
        let found = self.get(path)?.map(|(_, version)| version);
        if found.as_deref() != expected {
            return Ok(Put::Conflict(found));
        }
        write(&self.root, &place, bytes)?;
        Ok(Put::Done(digest(bytes)))
    }

    /// Writes several files in their order, if each is as expected. A process that is killed in between leaves the first ones.
    pub(super) fn commit(&self, writes: &[Write]) -> Result<Committed, LedgerError> {
        let _writing = lock(&self.root, self.patience)?;
        let mut conflicts = Vec::new();
        for Write { path, expected, .. } in writes {
            if self.get(path)?.map(|(_, version)| version) != *expected {
                conflicts.push(path.clone());
            }
        }
        if !conflicts.is_empty() {
            return Ok(Committed::Conflict(conflicts));
        }
        for Write { path, bytes, .. } in writes {
            let place = self.place(path)?;
            match bytes {
                Some(bytes) => {
                    write(&self.root, &place, bytes)?;
                    faults::wrote();
                }
                None => fs::remove_file(&place).map_err(system(&place, "removed"))?,
            }
        }
        Ok(Committed::Done)
    }

    /// The paths that begin with `prefix`, sorted.
    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, LedgerError> {
        let (directory, rest) = prefix.rsplit_once('/').unwrap_or(("", prefix));
        if !rest.chars().all(allowed) {
            return Err(LedgerError::Path(excerpt(prefix, 200)));
        }
        let start = if directory.is_empty() { self.root.clone() } else { self.place(directory)? };
        let mut found = Vec::new();
        let within = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        collect(&start, &within, &mut found)?;
        found.retain(|path| path.starts_with(prefix));
        found.sort();
        Ok(found)
    }

    /// The file of a path, when neither it nor a directory on the way is a link out of the ledger.
    fn place(&self, path: &str) -> Result<PathBuf, LedgerError> {
        let refused = || LedgerError::Path(excerpt(path, 200));
        let mut place = self.root.clone();
        if path.split('/').count() > DEPTH_MAX {
            return Err(refused());
        }
        for segment in path.split('/') {
            if !is_segment(segment) {
                return Err(refused());
            }
            place.push(segment);
            match fs::symlink_metadata(&place) {
                Ok(found) if found.is_symlink() => return Err(refused()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(system(&place, "read")(error)),
            }
        }
        Ok(place)
    }
}

/// The right to write into the ledger, after whoever has it now; gone when the file is dropped, or when the process dies.
fn lock(root: &Path, patience: Duration) -> Result<File, LedgerError> {
    let path = root.join(".lock");
    fs::create_dir_all(root).map_err(system(root, "made"))?;
    let mut options = OpenOptions::new();
    // The file stays when the lock is gone: taking it away would let two runs lock two files of one name.
    options.read(true).write(true).create(true).truncate(false).custom_flags(no_follow());
    let file = options.open(&path).map_err(system(&path, "opened"))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => thread::sleep(TICK),
            Err(TryLockError::WouldBlock) => {
                return Err(LedgerError::Locked { path: path.display().to_string(), seconds: patience.as_secs() });
            }
            Err(TryLockError::Error(error)) => return Err(system(&path, "locked")(error)),
        }
    }
}

fn allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

pub(super) fn is_segment(text: &str) -> bool {
    (1..=SEGMENT_MAX).contains(&text.len()) && !text.starts_with('.') && text.chars().all(allowed)
}

fn no_follow() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

fn system(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.display().to_string();
    move |error| LedgerError::System { path, doing, error }
}

fn read(place: &Path) -> Result<Option<Vec<u8>>, LedgerError> {
    let mut bytes = Vec::new();
    // A pipe that somebody put there would never be opened.
    let flags = no_follow() | rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(place);
    let read = opened.and_then(|mut file| match file.metadata()?.is_file() {
        true => file.read_to_end(&mut bytes),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")),
    });
    match read {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(system(place, "read")(error)),
    }
}

/// Puts `bytes` in `place`, whole and lasting, or not at all. The ledger's lock is held.
fn write(root: &Path, place: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let directory = place.parent().unwrap_or(root);
    make_lasting(root, directory)?;
    sweep(directory)?;
    let making = directory.join(format!("{MAKING}{}", std::process::id()));
    let made = File::create_new(&making).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    let moved = made.and_then(|()| fs::rename(&making, place)).and_then(|()| sync(directory));
    if moved.is_err() {
        let _ = fs::remove_file(&making);
    }
    moved.map_err(system(place, "written"))
}

/// Makes `directory` and what is missing above it, each entry forced to disk.
fn make_lasting(root: &Path, directory: &Path) -> Result<(), LedgerError> {
    if directory == root || directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().unwrap_or(root);
    make_lasting(root, parent)?;
    fs::create_dir(directory).and_then(|()| sync(parent)).map_err(system(directory, "made"))
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Takes away what a killed process was making here: whoever holds the lock is the only one making anything.
fn sweep(directory: &Path) -> Result<(), LedgerError> {
    for entry in fs::read_dir(directory).map_err(system(directory, "listed"))? {
        let entry = entry.map_err(system(directory, "listed"))?;
        if entry.file_name().as_encoded_bytes().starts_with(MAKING.as_bytes()) {
            let path = entry.path();
            fs::remove_file(&path).map_err(system(&path, "removed"))?;
        }
    }
    Ok(())
}

/// Every file in `directory` and below; links and names that no record can have are passed over.
fn collect(directory: &Path, within: &str, found: &mut Vec<String>) -> Result<(), LedgerError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(system(directory, "listed")(error)),
    };
    for entry in entries {
        let entry = entry.map_err(system(directory, "listed"))?;
        let kind = entry.file_type().map_err(system(&entry.path(), "read"))?;
        match entry.file_name().to_str() {
            Some(name) if is_segment(name) && kind.is_dir() => {
                collect(&entry.path(), &format!("{within}{name}/"), found)?;
            }
            Some(name) if is_segment(name) && kind.is_file() => found.push(format!("{within}{name}")),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

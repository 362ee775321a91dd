//! The folder that records are put into: what is there stays, and what is new gets a name of its own (EV3).

use std::collections::BTreeMap;

use super::super::At;
use super::{EVIDENCE, unavailable};
use crate::evidence::Evidence;
use crate::failure::{Code, Failure};
use crate::formats::record::{self, Draft};
use crate::problem::Problem;
use crate::report::Recorded;
use crate::scalar::{Digest, shorten};

/// Names that are looked up at once.
const BATCH: usize = 16;
/// A check with more records than this in one folder is not one check.
const MAX_RECORDS: usize = 4_096;

/// A folder of records, and what is about to be added.
pub(super) struct Shelf<'a> {
    at: &'a At,
    folder: &'a str,
    /// The records of each stem, there and about to be there; one that cannot be read is taken for another.
    taken: BTreeMap<String, Vec<Option<Evidence>>>,
    added: Vec<Added>,
}

/// A record, and the files beside it.
struct Added {
    recorded: Recorded,
    /// The record's bytes; absent: it is there already.
    bytes: Option<Vec<u8>>,
    files: Vec<(String, Digest)>,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(at: &'a At, folder: &'a str) -> Self {
        Self { at, folder, taken: BTreeMap::new(), added: Vec::new() }
    }

    /// Finds a place for a record whose name begins with `stem`. One that is there already, but for its date, is kept.
    pub(super) async fn add(&mut self, stem: &str, draft: impl Fn(&str) -> Draft) -> Result<(), Failure> {
        self.look(stem).await?;
        let taken = self.taken.entry(stem.to_owned()).or_default();
        let mut number = 0;
        let (name, draft, bytes, new) = loop {
            let name = numbered(stem, number);
            let draft = draft(&name);
            let (bytes, evidence) = draft.print().map_err(|Problem { message, help, .. }| {
                Failure::one(Code::BadRequest, format!("this makes no record: {message}"), help)
            })?;
            match taken.get(number) {
                None => {
                    taken.push(Some(evidence));
                    break (name, draft, bytes, true);
                }
                Some(Some(there)) if (Evidence { date: there.date, ..evidence }) == *there => {
                    break (name, draft, bytes, false);
                }
                Some(_) => number = number.saturating_add(1),
            }
        };
        if !new && self.added.iter().any(|added| added.recorded.record == self.path(&format!("{name}.json"))) {
            return Ok(());
        }
        let files = draft.reports.iter().chain(&draft.attachments);
        let files: Vec<(String, Digest)> = files.map(|file| (self.path(&file.name), file.digest)).collect();
        let Draft { check, tool, outcome, .. } = draft;
        let copy = self.path(&format!("{name}.report"));
        let report = files.iter().find(|(path, _)| path.starts_with(&copy)).map(|(path, _)| path.clone());
        let record = self.path(&format!("{name}.json"));
        let recorded = Recorded { check, tool, outcome, record, report };
        self.added.push(Added { recorded, bytes: new.then_some(bytes), files });
        Ok(())
    }

    /// Writes everything: a record after the files that it names.
    pub(super) async fn write(self) -> Result<Vec<Recorded>, Failure> {
        let mut recorded = Vec::new();
        for Added { recorded: one, bytes, files } in self.added {
            for (path, digest) in files {
                let bytes = self.at.documents.borrow().bytes(&path, &digest)?;
                put(self.at, &path, bytes.to_vec()).await?;
            }
            if let Some(bytes) = bytes {
                put(self.at, &one.record, bytes).await?;
            }
            recorded.push(one);
        }
        Ok(recorded)
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// Reads the records of a stem that are there.
    async fn look(&mut self, stem: &str) -> Result<(), Failure> {
        if self.taken.contains_key(stem) {
            return Ok(());
        }
        let mut there = Vec::new();
        loop {
            let numbers = there.len()..there.len().saturating_add(BATCH);
            let paths: Vec<String> =
                numbers.map(|number| self.path(&format!("{}.json", numbered(stem, number)))).collect();
            let found = self.at.io.read(EVIDENCE, paths.clone()).await;
            let found = found.map_err(|fault| unavailable("the folder of evidence", fault))?;
            for path in &paths {
                let Some(file) = found.iter().find(|file| file.path == *path) else {
                    self.taken.insert(stem.to_owned(), there);
                    return Ok(());
                };
                let bytes = self.at.documents.borrow().bytes(path, &file.digest)?;
                there.push(record::record(&bytes).ok());
            }
            if there.len() >= MAX_RECORDS {
                let message = format!("the folder of evidence has {MAX_RECORDS} records of `{}`", shorten(stem));
                return Err(Failure::one(Code::OverLimit, message, "begin with an empty folder"));
            }
        }
    }
}

/// The name of a stem's record: the first has the stem, the others count.
fn numbered(stem: &str, number: usize) -> String {
    match number {
        0 => stem.to_owned(),
        _ => format!("{stem}.{}", number.saturating_add(1)),
    }
}

async fn put(at: &At, path: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    at.io.write(EVIDENCE, path, bytes).await.map_err(|fault| {
        let message = format!("`{}` cannot be written: {}", shorten(path), fault.trouble().message);
        Failure::one(Code::BadRequest, message, "give a folder of evidence that can be written")
    })
}

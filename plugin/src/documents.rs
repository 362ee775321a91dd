//! Documents: bytes by digest, what was parsed of them, and the blobs that the engine made.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::evidence::{Evidence, Report};
use crate::failure::{Code, Failure};
use crate::formats::cyclonedx::Bom;
use crate::formats::sigstore::Trust;
use crate::formats::{self, Document};
use crate::inventory::Entry;
use crate::io::{Bytes, Io};
use crate::plan::Blobs;
use crate::problem::Problem;
use crate::scalar::{Digest, Timestamp};

/// A larger document is refused.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024 * 1024;

/// What to do with a file of the inventory that is no entry.
const BESIDE: &str = "put what is no entry into a hidden folder such as `.deploy`, or end its name in `.md`";

/// Documents of more bytes in all are refused.
pub const MAX_TOTAL_BYTES: usize = 1024 * 1024 * 1024;

/// An evidence document, read or refused. Its parts are shared, so that gathering facts copies nothing.
#[derive(Clone, Debug)]
pub enum Held {
    /// Records of evidence.
    Evidence(Rc<[Rc<Evidence>]>),
    /// The raw report of a tool.
    Report(Rc<Result<Report, Problem>>),
    /// A bill of materials, and what it says as a report.
    Bom(Rc<Bom>, Rc<Result<Report, Problem>>),
    /// It cannot be read.
    Malformed(Problem),
}

/// The documents that one instance of the engine holds between calls.
#[derive(Debug, Default)]
pub struct Documents {
    store: Rc<RefCell<Store>>,
    held: BTreeMap<Digest, (String, Held)>,
    entries: BTreeMap<(String, Digest), Rc<Entry>>,
    trust: Option<Trust>,
}

/// The bytes that the host gave, and those that the engine made.
#[derive(Debug, Default)]
struct Store {
    given: BTreeMap<Digest, Rc<Vec<u8>>>,
    made: Blobs,
    total: usize,
    refused: BTreeMap<Digest, usize>,
}

impl Bytes for Store {
    fn get(&self, digest: &Digest) -> Option<Rc<Vec<u8>>> {
        self.made.get(digest).or_else(|| self.given.get(digest)).map(Rc::clone)
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.made.insert(digest, Rc::new(bytes));
        digest
    }

    fn forget(&mut self, digest: &Digest) {
        if let Some(bytes) = self.given.remove(digest) {
            self.total = self.total.saturating_sub(bytes.len());
        }
    }
}

impl Documents {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// None yet, where signatures come from these instances of Sigstore, each the JSON of a `trusted_root.json`,
    /// and not from those that the engine knows. For whoever embeds the crate; the doors offer nothing of the kind.
    pub fn trusting(roots: &[&str]) -> Result<Self, Problem> {
        Ok(Self { trust: Some(Trust::of(roots)?), ..Self::default() })
    }

    /// Takes the bytes of a document and gives their digest. What is over a limit is told when it is asked for.
    pub fn put(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        let mut store = self.store.borrow_mut();
        let total = store.total.saturating_add(bytes.len());
        if bytes.len() > MAX_DOCUMENT_BYTES || total > MAX_TOTAL_BYTES {
            store.refused.insert(digest, bytes.len());
        } else if !store.given.contains_key(&digest) {
            store.total = total;
            store.given.insert(digest, Rc::new(bytes));
        }
        digest
    }

    /// The bytes of a blob that the engine made, or of a document that was given.
    #[must_use]
    pub fn take(&self, digest: &Digest) -> Option<Rc<Vec<u8>>> {
        self.store.borrow().get(digest)
    }

    /// The bytes of the document `name`, which the host gave or the engine made.
    pub(crate) fn bytes(&self, name: &str, digest: &Digest) -> Result<Rc<Vec<u8>>, Failure> {
        let name = crate::scalar::shorten(name);
        match (self.take(digest), self.store.borrow().refused.get(digest)) {
            (Some(bytes), _) => Ok(bytes),
            (None, Some(size)) => Err(Failure::one(
                Code::OverLimit,
                format!("`{name}` has {size} bytes"),
                format!(
                    "a document has at most {MAX_DOCUMENT_BYTES} bytes, and all together at most {MAX_TOTAL_BYTES}"
                ),
            )),
            (None, None) => Err(Failure::one(
                Code::UnknownDocument,
                format!("the bytes of `{name}` ({digest}) were not given"),
                "give them to `put` before the call",
            )),
        }
    }

    /// An evidence document, parsed once, and the name of its format.
    pub(crate) fn ingest(&mut self, name: &str, digest: &Digest) -> Result<(&str, Held), Failure> {
        if !self.held.contains_key(digest) {
            let read = formats::read_trusting(&self.bytes(name, digest)?, self.trust.as_ref());
            let format = read.as_ref().map(|document| document.format().into_owned()).unwrap_or_default();
            self.held.insert(*digest, (format, hold(read)));
        }
        match self.held.get(digest) {
            Some((format, held)) => Ok((format, held.clone())),
            None => Err(Failure::one(Code::Internal, "a document was lost", "report this as a defect")),
        }
    }

    /// An inventory entry, parsed once.
    pub(crate) fn entry(&mut self, path: &str, digest: &Digest) -> Result<Rc<Entry>, Failure> {
        let key = (path.to_owned(), *digest);
        if let Some(entry) = self.entries.get(&key) {
            return Ok(Rc::clone(entry));
        }
        let bytes = self.bytes(path, digest)?;
        let entry = formats::ibm::entry(path, &bytes).map_err(|mut problem| {
            if bytes.trim_ascii_start().first().is_some_and(|byte| *byte != b'{') {
                problem.message = format!("this is no entry of an inventory: {}", problem.message);
                problem.help = BESIDE.to_owned();
            }
            Failure::all(Code::Inventory, Some(path), vec![problem])
        })?;
        let entry = Rc::new(entry);
        self.entries.insert(key, Rc::clone(&entry));
        Ok(entry)
    }

    /// The bytes that the engine made, for more of them.
    pub(crate) fn made(&self) -> RefMut<'_, Blobs> {
        RefMut::map(self.store.borrow_mut(), |store| &mut store.made)
    }

    /// The bytes that the host gave, if it did.
    pub(crate) fn given(&self, digest: &Digest) -> Option<Rc<Vec<u8>>> {
        self.store.borrow().given.get(digest).map(Rc::clone)
    }

    /// A host at this time that shares these bytes.
    pub(crate) fn io(&self, now: Timestamp) -> Io {
        Io::new(now, self.store.clone())
    }
}

fn hold(read: Result<Document, Problem>) -> Held {
    match read {
        Ok(Document::Evidence(records)) => Held::Evidence(records.into_iter().map(Rc::new).collect()),
        Ok(Document::Report(report)) => Held::Report(Rc::new(Ok(report))),
        Ok(Document::Bom(bom)) => {
            let report = Rc::new(Ok(Report::Bom(bom.summary())));
            Held::Bom(Rc::new(bom), report)
        }
        Err(problem) => Held::Malformed(problem),
    }
}

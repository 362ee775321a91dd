//! The session: the documents of one instance, and the command that runs in it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::commands::Running;
use crate::documents::Documents;
use crate::problem::Problem;
use crate::scalar::Digest;

/// What one instance of the engine holds between calls: documents, and at most one command.
#[derive(Debug, Default)]
pub struct Session {
    pub(super) documents: Rc<RefCell<Documents>>,
    pub(super) running: Option<Running>,
}

impl Session {
    /// An empty session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty session in which signatures come from these instances of Sigstore, each the JSON of a `trusted_root.json`,
    /// and not from those that the engine knows. For whoever embeds the crate; the doors offer nothing of the kind.
    pub fn trusting(roots: &[&str]) -> Result<Self, Problem> {
        Ok(Self { documents: Rc::new(RefCell::new(Documents::trusting(roots)?)), running: None })
    }

    /// Takes the bytes of a document and gives their digest. What is over a limit is told when it is asked for.
    pub fn put(&mut self, bytes: Vec<u8>) -> Digest {
        self.documents.borrow_mut().put(bytes)
    }

    /// The bytes of a blob that the engine made, or of a document that was given.
    #[must_use]
    pub fn take(&self, digest: &Digest) -> Option<Rc<Vec<u8>>> {
        self.documents.borrow().take(digest)
    }
}

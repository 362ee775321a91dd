//! The conversation with a change system: files of its ledger, requests to its API, and time.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::change::event::Trouble;
use crate::io::exchange::{Put, Request};
use crate::io::{Answered, Fault, Io, LEDGER};
use crate::problem::Problem;
use crate::scalar::{Digest, shorten};

/// A conversation with a change system, over the host's exchanges.
#[derive(Clone, Debug)]
pub struct Talk {
    io: Io,
    system: &'static str,
}

/// Why an errand comes to an end before its time.
#[derive(Debug)]
pub enum Pause {
    /// The system does not do it.
    Trouble(Box<Trouble>),
    /// The host's answer makes no sense.
    Nonsense(Box<Problem>),
}

impl From<Fault> for Pause {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Broken(message) => unavailable(&message),
            fault @ (Fault::Unsupported(_) | Fault::Overtaken(_) | Fault::NotTaken(_)) => {
                Self::Trouble(Box::new(fault.trouble()))
            }
            Fault::Nonsense(message) => {
                let help = "answer each exchange with what it is answered by, and give its bytes to `put` before";
                Self::Nonsense(Box::new(Problem::new(message, help)))
            }
        }
    }
}

impl Talk {
    /// A conversation with the API `system`, and with the ledger.
    #[must_use]
    pub fn new(io: Io, system: &'static str) -> Self {
        Self { io, system }
    }

    /// Reads a file: its digest and bytes, if it is there.
    pub async fn get(&self, path: &str) -> Result<Option<(Digest, Rc<Vec<u8>>)>, Pause> {
        Ok(self.get_all(vec![path.to_owned()]).await?.remove(path))
    }

    /// Reads files: the digests and bytes of those that are there.
    pub async fn get_all(&self, paths: Vec<String>) -> Result<BTreeMap<String, (Digest, Rc<Vec<u8>>)>, Pause> {
        let found = self.io.stored(LEDGER, paths).await?;
        let bytes = |(path, digest): (String, Digest)| Some((path, (digest, self.io.bytes(&digest)?)));
        Ok(found.into_iter().filter_map(bytes).collect())
    }

    /// The paths that begin with `prefix`.
    pub async fn paths(&self, prefix: &str) -> Result<Vec<String>, Pause> {
        Ok(self.io.paths(LEDGER, prefix).await?)
    }

    /// Writes a file with the next commit, if it then still has the digest `expected`; says whether that can still be so.
    pub fn put(&self, path: &str, content: Digest, expected: Option<Digest>) -> bool {
        self.io.stage(Put { path: path.to_owned(), content: Some(content), expected })
    }

    /// Writes a file now, if it still has the digest `expected`; says whether it was written.
    pub async fn claim(&self, path: &str, content: Digest, expected: Option<Digest>) -> Result<bool, Pause> {
        Ok(self.io.claim(Put { path: path.to_owned(), content: Some(content), expected }).await?)
    }

    /// Stores what was written.
    pub async fn settle(&self) -> Result<(), Pause> {
        Ok(self.io.settle().await?)
    }

    /// Sends one request: the answer, or why there is none.
    pub async fn http(&self, request: Request) -> Result<Result<Answered, String>, Pause> {
        Ok(self.io.http(self.system, request).await?)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> crate::scalar::Timestamp {
        self.io.now()
    }

    /// Lets time pass.
    pub async fn wait(&self, seconds: u32) -> Result<(), Pause> {
        Ok(self.io.sleep(seconds, "the change system is asked again").await?)
    }

    /// Keeps bytes for the host to take, and gives their digest.
    #[must_use]
    pub fn keep(&self, bytes: Vec<u8>) -> Digest {
        self.io.keep(bytes)
    }
}

fn unavailable(message: &str) -> Pause {
    trouble("unavailable", format!("the change system does not answer: {}", shorten(message)))
}

/// Trouble with a code and words.
pub(super) fn trouble(code: &str, message: String) -> Pause {
    Pause::Trouble(Box::new(Trouble { code: code.to_owned(), message, help: None }))
}

/// Trouble with a code and words, and how to mend it.
pub(super) fn mendable(code: &str, message: String, help: &str) -> Pause {
    Pause::Trouble(Box::new(Trouble { code: code.to_owned(), message, help: Some(help.to_owned()) }))
}

//! The conversation with a change system: files of its ledger, requests to its API, and time.

use crate::change::event::Trouble;
use crate::io::exchange::{Put, Request};
use crate::io::{Answered, Committed, Fault, Io};
use crate::problem::Problem;
use crate::scalar::{Digest, shorten};

/// The store that holds the records of change requests.
pub const LEDGER: &str = "ledger";

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
            fault @ Fault::Unsupported(_) => Self::Trouble(Box::new(fault.trouble())),
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
    pub async fn get(&self, path: &str) -> Result<Option<(Digest, Vec<u8>)>, Pause> {
        let found = self.io.stored(LEDGER, vec![path.to_owned()]).await?;
        let bytes = |digest: &Digest| self.io.bytes(digest).map(|bytes| (*digest, bytes.to_vec()));
        Ok(found.get(path).and_then(bytes))
    }

    /// Writes a file if it still has the digest `expected`; says whether it was written.
    pub async fn put(&self, path: &str, content: Digest, expected: Option<Digest>) -> Result<bool, Pause> {
        let put = Put { path: path.to_owned(), content: Some(content), expected };
        match self.io.commit(LEDGER, vec![put], path).await? {
            Committed::Done => Ok(true),
            Committed::Conflict(_) => Ok(false),
            Committed::Behind => Err(unavailable("others write to the ledger all the time")),
            Committed::Unknown(message) => Err(unavailable(&message)),
        }
    }

    /// Sends one request: the answer, or why there is none.
    pub async fn http(&self, request: Request) -> Result<Result<Answered, String>, Pause> {
        Ok(self.io.http(self.system, request).await?)
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

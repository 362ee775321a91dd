//! Connectors speak the languages of change systems. Each is straight-line code over the responses so far, run again
//! from the start each time: the engine says the next exchange, the host performs it.

pub mod ledger;

use serde::{Deserialize, Serialize};

use crate::change::event::{Event, Trouble};
use crate::plan::Blobs;
use crate::problem::Problem;
use crate::scalar::Digest;

/// An effect that needs more exchanges than this has gone astray.
pub const MAX_EXCHANGES: usize = 64;

/// Which change system, as the host is configured.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "system", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum System {
    /// The embedded ledger: a directory or a git repository behind a store port.
    Ledger {},
}

/// The next exchange.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "exchange", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Exchange {
    /// Read a file of the store. Answered by `found` or `absent`.
    Get {
        /// Its path: segments of letters, digits, `.`, `_` and `-`, joined by `/`.
        path: String,
    },
    /// Write a file of the store, if it is as it was. Answered by `stored` or `conflict`.
    Put {
        /// Its path.
        path: String,
        /// The digest of the new bytes, which `take` gives.
        content: Digest,
        /// The digest of the bytes that must be there now; absent: there must be none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<Digest>,
    },
    /// Nothing more is to be exchanged.
    Done {
        /// The event that answers the effect.
        event: Event,
    },
}

/// What the host got.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "response", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Response {
    /// The file is there; its bytes were given to `put`.
    Found {
        /// Their digest.
        digest: Digest,
    },
    /// There is no such file.
    Absent {},
    /// The file was written.
    Stored {},
    /// The file is not as it was expected to be; nothing was written.
    Conflict {},
    /// The exchange could not be made.
    Broken {
        /// Why.
        message: String,
    },
}

/// The conversation so far, replayed to code that reads like a straight line.
///
/// Its methods answer from the recorded responses. Where there is none yet, they say which exchange is next.
#[derive(Debug)]
pub struct Talk<'a> {
    responses: std::slice::Iter<'a, Response>,
    blobs: &'a mut Blobs,
    documents: &'a dyn Documents,
}

/// Where the bytes are that the host gave.
pub trait Documents: std::fmt::Debug {
    /// The bytes with this digest.
    fn bytes(&self, digest: &Digest) -> Option<&[u8]>;
}

/// Why straight-line code stops: something is to be exchanged first, or it has come to an end.
#[derive(Debug)]
pub enum Pause {
    /// The next exchange.
    Next(Box<Exchange>),
    /// It cannot go on.
    Trouble(Box<Trouble>),
    /// The host's answer makes no sense.
    Nonsense(Box<Problem>),
}

impl<'a> Talk<'a> {
    /// A conversation with these responses so far.
    pub fn new(responses: &'a [Response], blobs: &'a mut Blobs, documents: &'a dyn Documents) -> Self {
        Self { responses: responses.iter(), blobs, documents }
    }

    /// Reads a file: its digest and bytes, if it is there.
    pub fn get(&mut self, path: &str) -> Result<Option<(Digest, Vec<u8>)>, Pause> {
        match self.responses.next() {
            None => Err(Pause::Next(Box::new(Exchange::Get { path: path.to_owned() }))),
            Some(Response::Absent {}) => Ok(None),
            Some(Response::Found { digest }) => match self.documents.bytes(digest) {
                Some(bytes) => Ok(Some((*digest, bytes.to_vec()))),
                None => Err(Pause::Nonsense(Box::new(Problem::new(
                    format!("the bytes of `{path}` were not given"),
                    "give them to `put` before answering `found`",
                )))),
            },
            Some(Response::Broken { message }) => Err(unavailable(message)),
            Some(Response::Stored {} | Response::Conflict {}) => Err(nonsense("get")),
        }
    }

    /// Writes a file if it still has the digest `expected`; says whether it was written.
    pub fn put(&mut self, path: &str, content: Digest, expected: Option<Digest>) -> Result<bool, Pause> {
        match self.responses.next() {
            None => Err(Pause::Next(Box::new(Exchange::Put { path: path.to_owned(), content, expected }))),
            Some(Response::Stored {}) => Ok(true),
            Some(Response::Conflict {}) => Ok(false),
            Some(Response::Broken { message }) => Err(unavailable(message)),
            Some(Response::Absent {} | Response::Found { .. }) => Err(nonsense("put")),
        }
    }

    /// Keeps bytes for the host to take, and gives their digest.
    pub fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.blobs.insert(digest, bytes);
        digest
    }
}

fn unavailable(message: &str) -> Pause {
    trouble("unavailable", format!("the change system does not answer: {}", crate::scalar::shorten(message)))
}

/// Trouble with a code and words.
fn trouble(code: &str, message: String) -> Pause {
    Pause::Trouble(Box::new(Trouble { code: code.to_owned(), message, help: None }))
}

fn nonsense(exchange: &str) -> Pause {
    Pause::Nonsense(Box::new(Problem::new(
        format!("the response does not answer `{exchange}`"),
        "send the responses of all exchanges, in their order",
    )))
}

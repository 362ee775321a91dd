//! The conversation with a change system, replayed to code that reads like a straight line.

use std::collections::BTreeMap;

use super::{Exchange, Http, Response};
use crate::change::event::Trouble;
use crate::plan::Blobs;
use crate::problem::Problem;
use crate::scalar::Digest;

/// The conversation so far, replayed to code that reads like a straight line.
///
/// Its methods answer from the recorded responses. Where there is none yet, they say which exchange is next.
#[derive(Debug)]
pub struct Talk<'a> {
    responses: std::slice::Iter<'a, Response>,
    blobs: &'a mut Blobs,
    documents: &'a dyn Documents,
}

/// What an API answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
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
                None => Err(not_given(path, "found")),
            },
            Some(Response::Broken { message }) => Err(unavailable(message)),
            Some(_) => Err(nonsense("get")),
        }
    }

    /// Writes a file if it still has the digest `expected`; says whether it was written.
    pub fn put(&mut self, path: &str, content: Digest, expected: Option<Digest>) -> Result<bool, Pause> {
        match self.responses.next() {
            None => Err(Pause::Next(Box::new(Exchange::Put { path: path.to_owned(), content, expected }))),
            Some(Response::Stored {}) => Ok(true),
            Some(Response::Conflict {}) => Ok(false),
            Some(Response::Broken { message }) => Err(unavailable(message)),
            Some(_) => Err(nonsense("put")),
        }
    }

    /// Sends one request: the status, headers and body of the answer, or why there is none.
    pub fn http(&mut self, request: Http) -> Result<Result<Answer, String>, Pause> {
        match self.responses.next() {
            None => Err(Pause::Next(Box::new(Exchange::Http(request)))),
            Some(Response::Answered { status, headers, body }) => match self.documents.bytes(body) {
                Some(bytes) => Ok(Ok(Answer { status: *status, headers: headers.clone(), body: bytes.to_vec() })),
                None => Err(not_given(&request.path, "answered")),
            },
            Some(Response::Broken { message }) => Ok(Err(crate::scalar::shorten(message))),
            Some(_) => Err(nonsense("http")),
        }
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: u32) -> Result<(), Pause> {
        match self.responses.next() {
            None => Err(Pause::Next(Box::new(Exchange::Wait { seconds }))),
            Some(Response::Waited {}) => Ok(()),
            Some(_) => Err(nonsense("wait")),
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
pub(super) fn trouble(code: &str, message: String) -> Pause {
    Pause::Trouble(Box::new(Trouble { code: code.to_owned(), message, help: None }))
}

/// Trouble with a code and words, and how to mend it.
pub(super) fn mendable(code: &str, message: String, help: &str) -> Pause {
    Pause::Trouble(Box::new(Trouble { code: code.to_owned(), message, help: Some(help.to_owned()) }))
}

fn not_given(what: &str, response: &str) -> Pause {
    Pause::Nonsense(Box::new(Problem::new(
        format!("the bytes of `{what}` were not given"),
        format!("give them to `put` before answering `{response}`"),
    )))
}

fn nonsense(exchange: &str) -> Pause {
    Pause::Nonsense(Box::new(Problem::new(
        format!("the response does not answer `{exchange}`"),
        "send the responses of all exchanges, in their order",
    )))
}

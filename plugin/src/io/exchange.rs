//! Exchanges: everything that a host can be asked to do, and what it answers.
//!
//! Places, repositories, stores and systems are names that the host maps to what it was configured for. Bytes do not
//! travel in exchanges: they are given to `put`, taken with `take`, and named by their digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::change::event::Step;
use crate::scalar::{Commit, Digest, Timestamp};

/// What the host is asked to do next.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "exchange", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SessionExchange"))]
pub enum Exchange {
    /// List the files below a place; links are named and not followed. Answered by `listed`.
    List {
        /// The place.
        place: String,
    },
    /// Read files of a place, at most 8 MiB in all where that is possible. Answered by `files`.
    Read {
        /// The place.
        place: String,
        /// Paths below it.
        paths: Vec<String>,
    },
    /// Write a file below a place, whole or not at all. Answered by `written`.
    Write {
        /// The place.
        place: String,
        /// The path below it.
        path: String,
        /// The digest of the new bytes.
        content: Digest,
    },
    /// Look up a ref. Answered by `ref`.
    Ref {
        /// The repository.
        repository: String,
        /// The full name, such as `refs/heads/prod` or `refs/tags/prod_latest`; or a commit's id.
        name: String,
    },
    /// Move a tag by compare-and-set; the tag is annotated. Answered by `moved`, `conflict` or `unknown`.
    Move {
        /// The repository.
        repository: String,
        /// The full name of the tag.
        name: String,
        /// The object that the ref holds now; absent: there must be no such ref.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The commit that it names from now on.
        to: Commit,
        /// The tag's message.
        message: String,
    },
    /// List all files of a commit. Answered by `tree`.
    Tree {
        /// The repository.
        repository: String,
        /// The commit.
        commit: Commit,
    },
    /// Read objects. Answered by `blobs`.
    Blobs {
        /// The repository.
        repository: String,
        /// The ids that `tree` named.
        ids: Vec<String>,
    },
    /// List the commits that `to` has and `from` does not, newest first. Answered by `log`.
    Log {
        /// The repository.
        repository: String,
        /// Leave out what this commit has; absent: nothing is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Commit>,
        /// Begin with this commit.
        to: Commit,
    },
    /// Read files of a store at its tip, or list the paths below a prefix. Answered by `ledger`.
    Ledger {
        /// The store.
        store: String,
        /// The files to read; one that is not there is left out of the answer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        paths: Vec<String>,
        /// List the paths that begin with this instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<String>,
    },
    /// Write files of a store if each is as expected, in this order where they cannot be written at once. Answered by
    /// `committed`, `behind`, `conflict` or `unknown`.
    Commit {
        /// The store.
        store: String,
        /// The files.
        puts: Vec<Put>,
        /// What it is about, for people.
        message: String,
    },
    /// Send requests to a system's API, each once: several reads, possibly at the same time, or one write. The host adds
    /// base URL, credentials and user agent, follows no redirect, and gives up after 30 seconds. Answered by `answered`.
    Http {
        /// The system: `github`, or `webhook/<channel>`.
        system: String,
        /// The requests.
        requests: Vec<Request>,
    },
    /// Run one of the user's commands, once, with an environment of its own. Answered by `ran` or `interrupted`.
    Run {
        /// Which step it is.
        step: Step,
        /// The program and its arguments; no shell reads them.
        argv: Vec<String>,
        /// Variables that it gets.
        set: BTreeMap<String, String>,
        /// Variables of the host that it gets as well, by name.
        pass: Vec<String>,
        /// Seconds until it is ended.
        timeout_seconds: u32,
    },
    /// Sleep. Answered by `waited`, not before it is time.
    Wait {
        /// Until when.
        until: Timestamp,
        /// Why, for people.
        why: String,
    },
}

/// One file to write.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Put {
    /// Its path.
    pub path: String,
    /// The digest of the new bytes; absent: the file is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
    /// The digest of the bytes that must be there now; absent: there must be no such file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Digest>,
}

/// One request to an API.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HttpRequest"))]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path below the base URL, with its query.
    pub path: String,
    /// Headers beside the host's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The digest of the body: JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Digest>,
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something new: doing it twice makes two.
    Post,
    /// Replaces something.
    Put,
    /// Changes something.
    Patch,
    /// Takes something away.
    Delete,
}

/// What the host did.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "response", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SessionResponse"))]
pub enum Response {
    /// The files below the place, sorted by path.
    Listed {
        /// The files.
        files: Vec<Listed>,
        /// Links, which are not followed.
        #[serde(default)]
        links: Vec<String>,
    },
    /// The files; one that is not there is left out.
    Files {
        /// Paths, and the digests of the bytes that were given to `put`.
        files: Vec<Named>,
    },
    /// The file was written.
    Written {},
    /// What the ref holds; both absent: there is no such ref.
    Ref {
        /// The object itself, which may be a tag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<String>,
        /// The commit that it comes to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<Commit>,
        /// The message of an annotated tag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The tag was moved.
    Moved {},
    /// All files of the commit, sorted by path.
    Tree {
        /// The files.
        files: Vec<TreeFile>,
    },
    /// The objects.
    Blobs {
        /// Their ids, and the digests of the bytes that were given to `put`.
        blobs: Vec<Blob>,
    },
    /// The commits, newest first.
    Log {
        /// The commits.
        commits: Vec<Logged>,
    },
    /// Files of a store, or the paths of a listing.
    Ledger {
        /// The files that are there, with the digests of the bytes that were given to `put`.
        #[serde(default)]
        files: Vec<Named>,
        /// The paths below the prefix, sorted.
        #[serde(default)]
        paths: Vec<String>,
    },
    /// The files were written.
    Committed {},
    /// Only other files moved, and kept moving: nothing was written.
    Behind {},
    /// These files, or the ref, are not as expected; nothing was written.
    Conflict {
        /// The files.
        #[serde(default)]
        paths: Vec<String>,
    },
    /// Nobody knows whether it was done, or how much of it.
    Unknown {
        /// Why.
        message: String,
    },
    /// What came of each request, in their order.
    Answered {
        /// The answers.
        answers: Vec<Answer>,
    },
    /// How the command ended.
    Ran {
        /// How.
        ended: Ended,
        /// When it began.
        started: Timestamp,
        /// When it ended.
        finished: Timestamp,
        /// The digest of its output without secrets, whose bytes were given to `put`.
        log: Digest,
    },
    /// The host was asked to stop while the command ran; the command was ended.
    Interrupted {
        /// When it began.
        started: Timestamp,
        /// When it ended.
        finished: Timestamp,
        /// The digest of its output so far.
        log: Digest,
    },
    /// It is time.
    Waited {},
    /// It could not be done, and nothing was done.
    Broken {
        /// Why.
        message: String,
    },
    /// This host cannot do such a thing.
    Unsupported {},
}

/// A file of a place.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ListedFile"))]
pub struct Listed {
    /// Its path below the place, with `/` between folders.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A file, and the digest of its bytes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NamedFile"))]
pub struct Named {
    /// Its path.
    pub path: String,
    /// The digest.
    pub digest: Digest,
}

/// A file of a commit.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TreeFile {
    /// Its path.
    pub path: String,
    /// Git's id of the object.
    pub id: String,
    /// Whether it is a regular file: links and submodules are not.
    pub regular: bool,
}

/// An object, and the digest of its bytes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blob {
    /// Git's id.
    pub id: String,
    /// The digest.
    pub digest: Digest,
}

/// One commit of a log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Logged {
    /// The commit.
    pub commit: Commit,
    /// Its parents.
    pub parents: Vec<Commit>,
    /// The author's address.
    pub author: String,
    /// The committer's address.
    pub committer: String,
    /// When it was committed.
    pub at: Timestamp,
    /// The first line of its message.
    pub subject: String,
}

/// What came of one request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HttpAnswer"))]
pub enum Answer {
    /// The API answered, whole.
    Answered {
        /// The status.
        status: u16,
        /// Its headers by lower-case name.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The digest of its body, whose bytes were given to `put`.
        body: Digest,
    },
    /// It did not answer, or its answer was lost.
    Broken {
        /// Why.
        message: String,
    },
}

/// How a command ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "ended", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CommandEnded"))]
pub enum Ended {
    /// By itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// By a signal that the host did not send.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// By the host, when its time was over.
    TimedOut {},
    /// It never began.
    NotStarted {
        /// Why.
        message: String,
    },
    /// Nobody knows how.
    Unknown {
        /// Why.
        message: String,
    },
}

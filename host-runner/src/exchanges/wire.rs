//! The exchanges as they travel: lenient about what is new, so that an engine may say more.
//!
//! Written by `cargo xtask types` from `plugin/schemas/v1`; a test says when it is stale.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One request to an API.
#[derive(Debug, Deserialize)]
pub struct Http {
    /// The digest of the body: JSON.
    #[serde(default)]
    pub body: Option<String>,
    /// Headers beside the host's own.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The method.
    pub method: String,
    /// The path below the base URL, with its query.
    pub path: String,
}

/// One file to write.
#[derive(Debug, Deserialize)]
pub struct Put {
    /// The digest of the new bytes; absent: the file is removed.
    #[serde(default)]
    pub content: Option<String>,
    /// The digest of the bytes that must be there now; absent: there must be no such file.
    #[serde(default)]
    pub expected: Option<String>,
    /// Its path.
    pub path: String,
}

/// What the host is asked to do next.
#[derive(Debug, Deserialize)]
#[serde(tag = "exchange", rename_all = "kebab-case")]
pub enum Exchange {
    /// List the files below a place; links are named and not followed. Answered by `listed`.
    List {
        /// The place.
        place: String,
    },
    /// Read files of a place, at most 8 MiB in all where that is possible. Answered by `files`.
    Read {
        /// Paths below it.
        paths: Vec<String>,
        /// The place.
        place: String,
    },
    /// Write a file below a place, whole or not at all. Answered by `written`.
    Write {
        /// The digest of the new bytes.
        content: String,
        /// The path below it.
        path: String,
        /// The place.
        place: String,
    },
    /// Look up a ref. Answered by `ref`.
    Ref {
        /// The full name, such as `refs/heads/prod` or `refs/tags/prod_latest`; or a commit's id.
        name: String,
        /// The repository.
        repository: String,
    },
    /// Move a tag by compare-and-set; the tag is annotated. Answered by `moved`, `conflict` or `unknown`.
    Move {
        /// The object that the ref holds now; absent: there must be no such ref.
        #[serde(default)]
        from: Option<String>,
        /// The tag's message.
        message: String,
        /// The full name of the tag.
        name: String,
        /// The repository.
        repository: String,
        /// The commit that it names from now on.
        to: String,
    },
    /// List all files of a commit. Answered by `tree`.
    Tree {
        /// The commit.
        commit: String,
        /// The repository.
        repository: String,
    },
    /// Read objects. Answered by `blobs`.
    Blobs {
        /// The ids that `tree` named.
        ids: Vec<String>,
        /// The repository.
        repository: String,
    },
    /// List the commits that `to` has and `from` does not, newest first. Answered by `log`.
    Log {
        /// Leave out what this commit has; absent: nothing is left out.
        #[serde(default)]
        from: Option<String>,
        /// The repository.
        repository: String,
        /// Begin with this commit.
        to: String,
    },
    /// Read files of a store at its tip, or list the paths below a prefix. Answered by `ledger`.
    Ledger {
        /// The files to read; one that is not there is left out of the answer.
        #[serde(default)]
        paths: Vec<String>,
        /// List the paths that begin with this instead.
        #[serde(default)]
        prefix: Option<String>,
        /// The store.
        store: String,
    },
    /// Write files of a store if each is as expected, in this order where they cannot be written at once. Answered by
    /// `committed`, `behind`, `conflict` or `unknown`.
    Commit {
        /// What it is about, for people.
        message: String,
        /// The files.
        puts: Vec<Put>,
        /// The store.
        store: String,
    },
    /// Send requests to a system's API, each once: several reads, possibly at the same time, or one write. The host adds
    /// base URL, credentials and user agent, follows no redirect, and gives up after 30 seconds. Answered by `answered`.
    Http {
        /// The requests.
        requests: Vec<Http>,
        /// The system: `github`, or `webhook/<channel>`.
        system: String,
    },
    /// Run one of the user's commands, once, with an environment of its own. Answered by `ran` or `interrupted`.
    Run {
        /// The program and its arguments; no shell reads them.
        argv: Vec<String>,
        /// Variables of the host that it gets as well, by name.
        pass: Vec<String>,
        /// Variables that it gets.
        set: BTreeMap<String, String>,
        /// Which step it is.
        step: String,
        /// Seconds until it is ended.
        timeout_seconds: u32,
    },
    /// Sleep. Answered by `waited`, not before it is time.
    Wait {
        /// Until when.
        until: String,
        /// Why, for people.
        why: String,
    },
    /// What only a newer engine asks for.
    #[serde(other)]
    Unknown,
}

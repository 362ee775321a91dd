//! The exchanges as they travel: lenient about what is new, so that an engine may say more.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::wire::Http;

/// What the engine asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "exchange", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the contract's own names; `plugin/schemas/v1` documents them")]
pub enum Exchange {
    List {
        place: String,
    },
    Read {
        place: String,
        paths: Vec<String>,
    },
    Write {
        place: String,
        path: String,
        content: String,
    },
    Ref {
        repository: String,
        name: String,
    },
    Move {
        repository: String,
        name: String,
        #[serde(default)]
        from: Option<String>,
        to: String,
        message: String,
    },
    Tree {
        commit: String,
    },
    Blobs {
        ids: Vec<String>,
    },
    Log {
        #[serde(default)]
        from: Option<String>,
        to: String,
    },
    Ledger {
        #[serde(default)]
        paths: Vec<String>,
        #[serde(default)]
        prefix: Option<String>,
    },
    Commit {
        store: String,
        puts: Vec<Put>,
        message: String,
    },
    Http {
        system: String,
        requests: Vec<Http>,
    },
    Run {
        argv: Vec<String>,
        set: BTreeMap<String, String>,
        pass: Vec<String>,
        timeout_seconds: u32,
    },
    Wait {
        until: String,
    },
    #[serde(other)]
    Unknown,
}

/// A file to write.
#[derive(Debug, Deserialize)]
pub struct Put {
    /// Its path.
    pub path: String,
    /// The digest of its new bytes; absent: it is removed.
    #[serde(default)]
    pub content: Option<String>,
    /// The digest of the bytes that must be there.
    #[serde(default)]
    pub expected: Option<String>,
}

//! Connectors speak the languages of change systems: straight-line code over the host's exchanges.
//!
//! `connect`, the call of version 1, runs the same code again from the start over the responses so far; its exchanges are here.

pub mod github;
pub mod ledger;
mod talk;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::change::event::Event;
pub use crate::io::exchange::Method;
use crate::scalar::Digest;

pub use talk::{LEDGER, Pause, Talk};

/// An errand that needs more exchanges than this has gone astray.
pub const MAX_EXCHANGES: usize = 500;

/// Which change system, as the host is configured.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "system", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum System {
    /// The embedded ledger: a directory or a git repository behind a store port.
    Ledger {},
    /// GitHub: people see an issue and decide there; the record is a ledger on a branch of the same repository.
    Github(github::Place),
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
    /// Send a request to the system's API, once. Answered by `answered`, or `broken`.
    Http(Http),
    /// Let time pass. Answered by `waited`.
    Wait {
        /// So many seconds.
        seconds: u32,
    },
    /// Nothing more is to be exchanged: a document was read.
    Gathered {
        /// Its name.
        name: String,
        /// The digest of its bytes, which `take` gives.
        digest: Digest,
    },
    /// Nothing more is to be exchanged.
    Done {
        /// The event that answers the effect.
        event: Event,
    },
}

/// One request to a system's API. The host adds the base URL, its credentials and a user agent, follows no redirect,
/// and gives up after 30 seconds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Http {
    /// The method.
    pub method: Method,
    /// The path below the base URL, with its query.
    pub path: String,
    /// Headers beside the host's own.
    pub headers: BTreeMap<String, String>,
    /// The digest of the body, which `take` gives: JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Digest>,
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
    /// The API answered, whole.
    Answered {
        /// The status.
        status: u16,
        /// Its headers by lower-case name: `link`, `location`, `retry-after`, `x-ratelimit-remaining` and the like.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The digest of its body, whose bytes were given to `put`.
        body: Digest,
    },
    /// Time passed.
    Waited {},
    /// The exchange could not be made, or nobody knows whether it was: a lost answer is broken.
    Broken {
        /// Why.
        message: String,
    },
}

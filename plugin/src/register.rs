//! The register of a target: what is deployed there, what is under way, what is owed, and the chain that its changes make (AU5).
//!
//! It is a pure fold: each *link*, a line of one of the target's journals or a decision with the next number and the digest of the link
//! before, moves it once. Whoever has the journals can make it again and compare the bytes. It is also the target's lock: every link
//! is stored with it in one commit, which fails where another link came first.

pub mod chain;
mod fold;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::change::event::Closure;
use crate::change::journal::Link;
use crate::facts::Target;
use crate::formats::json;
use crate::problem::Problem;
use crate::scalar::{Commit, Digest, Name, Timestamp};

pub use fold::{adopted, settled};

/// The version of the format.
const VERSION: u32 = 1;
/// Links whose digests are kept, so that an older head can be recognised.
const RECENT: usize = 64;
/// Concluded deployments and outcomes that are kept.
const KEPT: usize = 64;

/// What is known of a target without any journal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Register {
    /// The version of this format.
    pub version: u32,
    /// Whose it is.
    pub target: Place,
    /// The number of the last link; 0: there is none.
    pub number: u64,
    /// The digest of the last link; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Digest>,
    /// Where the last link stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Standing>,
    /// What is deployed; absent: nothing was concluded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<Deployed>,
    /// Deployments that were concluded, the latest last.
    pub concluded: Vec<Concluded>,
    /// Changes that are not finished.
    pub open: Vec<Open>,
    /// What emergencies owe.
    pub obligations: Vec<Owed>,
    /// How changes ended, the latest last.
    pub outcomes: Vec<Ended>,
    /// The last links, the latest last: number and digest.
    pub recent: Vec<(u64, Digest)>,
}

/// An environment and a region.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// The environment.
    pub environment: Name,
    /// The region, where the environment has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Name>,
}

/// Where a link stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Standing {
    /// The path of the journal or the decision.
    pub path: String,
    /// The line; 1 for a decision.
    pub seq: u32,
}

/// What is deployed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deployed {
    /// The digest of the file that lists it; absent: the change is of version 1, and its commit tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Digest>,
    /// The inventory's commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// The change request that deployed it last.
    pub by: Name,
}

/// A deployment that was concluded.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Concluded {
    /// The change request.
    pub id: Name,
    /// Its journal.
    pub journal: String,
    /// The key of the change.
    pub key: Digest,
    /// When it was concluded.
    pub at: Timestamp,
    /// The inventory's commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// Whether acceptance tests passed.
    pub tested: bool,
    /// The change request whose deployment it restored (FR3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<Name>,
}

/// A change that is not finished.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Open {
    /// Its journal.
    pub journal: String,
    /// The key of the change.
    pub key: Digest,
    /// The change request, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Name>,
    /// The number of its last link.
    pub number: u64,
    /// The digest of its last link.
    pub head: Digest,
}

/// Something that an emergency owes (EM4).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owed {
    /// The change request.
    pub change: Name,
    /// The key of the change.
    pub key: Digest,
    /// Its name within the change.
    pub id: Name,
    /// What is to be done.
    pub what: String,
    /// Until when.
    pub due: Timestamp,
}

/// How a change ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ended {
    /// The key of the change.
    pub key: Digest,
    /// When.
    pub at: Timestamp,
    /// As what.
    pub category: Closure,
}

/// The next number and the digest of the link before: what makes a line a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tip {
    /// The number of the last link.
    pub number: u64,
    /// Its digest; of no bytes where there is none.
    pub head: Digest,
}

impl Tip {
    /// The place of the next link.
    #[must_use]
    pub fn next(self) -> Link {
        Link { number: self.number.saturating_add(1), prev: self.head }
    }
}

impl Register {
    /// The register of a target on which nothing happened yet.
    #[must_use]
    pub fn new(target: &Target) -> Self {
        Self {
            version: VERSION,
            target: Place { environment: target.environment.clone(), region: target.region.clone() },
            number: 0,
            head: None,
            at: None,
            deployed: None,
            concluded: Vec::new(),
            open: Vec::new(),
            obligations: Vec::new(),
            outcomes: Vec::new(),
            recent: Vec::new(),
        }
    }

    /// Reads a register.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let register: Self = json::parse(bytes)?;
        match register.version {
            VERSION => Ok(register),
            version => {
                let message = format!("version `{version}` is not known, and {VERSION} is");
                Err(Problem::new(message, "use the version of Countersign that wrote it").at_pointer("/version"))
            }
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// What the next link goes on from.
    #[must_use]
    pub fn tip(&self) -> Tip {
        Tip { number: self.number, head: self.head.unwrap_or_else(|| Digest::of(b"")) }
    }
}

/// The key of a target in paths.
#[must_use]
pub fn key(environment: &Name, region: Option<&Name>) -> String {
    let region = region.map_or("", Name::as_str);
    Digest::of(format!("countersign target 1\n{environment}\n{region}\n").as_bytes()).short()
}

/// The folder of a target.
#[must_use]
pub fn folder(environment: &Name, region: Option<&Name>) -> String {
    format!("targets/{}", key(environment, region))
}

/// The path of a target's register.
#[must_use]
pub fn path(environment: &Name, region: Option<&Name>) -> String {
    format!("{}/register.json", folder(environment, region))
}

/// Everything that is deployed on a target: each entry's file, by its path.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeployedFiles {
    /// The version of this format.
    pub version: u32,
    /// The files.
    pub files: BTreeMap<String, DeployedFile>,
}

/// The file of an entry that is deployed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeployedFile {
    /// The digest of its bytes.
    pub digest: Digest,
    /// A commit of the inventory that has it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
}

impl DeployedFiles {
    /// Reads the list.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let files: Self = json::parse(bytes)?;
        match files.version {
            VERSION => Ok(files),
            version => Err(Problem::new(
                format!("version `{version}` is not known, and {VERSION} is"),
                "use the version of Countersign that wrote it",
            )),
        }
    }

    /// The list's bytes.
    #[must_use]
    pub fn text(files: BTreeMap<String, DeployedFile>) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(&Self { version: VERSION, files }).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

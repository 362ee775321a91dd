//! The inventory: what is, and what is to be, deployed in an environment (IN1, IN2).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::evidence::Asset;
use crate::problem::Problem;
use crate::scalar::{Commit, Digest, shorten};

/// One deployable artifact: one file of the inventory.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// The entry's path in the inventory; may contain `/`.
    pub name: String,
    /// What is deployed: for an image `<name>[:<tag>]@sha256:<digest>`.
    pub artifact: String,
    /// `image`, `deployment`, `helm-chart`, `terraform`, or anything else.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version, usually a commit.
    pub version: String,
    /// The digest of the artifact.
    pub sha256: Option<Digest>,
    /// The full URL of the artifact, which evidence uses as the asset's URI.
    pub provenance: String,
    /// The artifact's signature; absent if nobody signed it.
    pub signature: Option<String>,
    /// Where the source is.
    pub repository_url: String,
    /// The source commit.
    pub commit_sha: Commit,
    /// The CI build.
    pub build_number: u64,
    /// The CI run whose evidence counts for this entry (EV2).
    pub pipeline_run_id: String,
}

impl Entry {
    /// The ids of the assets that evidence for this entry is about: the artifact and its commit (EV2).
    #[must_use]
    pub fn asset_ids(&self) -> BTreeSet<Digest> {
        let provenance = Digest::of(self.provenance.as_bytes());
        BTreeSet::from([self.sha256.unwrap_or(provenance), Asset::commit_id(&self.commit_sha), provenance])
    }

    /// Whether the entry is infrastructure, for which infrastructure validation is demanded (PO3).
    #[must_use]
    pub fn is_infrastructure(&self) -> bool {
        matches!(self.kind.as_str(), "infrastructure" | "terraform" | "cloudformation" | "pulumi" | "ansible" | "bicep")
    }
}

/// The longest path of an entry, in bytes.
const MAX_PATH: usize = 400;

/// Whether `name` can be an entry's: a path that leads nowhere above the inventory, and to nothing hidden.
pub fn path(name: &str) -> Result<(), Problem> {
    let sound = !name.is_empty()
        && name.len() <= MAX_PATH
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && !name.chars().any(char::is_control)
        && !name.contains('\\');
    if sound {
        return Ok(());
    }
    let message = format!("`{}` is not a path of an inventory entry", shorten(name));
    Err(Problem::new(message, "name parts joined by `/`, none of them empty or beginning with a dot"))
}

/// Which version of an entry an environment has (IN6).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Version {
    /// The version.
    pub version: String,
    /// The digest of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// The source commit.
    pub commit: Commit,
}

impl Version {
    /// The version of this entry.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        Self { version: entry.version.clone(), sha256: entry.sha256, commit: entry.commit_sha.clone() }
    }
}

/// How an entry differs from the last concluded deployment.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Difference {
    /// It was not deployed before.
    Added,
    /// Another version was deployed before.
    Changed,
    /// It is deployed as it was; only a forced redeployment has such entries in its delta.
    Unchanged,
}

/// How one entry differs between two environments, or two commits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Differing {
    /// The second side alone has it.
    Added,
    /// Both have it, in other versions.
    Changed,
    /// The first side alone has it.
    Removed,
}

/// An entry that differs between two sides, and its versions there.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Differs {
    /// How.
    pub change: Differing,
    /// The entry.
    pub entry: String,
    /// Its version on the first side, if it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its version on the second side, if it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The entries that differ between the last concluded deployment of a target and the commit to deploy (IN2).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Delta {
    /// What is deployed, by entry name.
    pub entries: BTreeMap<String, (Difference, Rc<Entry>)>,
    /// What is no longer there.
    pub removed: BTreeSet<String>,
    /// What the ignore file and the globs hide, with the pattern that hid it (IN3).
    pub hidden: BTreeMap<String, String>,
}

impl Delta {
    /// Whether there is nothing to deploy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.removed.is_empty()
    }
}

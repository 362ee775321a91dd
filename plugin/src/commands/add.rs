//! `add`: CI writes an entry of the inventory, one deployable artifact (IN1).

use serde::{Deserialize, Serialize};

use super::entries::{self, Entries};
use super::reading::INVENTORY;
use super::{At, InventoryKind};
use crate::failure::{Code, Failure};
use crate::formats;
use crate::inventory;
use crate::io::exchange::Put;
use crate::plan::outcome::{Outcome, Stop};
use crate::problem::Problem;
use crate::report::{Ended, Found};
use crate::scalar::{Commit, Digest, Name, shorten};

/// What is added, and where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Adding {
    /// The entry.
    pub entry: NewEntry,
    /// What the inventory is.
    pub inventory: InventoryKind,
    /// The branch that gets it, made if it is missing. Absent: the file is written into the place `inventory`.
    #[serde(default)]
    pub branch: Option<Name>,
    /// Whether the CI run failed.
    #[serde(default)]
    pub failed: bool,
    /// `skip-inventory-update-on-failure` as its user set it: empty or `0`, and a failed run adds an entry nevertheless (IN4).
    #[serde(default)]
    pub skip_on_failure: Option<String>,
}

/// An entry as CI names it. What is absent follows from the artifact.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewEntry {
    /// What is deployed: an image as `<name>[:<tag>]@sha256:<digest>`.
    pub artifact: String,
    /// The CI build.
    pub build_number: u64,
    /// The source commit.
    pub commit_sha: Commit,
    /// The entry's name: its path in the inventory.
    pub name: String,
    /// The CI run whose evidence counts for it (EV2).
    pub pipeline_run_id: String,
    /// The full URL of the artifact. Absent: the artifact.
    #[serde(default)]
    pub provenance: Option<String>,
    /// Where the source is.
    pub repository_url: String,
    /// The artifact's digest. Absent: what the artifact is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The artifact's signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// `image`, `deployment`, `helm-chart`, `terraform`, or anything else.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version.
    pub version: String,
}

pub(super) async fn run(at: &At, adding: &Adding) -> Result<Ended, Failure> {
    let name = adding.entry.name.clone();
    inventory::path(&name).map_err(|problem| Failure::all(Code::BadRequest, None, vec![problem]))?;
    if adding.is_skipped() {
        let message = format!("`{}` is not added: its CI run failed", shorten(&name));
        let stop = Stop::new(Outcome::Done, message)
            .help("to promote an emergency fix all the same, set `skip-inventory-update-on-failure` to `0` (IN4)");
        return Ok(Ended::found(stop, Found::Added { entry: name, commit: None, added: false }, None));
    }
    let bytes = adding.entry.print()?;
    let (done, commit) = match (&adding.branch, adding.inventory) {
        (Some(_), InventoryKind::Folder) => {
            let help = "leave the branch out";
            return Err(Failure::one(Code::BadRequest, "a plain folder has no branches", help));
        }
        (Some(branch), InventoryKind::Git) => to_branch(at, adding, branch, bytes).await?,
        (None, InventoryKind::Git | InventoryKind::Folder) => {
            at.io.write(INVENTORY, &name, bytes).await.map_err(|fault| {
                let message = format!("`{}` cannot be written: {}", shorten(&name), fault.trouble().message);
                Failure::one(Code::BadRequest, message, "give an inventory that can be written")
            })?;
            (true, None)
        }
    };
    let message = match (done, &commit) {
        (false, _) => format!("the inventory has `{}` just so already", shorten(&name)),
        (true, Some(commit)) => format!("added `{}`: commit {commit}", shorten(&name)),
        (true, None) => format!("added `{}`", shorten(&name)),
    };
    let stop = Stop::new(Outcome::Done, message);
    let stop = match (adding.inventory, &adding.branch) {
        (InventoryKind::Git, None) => stop.help("commit the file, or name a branch to have it committed"),
        (InventoryKind::Git, Some(_)) | (InventoryKind::Folder, _) => stop,
    };
    Ok(Ended::found(stop, Found::Added { entry: name, commit, added: done }, None))
}

/// Commits the entry, unless the branch has it as it is.
async fn to_branch(at: &At, adding: &Adding, branch: &Name, bytes: Vec<u8>) -> Result<(bool, Option<Commit>), Failure> {
    let NewEntry { name, version, .. } = &adding.entry;
    let mut there = Entries::before(at, InventoryKind::Git, branch.as_str(), INVENTORY).await?;
    there.read(at, &[name.as_str()]).await?;
    let (path, expected) = (name.clone(), there.digest(name));
    if expected == Some(Digest::of(&bytes)) {
        return Ok((false, None));
    }
    let puts = vec![Put { path, content: Some(at.io.keep(bytes)), expected }];
    let commit = entries::commit(at, branch.as_str(), puts, &format!("Add {name} {version}")).await?;
    Ok((true, commit))
}

impl Adding {
    /// Whether nothing is added, because the CI run failed and nobody wants its entry (IN4).
    fn is_skipped(&self) -> bool {
        self.failed && !matches!(self.skip_on_failure.as_deref(), Some("" | "0"))
    }
}

impl NewEntry {
    /// The entry's bytes: what cannot be read back is no entry.
    fn print(&self) -> Result<Vec<u8>, Failure> {
        let mut entry = self.clone();
        let pinned = || self.artifact.rsplit_once('@').map(|(_, digest)| digest.to_owned());
        entry.sha256 = entry.sha256.or_else(pinned);
        entry.provenance = entry.provenance.or_else(|| Some(self.artifact.clone()));
        let value = serde_json::to_value(&entry).unwrap_or_default();
        let bytes = format!("{value:#}\n").into_bytes();
        let refuse = |problem: Problem| Failure::all(Code::Inventory, Some(&self.name), vec![problem]);
        formats::ibm::entry(&self.name, &bytes).map_err(refuse)?;
        Ok(bytes)
    }
}

//! What evidence is bound to (EV2): an entry's artifact, a commit, an image, or anything with an address.

use serde::Deserialize;

use super::super::entries::Entries;
use super::super::{At, InventoryKind, reading};
use crate::failure::{Code, Failure};
use crate::formats::record::DraftAsset;
use crate::inventory;
use crate::scalar::{Commit, Digest, Name, shorten};

/// What evidence is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum About {
    /// An entry of the inventory: its artifact.
    Entry {
        /// Its name: its path in the inventory.
        name: String,
        /// What the inventory is.
        inventory: InventoryKind,
        /// The branch that has the entry. A plain folder has none.
        #[serde(default)]
        branch: Option<Name>,
    },
    /// A source commit.
    Commit {
        /// Its id.
        sha: Commit,
    },
    /// An image.
    Image {
        /// Its digest.
        digest: String,
    },
    /// Anything else.
    Uri {
        /// Where it is.
        uri: String,
    },
}

/// What evidence is bound to.
pub(super) struct Bound {
    pub(super) asset: DraftAsset,
    /// The run that built it, where that is known.
    pub(super) run: Option<String>,
    /// The folder of its records.
    pub(super) folder: String,
}

/// Finds out what the evidence is bound to.
pub(super) async fn bind(at: &At, about: &About) -> Result<Bound, Failure> {
    let bound = |asset, folder| Ok(Bound { asset, run: None, folder });
    match about {
        About::Entry { name, inventory, branch } => entry(at, name, *inventory, branch.as_ref()).await,
        About::Commit { sha } => {
            let first: String = sha.as_str().chars().take(12).collect();
            bound(DraftAsset::Commit { sha: sha.clone() }, format!("commit-{first}"))
        }
        About::Image { digest } => {
            let parsed = Digest::parse_bare(digest).map_err(|invalid| {
                Failure::one(Code::BadRequest, invalid.0, "give the image's digest: `sha256:` and 64 hex digits")
            })?;
            bound(DraftAsset::Image { digest: digest.clone() }, format!("image-{}", parsed.short()))
        }
        About::Uri { uri } => {
            let folder = format!("uri-{}", Digest::of(uri.as_bytes()).short());
            bound(DraftAsset::Generic { uri: uri.clone() }, folder)
        }
    }
}

/// Evidence for an entry is bound to its artifact alone: other entries may come from the same commit and run.
async fn entry(at: &At, name: &str, kind: InventoryKind, branch: Option<&Name>) -> Result<Bound, Failure> {
    inventory::path(name).map_err(|problem| Failure::all(Code::BadRequest, None, vec![problem]))?;
    let found = match (kind, branch) {
        (InventoryKind::Git, Some(branch)) => {
            let mut entries = Entries::of(at, kind, branch.as_str(), reading::INVENTORY).await?;
            entries.read(at, &[name]).await?;
            entries.digest(name)
        }
        (InventoryKind::Git, None) => {
            return Err(Failure::one(Code::BadRequest, "nobody says which branch has the entry", "name the branch"));
        }
        (InventoryKind::Folder, _) => {
            let found = at.io.read_one(reading::INVENTORY, name).await;
            found.map_err(|fault| reading::unavailable("the inventory", fault))?.map(|file| file.digest)
        }
    };
    let digest = found.ok_or_else(|| {
        let message = format!("the inventory has no entry `{}`", shorten(name));
        Failure::one(Code::BadRequest, message, "give the entry's path in the inventory")
    })?;
    let entry = at.documents.borrow_mut().entry(name, &digest)?;
    let asset = match &entry.sha256 {
        Some(digest) => DraftAsset::Image { digest: digest.to_string() },
        None => DraftAsset::Generic { uri: entry.provenance.clone() },
    };
    Ok(Bound { asset, run: Some(entry.pipeline_run_id.clone()), folder: name.to_owned() })
}

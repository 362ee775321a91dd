//! Inventory entries: one JSON file for one deployable artifact (IN1).

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use super::field::Wrong;
use super::json::{Json, Text};
use crate::inventory::Entry;
use crate::problem::Problem;
use crate::scalar::{Commit, Digest, shorten};

/// Reads the entry at `path` of the inventory; its name must be that path.
pub fn entry(path: &str, bytes: &[u8]) -> Result<Entry, Problem> {
    let raw = Json::read(bytes)?.typed::<Raw<'_>>()?;
    raw.entry(path).map_err(|wrong| wrong.inside(""))
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    artifact: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    sha256: Option<Text<'a>>,
    #[serde(borrow)]
    provenance: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    repository_url: Option<Text<'a>>,
    #[serde(borrow)]
    commit_sha: Option<Text<'a>>,
    build_number: Option<BuildNumber>,
    #[serde(borrow)]
    pipeline_run_id: Option<Text<'a>>,
    #[serde(borrow)]
    app_artifacts: Option<AppArtifacts<'a>>,
}

impl Raw<'_> {
    fn entry(self, path: &str) -> Result<Entry, Wrong> {
        let AppArtifacts { signature, provenance } = self.app_artifacts.unwrap_or_default();
        let name = required("/name", self.name)?;
        if name != path {
            let message = format!("the entry is called `{}` but its path is `{}`", shorten(&name), shorten(path));
            return Err(Wrong::new("/name", message, "name the entry after its path in the inventory"));
        }
        let artifact = required("/artifact", self.artifact)?;
        let kind = required("/type", self.kind)?;
        let sha256 = digest(&kind, &artifact, self.sha256)?;
        let commit = required("/commit_sha", self.commit_sha)?;
        let commit_sha = commit.parse::<Commit>().map_err(|invalid| {
            Wrong::new("/commit_sha", invalid.0, "write the full commit that the artifact was built from")
        })?;
        let signature = self.signature.or(signature).filter(|text| !text.as_str().trim().is_empty());
        Ok(Entry {
            name,
            artifact,
            kind,
            version: required("/version", self.version)?,
            sha256,
            provenance: required("/provenance", self.provenance.or(provenance))?,
            signature: signature.map(|text| required("/signature", Some(text))).transpose()?,
            repository_url: required("/repository_url", self.repository_url)?,
            commit_sha,
            build_number: self.build_number.ok_or_else(|| Wrong::missing("/build_number"))?.0,
            pipeline_run_id: required("/pipeline_run_id", self.pipeline_run_id)?,
        })
    }
}

/// The artifact's digest: as the field says, else as the artifact says; an image must have one, and only one.
fn digest(kind: &str, artifact: &str, sha256: Option<Text<'_>>) -> Result<Option<Digest>, Wrong> {
    let told = sha256
        .map(|text| Digest::parse_bare(text.as_str()))
        .transpose()
        .map_err(|invalid| Wrong::new("/sha256", invalid.0, "write `sha256:` and the digest of the artifact in hex"))?;
    let help = "write the image as `<name>:<tag>@sha256:<digest>`";
    let pinned = artifact.rsplit_once('@').map(|(_, digest)| Digest::parse_bare(digest));
    match (kind, told, pinned) {
        ("image", None, None) => Err(Wrong::new("/artifact", "an image needs a digest", help)),
        ("image", _, Some(Err(invalid))) => Err(Wrong::new("/artifact", invalid.0, help)),
        ("image", Some(told), Some(Ok(pinned))) if told != pinned => {
            let message = format!("`sha256` is {} but `artifact` is pinned to {}", told.short(), pinned.short());
            Err(Wrong::new("/sha256", message, help))
        }
        (_, Some(told), _) => Ok(Some(told)),
        (_, None, Some(Ok(pinned))) => Ok(Some(pinned)),
        (_, None, None | Some(Err(_))) => Ok(None),
    }
}

/// A text that is there, has no control characters, and is not longer than anybody needs.
fn required(pointer: &'static str, text: Option<Text<'_>>) -> Result<String, Wrong> {
    let text = text.ok_or_else(|| Wrong::missing(pointer))?.into_string();
    let wrong = |why: &str, help| Err(Wrong::new(pointer, format!("`{}` {why}", shorten(&text)), help));
    let most = if pointer == "/signature" { 64 * 1024 } else { 4096 };
    if text.trim().is_empty() {
        wrong("is empty", "fill in the field")
    } else if text.len() > most {
        wrong("is too long", "shorten the field")
    } else if text.chars().any(|character| character.is_control() && (pointer != "/signature" || character != '\n')) {
        wrong("has a control character", "remove it")
    } else {
        Ok(text)
    }
}

/// A count, as a number or as text.
struct BuildNumber(u64);

impl<'de> Deserialize<'de> for BuildNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = BuildNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a build number")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<BuildNumber, E> {
                Ok(BuildNumber(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<BuildNumber, E> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                match (digits, text.parse()) {
                    (true, Ok(number)) => Ok(BuildNumber(number)),
                    (_, _) => Err(E::custom(format!("`{}` is not a build number", shorten(text)))),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// The free part of an entry, in which old entries keep two of its fields.
#[derive(Default, Deserialize)]
struct AppArtifacts<'a> {
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    provenance: Option<Text<'a>>,
}

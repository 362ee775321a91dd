//! Our own short record of evidence, for whoever writes it by hand or in a script (EV4).

use serde::{Deserialize, Serialize};

use super::field::{Wrong, asset_wrong, check, date, outcome, some, tool};
use super::json::{Json, Text};
use crate::evidence::{Asset, Attachment, Check, Evidence, Origin, Outcome};
use crate::problem::Problem;
use crate::scalar::{Commit, Digest, Timestamp};

/// Reads one record.
pub fn record(bytes: &[u8]) -> Result<Evidence, Problem> {
    from_record(&Json::read(bytes)?)
}

pub(super) fn from_record(json: &Json<'_>) -> Result<Evidence, Problem> {
    json.typed::<RawRecord<'_>>()?.evidence().map_err(|wrong| wrong.inside(""))
}

/// Our own short record, in which nothing is unknown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EvidenceRecord"))]
pub(crate) struct RawRecord<'a> {
    #[serde(borrow)]
    #[cfg_attr(feature = "schema", schemars(required))]
    check: Option<Text<'a>>,
    #[serde(borrow)]
    tool: Option<Text<'a>>,
    #[serde(borrow)]
    #[cfg_attr(feature = "schema", schemars(required))]
    outcome: Option<Text<'a>>,
    #[serde(borrow, default)]
    assets: Vec<RecordAsset<'a>>,
    #[serde(borrow)]
    #[cfg_attr(feature = "schema", schemars(required))]
    run: Option<Text<'a>>,
    attempt: Option<u32>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    #[cfg_attr(feature = "schema", schemars(required))]
    date: Option<Text<'a>>,
    #[serde(borrow, default)]
    reports: Vec<RecordAttachment<'a>>,
    #[serde(borrow, default)]
    attachments: Vec<RecordAttachment<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RecordAsset<'a> {
    kind: RecordKind,
    #[serde(borrow)]
    sha: Option<Text<'a>>,
    #[serde(borrow)]
    digest: Option<Text<'a>>,
    #[serde(borrow)]
    uri: Option<Text<'a>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum RecordKind {
    Commit,
    Image,
    Generic,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RecordAttachment<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    digest: Text<'a>,
}

impl RawRecord<'_> {
    fn evidence(self) -> Result<Evidence, Wrong> {
        let assets = self.assets.into_iter().enumerate();
        let run = self.run.filter(|run| !run.as_str().is_empty()).ok_or_else(|| Wrong::missing("/run"))?;
        Ok(Evidence {
            check: check("/check", self.check)?,
            tool: tool("/tool", self.tool)?,
            outcome: outcome("/outcome", self.outcome)?,
            assets: some(assets.map(|(number, asset)| asset.asset(number)).collect::<Result<_, _>>()?)?,
            origin: Origin {
                scope: Some(Digest::of(run.as_str().as_bytes())),
                run: Some(run.into_string()),
                attempt: self.attempt.unwrap_or_default(),
                url: self.url.map(Text::into_string),
            },
            date: date("/date", self.date)?,
            reports: files("reports", self.reports)?,
            attachments: files("attachments", self.attachments)?,
            findings: Vec::new(),
            signer: None,
        })
    }
}

fn files(key: &str, files: Vec<RecordAttachment<'_>>) -> Result<Vec<Attachment>, Wrong> {
    let file = |(number, file): (usize, RecordAttachment<'_>)| {
        let digest = Digest::parse_bare(file.digest.as_str()).map_err(|invalid| {
            Wrong::new(format!("/{key}/{number}/digest"), invalid.0, "write the SHA-256 of its bytes")
        })?;
        Ok(Attachment { name: file.name.into_string(), digest })
    };
    files.into_iter().enumerate().map(file).collect()
}

impl RecordAsset<'_> {
    fn asset(self, number: usize) -> Result<Asset, Wrong> {
        let id = match (self.kind, &self.sha, &self.digest, &self.uri) {
            (RecordKind::Commit, Some(sha), None, _) => {
                let commit = sha.as_str().parse::<Commit>().map_err(|invalid| asset_wrong(number, invalid.0))?;
                Asset::commit_id(&commit)
            }
            (RecordKind::Image, None, Some(digest), _) => {
                Digest::parse_bare(digest.as_str()).map_err(|invalid| asset_wrong(number, invalid.0))?
            }
            (RecordKind::Generic, None, None, Some(uri)) => Digest::of(uri.as_str().as_bytes()),
            (RecordKind::Commit, _, _, _) => return Err(asset_wrong(number, "a commit has `sha` alone".to_owned())),
            (RecordKind::Image, _, _, _) => return Err(asset_wrong(number, "an image has `digest` alone".to_owned())),
            (RecordKind::Generic, _, _, _) => {
                return Err(asset_wrong(number, "anything else has `uri` alone".to_owned()));
            }
        };
        Ok(Asset { id, uri: self.uri.map(Text::into_string) })
    }
}

/// A record that is about to be written, with its names in order: every host writes the same bytes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Draft {
    pub(crate) assets: Vec<DraftAsset>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<DraftFile>,
    pub(crate) attempt: u32,
    pub(crate) check: Check,
    pub(crate) date: Timestamp,
    pub(crate) outcome: Outcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reports: Vec<DraftFile>,
    pub(crate) run: String,
    pub(crate) tool: String,
}

/// What a draft is about.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum DraftAsset {
    Commit { sha: Commit },
    Image { digest: String },
    Generic { uri: String },
}

/// A file that a draft names.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DraftFile {
    pub(crate) digest: Digest,
    pub(crate) name: String,
}

impl Draft {
    /// The record's bytes, and what they say: what cannot be read back is no record.
    pub(crate) fn print(&self) -> Result<(Vec<u8>, Evidence), Problem> {
        let value = serde_json::to_value(self).unwrap_or_default();
        let bytes = format!("{value:#}\n").into_bytes();
        let evidence = record(&bytes)?;
        Ok((bytes, evidence))
    }
}

//! IBM's v2 evidence records and summaries, which are our own long form as well (EV4).

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};

use super::field::{Wrong, asset_wrong, check, date, outcome, some, tool};
use super::json::{Json, Text};
use crate::evidence::{Asset, Attachment, Evidence, Finding, Origin, Severity};
use crate::problem::Problem;
use crate::scalar::{Digest, Timestamp, shorten};

pub use super::entry::entry;
pub use super::field::UNNAMED_TOOL;
pub use super::record::record;

/// Reads one v2 evidence record.
pub fn evidence(bytes: &[u8]) -> Result<Evidence, Problem> {
    from_evidence(&Json::read(bytes)?)
}

/// Reads a v2 summary: every record of it, or the first problem.
pub fn summary(bytes: &[u8]) -> Result<Vec<Evidence>, Problem> {
    from_summary(&Json::read(bytes)?)
}

pub(super) fn from_evidence(json: &Json<'_>) -> Result<Evidence, Problem> {
    json.typed::<Raw<'_>>()?.evidence(&mut LastRun::default()).map_err(|wrong| wrong.inside(""))
}

pub(super) fn from_summary(json: &Json<'_>) -> Result<Vec<Evidence>, Problem> {
    let summary = json.typed::<RawSummary>()?;
    if !summary.version.is_some_and(|version| version.is("2")) {
        return Err(Wrong::new("/version", "the summary's version is not `2.0`", VERSION_HELP).inside(""));
    }
    let evidence = summary.evidences.0?;
    if evidence.is_empty() {
        let help = "collect evidence before it is summarised: empty is never a pass";
        return Err(Wrong::new("/evidences", "the summary holds no evidence", help).inside(""));
    }
    Ok(evidence)
}

const VERSION_HELP: &str = "write the record in version 2 of the format";

/// A v2 evidence record as written. Unknown keys are its producer's business.
#[derive(Deserialize)]
struct Raw<'a> {
    version: Option<Version>,
    #[serde(borrow)]
    date: Option<Text<'a>>,
    #[serde(borrow)]
    evidence_type_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    details: RawDetails<'a>,
    #[serde(borrow, default)]
    origin: RawOrigin<'a>,
    #[serde(borrow, default)]
    assets: Vec<RawAsset<'a>>,
    #[serde(borrow, default)]
    attachments: RawAttachments<'a>,
    #[serde(borrow)]
    findings: Option<Vec<RawFinding<'a>>>,
}

#[derive(Default, Deserialize)]
struct RawDetails<'a> {
    #[serde(borrow)]
    result: Option<Text<'a>>,
    #[serde(borrow)]
    tool: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
struct RawOrigin<'a> {
    #[serde(borrow)]
    scope: Option<Text<'a>>,
    #[serde(borrow)]
    pipeline_run_id: Option<Text<'a>>,
    #[serde(borrow)]
    pipeline_run_url: Option<Text<'a>>,
    attempt: Option<u32>,
}

#[derive(Deserialize)]
struct RawFinding<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    severity: Option<Text<'a>>,
    #[serde(borrow)]
    due_date: Option<Text<'a>>,
    #[serde(borrow)]
    first_found: Option<Text<'a>>,
    has_exempt: Option<bool>,
}

#[derive(Deserialize)]
struct RawSummary {
    version: Option<Version>,
    evidences: Records,
}

/// The records of a summary, each converted as soon as it is read; or the first problem.
struct Records(Result<Vec<Evidence>, Problem>);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Records;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of evidence records")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Records, A::Error> {
                let mut all = Vec::new();
                let mut last = LastRun::default();
                while let Some(raw) = items.next_element::<Raw<'de>>()? {
                    match raw.evidence(&mut last) {
                        Ok(evidence) => all.push(evidence),
                        Err(wrong) => {
                            while items.next_element::<de::IgnoredAny>()?.is_some() {}
                            return Ok(Records(Err(wrong.inside(&format!("/evidences/{}", all.len())))));
                        }
                    }
                }
                Ok(Records(Ok(all)))
            }
        }

        deserializer.deserialize_seq(Visitor)
    }
}

/// The run of the last record and its scope: the records of a summary are mostly of one run.
#[derive(Default)]
struct LastRun(Option<(String, Digest)>);

impl LastRun {
    fn scope(&mut self, run: &str) -> Digest {
        match &self.0 {
            Some((last, scope)) if last == run => *scope,
            _ => self.0.insert((run.to_owned(), Digest::of(run.as_bytes()))).1,
        }
    }
}

impl Raw<'_> {
    fn evidence(self, last: &mut LastRun) -> Result<Evidence, Wrong> {
        if self.version.is_some_and(|version| !version.is("2")) {
            return Err(Wrong::new("/version", "the record's version is not `2`", VERSION_HELP));
        }
        let check = check("/evidence_type_id", self.evidence_type_id)?;
        let outcome = outcome("/details/result", self.details.result)?;
        let mut assets = Vec::with_capacity(self.assets.len());
        for (number, asset) in self.assets.into_iter().enumerate() {
            let hash = asset.hash.ok_or_else(|| asset_wrong(number, "missing required field `hash`".to_owned()))?;
            let id = Digest::parse_bare(hash.as_str()).map_err(|invalid| asset_wrong(number, invalid.0))?;
            assets.push(Asset { id, uri: asset.uri.map(Text::into_string) });
        }
        let findings = self.findings.unwrap_or_default().into_iter().enumerate();
        Ok(Evidence {
            check,
            tool: tool("/details/tool", self.details.tool)?,
            outcome,
            assets: some(assets)?,
            origin: self.origin.origin(last)?,
            date: date("/date", self.date)?,
            reports: Vec::new(),
            attachments: self.attachments.attachments()?,
            findings: findings.map(|(number, finding)| finding.finding(number)).collect::<Result<_, _>>()?,
            signer: None,
        })
    }
}

impl RawOrigin<'_> {
    fn origin(self, last: &mut LastRun) -> Result<Origin, Wrong> {
        let scope = match (&self.scope, &self.pipeline_run_id) {
            (Some(scope), _) => Some(
                Digest::parse_bare(scope.as_str())
                    .map_err(|invalid| Wrong::new("/origin/scope", invalid.0, "write the SHA-256 of the run id"))?,
            ),
            (None, Some(run)) => Some(last.scope(run.as_str())),
            (None, None) => None,
        };
        Ok(Origin {
            scope,
            run: self.pipeline_run_id.map(Text::into_string),
            attempt: self.attempt.unwrap_or_default(),
            url: self.pipeline_run_url.map(Text::into_string),
        })
    }
}

impl RawFinding<'_> {
    fn finding(self, number: usize) -> Result<Finding, Wrong> {
        let wrong = |field: &str, message: String| {
            let help = "a finding has `id`, `severity` from `critical` to `informational`, and dates as `YYYY-MM-DD`";
            Wrong::new(format!("/findings/{number}/{field}"), message, help)
        };
        let missing = |field: &str| wrong(field, format!("missing required field `{field}`"));
        let id = self.id.filter(|id| !id.as_str().is_empty()).ok_or_else(|| missing("id"))?;
        let word = self.severity.ok_or_else(|| missing("severity"))?;
        let severity = match word.as_str() {
            "critical" => Severity::Critical,
            "high" => Severity::High,
            "medium" => Severity::Medium,
            "low" => Severity::Low,
            "informational" => Severity::Informational,
            other => return Err(wrong("severity", format!("`{}` is not a severity", shorten(other)))),
        };
        let day = |field: &str, text: Option<Text<'_>>, time: &str| match text {
            None => Ok(None),
            Some(text) if text.as_str() == "n/a" => Ok(None),
            Some(text) => {
                let day = text.as_str();
                let instant = if day.len() == 10 { format!("{day}T{time}Z") } else { day.to_owned() };
                let invalid = || wrong(field, format!("`{}` is not a day such as `2026-03-02`", shorten(day)));
                instant.parse::<Timestamp>().map(Some).map_err(|_| invalid())
            }
        };
        Ok(Finding {
            severity,
            id: id.into_string(),
            place: self.url.map(Text::into_string),
            exempt: self.has_exempt.unwrap_or_default(),
            due: day("due_date", self.due_date, "23:59:59.999")?,
            first_found: day("first_found", self.first_found, "00:00:00")?,
        })
    }
}

/// An asset: its id alone (old), or an object (new).
#[derive(Default, Deserialize)]
struct AssetObject<'a> {
    #[serde(borrow)]
    hash: Option<Text<'a>>,
    #[serde(borrow)]
    uri: Option<Text<'a>>,
}

struct RawAsset<'a> {
    hash: Option<Text<'a>>,
    uri: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawAsset<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RawAsset<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an asset: its id, or an object with `hash` and `uri`")
            }

            fn visit_borrowed_str<E: de::Error>(self, id: &'de str) -> Result<Self::Value, E> {
                Ok(RawAsset { hash: Some(Text(id.into())), uri: None })
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<Self::Value, E> {
                Ok(RawAsset { hash: Some(Text(id.to_owned().into())), uri: None })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let AssetObject { hash, uri } = AssetObject::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawAsset { hash, uri })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Attachments: digests by file name (old), or objects (new).
#[derive(Default)]
struct RawAttachments<'a>(Vec<RawAttachment<'a>>);

#[derive(Deserialize)]
struct RawAttachment<'a> {
    #[serde(borrow)]
    hash: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    label: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawAttachments<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RawAttachments<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attachments: objects with `hash` and `url`, or digests by file name")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(RawAttachments::default())
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(attachment) = items.next_element()? {
                    all.push(attachment);
                }
                Ok(RawAttachments(all))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some((label, hash)) = map.next_entry()? {
                    all.push(RawAttachment { hash: Some(hash), url: None, label: Some(label) });
                }
                Ok(RawAttachments(all))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl RawAttachments<'_> {
    fn attachments(self) -> Result<Vec<Attachment>, Wrong> {
        let named = |number: usize, attachment: RawAttachment<'_>| {
            let wrong = |message| {
                let help = "name each attachment by the SHA-256 of its bytes";
                Wrong::new(format!("/attachments/{number}"), message, help)
            };
            let hash = attachment.hash.ok_or_else(|| wrong("missing required field `hash`".to_owned()))?;
            let digest = Digest::parse_bare(hash.as_str()).map_err(|invalid| wrong(invalid.0))?;
            let label = attachment.label.filter(|label| !label.as_str().is_empty()).map(Text::into_string);
            let base =
                || attachment.url.as_ref()?.as_str().rsplit('/').find(|part| !part.is_empty()).map(str::to_owned);
            Ok(Attachment { name: label.or_else(base).unwrap_or_else(|| digest.short()), digest })
        };
        self.0.into_iter().enumerate().map(|(number, attachment)| named(number, attachment)).collect()
    }
}

/// A version, as text or as a number.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Version(Option<u8>);

impl Version {
    fn is(self, major: &str) -> bool {
        self.0.is_some_and(|number| major == number.to_string())
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Version;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a version, such as 2 or `2.0`")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Version, E> {
                Ok(Version(u8::try_from(number).ok()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Version, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Version, E> {
                Ok(Version(match text {
                    "1" | "1.0" => Some(1),
                    "2" | "2.0" => Some(2),
                    _ => None,
                }))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

//! Documents: bytes in, nouns out, strictly (EV4, EV5).
//!
//! What a document is, its content says; names of files are not trusted. Whatever cannot be read whole is a
//! [`Problem`], never a pass.

pub mod cyclonedx;
mod entry;
mod field;
pub mod ibm;
pub(crate) mod index;
pub mod json;
pub mod junit;
pub(crate) mod record;
pub mod sarif;
pub mod sigstore;
mod strict;
#[cfg(test)]
mod tests;
pub mod xml;

use std::borrow::Cow;

use serde::Deserialize;

use self::json::{Json, Text};
use self::sigstore::Trust;
use crate::evidence::{Evidence, Report};
use crate::problem::Problem;

/// What one file holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Document {
    /// Records of evidence, bound to assets; at least one.
    Evidence(Vec<Evidence>),
    /// The raw report of a tool, not yet bound to anything.
    Report(Report),
    /// A bill of materials.
    Bom(cyclonedx::Bom),
}

impl Document {
    /// What the document is, for people.
    #[must_use]
    pub fn format(&self) -> Cow<'static, str> {
        match self {
            Self::Evidence(_) => "evidence".into(),
            Self::Report(Report::Tests(_)) => "JUnit XML".into(),
            Self::Report(Report::Scan(_)) => "SARIF 2.1.0".into(),
            Self::Report(Report::Bom(bom)) => bom.format.clone().into(),
            Self::Bom(bom) => format!("CycloneDX {}", bom.spec).into(),
        }
    }
}

/// Reads a document of any format that is understood.
pub fn read(bytes: &[u8]) -> Result<Document, Problem> {
    read_trusting(bytes, None)
}

/// The same, where signatures may come from others than the engine's own roots say (EV8).
pub fn read_trusting(bytes: &[u8], trust: Option<&Trust>) -> Result<Document, Problem> {
    let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    match content.first() {
        None => Err(Problem::new("the file is empty", "write the file before it is handed over")),
        Some(b'<') => junit::read(bytes).map(|tests| Document::Report(Report::Tests(tests))),
        Some(b'{' | b'[') => match Json::read(bytes) {
            Ok(json) => read_json(&json, trust),
            Err(problem) => sigstore::from_lines(bytes, trust).unwrap_or(Err(problem)).map(Document::Evidence),
        },
        Some(_) => Err(unknown("the file is neither JSON nor XML")),
    }
}

fn read_json(json: &Json<'_>, trust: Option<&Trust>) -> Result<Document, Problem> {
    let signs = [
        (Format::CycloneDx, json.has("bomFormat") || json.has("specVersion")),
        (Format::Sarif, json.has("runs") || is_sarif(json)),
        (Format::Evidence, json.has("evidence_type_id")),
        (Format::Summary, json.has("evidences")),
        (Format::Record, json.has("check") && json.has("outcome")),
        (Format::Bundle, sigstore::is_bundle(json)),
    ];
    let mut formats = signs.into_iter().filter(|(_, sign)| *sign).map(|(format, _)| format);
    match (formats.next(), formats.next()) {
        (None, _) => Err(unknown("the JSON document is of no format that is understood")),
        (Some(_), Some(_)) => Err(unknown("the JSON document has the signs of several formats")),
        (Some(Format::CycloneDx), None) => cyclonedx::from_json(json).map(Document::Bom),
        (Some(Format::Sarif), None) => sarif::from_json(json).map(|scan| Document::Report(Report::Scan(scan))),
        (Some(Format::Evidence), None) => ibm::from_evidence(json).map(|evidence| Document::Evidence(vec![evidence])),
        (Some(Format::Summary), None) => ibm::from_summary(json).map(Document::Evidence),
        (Some(Format::Record), None) => record::from_record(json).map(|evidence| Document::Evidence(vec![evidence])),
        (Some(Format::Bundle), None) => sigstore::from_bundle(json, trust).map(Document::Evidence),
    }
}

#[derive(Clone, Copy)]
enum Format {
    CycloneDx,
    Sarif,
    Evidence,
    Summary,
    Record,
    Bundle,
}

/// Whether a document without runs says that it is SARIF.
fn is_sarif(json: &Json<'_>) -> bool {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow, rename = "$schema")]
        schema: Option<Text<'a>>,
    }

    json.has("$schema")
        && json
            .typed::<Head<'_>>()
            .is_ok_and(|head| head.schema.is_some_and(|schema| schema.as_str().contains("sarif")))
}

fn unknown(message: &str) -> Problem {
    let help = "hand over JUnit XML, SARIF 2.1.0, CycloneDX 1.4 to 1.7 JSON, IBM v2 evidence or a v2 summary, \
                a record with `check` and `outcome`, or Sigstore bundles of build attestations";
    Problem::new(message, help)
}

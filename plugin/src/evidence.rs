//! Evidence: the outcome of one check of one or more assets (EV1).

mod answers;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::scalar::{Commit, Digest, Invalid, Name, Parsed, Timestamp};

/// The kind of test, scan or review that evidence is about, such as `unit-tests`.
///
/// Names of IBM's evidence types are folded into ours, so that both spellings are one check.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check(Cow<'static, str>);

/// IBM's evidence types, with the spelling variants that its documents contain, and the check that each is.
const ALIASES: [(&str, &str); 19] = [
    ("com.ibm.acceptance_tests", "acceptance-tests"),
    ("com.ibm.branch_protection", "branch-protection"),
    ("com.ibm.cloud.image_signing", "image-signing"),
    ("com.ibm.cloud.image_vulnerability_scan", "image-vulnerability-scan"),
    ("com.ibm.cloud.slsa", "provenance"),
    ("com.ibm.cloud.verify_signature", "artifact-signature"),
    ("com.ibm.code_bom_check", "sbom"),
    ("com.ibm.code_cis_check", "cis-benchmark"),
    ("com.ibm.code_vulnerability_scan", "dependency-check"),
    ("com.ibm.detect_secrets", "secret-scan"),
    ("com.ibm.dynamic_scan", "dynamic-scan"),
    ("com.ibm.image_vulnerability_scan", "image-vulnerability-scan"),
    ("com.ibm.integration_tests", "integration-tests"),
    ("com.ibm.network_compliance", "network-compliance"),
    ("com.ibm.peer_review", "peer-review"),
    ("com.ibm.static-scan", "static-analysis"),
    ("com.ibm.static_scan", "static-analysis"),
    ("com.ibm.unit_test", "unit-tests"),
    ("com.ibm.unit_tests", "unit-tests"),
];

impl Check {
    /// The check called `name`, IBM's names folded into ours.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match ALIASES.iter().find(|(alias, _)| *alias == name) {
            Some((_, check)) => Self(Cow::Borrowed(check)),
            None => Self(Cow::Owned(name.to_owned())),
        }
    }

    /// The check as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed::<Self>::VISITOR)
    }
}

impl std::str::FromStr for Check {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        name.parse::<Name>()?;
        Ok(Self::named(name))
    }
}

/// How a check ended. The worst comes first: the worst outcome of a check speaks for it (EV3).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// The check found what it must not find, or did not pass.
    Failure,
    /// The check has not ended.
    Pending,
    /// The check passed.
    Success,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failure => "failure",
            Self::Pending => "pending",
            Self::Success => "success",
        })
    }
}

/// Something that can be tested. Evidence binds to an inventory entry through its asset ids (EV2).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asset {
    /// An image's digest; the SHA-256 of a commit's hex text; for anything else, the SHA-256 of its URI's text.
    pub id: Digest,
    /// Where the asset is, if its producer said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

impl Asset {
    /// The id of a commit, whatever repository it is in.
    #[must_use]
    pub fn commit_id(commit: &Commit) -> Digest {
        Digest::of(commit.as_str().as_bytes())
    }
}

/// How bad a finding is. The worst comes first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// CVSS 9.0 and above.
    Critical,
    /// CVSS 7.0 to 8.9; a SARIF `error`.
    High,
    /// CVSS 4.0 to 6.9; a SARIF `warning`.
    Medium,
    /// CVSS 0.1 to 3.9; a SARIF `note`.
    Low,
    /// Of interest only; a SARIF level of `none`.
    Informational,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Informational => "informational",
        })
    }
}

/// One thing that a scanner found (EV7).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The scanner's name for it: a CVE, a rule id.
    pub id: String,
    /// Where it is, or what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether somebody entitled to do so exempted it, or the scanner's file suppresses it.
    #[serde(default)]
    pub exempt: bool,
    /// Until when it may stand. A finding without a due date is due at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Since when it is known, from which the grace period of its severity runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_found: Option<Timestamp>,
}

/// Bytes kept beside evidence, named by their digest.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attachment {
    /// The file's name, for people.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
}

/// The run of a pipeline that produced something.
#[derive(Clone, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Origin {
    /// SHA-256 of the run id's text: the scope that evidence belongs to. Absent: no run was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Digest>,
    /// The run id as its CI system writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Which attempt of the run; a later attempt supersedes an earlier one (EV3). Counted from 1.
    #[serde(default)]
    pub attempt: u32,
    /// Where to look at the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The tool of evidence whose signature the engine itself verified. Nothing that merely calls itself so is taken for it.
pub const SIGSTORE: &str = "sigstore";

/// Who signed evidence, as its certificate says (EV8). It counts only for what this signer may speak for (RD2).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signer {
    /// The workflow that signed, with the ref that it was taken from.
    pub workflow: String,
    /// The repository that was built.
    pub repository: String,
    /// The commit that was built.
    pub commit: Commit,
}

/// The record of one check's outcome (EV1).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Evidence {
    /// Which check.
    pub check: Check,
    /// The tool that made it.
    pub tool: String,
    /// The outcome that its producer recorded. A report can lower it, never raise it.
    pub outcome: Outcome,
    /// What it is about.
    pub assets: Vec<Asset>,
    /// The run that made it.
    pub origin: Origin,
    /// When its producer says that it was made.
    pub date: Timestamp,
    /// Raw reports that the outcome rests on: each must be given, and be readable (EV5).
    pub reports: Vec<Attachment>,
    /// Further files, kept for people; nothing rests on them.
    pub attachments: Vec<Attachment>,
    /// What the tool found, as far as the record itself says so.
    pub findings: Vec<Finding>,
    /// Who signed it; absent: nobody, it is its producer's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Signer>,
}

/// What one raw file of a tool says, before it is bound to anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Report {
    /// Test cases that ran.
    Tests(Tests),
    /// Findings of a scanner that says that it ran.
    Scan(Scan),
    /// A bill of materials.
    Bom(BomSummary),
}

/// The test cases of one file, counted by ourselves (T39). At least one case ran.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tests {
    /// Cases without failure or error.
    pub passed: u32,
    /// Cases with a failure or an error.
    pub failed: u32,
    /// Cases that did not run.
    pub skipped: u32,
    /// Names of the first failed cases, at most ten.
    pub first_failed: Vec<String>,
}

/// What a scanner found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scan {
    /// The scanner's own name.
    pub tool: String,
    /// All findings, sorted.
    pub findings: Vec<Finding>,
}

/// What a bill of materials is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BomSummary {
    /// The format and its version, such as `CycloneDX 1.6`.
    pub format: String,
    /// How many components it lists, nested ones included. At least one.
    pub components: u32,
}

//! Sigstore bundles: attestations that GitHub Actions made of images, verified here (EV4, EV8, T42).
//!
//! The bytes that were verified are the ones that are then read: who signed them, when, and which digests they are about.
//! Whether the signer is one to listen to is judged where the entry is known.

mod certificate;
mod log;
mod provider;
mod trust;
mod verify;

use serde::Deserialize;
use sigstore_crypto::{CertificateInfo, SubjectAltName};
use sigstore_types::{Bundle, DsseEnvelope};

use super::json::{self, Json, Text};
use crate::evidence::{Asset, Check, Evidence, Origin, Outcome, SIGSTORE, Signer};
use crate::order;
use crate::problem::Problem;
use crate::scalar::{Commit, Digest, Timestamp, shorten};

pub use trust::Trust;

/// More bundles of one document are refused.
pub const MAX_BUNDLES: usize = 64;

/// A longer bundle is refused.
pub const MAX_BUNDLE_BYTES: usize = 1024 * 1024;

/// More subjects of one bundle are refused; GitHub attests no more at once.
const MAX_SUBJECTS: usize = 1024;

/// Who vouches for what a certificate says: GitHub Actions.
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// What is signed: a statement of in-toto.
const PAYLOAD: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// What the statement says of its subjects: how they were built.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// The check that an attestation proves.
const CHECK: &str = "artifact-signature";

/// Whether a document is a bundle.
pub(super) fn is_bundle(json: &Json<'_>) -> bool {
    json.has("verificationMaterial")
}

/// Reads one bundle. Without a trust of its own it is the one of the engine.
pub(super) fn from_bundle(json: &Json<'_>, trust: Option<&Trust>) -> Result<Vec<Evidence>, Problem> {
    evidence(json, trusted(trust)?).map(|evidence| vec![evidence])
}

/// Reads bundles that stand on lines of their own; none: the document is something else.
pub(super) fn from_lines(bytes: &[u8], trust: Option<&Trust>) -> Option<Result<Vec<Evidence>, Problem>> {
    let mut lines = (1..).zip(bytes.split(|byte| *byte == b'\n')).filter(|(_, line)| !line.trim_ascii().is_empty());
    let (_, first) = lines.clone().next().filter(|(_, line)| line.len() <= MAX_BUNDLE_BYTES)?;
    if !Json::read(first).is_ok_and(|json| is_bundle(&json)) {
        return None;
    }
    if lines.clone().nth(MAX_BUNDLES).is_some() {
        let help = "hand over the bundles of one artifact, or split the file";
        return Some(Err(Problem::new(format!("the file has more than {MAX_BUNDLES} bundles"), help)));
    }
    let one = |(number, line)| {
        let read = || evidence(&Json::read(line)?, trusted(trust)?);
        read().map_err(|problem| problem.at_line(number, 0))
    };
    Some(lines.by_ref().map(one).collect())
}

fn trusted(trust: Option<&Trust>) -> Result<&Trust, Problem> {
    match trust {
        Some(trust) => Ok(trust),
        None => Trust::built_in(),
    }
}

/// What a bundle proves, once everything that it says was verified.
fn evidence(json: &Json<'_>, trust: &Trust) -> Result<Evidence, Problem> {
    if json.len() > MAX_BUNDLE_BYTES {
        return Err(no(format!("it has more than {MAX_BUNDLE_BYTES} bytes")));
    }
    if !json.has("mediaType") {
        return Err(no("nothing says of which version it is"));
    }
    let bundle: Bundle = json.typed()?;
    let verified = verify::verify(trust, &bundle)?;
    let time = Timestamp::from_millisecond(verified.time.as_millisecond());
    let (signer, origin) = signer(&verified.certificate)?;
    Ok(Evidence {
        check: Check::named(CHECK),
        tool: SIGSTORE.to_owned(),
        outcome: Outcome::Success,
        assets: assets(verified.envelope)?,
        origin,
        date: time.ok_or_else(|| no("it was signed at no time that has a date"))?,
        reports: Vec::new(),
        attachments: Vec::new(),
        findings: Vec::new(),
        signer: Some(signer),
    })
}

/// Who signed, and in which run, as the certificate says.
fn signer(certificate: &CertificateInfo) -> Result<(Signer, Origin), Problem> {
    let issuer = certificate.issuer.as_deref().unwrap_or_default();
    if issuer != ISSUER {
        return Err(other(
            format!("it is signed by whom `{}` vouches for, not GitHub Actions", shorten(issuer)),
            "attest the image in a workflow of GitHub Actions",
        ));
    }
    let lacks = |what: &str| no(format!("its certificate does not say {what}"));
    let claims = &certificate.ci_claims;
    let Some(SubjectAltName::Uri(workflow)) = &certificate.identity else { return Err(lacks("which workflow ran")) };
    let repository = claims.source_repository_uri.as_ref().ok_or_else(|| lacks("which repository was built"))?;
    let commit = claims.source_repository_digest.as_ref().and_then(|commit| commit.parse::<Commit>().ok());
    let commit = commit.ok_or_else(|| lacks("which commit was built"))?;
    let url = claims.run_invocation_uri.as_ref().ok_or_else(|| lacks("which run built it"))?;
    let run = url.strip_prefix(repository.as_str()).and_then(|path| path.strip_prefix("/actions/runs/"));
    let (run, attempt) = run.and_then(|run| run.split_once("/attempts/")).ok_or_else(|| lacks("which run built it"))?;
    let origin = Origin {
        scope: Some(Digest::of(run.as_bytes())),
        run: Some(run.to_owned()),
        attempt: attempt.parse().map_err(|_| lacks("which attempt of its run built it"))?,
        url: Some(url.clone()),
    };
    Ok((Signer { workflow: workflow.clone(), repository: repository.clone(), commit }, origin))
}

/// A statement of in-toto. What it says beside its subjects is nobody's business here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(borrow, rename = "_type")]
    kind: Text<'a>,
    #[serde(borrow)]
    predicate_type: Text<'a>,
    #[serde(borrow)]
    subject: Vec<Subject<'a>>,
}

#[derive(Deserialize)]
struct Subject<'a> {
    #[serde(borrow)]
    digest: Digests<'a>,
}

#[derive(Deserialize)]
struct Digests<'a> {
    #[serde(borrow)]
    sha256: Option<Text<'a>>,
}

/// The artifacts that a signed payload is about, if it says how they were built.
fn assets(envelope: &DsseEnvelope) -> Result<Vec<Asset>, Problem> {
    let provenance = "hand over the attestation of the build: \
                      `gh attestation download --predicate-type https://slsa.dev/provenance/v1`";
    if envelope.payload_type != PAYLOAD {
        return Err(other(format!("what it signs is `{}`", shorten(&envelope.payload_type)), provenance));
    }
    let statement: Statement<'_> = json::parse(envelope.payload.as_bytes())
        .map_err(|problem| other(format!("what it signs cannot be read: {}", problem.message), provenance))?;
    if statement.kind.as_str() != STATEMENT {
        return Err(other(format!("what it signs is a `{}`", shorten(statement.kind.as_str())), provenance));
    }
    if statement.predicate_type.as_str() != PROVENANCE {
        let predicate = shorten(statement.predicate_type.as_str());
        return Err(other(format!("it attests `{predicate}`, and only `{PROVENANCE}` proves `{CHECK}`"), provenance));
    }
    if statement.subject.len() > MAX_SUBJECTS {
        return Err(other(format!("it is about more than {MAX_SUBJECTS} artifacts"), "attest fewer at once"));
    }
    let digests = statement.subject.iter().filter_map(|subject| subject.digest.sha256.as_ref());
    let assets = digests.map(|digest| Digest::parse_bare(digest.as_str()).map(|id| Asset { id, uri: None }));
    let mut assets: Vec<Asset> = assets.collect::<Result<_, _>>().map_err(|invalid| other(invalid.0, provenance))?;
    order::sort(&mut assets);
    assets.dedup();
    if assets.is_empty() {
        return Err(other(
            "it is about no artifact with a SHA-256 digest".to_owned(),
            "attest the image by its digest",
        ));
    }
    Ok(assets)
}

/// A bundle that proves nothing.
fn no(why: impl std::fmt::Display) -> Problem {
    let help = "attest the image again in its CI run, and hand the bundle over as it is";
    Problem::new(format!("the signature does not hold: {why}"), help)
}

/// A bundle that proves something else.
fn other(what: String, help: &str) -> Problem {
    Problem::new(format!("the attestation is not one of this check: {what}"), help)
}

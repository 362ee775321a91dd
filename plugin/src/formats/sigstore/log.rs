//! The logs of signatures: an entry is about this very signature, and the log holds it (CVE-2022-36056, CVE-2026-22703).

use jiff::Timestamp;
use serde::Deserialize;
use sigstore_types::bundle::TransparencyLogEntry;
use sigstore_types::{DerCertificate, DigestBytes, DsseEnvelope, KindVersion, PemContent, SignatureBytes};

use super::no;
use super::trust::{Instance, Log};
use crate::formats::json;
use crate::problem::Problem;
use crate::scalar::Digest;

/// The most signatures of a log's head that are looked at: the log's own and those of its witnesses.
const MAX_SIGNATURES: usize = 16;

/// When the log says that it took the entry in, if it signed that.
pub(super) fn time(instance: &Instance, entry: &TransparencyLogEntry) -> Result<Option<Timestamp>, Problem> {
    match entry.kind_version {
        KindVersion::DsseV001 => promised(instance, entry).map(Some),
        // This version of the log signs no time.
        KindVersion::HashedRekordV002 => Ok(None),
        _ => Err(unknown(entry)),
    }
}

/// Proves that the log holds the entry, and that the entry is about this signature by this certificate.
pub(super) fn holds(
    instance: &Instance,
    entry: &TransparencyLogEntry,
    time: Timestamp,
    envelope: &DsseEnvelope,
    leaf: &DerCertificate,
) -> Result<(), Problem> {
    let proof = entry.inclusion_proof.as_ref().ok_or_else(|| no("nothing proves that the log holds it"))?;
    let head = proof.checkpoint.checkpoint().ok_or_else(|| no("the log's head is not there"))?;
    let index = match entry.kind_version {
        KindVersion::DsseV001 => {
            if (&proof.root_hash, proof.tree_size) != (head.root_hash(), head.tree_size()) {
                return Err(no("the proof is one for another head of the log"));
            }
            proof.log_index.get()
        }
        KindVersion::HashedRekordV002 => entry.log_index.get(),
        _ => return Err(unknown(entry)),
    };
    let key = &log(instance, entry, time)?.key;
    let signatures = head.signatures().iter().take(MAX_SIGNATURES);
    if !signatures.into_iter().any(|signature| key.verify(head.signed_data(), &signature.signature).is_ok()) {
        return Err(no("the log did not sign the head that is given"));
    }
    let leaf_hash = sigstore_merkle::hash_leaf(entry.canonicalized_body.as_bytes());
    sigstore_merkle::verify_inclusion_proof(&leaf_hash, index, head.tree_size(), &proof.hashes, head.root_hash())
        .map_err(|error| no(format!("the log does not hold it: {error}")))?;
    if is_about(entry, envelope, leaf)? { Ok(()) } else { Err(no("the entry of the log is about something else")) }
}

/// The time of an entry that the log signed together with the entry.
fn promised(instance: &Instance, entry: &TransparencyLogEntry) -> Result<Timestamp, Problem> {
    let missing = || no("the log did not sign when it took it in");
    let promise = entry.inclusion_promise.as_ref().ok_or_else(missing)?;
    let time = entry.integrated_time.ok_or_else(missing)?;
    // The log signs canonical JSON: keys in order, no blanks. Nothing in it is to be escaped.
    let hex: String = entry.log_id.key_id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let signed = format!(
        r#"{{"body":"{}","integratedTime":{},"logID":"{hex}","logIndex":{}}}"#,
        entry.canonicalized_body.to_base64(),
        time.as_second(),
        entry.log_index.as_i64(),
    );
    let signature = SignatureBytes::from_bytes(promise.signed_entry_timestamp.as_bytes());
    log(instance, entry, time)?.key.verify(signed, &signature).map_err(|_| missing())?;
    Ok(time)
}

fn log<'i>(instance: &'i Instance, entry: &TransparencyLogEntry, time: Timestamp) -> Result<&'i Log, Problem> {
    let id = entry.log_id.key_id.as_bytes();
    let in_time = |log: &&Log| log.valid.is_none_or(|range| range.contains(time));
    let mut known = instance.logs.iter().filter(|log| log.id == id);
    known.find(in_time).ok_or_else(|| no(format!("it is in no log that is known at {time}")))
}

fn unknown(entry: &TransparencyLogEntry) -> Problem {
    let kind = entry.kind_version;
    no(format!("entries of the kind `{}` {} are not understood", kind.kind(), kind.version()))
}

/// An entry for an envelope.
#[derive(Deserialize)]
struct Envelope {
    kind: String,
    #[serde(rename = "apiVersion")]
    version: String,
    spec: EnvelopeSpec,
}

#[derive(Deserialize)]
struct EnvelopeSpec {
    #[serde(rename = "payloadHash")]
    payload: Hash,
    signatures: Vec<Signed>,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
struct Signed {
    signature: SignatureBytes,
    verifier: PemContent,
}

/// An entry for a digest that was signed.
#[derive(Deserialize)]
struct Hashed {
    kind: String,
    #[serde(rename = "apiVersion")]
    version: String,
    spec: HashedSpec,
}

#[derive(Deserialize)]
struct HashedSpec {
    #[serde(rename = "hashedRekordV002")]
    entry: HashedEntry,
}

#[derive(Deserialize)]
struct HashedEntry {
    data: HashedData,
    signature: HashedSignature,
}

#[derive(Deserialize)]
struct HashedData {
    algorithm: String,
    digest: DigestBytes,
}

#[derive(Deserialize)]
struct HashedSignature {
    content: SignatureBytes,
    verifier: HashedVerifier,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashedVerifier {
    x509_certificate: Raw,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    raw_bytes: DerCertificate,
}

/// Whether an entry is about this signature by this certificate.
fn is_about(entry: &TransparencyLogEntry, envelope: &DsseEnvelope, leaf: &DerCertificate) -> Result<bool, Problem> {
    let body = entry.canonicalized_body.as_bytes();
    match entry.kind_version {
        KindVersion::DsseV001 => {
            let Envelope { kind, version, spec } = json::parse(body)?;
            let [signed] = spec.signatures.as_slice() else { return Ok(false) };
            let pem = std::str::from_utf8(signed.verifier.as_bytes()).unwrap_or_default();
            Ok((kind.as_str(), version.as_str()) == ("dsse", "0.0.1")
                && spec.payload.algorithm == "sha256"
                && spec.payload.value == Digest::of(envelope.payload.as_bytes()).hex()
                && signed.signature == envelope.signature.sig
                && DerCertificate::from_pem(pem).is_ok_and(|certificate| certificate == *leaf))
        }
        KindVersion::HashedRekordV002 => {
            let Hashed { kind, version, spec: HashedSpec { entry } } = json::parse(body)?;
            Ok((kind.as_str(), version.as_str()) == ("hashedrekord", "0.0.2")
                && entry.data.algorithm == "SHA2_256"
                && entry.data.digest.as_bytes() == Digest::of(&envelope.pae()).as_bytes()
                && entry.signature.content == envelope.signature.sig
                && entry.signature.verifier.x509_certificate.raw_bytes == *leaf)
        }
        _ => Err(unknown(entry)),
    }
}

//! Whom signatures may come from: the instances of Sigstore, as their roots say (EV8).
//!
//! The roots are part of the engine, so that the same bundle verifies on every host and for ever. An instance demands what its
//! root names: logs of signatures where it has such, logs of certificates likewise.

use std::sync::OnceLock;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use sigstore_crypto::VerificationKey;
use sigstore_trust_root::trusted_root::{CertChain, PublicKey};
use sigstore_trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_types::{DerCertificate, DerPublicKey, TimeRange, TsaAuthority};
use x509_cert::der::{Decode as _, Encode as _};

use super::provider;
use crate::problem::Problem;

/// The instances that are trusted.
#[derive(Debug)]
pub struct Trust(pub(super) Vec<Instance>);

/// One instance of Sigstore.
#[derive(Debug)]
pub(super) struct Instance {
    /// Who signs certificates, and when that counts.
    pub(super) issuers: Vec<Issuer>,
    /// Logs of signatures. Where there are any, a signature must be in one.
    pub(super) logs: Vec<Log>,
    /// Logs of certificates. Where there are any, a certificate must be in one.
    pub(super) certificate_logs: Vec<Log>,
    /// Who signs times.
    pub(super) clocks: Vec<TsaAuthority>,
}

/// A certificate that signs certificates.
#[derive(Debug)]
pub(super) struct Issuer {
    /// Its subject, as DER.
    pub(super) name: Vec<u8>,
    pub(super) anchor: TrustAnchor<'static>,
    pub(super) valid: Option<TimeRange>,
}

/// A log and its key.
pub(super) struct Log {
    pub(super) id: Vec<u8>,
    pub(super) key: VerificationKey,
    pub(super) valid: Option<TimeRange>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("id", &self.id).field("valid", &self.valid).finish_non_exhaustive()
    }
}

impl Trust {
    /// The public instance and GitHub's own, as the engine knows them.
    pub(crate) fn built_in() -> Result<&'static Self, Problem> {
        static BUILT_IN: OnceLock<Result<Trust, Problem>> = OnceLock::new();
        let roots = [SigstoreInstance::PublicGood, SigstoreInstance::GitHub];
        let read = || Self::of(&roots.map(SigstoreInstance::embedded_trusted_root_json));
        BUILT_IN.get_or_init(read).as_ref().map_err(Problem::clone)
    }

    /// The instances that these roots describe, each the JSON of a `trusted_root.json`.
    pub fn of(roots: &[&str]) -> Result<Self, Problem> {
        provider::install();
        roots.iter().map(|root| Instance::read(root)).collect::<Result<_, _>>().map(Self)
    }

    /// The instance that issued a certificate: the one with an issuer of this name.
    pub(super) fn that_issued(&self, issuer: &[u8]) -> Option<&Instance> {
        self.0.iter().find(|instance| instance.issuers.iter().any(|known| known.name == issuer))
    }
}

impl Instance {
    fn read(root: &str) -> Result<Self, Problem> {
        let wrong =
            |why: String| Problem::new(format!("a trusted root cannot be used: {why}"), "give one that is whole");
        let root = TrustedRoot::from_json(root).map_err(|error| wrong(error.to_string()))?;
        let mut issuers = Vec::new();
        for authority in &root.certificate_authorities {
            for certificate in &authority.cert_chain.certificates {
                issuers.push(issuer(&certificate.raw_bytes, authority.valid_for).map_err(wrong)?);
            }
        }
        let log = |id: &[u8], key: &PublicKey| {
            // A key of a kind that is not known yet is of no use; the others are.
            let valid = key.valid_for;
            Some(Log { id: id.to_vec(), key: VerificationKey::from_spki(&key.raw_bytes).ok()?, valid })
        };
        let clocks = root.timestamp_authorities.iter();
        Ok(Self {
            issuers,
            logs: root
                .tlogs
                .iter()
                .filter_map(|known| log(known.log_id.key_id.as_bytes(), &known.public_key))
                .collect(),
            certificate_logs: root
                .ctlogs
                .iter()
                .filter_map(|known| log(known.log_id.key_id.as_bytes(), &known.public_key))
                .collect(),
            clocks: clocks.filter_map(|known| clock(&known.cert_chain, known.valid_for)).collect(),
        })
    }
}

fn issuer(certificate: &DerCertificate, valid: Option<TimeRange>) -> Result<Issuer, String> {
    let bytes = CertificateDer::from(certificate.as_bytes());
    let anchor = webpki::anchor_from_trusted_cert(&bytes).map_err(|error| error.to_string())?.to_owned();
    let parsed = x509_cert::Certificate::from_der(certificate.as_bytes()).map_err(|error| error.to_string())?;
    let name = parsed.tbs_certificate.subject.to_der().map_err(|error| error.to_string())?;
    Ok(Issuer { name, anchor, valid })
}

/// The first certificate of a chain signs times, the last is the root.
fn clock(chain: &CertChain, valid: Option<TimeRange>) -> Option<TsaAuthority> {
    let mut certificates = chain.certificates.iter().map(|certificate| certificate.raw_bytes.clone());
    let leaf = certificates.next()?;
    let mut others: Vec<DerCertificate> = certificates.collect();
    let root = others.pop().unwrap_or_else(|| leaf.clone());
    Some(TsaAuthority::new(leaf, others, root, valid))
}

/// The key of a certificate, as DER.
pub(super) fn spki(anchor: &TrustAnchor<'_>) -> Option<DerPublicKey> {
    use x509_cert::der::{Any, Tag};
    // An anchor holds what stands inside of the sequence.
    let any = Any::new(Tag::Sequence, anchor.subject_public_key_info.as_ref()).ok()?;
    any.to_der().ok().map(DerPublicKey::new)
}

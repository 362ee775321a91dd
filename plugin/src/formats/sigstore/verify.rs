//! One bundle: is it signed by whom it says, when it says (EV8)?
//!
//! The official verifier asks the machine for the time. The engine has no clock, so it puts the verifier's parts together
//! itself: whatever counts at a time counts at the times that the bundle proves. Whether those lie in the future, readiness
//! sees (EV6).

use jiff::Timestamp;
use sigstore_bundle::{ValidationOptions, validate_bundle_with_options};
use sigstore_crypto::{CertificateInfo, parse_certificate_info};
use sigstore_types::{Bundle, DerCertificate, DsseEnvelope, SignatureContent};
use x509_cert::der::{Decode as _, Encode as _};

use super::trust::{Instance, Trust};
use super::{certificate, log, no};
use crate::problem::Problem;

/// The most entries of logs, and the most signed times, of one bundle.
const MAX_PROOFS: usize = 4;

/// What a bundle proves.
#[derive(Debug)]
pub(super) struct Verified<'b> {
    /// What was signed.
    pub(super) envelope: &'b DsseEnvelope,
    /// Who signed it.
    pub(super) certificate: CertificateInfo,
    /// When it was signed at the latest.
    pub(super) time: Timestamp,
}

/// Proves everything that a bundle says, or says what does not hold.
pub(super) fn verify<'b>(trust: &Trust, bundle: &'b Bundle) -> Result<Verified<'b>, Problem> {
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return Err(no("it signs a file and attests nothing"));
    };
    let leaf = bundle.signing_certificate().ok_or_else(|| no("it is signed with a key, without a certificate"))?;
    let certificate =
        parse_certificate_info(leaf).map_err(|error| no(format!("its certificate is unusable: {error}")))?;
    let instance = issuer(trust, leaf)?;
    let whole = ValidationOptions::new().with_require_inclusion_proof(!instance.logs.is_empty());
    validate_bundle_with_options(bundle, &whole).map_err(no)?;
    let scheme = certificate.key_algorithm.default_signing_scheme();
    sigstore_crypto::verify_signature(&certificate.public_key, &envelope.pae(), &envelope.signature.sig, scheme)
        .map_err(|_| no("its certificate did not sign this payload"))?;
    let times = times(instance, bundle, envelope)?;
    let time = *times.iter().min().ok_or_else(|| no("nothing proves when it was signed"))?;
    for time in &times {
        certificate::issued(instance, leaf, *time)?;
    }
    let entries = &bundle.verification_material.tlog_entries;
    if !instance.logs.is_empty() && entries.is_empty() {
        return Err(no("it is in no log"));
    }
    for entry in entries {
        log::holds(instance, entry, time, envelope, leaf)?;
    }
    Ok(Verified { envelope, certificate, time })
}

/// The instance that issued a certificate.
fn issuer<'t>(trust: &'t Trust, leaf: &DerCertificate) -> Result<&'t Instance, Problem> {
    let parsed = x509_cert::Certificate::from_der(leaf.as_bytes()).map_err(|_| no("its certificate cannot be read"))?;
    let issuer = parsed.tbs_certificate.issuer.to_der().map_err(|_| no("its certificate cannot be read"))?;
    trust.that_issued(&issuer).ok_or_else(|| no("no instance of Sigstore that is known issued its certificate"))
}

/// Every time that somebody else than the signer signed; each of them must hold.
fn times(instance: &Instance, bundle: &Bundle, envelope: &DsseEnvelope) -> Result<Vec<Timestamp>, Problem> {
    let material = &bundle.verification_material;
    let tokens = &material.timestamp_verification_data.rfc3161_timestamps;
    if tokens.len() > MAX_PROOFS || material.tlog_entries.len() > MAX_PROOFS {
        return Err(no(format!("it has more than {MAX_PROOFS} entries of logs or signed times")));
    }
    let mut times = Vec::new();
    for token in tokens {
        let signature = &envelope.signature.sig;
        let verified = instance.clocks.iter().find_map(|clock| {
            sigstore_tsa::verify_timestamp_for_authority(&token.signed_timestamp, signature, clock).ok()
        });
        times.push(verified.ok_or_else(|| no("nobody who is known signed its time"))?);
    }
    for entry in &material.tlog_entries {
        times.extend(log::time(instance, entry)?);
    }
    Ok(times)
}

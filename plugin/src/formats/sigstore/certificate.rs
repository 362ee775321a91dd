//! The certificate of a signature: who issued it, when it counts, and the log that it is in.

use rustls_pki_types::{CertificateDer, UnixTime};
use sigstore_crypto::{SigningScheme, WEBPKI_VERIFICATION_ALGS};
use sigstore_types::{DerCertificate, SignatureBytes};
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};

use super::no;
use super::trust::{Instance, spki};
use crate::problem::Problem;
use crate::scalar::Digest;

/// The use that a certificate must permit: signing code.
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
/// The extension that holds what the logs of certificates promised (RFC 6962).
const PROMISES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
/// ECDSA with SHA-256, as TLS writes it.
const ECDSA_SHA256: [u8; 2] = [4, 3];

/// Proves that the instance issued the certificate for signing code, and that it was valid at `time`.
pub(super) fn issued(instance: &Instance, leaf: &DerCertificate, time: jiff::Timestamp) -> Result<(), Problem> {
    let anchors: Vec<_> = instance
        .issuers
        .iter()
        .filter(|issuer| issuer.valid.is_none_or(|range| range.contains(time)))
        .map(|issuer| issuer.anchor.clone())
        .collect();
    let bytes = CertificateDer::from(leaf.as_bytes());
    let certificate = EndEntityCert::try_from(&bytes).map_err(|_| no("its certificate cannot be read"))?;
    let seconds = u64::try_from(time.as_second()).map_err(|_| no("it is signed before 1970"))?;
    let path = certificate
        .verify_for_usage(
            WEBPKI_VERIFICATION_ALGS,
            &anchors,
            &[],
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
            KeyUsage::required(CODE_SIGNING.as_bytes()),
            None,
            None,
        )
        .map_err(|error| no(format!("its certificate does not hold at {time}: {error}")))?;
    if instance.certificate_logs.is_empty() {
        return Ok(());
    }
    let issuer = spki(path.anchor()).ok_or_else(|| no("the key of its issuer cannot be written"))?;
    logged(instance, leaf, &Digest::of(issuer.as_bytes()))
}

/// Proves that a log of certificates promised to list the certificate (RFC 6962).
fn logged(instance: &Instance, leaf: &DerCertificate, issuer: &Digest) -> Result<(), Problem> {
    let mut certificate = Certificate::from_der(leaf.as_bytes()).map_err(|_| no("its certificate cannot be read"))?;
    let mut extensions = certificate.tbs_certificate.extensions.take().unwrap_or_default();
    let promises = extensions.iter().find(|extension| extension.extn_id == PROMISES);
    let promises = promises.ok_or_else(|| no("no log of certificates has its certificate"))?;
    let list = x509_cert::der::asn1::OctetString::from_der(promises.extn_value.as_bytes())
        .map_err(|_| no("what the logs promised for its certificate cannot be read"))?;
    let promise = Promise::first(list.as_bytes())
        .ok_or_else(|| no("what the logs promised for its certificate cannot be read"))?;
    extensions.retain(|extension| extension.extn_id != PROMISES);
    certificate.tbs_certificate.extensions = Some(extensions);
    let body = certificate.tbs_certificate.to_der().map_err(|_| no("its certificate cannot be written"))?;
    let signed = promise.signed(issuer, &body).ok_or_else(|| no("its certificate is too long"))?;
    let time = jiff::Timestamp::from_millisecond(promise.milliseconds).map_err(|_| no("a log promised at no time"))?;
    let log = instance
        .certificate_logs
        .iter()
        .find(|log| log.id == promise.log && log.valid.is_none_or(|range| range.contains(time)))
        .filter(|log| log.key.scheme() == SigningScheme::EcdsaP256Sha256 && promise.algorithm == ECDSA_SHA256)
        .ok_or_else(|| no("no log of certificates that is known has its certificate"))?;
    log.key
        .verify(&signed, &SignatureBytes::from_bytes(promise.signature))
        .map_err(|_| no("the log of certificates did not sign that it has its certificate"))
}

/// What a log of certificates promised: a signed certificate timestamp.
struct Promise<'a> {
    log: &'a [u8],
    milliseconds: i64,
    time: &'a [u8],
    extensions: &'a [u8],
    algorithm: [u8; 2],
    signature: &'a [u8],
}

impl<'a> Promise<'a> {
    /// The only promise of a list; of several nobody knows which is meant.
    fn first(list: &'a [u8]) -> Option<Self> {
        let mut list = Bytes(list);
        let mut promises = Bytes(list.vector()?);
        let mut promise = Bytes(promises.vector()?);
        if !list.0.is_empty() || !promises.0.is_empty() || promise.take(1)? != [0] {
            return None;
        }
        let log = promise.take(32)?;
        let time = promise.take(8)?;
        let milliseconds = i64::from_be_bytes(time.try_into().ok()?);
        let extensions = promise.vector()?;
        let algorithm = promise.take(2)?.try_into().ok()?;
        let signature = promise.vector()?;
        promise.0.is_empty().then_some(Self { log, milliseconds, time, extensions, algorithm, signature })
    }

    /// What the log signed: version 1, a promise, its time, a certificate before the promise was put into it.
    fn signed(&self, issuer: &Digest, body: &[u8]) -> Option<Vec<u8>> {
        let length = u32::try_from(body.len()).ok().filter(|length| *length < 1 << 24)?.to_be_bytes();
        let extensions = u16::try_from(self.extensions.len()).ok()?.to_be_bytes();
        let parts: [&[u8]; 8] =
            [&[0, 0], self.time, &[0, 1], issuer.as_bytes(), length.get(1..)?, body, &extensions, self.extensions];
        Some(parts.concat())
    }
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Bytes behind their number, which has two bytes.
    fn vector(&mut self) -> Option<&'a [u8]> {
        let count = u16::from_be_bytes(self.take(2)?.try_into().ok()?);
        self.take(usize::from(count))
    }
}

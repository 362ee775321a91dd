//! A Sigstore of our own: it attests like GitHub Actions does, with keys that everybody knows, and can be made to lie.

mod der;

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::scalar::Digest;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sigstore_types::SignatureBytes;

use der::{bits, certificate, octets, oid, public, sequence, text};

/// When everything is signed: within the minutes for which a certificate counts.
const SIGNED: i64 = 1_772_445_600;
const PROMISES: &str = "1.3.6.1.4.1.11129.2.4.2";

/// Who signs what. The seeds are the keys.
const AUTHORITY: u8 = 1;
const CERTIFICATE_LOG: u8 = 2;
const LOG: u8 = 3;
const WORKFLOW: u8 = 4;
const NOBODY: u8 = 9;

/// What goes wrong when an attestation is made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lie {
    /// Nothing.
    #[default]
    None,
    /// The payload is changed after it was signed.
    Payload,
    /// Another key signed the payload.
    Signature,
    /// Somebody with the authority's name issued the certificate.
    Authority,
    /// An authority issued the certificate that nobody knows.
    Unknown,
    /// The certificate counted an hour earlier.
    Expired,
    /// The certificate is for something else than signing code.
    Use,
    /// No log has the certificate.
    Unlogged,
    /// Somebody else signed for the log of certificates.
    CertificateLog,
    /// No log has the signature.
    NoEntry,
    /// Somebody else signed the entry's time.
    Promise,
    /// The entry has no signed time.
    NoPromise,
    /// Somebody else signed the log's head.
    Head,
    /// The log's head is one without the entry.
    Proof,
    /// The entry is about another signature.
    Entry,
    /// The entry is about another certificate.
    Verifier,
}

/// What is attested, by whom.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// The digests of the artifacts.
    pub subjects: Vec<Value>,
    /// The type of what is signed.
    pub payload_type: String,
    /// The type of the statement.
    pub statement: String,
    /// What is said of the artifacts.
    pub predicate: String,
    /// Who vouches for the workflow.
    pub issuer: String,
    /// The workflow, with its ref.
    pub workflow: String,
    /// The repository that was built.
    pub repository: String,
    /// The commit that was built.
    pub commit: String,
    /// The run.
    pub run: String,
    /// What goes wrong.
    pub lie: Lie,
}

impl Attestation {
    /// How GitHub Actions attests an image that a run of a repository built.
    #[must_use]
    pub fn of(image: &Digest, repository: &str, commit: &str, run: &str) -> Self {
        Self {
            subjects: vec![json!({ "name": "registry.example/shop", "digest": { "sha256": image.hex() } })],
            payload_type: "application/vnd.in-toto+json".to_owned(),
            statement: "https://in-toto.io/Statement/v1".to_owned(),
            predicate: "https://slsa.dev/provenance/v1".to_owned(),
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            workflow: format!("{repository}/.github/workflows/ci.yml@refs/heads/main"),
            repository: repository.to_owned(),
            commit: commit.to_owned(),
            run: format!("{repository}/actions/runs/{run}/attempts/1"),
            lie: Lie::None,
        }
    }

    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> Value {
        let lie = self.lie;
        let signer = key(WORKFLOW);
        let leaf = self.leaf(&signer);
        let statement = json!({ "_type": self.statement, "subject": self.subjects, "predicateType": self.predicate,
                                "predicate": { "buildDefinition": {} } });
        let mut payload = statement.to_string();
        let encoded = format!("DSSEv1 {} {} {} {payload}", self.payload_type.len(), self.payload_type, payload.len());
        let signature = sign(if lie == Lie::Signature { NOBODY } else { WORKFLOW }, encoded.as_bytes());
        if lie == Lie::Payload {
            payload = payload.replace("buildDefinition", "builddefinition");
        }
        let entries = match lie {
            Lie::NoEntry => Vec::new(),
            _ => vec![self.entry(&payload, &signature, &leaf)],
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": base64(&leaf) },
                "tlogEntries": entries,
                "timestampVerificationData": {},
            },
            "dsseEnvelope": {
                "payload": base64(payload.as_bytes()),
                "payloadType": self.payload_type,
                "signatures": [{ "sig": base64(&signature) }],
            }
        })
    }

    /// The workflow's certificate, with the promise of the log of certificates.
    fn leaf(&self, signer: &SigningKey) -> Vec<u8> {
        let begins = if self.lie == Lie::Expired { SIGNED - 3600 } else { SIGNED - 60 };
        let usage = if self.lie == Lie::Use { "1.3.6.1.5.5.7.3.1" } else { "1.3.6.1.5.5.7.3.3" };
        let fulcio = |number: u8, value: &str| {
            sequence(&[&oid(&format!("1.3.6.1.4.1.57264.1.{number}")), &octets(&text(value))])
        };
        let mut extensions = vec![
            sequence(&[&oid("2.5.29.37"), &octets(&sequence(&[&oid(usage)]))]),
            sequence(&[
                &oid("2.5.29.17"),
                &[1, 1, 0xff],
                &octets(&sequence(&[&der::tagged(0x86, self.workflow.as_bytes())])),
            ]),
            fulcio(8, &self.issuer),
            fulcio(12, &self.repository),
            fulcio(13, &self.commit),
            fulcio(21, &self.run),
        ];
        let (name, authority) = match self.lie {
            Lie::Unknown => ("somebody", NOBODY),
            Lie::Authority => (NAME, NOBODY),
            _ => (NAME, AUTHORITY),
        };
        let body =
            |extensions: &[Vec<u8>]| certificate(name, None, (begins, begins + 600), &public(signer), extensions);
        if self.lie != Lie::Unlogged {
            let promise = self.promise(&body(&extensions), authority);
            extensions.push(sequence(&[&oid(PROMISES), &octets(&octets(&promise))]));
        }
        signed(&body(&extensions), authority)
    }

    /// What the log of certificates promises of a certificate that is still without the promise: a list of one.
    fn promise(&self, body: &[u8], authority: u8) -> Vec<u8> {
        let time = (SIGNED * 1000).to_be_bytes();
        let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
        let issuer = sha256(&public(&key(authority)));
        let entry = [&[0, 0], &time[..], &[0, 1], &issuer, &length[1..], body, &[0, 0]].concat();
        let signature = sign(if self.lie == Lie::CertificateLog { NOBODY } else { CERTIFICATE_LOG }, &entry);
        let log = sha256(&public(&key(CERTIFICATE_LOG)));
        let promise = [&[0], &log[..], &time, &[0, 0, 4, 3], &counted(&signature)].concat();
        counted(&counted(&promise))
    }

    /// The entry of the log, which has no other.
    fn entry(&self, payload: &str, signature: &[u8], leaf: &[u8]) -> Value {
        let pem = |certificate: &[u8]| {
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64(certificate))
        };
        let other = if self.lie == Lie::Entry { "another" } else { payload };
        let verifier = if self.lie == Lie::Verifier { authority() } else { leaf.to_vec() };
        let body = json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": {
            "envelopeHash": { "algorithm": "sha256", "value": Digest::of(b"the envelope").hex() },
            "payloadHash": { "algorithm": "sha256", "value": Digest::of(other.as_bytes()).hex() },
            "signatures": [{ "signature": base64(signature), "verifier": base64(pem(&verifier).as_bytes()) }],
        }})
        .to_string();
        let id = sha256(&public(&key(LOG)));
        let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let promised = format!(
            r#"{{"body":"{}","integratedTime":{SIGNED},"logID":"{hex}","logIndex":70}}"#,
            base64(body.as_bytes())
        );
        let promise = sign(if self.lie == Lie::Promise { NOBODY } else { LOG }, promised.as_bytes());
        let root = match self.lie {
            Lie::Proof => sha256(b"nothing"),
            _ => sha256(&[&[0], body.as_bytes()].concat()),
        };
        let head = format!("rekor.example - 1\n1\n{}\n", base64(&root));
        let by = sign(if self.lie == Lie::Head { NOBODY } else { LOG }, head.as_bytes());
        let note = format!("{head}\n\u{2014} rekor.example {}\n", base64(&[&id[..4], &by].concat()));
        let mut entry = json!({
            "logIndex": "70",
            "logId": { "keyId": base64(&id) },
            "kindVersion": { "kind": "dsse", "version": "0.0.1" },
            "integratedTime": SIGNED.to_string(),
            "inclusionPromise": { "signedEntryTimestamp": base64(&promise) },
            "inclusionProof": { "logIndex": "0", "rootHash": base64(&root), "treeSize": "1", "hashes": [],
                                "checkpoint": { "envelope": note } },
            "canonicalizedBody": base64(body.as_bytes()),
        });
        if self.lie == Lie::NoPromise {
            entry["inclusionPromise"] = Value::Null;
        }
        entry
    }
}

/// The name of the authority.
const NAME: &str = "sigstore.example";

/// The root that says whom to trust.
#[must_use]
pub fn root() -> String {
    let log = |seed: u8| {
        let spki = public(&key(seed));
        json!({ "baseUrl": "https://log.example", "hashAlgorithm": "SHA2_256",
                "publicKey": { "rawBytes": base64(&spki), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                               "validFor": { "start": "2026-01-01T00:00:00Z" } },
                "logId": { "keyId": base64(&sha256(&spki)) } })
    };
    json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [log(LOG)],
        "ctlogs": [log(CERTIFICATE_LOG)],
        "certificateAuthorities": [{ "uri": "https://authority.example",
            "certChain": { "certificates": [{ "rawBytes": base64(&authority()) }] },
            "validFor": { "start": "2026-01-01T00:00:00Z" } }],
        "timestampAuthorities": [],
    })
    .to_string()
}

/// The authority's certificate, which it signed itself.
fn authority() -> Vec<u8> {
    let basic = sequence(&[&oid("2.5.29.19"), &[1, 1, 0xff], &octets(&sequence(&[&[1, 1, 0xff]]))]);
    let times = (SIGNED - 86_400, SIGNED + 86_400);
    signed(&certificate(NAME, Some(NAME), times, &public(&key(AUTHORITY)), &[basic]), AUTHORITY)
}

/// A certificate's body with its signature.
fn signed(body: &[u8], authority: u8) -> Vec<u8> {
    sequence(&[body, &der::algorithm(), &bits(&sign(authority, body))])
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32].into()).unwrap_or_else(|error| panic!("{error}"))
}

fn sign(seed: u8, bytes: &[u8]) -> Vec<u8> {
    let signature: Signature = key(seed).sign(bytes);
    signature.to_der().as_bytes().to_vec()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    let hex = Digest::of(bytes).hex();
    (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap_or_default()).collect()
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    let count = u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
    [&count[..], bytes].concat()
}

fn base64(bytes: &[u8]) -> String {
    SignatureBytes::from_bytes(bytes).to_base64()
}

/// Where the sources of the official verifier are, with bundles of real instances: they are read, and none of them is ours.
#[must_use]
pub fn test_data() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--format-version", "1", "--manifest-path"]);
    let output = metadata.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).output();
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}"));
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let verifier = packages.find(|package| package["name"] == "sigstore-verify");
    let manifest =
        verifier.and_then(|package| package["manifest_path"].as_str()).unwrap_or_else(|| panic!("it is gone"));
    Path::new(manifest).with_file_name("test_data")
}

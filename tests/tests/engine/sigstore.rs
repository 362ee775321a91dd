//! The official verifier of the Sigstore project and its own test data: what the engine accepts, that accepts.

use countersign::formats;
use countersign::formats::sigstore::Trust;
use countersign_tests::sigstore::test_data;
use serde_json::Value;
use sigstore_verify::trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_verify::types::{Bundle, Sha256Hash, SignatureBytes, SignatureContent, Statement};
use sigstore_verify::{VerificationPolicy, Verifier};

/// An instance of Sigstore, for both verifiers.
struct Instance {
    trust: Trust,
    verifier: Verifier,
    policy: VerificationPolicy,
}

impl Instance {
    fn of(root: &str) -> Self {
        let trust = Trust::of(&[root]).unwrap();
        let root = TrustedRoot::from_json(root).unwrap();
        let policy = VerificationPolicy::any_identity();
        // An instance without logs vouches by its signed times alone.
        let policy = if root.tlogs.is_empty() { policy.skip_tlog_unsafe().skip_sct() } else { policy };
        Self { trust, verifier: Verifier::new(&root).unwrap(), policy }
    }

    /// Whether every signature holds for the engine. What is signed is another question.
    fn ours(&self, bundle: &str) -> Result<(), String> {
        match formats::read_trusting(bundle.as_bytes(), Some(&self.trust)) {
            Ok(_) => Ok(()),
            Err(problem) if problem.message.starts_with("the attestation is not one of this check: ") => Ok(()),
            Err(problem) => Err(problem.message),
        }
    }

    /// Whether it does for the official verifier.
    fn theirs(&self, bundle: &str, artifact: Sha256Hash) -> Result<(), String> {
        let bundle = Bundle::from_json(bundle).map_err(|error| error.to_string())?;
        self.verifier.verify(artifact, &bundle, &self.policy).map(drop).map_err(|error| error.to_string())
    }
}

/// The first artifact that a bundle is about.
fn artifact(bundle: &str) -> Sha256Hash {
    let bundle = Bundle::from_json(bundle).unwrap();
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else { panic!("it attests nothing") };
    let statement: Statement = serde_json::from_slice(envelope.payload.as_bytes()).unwrap();
    let payload: Value = serde_json::from_slice(envelope.payload.as_bytes()).unwrap();
    assert!(!statement.subject.is_empty());
    let mut digests = payload["subject"].as_array().unwrap().iter().filter_map(|one| one["digest"]["sha256"].as_str());
    Sha256Hash::from_hex(digests.next().unwrap()).unwrap()
}

/// Bundles of all instances, as they are.
fn bundles() -> Vec<(&'static str, String, Instance)> {
    let folder = test_data();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let known = |instance: SigstoreInstance| instance.embedded_trusted_root_json().to_owned();
    [
        ("bundles/conda-attestation.sigstore.json", known(SigstoreInstance::PublicGood)),
        ("bundles/conda-attestation-rekor2.sigstore.json", known(SigstoreInstance::Staging)),
        ("bundles/github-private-attestation.sigstore.json", known(SigstoreInstance::GitHub)),
        ("timestamps/github_sha384_bundle.json", known(SigstoreInstance::GitHub)),
    ]
    .map(|(name, root)| (name, read(name), Instance::of(&root)))
    .into()
}

/// Every place in a document, as a pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            found.push(format!("{at}/{key}"));
            places(value, &format!("{at}/{key}"), found);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// The bundle with something changed: each member left out, and bits of each text that is base64 turned over.
fn changed(bundle: &str) -> Vec<(String, String)> {
    let whole: Value = serde_json::from_str(bundle).unwrap();
    let mut all = Vec::new();
    let mut found = Vec::new();
    places(&whole, "", &mut found);
    for place in found {
        let mut without = whole.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        all.push((format!("without {place}"), without.to_string()));
        let Some(bytes) =
            whole.pointer(&place).and_then(Value::as_str).and_then(|text| SignatureBytes::from_base64(text).ok())
        else {
            continue;
        };
        for part in 0..8 {
            let mut bytes = bytes.as_bytes().to_vec();
            let at = bytes.len() * part / 8 + bytes.len() / 16;
            let Some(byte) = bytes.get_mut(at) else { continue };
            *byte ^= 1 << part;
            let mut other = whole.clone();
            *other.pointer_mut(&place).unwrap() = SignatureBytes::new(bytes).to_base64().into();
            all.push((format!("{place}, byte {at}"), other.to_string()));
        }
    }
    all
}

#[test]
fn ev8_real_bundles_hold_for_both_verifiers() {
    for (name, bundle, instance) in bundles() {
        assert_eq!(instance.ours(&bundle), Ok(()), "{name}");
        assert_eq!(instance.theirs(&bundle, artifact(&bundle)), Ok(()), "{name}");
    }
}

#[test]
fn t42_what_the_engine_accepts_the_official_verifier_accepts() {
    let (mut count, mut accepted) = (0, Vec::new());
    for (name, bundle, instance) in bundles() {
        let artifact = artifact(&bundle);
        for (how, changed) in changed(&bundle) {
            count += 1;
            if instance.ours(&changed).is_ok() {
                assert_eq!(instance.theirs(&changed, artifact), Ok(()), "{name}: {how}");
                accepted.push(format!("{name}: {how}"));
            }
        }
    }
    println!("{count} bundles with something changed; {} of them hold all the same: {accepted:#?}", accepted.len());
    assert!(count > 200 && accepted.len() < count / 5, "{count}: {accepted:#?}");
}

#[test]
fn t42_other_bundles_are_refused_with_their_reason() {
    let folder = test_data();
    for (name, why) in [
        ("bundles/sigstore.js@2.0.0-provenance.sigstore.json", "entries of the kind `intoto` 0.0.2 are not understood"),
        ("bundles/dsse-2sigs.sigstore.json", "exactly one signature"),
        ("bundles/cosign-v3-blob.sigstore.json", "it signs a file and attests nothing"),
        ("managed-key/bundle.sigstore.json", "it signs a file and attests nothing"),
        ("bundles/bundle_invalid_version.txt.sigstore", "this is completely wrong"),
        ("bundles/conda-attestation-rekor2.sigstore.json", "the signature does not hold: "),
    ] {
        let problem = formats::read(&std::fs::read(folder.join(name)).unwrap()).unwrap_err();
        assert!(problem.message.contains(why), "{name}: {}", problem.message);
    }
    let read = |name: &str| formats::read(&std::fs::read(folder.join(name)).unwrap()).unwrap_err().message;
    assert!(read("bundles/conda-attestation.sigstore.json").contains("it attests `https://schemas.conda.org/"));
    assert!(read("bundles/github-private-attestation.sigstore.json").contains("vouches for, not GitHub Actions"));
}

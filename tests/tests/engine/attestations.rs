//! Attestations of GitHub Actions: what a bundle proves, for whom it counts, and how it is read from GitHub (EV8, RD2).

use std::collections::BTreeMap;

use countersign::connectors::github::attestations;
use countersign::evidence::{Evidence, Outcome};
use countersign::formats::sigstore::Trust;
use countersign::formats::{self, Document};
use countersign::scalar::Digest;
use countersign_tests::documents::{commit, ready, record};
use countersign_tests::github::GitHub;
use countersign_tests::sigstore::{Attestation, Lie, root};
use countersign_tests::world::World;
use serde_json::{Value, json};

use crate::github::Host;

const REPOSITORY: &str = "https://git.example/shop/payments-api";
const POLICY: &str = "version: 1\nevidence:\n  pre-deployment:\n    - check: artifact-signature\n";

/// How the image of `payments-api` is attested when all is well.
fn attestation() -> Attestation {
    Attestation::of(&Digest::of(b"payments-api"), REPOSITORY, &commit("payments-api"), "ci-payments-api")
}

fn read(bytes: &[u8]) -> Result<Vec<Evidence>, String> {
    let trust = Trust::of(&[&root()]).unwrap();
    match formats::read_trusting(bytes, Some(&trust)) {
        Ok(Document::Evidence(evidence)) => Ok(evidence),
        Ok(other) => panic!("{other:?}"),
        Err(problem) => Err(problem.message),
    }
}

fn refused(attestation: &Attestation) -> String {
    read(attestation.bundle().to_string().as_bytes()).expect_err("it is refused")
}

#[test]
fn ev8_what_github_actions_attested_is_evidence_of_the_run_that_signed_it() {
    let evidence = read(attestation().bundle().to_string().as_bytes()).unwrap();
    let [evidence] = evidence.as_slice() else { panic!("{evidence:?}") };
    assert_eq!((evidence.check.as_str(), evidence.tool.as_str()), ("artifact-signature", "sigstore"));
    assert_eq!((evidence.outcome, evidence.date.to_string().as_str()), (Outcome::Success, "2026-03-02T10:00:00Z"));
    assert_eq!(evidence.assets.iter().map(|asset| asset.id).collect::<Vec<_>>(), [Digest::of(b"payments-api")]);
    assert_eq!(evidence.origin.scope, Some(Digest::of(b"ci-payments-api")));
    assert_eq!((evidence.origin.run.as_deref(), evidence.origin.attempt), (Some("ci-payments-api"), 1));
    let signer = evidence.signer.as_ref().unwrap();
    assert_eq!(signer.workflow, format!("{REPOSITORY}/.github/workflows/ci.yml@refs/heads/main"));
    assert_eq!((signer.repository.as_str(), signer.commit.as_str()), (REPOSITORY, commit("payments-api").as_str()));
}

#[test]
fn ev4_bundles_stand_alone_or_on_lines_of_their_own() {
    let bundle = attestation().bundle();
    let pretty = serde_json::to_string_pretty(&bundle).unwrap();
    assert_eq!(read(pretty.as_bytes()).unwrap().len(), 1);
    assert_eq!(read(format!("{bundle}\n\n{bundle}\r\n").as_bytes()).unwrap().len(), 2);
    let many = |count: usize| vec![bundle.to_string(); count].join("\n");
    assert_eq!(read(many(64).as_bytes()).unwrap().len(), 64);
    assert_eq!(read(many(65).as_bytes()), Err("the file has more than 64 bundles".to_owned()));
    let lie = Attestation { lie: Lie::Signature, ..attestation() }.bundle();
    let trust = Trust::of(&[&root()]).unwrap();
    let problem = formats::read_trusting(format!("{bundle}\n{lie}\n").as_bytes(), Some(&trust)).unwrap_err();
    assert_eq!(problem.place.unwrap().to_string(), "line 2", "one bad line spoils the file, and is named");
    assert!(read(format!("{bundle}\n{{\"a\":1}}\n").as_bytes()).is_err(), "a line that is no bundle");
    assert!(
        read(format!("{bundle}\n{bundle}").replace("\"payload\"", "\"payload\":\"\",\"payload\"").as_bytes()).is_err()
    );
    let mut long = bundle;
    long["padding"] = json!(vec!["x".repeat(1000); 1100]);
    assert!(read(long.to_string().as_bytes()).unwrap_err().contains("more than 1048576 bytes"));
}

#[test]
fn ev8_a_bundle_that_does_not_hold_proves_nothing() {
    for (lie, why) in [
        (Lie::Payload, "its certificate did not sign this payload"),
        (Lie::Signature, "its certificate did not sign this payload"),
        (Lie::Unknown, "no instance of Sigstore that is known issued its certificate"),
        (Lie::Authority, "its certificate does not hold"),
        (Lie::Expired, "its certificate does not hold"),
        (Lie::Use, "its certificate does not hold"),
        (Lie::Unlogged, "no log of certificates has its certificate"),
        (Lie::CertificateLog, "the log of certificates did not sign"),
        (Lie::NoEntry, "inclusion proof"),
        (Lie::Promise, "the log did not sign when it took it in"),
        (Lie::NoPromise, "the log did not sign when it took it in"),
        (Lie::Head, "the log did not sign the head"),
        (Lie::Proof, "the log does not hold it"),
        (Lie::Entry, "the entry of the log is about something else"),
        (Lie::Verifier, "the entry of the log is about something else"),
    ] {
        let message = refused(&Attestation { lie, ..attestation() });
        assert!(message.starts_with("the signature does not hold: ") && message.contains(why), "{lie:?}: {message}");
    }
    let built_in = formats::read(attestation().bundle().to_string().as_bytes()).unwrap_err();
    assert!(built_in.message.contains("no instance of Sigstore"), "the engine knows its own roots: {built_in:?}");
}

#[test]
fn t42_what_is_signed_is_what_is_asked_for_and_is_named_where_it_is_not() {
    let sound = attestation();
    for (attestation, why) in [
        (Attestation { payload_type: "text/plain".to_owned(), ..sound.clone() }, "what it signs is `text/plain`"),
        (
            Attestation { statement: "https://in-toto.io/Statement/v0.1".to_owned(), ..sound.clone() },
            "what it signs is a `https://in-toto.io/Statement/v0.1`",
        ),
        (
            Attestation { predicate: "https://spdx.dev/Document/v2.3".to_owned(), ..sound.clone() },
            "it attests `https://spdx.dev/Document/v2.3`",
        ),
        (
            Attestation { predicate: "https://slsa.dev/provenance/v1.1".to_owned(), ..sound.clone() },
            "it attests `https://slsa.dev/provenance/v1.1`",
        ),
        (
            Attestation { issuer: "https://token.actions.githubusercontent.com.example".to_owned(), ..sound.clone() },
            "it is signed by whom `https://token.actions.githubusercontent.com.example` vouches for",
        ),
        (Attestation { subjects: Vec::new(), ..sound.clone() }, "no artifact with a SHA-256 digest"),
        (
            Attestation { subjects: vec![json!({ "digest": { "sha512": "00" } })], ..sound.clone() },
            "no artifact with a SHA-256 digest",
        ),
        (
            Attestation { subjects: vec![json!({ "digest": { "sha256": "00" } })], ..sound.clone() },
            "`00` is not a SHA-256 digest",
        ),
        (Attestation { subjects: vec![sound.subjects[0].clone(); 1025], ..sound.clone() }, "more than 1024 artifacts"),
    ] {
        let message = refused(&attestation);
        assert!(message.starts_with("the attestation is not one of this check: "), "{message}");
        assert!(message.contains(why), "{why}: {message}");
    }
    for (attestation, why) in [
        (
            Attestation { run: "https://evil.example/actions/runs/7/attempts/1".to_owned(), ..sound.clone() },
            "which run",
        ),
        (Attestation { run: format!("{REPOSITORY}/actions/runs/7"), ..sound.clone() }, "which run"),
        (Attestation { run: format!("{REPOSITORY}/actions/runs/7/attempts/x"), ..sound.clone() }, "which attempt"),
        (Attestation { commit: "main".to_owned(), ..sound.clone() }, "which commit"),
    ] {
        let message = refused(&attestation);
        assert!(message.contains("its certificate does not say ") && message.contains(why), "{why}: {message}");
    }
}

/// How the signature of `payments-api` stands with these bundles as its evidence: what is wrong, or nothing.
fn standing(policy: &str, bundles: &[Value], entry: impl FnOnce(&mut Value)) -> Option<String> {
    let mut world = World::new(ready());
    world.roots = vec![root()];
    let documents = &mut world.documents;
    documents.policy = Some(policy.to_owned());
    documents.inventory.retain(|name, _| name == "payments-api");
    documents.evidence.clear();
    let mut value: Value = serde_json::from_str(&documents.inventory["payments-api"]).unwrap();
    entry(&mut value);
    documents.inventory.insert("payments-api".to_owned(), value.to_string());
    let lines: Vec<String> = bundles.iter().map(Value::to_string).collect();
    if !lines.is_empty() {
        documents.evidence.insert("attestations.jsonl".to_owned(), lines.join("\n"));
    }
    let judgement = &world.ask("assess")["judgement"];
    let reasons = judgement["reasons"].as_array().unwrap_or_else(|| panic!("{judgement}"));
    let mut blocking = reasons.iter().filter(|reason| reason["blocking"] == true);
    let reason = blocking.next();
    assert_eq!(judgement["ready"], reason.is_none(), "{judgement}");
    assert_eq!(blocking.next(), None, "one reason");
    reason.map(|reason| reason["message"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn rd2_an_attested_image_needs_no_record_of_its_signature() {
    let bundle = attestation().bundle();
    assert_eq!(standing(POLICY, std::slice::from_ref(&bundle), |_| ()), None);
    assert_eq!(standing(POLICY, &[bundle], |entry| entry["repository_url"] = json!(format!("{REPOSITORY}.git"))), None);
    let missing = "no evidence of `artifact-signature` for `payments-api`";
    assert_eq!(standing(POLICY, &[], |_| ()).as_deref(), Some(missing));
}

#[test]
fn t31_a_signature_counts_only_for_what_its_signer_speaks_for() {
    let sound = attestation();
    let foreign = "https://git.example/shop/builds";
    let shared = format!("{foreign}/.github/workflows/image.yml@refs/heads/main");
    let counts = "no evidence of `artifact-signature` for `payments-api` that counts: the signature ";
    for (attestation, why) in [
        (
            Attestation::of(&Digest::of(b"payments-api"), foreign, &sound.commit, "ci-payments-api"),
            format!("was given for the repository `{foreign}`"),
        ),
        (
            Attestation::of(&Digest::of(b"payments-api"), &format!("{REPOSITORY}-2"), &sound.commit, "ci-payments-api"),
            format!("was given for the repository `{REPOSITORY}-2`"),
        ),
        (Attestation { commit: "f".repeat(40), ..sound.clone() }, format!("was given for commit {}", "f".repeat(40))),
        (Attestation { workflow: shared.clone(), ..sound.clone() }, "was given by the workflow `".to_owned()),
        (
            Attestation { run: format!("{REPOSITORY}/actions/runs/12/attempts/1"), ..sound.clone() },
            "was given by run `12`".to_owned(),
        ),
    ] {
        let message = standing(POLICY, &[attestation.bundle()], |_| ()).expect("it does not count");
        assert!(message.starts_with(&format!("{counts}{why}")), "{message}");
        assert_eq!(standing(POLICY, &[attestation.bundle(), sound.bundle()], |_| ()), None, "beside one that counts");
    }
    let other = Attestation::of(&Digest::of(b"another image"), REPOSITORY, &sound.commit, "ci-payments-api");
    let missing = "no evidence of `artifact-signature` for `payments-api`";
    assert_eq!(standing(POLICY, &[other.bundle()], |_| ()).as_deref(), Some(missing), "of another digest");
}

#[test]
fn t42_a_reusable_workflow_counts_where_the_policy_names_it_whole() {
    let workflow = "https://git.example/shop/builds/.github/workflows/image.yml";
    let commit = "a".repeat(40);
    let signed = |at: &str| Attestation { workflow: format!("{workflow}{at}"), ..attestation() }.bundle();
    let trusting = |signer: &str| format!("{POLICY}  trusted-signers:\n    - {signer}\n");
    for (trusted, at, counts) in [
        (workflow.to_owned(), "@refs/heads/main", true),
        (workflow.to_owned(), &*format!("@{commit}"), true),
        (format!("{workflow}@refs/tags/v1"), "@refs/tags/v1", true),
        (format!("{workflow}@refs/tags/v1"), "@refs/tags/v1.1", false),
        (format!("{workflow}@refs/tags/v1"), "@refs/heads/main", false),
        (workflow.to_owned(), "@evil.yml@refs/heads/main", false),
        (workflow.to_owned(), ".yml@refs/heads/main", false),
        ("https://git.example/shop/build/.github/workflows/image.yml".to_owned(), "@refs/heads/main", false),
    ] {
        let told = standing(&trusting(&trusted), &[signed(at)], |_| ());
        assert_eq!(told.is_none(), counts, "`{trusted}` and `{at}`: {told:?}");
    }
    let elsewhere = |entry: &mut Value| entry["repository_url"] = json!("https://git.example/shop/other");
    assert!(standing(&trusting(workflow), &[signed("@refs/heads/main")], elsewhere).is_some(), "of another repository");
}

#[test]
fn ev8_no_record_is_taken_for_a_signature_that_was_verified() {
    let policy = format!("{POLICY}      tool: sigstore\n");
    let mut typed = record("payments-api", "artifact-signature", "success");
    typed["tool"] = json!("sigstore");
    assert!(standing(&policy, &[typed.clone()], |_| ()).is_some(), "its word is not a signature");
    assert_eq!(standing(POLICY, &[typed], |_| ()), None, "where a word is enough");
    assert_eq!(standing(&policy, &[attestation().bundle()], |_| ()), None);
}

#[test]
fn ev6_a_signature_from_the_future_or_from_long_ago_is_none() {
    let mut world = World::new(ready());
    world.roots = vec![root()];
    world.documents.policy = Some(format!("{POLICY}  checks:\n    artifact-signature: {{max-age-hours: 3}}\n"));
    world.documents.inventory.retain(|name, _| name == "payments-api");
    world.documents.evidence = BTreeMap::from([("a.json".to_owned(), attestation().bundle().to_string())]);
    let mut code = |clock: &str| {
        world.clock = clock.parse::<countersign::scalar::Timestamp>().unwrap().as_millisecond();
        world.ask("assess")["judgement"]["reasons"][0]["code"].as_str().map(str::to_owned)
    };
    assert_eq!(code("2026-03-02T12:00:00Z"), None);
    assert_eq!(code("2026-03-02T13:01:00Z").as_deref(), Some("evidence-stale"));
    assert_eq!(code("2026-03-02T09:50:00Z").as_deref(), Some("evidence-from-future"));
}

/// What reading the attestations ends with: the document, or the code and words of the trouble.
fn gather(github: &mut GitHub, entry: &Value) -> Result<String, (String, String)> {
    let entry = countersign::formats::ibm::entry("payments-api", entry.to_string().as_bytes()).unwrap();
    let place = json!({ "repository": "shop/inventory", "records": "countersign", "run": "41",
                        "server": "https://git.example" });
    let place = serde_json::from_value(place).unwrap();
    let mut host = Host::default();
    host.github = std::mem::take(github);
    let read = host.drive(async |talk| attestations(talk, &place, &entry).await);
    *github = std::mem::take(&mut host.github);
    let read = read.map_err(|trouble| (trouble.code, trouble.message))?;
    assert_eq!(read.name, "attestations.jsonl");
    Ok(String::from_utf8(host.take(&read.digest)).unwrap())
}

#[test]
fn rd2_attestations_are_read_from_the_entrys_repository_to_the_last_page() {
    let entry = countersign_tests::documents::entry("payments-api");
    let digest = Digest::of(b"payments-api");
    let path = format!(
        "/repos/shop/payments-api/attestations/{digest}?predicate_type=https%3A%2F%2Fslsa.dev%2Fprovenance%2Fv1&per_page=100"
    );
    let bundle = |number: u64| json!({ "bundle": { "number": number }, "repository_id": 1, "bundle_url": "https://x" });
    let page = |bundles: &[Value]| json!({ "attestations": bundles });
    let mut github = GitHub::default();
    let gone = gather(&mut github, &entry).unwrap_err();
    assert_eq!(gone, ("not-found".to_owned(), format!("`shop/payments-api` has no attestation of {digest}")));
    github.answers = BTreeMap::from([(path.clone(), page(&[]))]);
    assert_eq!(gather(&mut github, &entry).unwrap_err(), gone, "an empty list is none as well");

    github.answers = BTreeMap::from([
        (path.clone(), page(&[bundle(1)])),
        (format!("{path}&after=Y3Vy%3D"), page(&[bundle(2), bundle(3)])),
    ]);
    assert_eq!(gather(&mut github, &entry).unwrap(), "{\"number\":1}\n", "one page");
    let next =
        |query: &str| format!("<https://api.x/repositories/1/y?{query}>; rel=\"next\", <https://z>; rel=\"prev\"");
    github.links = BTreeMap::from([(path.clone(), next("per_page=100&after=Y3Vy%3D&z=1"))]);
    assert_eq!(gather(&mut github, &entry).unwrap(), "{\"number\":1}\n{\"number\":2}\n{\"number\":3}\n");
    for query in ["page=2", "after=", "after=../../x"] {
        github.links.insert(path.clone(), next(query));
        assert_eq!(gather(&mut github, &entry).unwrap_err().0, "malformed-answer", "{query}");
    }
    github.links.clear();

    github.answers.insert(path.clone(), page(&[bundle(1), json!({ "bundle": null, "bundle_url": "https://x" })]));
    assert_eq!(gather(&mut github, &entry).unwrap_err().0, "malformed-answer", "a bundle that is elsewhere");
    github.answers.insert(path.clone(), page(&vec![bundle(1); 65]));
    assert_eq!(gather(&mut github, &entry).unwrap_err().0, "malformed-answer", "more than are read");
    github.answers.insert(path, json!({ "attestations": null }));
    assert_eq!(gather(&mut github, &entry).unwrap_err().0, "malformed-answer", "no list");

    let mut bare = entry.clone();
    bare["sha256"] = Value::Null;
    (bare["artifact"], bare["type"]) = (json!("charts/api-1.4.0.tgz"), json!("helm-chart"));
    let told = gather(&mut github, &bare).unwrap_err();
    assert_eq!(told.1, "`payments-api` has no digest that an attestation could be about");
    let mut elsewhere = entry;
    elsewhere["repository_url"] = json!("https://other.example/shop/payments-api");
    assert_eq!(gather(&mut github, &elsewhere).unwrap_err().0, "not-found", "of another server");
}

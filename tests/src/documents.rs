//! The documents of a small service: two entries, their evidence, a promotion and a policy.

use std::collections::BTreeMap;

use countersign::scalar::Digest;
use serde_json::{Value, json};

/// The commit that is deployed.
pub const COMMIT: &str = "1111111111111111111111111111111111111111";
/// The head of the promotion pull request.
pub const HEAD: &str = "2222222222222222222222222222222222222222";
/// The checks that production demands of each entry.
pub const CHECKS: [&str; 8] = [
    "unit-tests",
    "integration-tests",
    "static-analysis",
    "dependency-check",
    "secret-scan",
    "peer-review",
    "artifact-signature",
    "sbom",
];

/// Everything that a plan request names, by role and path.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// The policy file, if there is one.
    pub policy: Option<String>,
    /// The promotion pull request.
    pub promotion: Value,
    /// The inventory's files, by path.
    pub inventory: BTreeMap<String, String>,
    /// The files of the last concluded deployment, if there was one.
    pub concluded: Option<BTreeMap<String, String>>,
    /// The evidence documents, by name.
    pub evidence: BTreeMap<String, String>,
}

/// A change of two entries that is ready.
#[must_use]
pub fn ready() -> Documents {
    let mut documents = Documents {
        policy: Some(POLICY.to_owned()),
        promotion: promotion(),
        inventory: BTreeMap::new(),
        concluded: None,
        evidence: BTreeMap::new(),
    };
    for name in ["orders-api", "payments-api"] {
        add_entry(&mut documents, name);
    }
    documents
}

/// A change that is not ready: one check of one entry has no evidence.
#[must_use]
pub fn not_ready() -> Documents {
    let mut documents = ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    documents
}

/// The documents with the emergency label, applied by this person.
#[must_use]
pub fn labelled(mut documents: Documents, by: u64) -> Documents {
    documents.promotion["pull_request"]["labels"] = json!([{ "name": "EMERGENCY" }]);
    documents.promotion["timeline"] = json!([{
        "event": "labeled",
        "label": { "name": "EMERGENCY" },
        "actor": { "id": by, "login": "labeller" },
        "created_at": "2026-03-02T10:40:00Z"
    }]);
    documents
}

/// The documents with more of a policy: whole lines of YAML.
#[must_use]
pub fn with_policy(mut documents: Documents, more: &str) -> Documents {
    documents.policy = documents.policy.map(|policy| format!("{policy}{more}"));
    documents
}

/// The documents with another artifact of an entry, promoted by another pull request into another commit.
#[must_use]
pub fn promoted(mut documents: Documents, number: u64, commit: &str) -> Documents {
    documents.promotion["pull_request"]["number"] = json!(number);
    documents.promotion["pull_request"]["merge_commit_sha"] = json!(commit);
    let mut changed = entry("payments-api");
    changed["build_number"] = json!(number);
    documents.inventory.insert("payments-api".to_owned(), changed.to_string());
    documents
}

/// Adds an entry and all evidence that production demands of it.
pub fn add_entry(documents: &mut Documents, name: &str) {
    documents.inventory.insert(name.to_owned(), entry(name).to_string());
    for check in CHECKS {
        add_evidence(documents, name, check, "success");
    }
}

/// Adds the evidence of one check of one entry, with its report where the check has one.
pub fn add_evidence(documents: &mut Documents, name: &str, check: &str, outcome: &str) {
    let mut record = record(name, check, outcome);
    if let Some((file, bytes)) = report(check) {
        record["reports"] = json!([{ "name": file, "digest": Digest::of(bytes.as_bytes()).to_string() }]);
        documents.evidence.insert(format!("reports/{file}"), bytes.to_owned());
    }
    documents.evidence.insert(format!("{name}/{check}.json"), record.to_string());
}

/// An inventory entry.
#[must_use]
pub fn entry(name: &str) -> Value {
    let digest = Digest::of(name.as_bytes());
    let artifact = format!("registry.example/shop/{name}:1.4.0@{digest}");
    json!({
        "name": name,
        "artifact": artifact,
        "type": "image",
        "version": commit(name),
        "sha256": digest.to_string(),
        "provenance": artifact,
        "signature": "c2lnbmVk",
        "repository_url": format!("https://git.example/shop/{name}"),
        "commit_sha": commit(name),
        "build_number": 33,
        "pipeline_run_id": format!("ci-{name}")
    })
}

/// The commit of an entry: made of its name.
#[must_use]
pub fn commit(name: &str) -> String {
    Digest::of(name.as_bytes()).hex().chars().take(40).collect()
}

/// One record in our own format, bound to the entry's image.
#[must_use]
pub fn record(name: &str, check: &str, outcome: &str) -> Value {
    json!({
        "check": check,
        "tool": format!("{check}-tool"),
        "outcome": outcome,
        "assets": [{ "kind": "image", "digest": Digest::of(name.as_bytes()).to_string() }],
        "run": format!("ci-{name}"),
        "date": "2026-03-02T10:00:00Z"
    })
}

/// The raw report of a check that has one.
#[must_use]
pub fn report(check: &str) -> Option<(&'static str, &'static str)> {
    match check {
        "unit-tests" => Some(("unit-tests.xml", JUNIT)),
        "static-analysis" => Some(("static-analysis.sarif", SARIF)),
        "sbom" => Some(("sbom.cdx.json", CYCLONEDX)),
        _ => None,
    }
}

/// The promotion pull request: merged, approved by somebody else, all fields filled in.
#[must_use]
pub fn promotion() -> Value {
    json!({
        "pull_request": {
            "number": 7,
            "title": "promote staging to prod",
            "html_url": "https://git.example/shop/inventory/pull/7",
            "body": BODY,
            "user": { "id": 101, "login": "author" },
            "merged_at": "2026-03-02T11:00:00Z",
            "merged_by": { "id": 102, "login": "merger" },
            "merge_commit_sha": COMMIT,
            "head": { "sha": HEAD },
            "base": { "ref": "prod", "repo": { "full_name": "shop/inventory" } },
            "commits": 1,
            "changed_files": 1,
            "labels": []
        },
        "commits": [{
            "sha": HEAD,
            "author": { "id": 101, "login": "author" },
            "committer": { "id": 101, "login": "author" },
            "commit": { "message": "promote", "author": { "name": "A", "email": "a@example.com" } }
        }],
        "reviews": [{
            "user": { "id": 103, "login": "reviewer" },
            "state": "APPROVED",
            "commit_id": HEAD,
            "submitted_at": "2026-03-02T10:30:00Z"
        }],
        "files": [{ "filename": "payments-api" }]
    })
}

const BODY: &str = "# Priority\n<priority>moderate</priority>\n# Change Request assignee\n<assignedto>ops@example.com</assignedto>\n\
# Purpose/Goal\n<purpose>new rounding rules</purpose>\n# Customer Impact\n<customerimpact>low</customerimpact>\n\
# Deployment Impact\n<deploymentimpact>small</deploymentimpact>\n# Backout Plan\n<backoutplan>previous image</backoutplan>\n";

const POLICY: &str =
    "version: 1\ndeployment:\n  deploy: {run: [./deploy]}\n  acceptance: {command: {run: [./accept]}}\n";

const JUNIT: &str = r#"<testsuites><testsuite name="rounding" tests="2"><testcase name="down"/><testcase name="up"/></testsuite></testsuites>
"#;

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"results":[]}]}
"#;

const CYCLONEDX: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"type":"application","name":"service","version":"1.4.0","bom-ref":"root"}},"components":[{"type":"library","name":"rounding","version":"2.0.1","bom-ref":"a","purl":"pkg:cargo/rounding@2.0.1"}],"dependencies":[{"ref":"root","dependsOn":["a"]}]}
"#;

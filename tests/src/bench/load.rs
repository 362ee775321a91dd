//! Inputs of any size, the same ones every time: components with twelve records of evidence each.

use std::fmt::Write as _;

use countersign::contract::CONTRACT;
use countersign::scalar::Digest;
use serde_json::{Value, json};

use crate::documents::{self, COMMIT};

/// The checks that the policy demands of each component: the evidence type in IBM's format, ours, and a tool.
pub const CHECKS: [(&str, &str, &str); 12] = [
    ("com.ibm.unit_tests", "unit-tests", "jest"),
    ("com.ibm.integration_tests", "integration-tests", "cucumber"),
    ("com.ibm.static_scan", "static-analysis", "sonarqube"),
    ("com.ibm.code_vulnerability_scan", "dependency-check", "cra"),
    ("com.ibm.detect_secrets", "secret-scan", "detect-secrets"),
    ("com.ibm.peer_review", "peer-review", "gh-audit"),
    ("com.ibm.cloud.verify_signature", "artifact-signature", "cosign"),
    ("com.ibm.code_bom_check", "sbom", "syft"),
    ("com.ibm.branch_protection", "branch-protection", "gh-audit"),
    ("com.ibm.cloud.image_vulnerability_scan", "image-vulnerability-scan", "trivy"),
    ("com.ibm.code_cis_check", "cis-benchmark", "checkov"),
    ("com.ibm.cloud.slsa", "provenance", "slsa-verifier"),
];

/// When the decision is made.
const NOW: &str = "2026-03-02T12:00:00Z";

/// What a document is to the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// The policy of a production environment.
    Policy,
    /// The promotion pull request.
    Promotion,
    /// The journal of a change that is new.
    Journal,
    /// An inventory entry.
    Entry,
    /// The summary of a component's evidence.
    Evidence,
}

/// A document, before an engine has it.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What is wrong with one record of evidence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flaw {
    Missing,
    Failed,
    OtherArtifact,
    Finding,
}

/// All documents of a change of so many components, made one after the other.
pub fn documents(components: u32) -> impl Iterator<Item = Document> {
    let fixed = [
        (Role::Policy, "countersign.yaml", policy()),
        (Role::Promotion, "promotion.json", documents::promotion().to_string()),
        (Role::Journal, "journal.jsonl", String::new()),
    ];
    let fixed = fixed.map(|(role, name, text)| Document { role, name: name.to_owned(), bytes: text.into_bytes() });
    fixed.into_iter().chain((0..components).flat_map(|number| {
        let name = component(number);
        let (entry, evidence) = (documents::entry(&name).to_string(), summary(number, &name));
        [
            Document { role: Role::Entry, name: name.clone(), bytes: entry.into_bytes() },
            Document { role: Role::Evidence, name: format!("{name}.json"), bytes: evidence.into_bytes() },
        ]
    }))
}

/// How many records of a change of so many components are missing, or do not say success of the right artifact.
#[must_use]
pub fn deviations(components: u32) -> usize {
    let flaws = |number| (0..CHECKS.len()).filter(move |check| flaw(number, *check).is_some());
    (0..components).flat_map(flaws).count()
}

/// A plan request, as its documents become known.
#[derive(Clone, Debug, Default)]
pub struct Request {
    roles: Vec<(Role, Value)>,
}

impl Request {
    /// Names a document.
    pub fn name(&mut self, document: &Document) {
        let digest = Digest::of(&document.bytes).to_string();
        self.roles.push((document.role, json!({ "name": document.name, "digest": digest })));
    }

    /// The request: is the change ready?
    #[must_use]
    pub fn assess(self) -> Vec<u8> {
        let all = |wanted| self.roles.iter().filter(move |(role, _)| *role == wanted).map(|(_, named)| named.clone());
        let one = |wanted| all(wanted).next();
        let request = json!({
            "call": "plan",
            "contract": CONTRACT,
            "mode": "assess",
            "now": NOW,
            "started": NOW,
            "target": { "environment": "prod", "purpose": "production", "detail": "the shop" },
            "run": { "id": "cd-1", "actor": { "id": "104", "login": "trigger" } },
            "documents": {
                "policy": one(Role::Policy),
                "promotion": one(Role::Promotion),
                "inventory": { "commit": COMMIT, "files": all(Role::Entry).collect::<Vec<_>>() },
                "evidence": all(Role::Evidence).collect::<Vec<_>>(),
            },
            "journal": one(Role::Journal),
        });
        request.to_string().into_bytes()
    }
}

/// Everything of a change of so many components, made before anything is measured.
#[derive(Clone, Debug)]
pub struct Load {
    /// The bytes of the documents.
    pub documents: Vec<Vec<u8>>,
    /// The request.
    pub request: Vec<u8>,
}

impl Load {
    /// The load of so many components.
    #[must_use]
    pub fn of(components: u32) -> Self {
        let mut request = Request::default();
        let naming = documents(components).map(|document| {
            request.name(&document);
            document.bytes
        });
        Self { documents: naming.collect(), request: request.assess() }
    }

    /// How many bytes an engine is given.
    #[must_use]
    pub fn size(&self) -> usize {
        self.documents.iter().map(Vec::len).sum::<usize>() + self.request.len()
    }
}

fn component(number: u32) -> String {
    const AREAS: [&str; 5] = ["payments", "orders", "identity", "catalog", "ledger"];
    const PARTS: [&str; 4] = ["api", "worker", "store", "gateway"];
    let pick = |words: &[&'static str], turn: u32| words[(number / turn) as usize % words.len()];
    format!("{}-{}-{number:05}", pick(&AREAS, 1), pick(&PARTS, 5))
}

/// A production policy that demands every check, and judges one of them in its own way.
fn policy() -> String {
    let mut text = String::from("version: 1\nevidence:\n  pre-deployment:\n");
    for (_, check, _) in CHECKS {
        let _ = writeln!(text, "    - {{check: {check}, level: required}}");
    }
    text + "  checks:\n    dependency-check: {fail-on: critical, max-age-hours: 168}\n\
            deployment:\n  deploy: {run: [./deploy]}\n  acceptance: {command: {run: [./accept]}}\n"
}

/// The flaw of a record, if it has one: about one record in a hundred does.
fn flaw(component: u32, check: usize) -> Option<Flaw> {
    match scattered(u64::from(component) * 16 + check as u64) % 1000 {
        0..4 => Some(Flaw::Missing),
        4..8 => Some(Flaw::Failed),
        8..10 => Some(Flaw::OtherArtifact),
        10..12 => Some(Flaw::Finding),
        _ => None,
    }
}

/// A number that has nothing to do with its neighbours' (the finalizer of SplitMix64).
const fn scattered(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The evidence of one component, as IBM's tools summarise it.
fn summary(number: u32, name: &str) -> String {
    let run = format!("ci-{name}");
    let checks = CHECKS.iter().enumerate();
    let records = checks.filter(|(check, _)| flaw(number, *check) != Some(Flaw::Missing));
    let records: Vec<String> =
        records.map(|(check, (kind, _, tool))| record(name, &run, (kind, tool), check, flaw(number, check))).collect();
    format!(
        r#"{{"version":"2.0","date":"2026-03-02T11:30:00.000Z","pipeline_run_id":"{run}","evidences":[{}]}}"#,
        records.join(",")
    )
}

/// One record of evidence in version 2 of IBM's format, about 1.2 KB.
fn record(name: &str, run: &str, (kind, tool): (&str, &str), check: usize, flaw: Option<Flaw>) -> String {
    const LOCKER: &str = "https://git.example.com/shop/evidence-locker/raw/main/raw";
    const CRN: &str = "crn:v1:bluemix:public:toolchain:us-south:a/4f0c2b7d9e1a48c3b6d5e7f8091a2b3c:0d3e6a1c-52b7-4c1f-9a57-6f1b2c3d4e5f::";
    let hash = |what: &str| Digest::of(format!("{name} {check} {what}").as_bytes()).hex();
    let (id, log, report) = (hash("record"), hash("log"), hash("report"));
    let image = if flaw == Some(Flaw::OtherArtifact) { hash("other") } else { Digest::of(name.as_bytes()).hex() };
    let result = if flaw == Some(Flaw::Failed) { "failure" } else { "success" };
    let findings = match flaw {
        Some(Flaw::Finding) => r#"{"id":"CVE-2026-1001","severity":"critical","has_exempt":false}"#,
        _ => "",
    };
    let (minute, second) = (check * 2, name.len());
    format!(
        r#"{{"version":"2","id":"{id}","date":"2026-03-02T11:{minute:02}:{second:02}.120Z","evidence_type_id":"{kind}","evidence_type_version":"1.0.0","details":{{"result":"{result}","tool":"{tool}"}},"origin":{{"toolchain_crn":"{CRN}","pipeline_id":"7b1f7a0e-3a4c-4f0b-8a52-0d7e1c9b2a66","pipeline_run_id":"{run}","pipeline_run_url":"https://cloud.example.com/devops/pipelines/tekton/7b1f7a0e-3a4c-4f0b-8a52-0d7e1c9b2a66/runs/{run}/{tool}/run-{check}/?env_id=us-south"}},"assets":[{{"hash":"{image}","url":"{LOCKER}/assets/{image}/index.json","uri":"registry.example/shop/{name}:1.4.0"}}],"attachments":[{{"hash":"{log}","url":"{LOCKER}/attachments/{log}","label":"{tool}.log"}},{{"hash":"{report}","url":"{LOCKER}/attachments/{report}","label":"{tool}-report.json"}}],"issues":[],"findings":[{findings}]}}"#
    )
}

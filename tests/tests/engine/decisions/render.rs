//! A scenario as the documents and the request that the engine reads.

use std::collections::BTreeMap;
use std::sync::Mutex;

use countersign::scalar::{Digest, Timestamp};
use countersign_tests::documents::{COMMIT, Documents, HEAD};
use countersign_tests::sigstore::Attestation;
use serde_json::{Value, json};

use crate::decisions::scenario::*;

/// The moment at which the first run begins.
pub(crate) const START: i64 = 1_772_452_800_000;

/// An instant, as text.
pub(crate) fn instant(minutes: Minutes) -> String {
    Timestamp::from_millisecond(START + minutes * 60_000).unwrap().to_string()
}

/// All documents of a scenario.
pub(crate) fn documents(scenario: &Scenario) -> Documents {
    let mut documents = Documents {
        policy: Some(policy(scenario).to_string()),
        promotion: promotion(scenario, &scenario.promotion.labels),
        ..Documents::default()
    };
    let mut concluded = BTreeMap::new();
    for number in &scenario.entries {
        documents.inventory.insert(number.name.to_owned(), entry(number, "2").to_string());
        match number.before {
            Before::Absent => {}
            Before::Other => _ = concluded.insert(number.name.to_owned(), entry(number, "1").to_string()),
            Before::Same => _ = concluded.insert(number.name.to_owned(), entry(number, "2").to_string()),
        }
    }
    if scenario.gone > 0 {
        let gone = Entry { name: "gone", kind: Kind::Chart, before: Before::Same, commit: 7, image: 7, run: 7 };
        concluded.insert("gone".to_owned(), entry(&gone, "1").to_string());
    }
    documents.concluded = scenario.concluded.then_some(concluded);
    add_records(&mut documents, &scenario.records);
    for (number, stray) in scenario.strays.iter().enumerate() {
        add_stray(&mut documents, number, *stray);
    }
    documents
}

/// The inventory of staging.
pub(crate) fn staged(scenario: &Scenario, staging: &Staging) -> BTreeMap<String, String> {
    let mut inventory = BTreeMap::new();
    for (number, staged) in scenario.entries.iter().zip(&staging.there) {
        let other = Entry { image: number.image + 50, ..number.clone() };
        let entry = match staged {
            Staged::Same => entry(number, "2"),
            Staged::Rewritten => entry(number, "3"),
            Staged::Other => entry(&other, "4"),
            Staged::Absent => continue,
        };
        inventory.insert(number.name.to_owned(), entry.to_string());
    }
    inventory
}

/// Adds records, and the reports that they name.
pub(crate) fn add_records(documents: &mut Documents, records: &[Record]) {
    for record in records {
        let (text, report) = match (&record.signed, &record.says) {
            (Some(signed), _) => (bundle(record, signed), None),
            (None, Says::Findings(findings)) => (ibm(record, findings), None),
            (None, Says::Report(report)) => (raw(record, Some(*report)), Some(*report)),
            (None, Says::Nothing) => (raw(record, None), None),
        };
        let number = documents.evidence.len();
        documents.evidence.insert(format!("record-{number:03}.json"), text.to_string());
        if let Some(report) = report.filter(|report| *report != Report::NotGiven) {
            let (name, bytes) = bytes(report);
            documents.evidence.insert(name.to_owned(), bytes.to_owned());
        }
    }
}

fn bytes(report: Report) -> (&'static str, &'static str) {
    match report {
        Report::Passed => {
            ("passed.xml", r#"<testsuites><testsuite name="s"><testcase name="a"/></testsuite></testsuites>"#)
        }
        Report::Failed => (
            "failed.xml",
            r#"<testsuites><testsuite name="s"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite></testsuites>"#,
        ),
        Report::Malformed => ("malformed.xml", r#"<testsuites><testsuite name="s"><testcase name="a"/>"#),
        Report::NotGiven => ("not-given.xml", "<testsuites/>"),
        Report::Bom => (
            "bom.json",
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","name":"l","version":"1"}]}"#,
        ),
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
        Outcome::Pending => "pending",
    }
}

fn run(run: Run) -> String {
    match run {
        Run::Ci(number) => format!("ci-{number}"),
        Run::Cd(number) => format!("cd-{number}"),
    }
}

fn commit(number: u32) -> String {
    format!("{:040x}", 0xc000 + number)
}

fn image(number: u32) -> String {
    format!("sha256:{:064x}", 0xd000 + number)
}

fn artifact(name: &str) -> String {
    format!("registry.example/shop/{name}:1")
}

fn raw(record: &Record, report: Option<Report>) -> Value {
    let asset = |asset: &Asset| match asset {
        Asset::Image(number) => json!({ "kind": "image", "digest": image(*number) }),
        Asset::Commit(number) => json!({ "kind": "commit", "sha": commit(*number) }),
        Asset::Artifact(name) => json!({ "kind": "generic", "uri": artifact(name) }),
    };
    let mut value = json!({
        "check": record.check,
        "outcome": word(record.outcome),
        "assets": record.assets.iter().map(asset).collect::<Vec<_>>(),
        "run": run(record.run),
        "attempt": record.attempt,
        "date": instant(record.date),
    });
    if let Some(tool) = record.tool {
        value["tool"] = json!(tool);
    }
    if let Some(report) = report {
        let (name, bytes) = bytes(report);
        value["reports"] = json!([{ "name": name, "digest": Digest::of(bytes.as_bytes()).to_string() }]);
    }
    value
}

/// A workflow of another repository, which a policy may trust.
const SHARED: &str = "https://git.example/shop/builds/.github/workflows/image.yml";

/// Signing takes its time, and there are few different signatures.
fn bundle(record: &Record, signed: &Signed) -> Value {
    static MADE: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());
    let Some(Asset::Image(number)) = record.assets.first() else { panic!("a signature of an image") };
    let repository = if signed.own { "https://git.example/shop/code" } else { "https://git.example/shop/fork" };
    let image: Digest = image(*number).parse().unwrap();
    let workflow = match signed.workflow {
        Workflow::Own => "https://git.example/shop/code/.github/workflows/ci.yml@refs/heads/main".to_owned(),
        Workflow::Shared => format!("{SHARED}@refs/tags/v1"),
        Workflow::Other => "https://git.example/shop/codes/.github/workflows/ci.yml@refs/heads/main".to_owned(),
    };
    let attestation =
        Attestation { workflow, ..Attestation::of(&image, repository, &commit(signed.commit), &run(record.run)) };
    let made = &mut MADE.lock().unwrap();
    made.entry(format!("{attestation:?}")).or_insert_with(|| attestation.bundle()).clone()
}

fn ibm(record: &Record, findings: &[Finding]) -> Value {
    let hash = |asset: &Asset| match asset {
        Asset::Image(number) => image(*number),
        Asset::Commit(number) => Digest::of(commit(*number).as_bytes()).to_string(),
        Asset::Artifact(name) => Digest::of(artifact(name).as_bytes()).to_string(),
    };
    let finding = |(number, finding): (usize, &Finding)| {
        let mut value = json!({
            "id": format!("CVE-{number}"),
            "severity": severity(finding.severity),
            "has_exempt": finding.exempt,
            "due_date": finding.due.map_or("n/a".to_owned(), instant),
        });
        if let Some(first_found) = finding.first_found {
            value["first_found"] = json!(instant(first_found));
        }
        value
    };
    let mut value = json!({
        "version": "2",
        "date": instant(record.date),
        "evidence_type_id": record.check,
        "details": { "result": word(record.outcome) },
        "origin": { "pipeline_run_id": run(record.run), "attempt": record.attempt },
        "assets": record.assets.iter().map(|asset| json!({ "hash": hash(asset) })).collect::<Vec<_>>(),
        "findings": findings.iter().enumerate().map(finding).collect::<Vec<_>>(),
    });
    if let Some(tool) = record.tool {
        value["details"]["tool"] = json!(tool);
    }
    value
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Informational => "informational",
    }
}

fn add_stray(documents: &mut Documents, number: usize, stray: Stray) {
    let record = raw(
        &Record {
            check: "unit-tests",
            tool: None,
            outcome: Outcome::Success,
            assets: vec![Asset::Commit(8)],
            run: Run::Ci(8),
            attempt: 0,
            date: -5,
            says: Says::Nothing,
            signed: None,
        },
        None,
    );
    let text = record.to_string();
    let (name, bytes) = match stray {
        Stray::Truncated => ("stray.json", text.chars().take(text.len() - 9).collect()),
        Stray::Empty => ("stray.json", String::new()),
        Stray::OutcomeTwice => ("stray.json", text.replacen('{', r#"{"outcome":"success","#, 1)),
        Stray::UnknownOutcome => ("stray.json", text.replace("\"success\"", "\"passed\"")),
        Stray::NoAssets => {
            let mut record = record;
            record["assets"] = json!([]);
            ("stray.json", record.to_string())
        }
        Stray::NoCases => ("stray.xml", "<testsuites></testsuites>".to_owned()),
        Stray::AllSkipped => {
            let suite = r#"<testsuite name="s"><testcase name="a"><skipped/></testcase></testsuite>"#;
            ("stray.xml", format!("<testsuites>{suite}</testsuites>"))
        }
        Stray::Unbound => {
            let suite = r#"<testsuite name="s"><testcase name="unbound"/></testsuite>"#;
            ("stray.xml", format!("<testsuites>{suite}</testsuites>"))
        }
        Stray::Kept => {
            let log = "nothing that anybody parses".to_owned();
            let mut record = record;
            record["attachments"] = json!([{ "name": "a.log", "digest": Digest::of(log.as_bytes()).to_string() }]);
            documents.evidence.insert(format!("keeps-{number}.json"), record.to_string());
            ("stray.log", log)
        }
    };
    documents.evidence.insert(format!("{number}-{name}"), bytes);
}

fn entry(entry: &Entry, version: &str) -> Value {
    let provenance = artifact(entry.name);
    let (kind, artifact) = match entry.kind {
        Kind::Image => ("image", format!("{provenance}@{}", image(entry.image))),
        Kind::Chart => ("helm-chart", provenance.clone()),
        Kind::Terraform => ("terraform", provenance.clone()),
    };
    json!({
        "name": entry.name,
        "artifact": artifact,
        "type": kind,
        "version": version,
        "provenance": provenance,
        "signature": "c2lnbmVk",
        "repository_url": "https://git.example/shop/code",
        "commit_sha": commit(entry.commit),
        "build_number": 3,
        "pipeline_run_id": run(Run::Ci(entry.run)),
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Low => "low",
        Level::Moderate => "moderate",
        Level::High => "high",
    }
}

/// YAML, in the part of it that is JSON.
fn policy(scenario: &Scenario) -> Value {
    let policy = &scenario.policy;
    let demands = |demands: &[Demand]| -> Vec<Value> {
        let demand = |demand: &Demand| {
            let mut value = json!({
                "check": demand.check,
                "level": match demand.weight {
                    Weight::Required => "required",
                    Weight::RequiredIfPresent => "required-if-present",
                    Weight::Recommended => "recommended",
                },
                "entries": match demand.scope {
                    Scope::Every => "every",
                    Scope::Infrastructure => "infrastructure",
                    Scope::Images => "images",
                },
            });
            if let Some(tool) = demand.tool {
                value["tool"] = json!(tool);
            }
            value
        };
        demands.iter().map(demand).collect()
    };
    let mut evidence = json!({ "clock-skew-seconds": policy.skew_minutes * 60 });
    if policy.trusts {
        evidence["trusted-signers"] = json!([SHARED]);
    }
    if let Some(before) = &policy.before {
        evidence["pre-deployment"] = json!(demands(before));
    }
    if !policy.after.is_empty() {
        evidence["post-deployment"] = json!(demands(&policy.after));
    }
    for judged in &policy.judged {
        let judgement = &mut evidence["checks"][judged.check];
        *judgement = json!({});
        if let Some(hours) = judged.max_age_hours {
            judgement["max-age-hours"] = json!(hours);
        }
        if let Some(fail_on) = judged.fail_on {
            judgement["fail-on"] = json!(severity(fail_on));
        }
    }
    let mut risk = json!({ "limit": level(policy.limit) });
    if let Some(most) = policy.delta_entries {
        risk["delta-entries"] = json!(most);
    }
    if let Some(days) = policy.unsuccessful_within_days {
        risk["unsuccessful-within-days"] = json!(days);
    }
    let ids = |people: &[Person]| people.iter().map(|person| json!(person.to_string())).collect::<Vec<_>>();
    let mut process = json!({
        "standard": pattern(&policy.standard),
        "high-risk": pattern(&policy.high_risk),
        "security-review": pattern(&policy.security),
        "require-approvals": policy.require_approvals,
        "tech-leads": ids(&policy.tech_leads),
        "security-team": ids(&policy.security_team),
    });
    if let Some(approvals) = policy.normal_approvals {
        process["normal-approvals"] = json!(approvals);
    }
    let command = |program: &str| json!({ "run": [program] });
    let mut deployment = json!({ "deploy": command("deploy"), "outage-minutes": policy.outage_minutes });
    deployment["acceptance"] = match policy.tested {
        true => json!({ "command": command("accept") }),
        false => json!({ "none": "nobody tests it" }),
    };
    if policy.rollback {
        deployment["rollback"] = command("rollback");
    }
    let waiver = |waiver: &Waiver| {
        json!({
            "check": waiver.check,
            "entries": waiver.entry.unwrap_or("**"),
            "owner": "owner@example.com",
            "reason": "it is known",
            "expires": instant(waiver.expires),
        })
    };
    let mut whole = json!({
        "version": 1,
        "evidence": evidence,
        "waivers": policy.waivers.iter().map(waiver).collect::<Vec<_>>(),
        "risk": risk,
        "process": process,
        "deployment": deployment,
        "emergency": { "label": policy.emergency_label, "appliers": ids(&policy.appliers) },
    });
    if scenario.staging.is_some() {
        whole["staging"] = json!({ "environment": "staging" });
    }
    if policy.frozen {
        let freeze = json!({ "name": "freeze", "from": "2026-03-01", "until": "2026-03-03T00:00" });
        whole["calendar"] = json!({ "zone": "UTC", "freezes": [freeze] });
    }
    whole
}

fn pattern(pattern: &Pattern) -> Value {
    let glob = |glob: &Glob| match glob {
        Glob::Exactly(name) => (*name).to_owned(),
        Glob::Under(folder) => format!("{folder}/**"),
    };
    json!({ "paths": pattern.paths.iter().map(glob).collect::<Vec<_>>(), "labels": pattern.labels })
}

/// The promotion, as GitHub's API gives it.
pub(crate) fn promotion(scenario: &Scenario, labels: &[(&'static str, Option<Person>)]) -> Value {
    let promotion = &scenario.promotion;
    let user = |person: Person| json!({ "id": person, "login": format!("person-{person}") });
    let impact = if promotion.large { "large" } else { "small" };
    let declared = promotion.declared.map(|declared| match declared {
        Level::Moderate => "medium",
        Level::Low | Level::High => level(declared),
    });
    let assignee = if promotion.incomplete { "" } else { "ops@example.com" };
    let body = format!(
        "<priority>low</priority>\n<assignedto>{assignee}</assignedto>\n<customerimpact>{}</customerimpact>\n\
         <deploymentimpact>{impact}</deploymentimpact>\n{}",
        promotion.customer,
        declared.map(|risk| format!("<risk>{risk}</risk>\n")).unwrap_or_default(),
    );
    let co_author = promotion
        .co_author
        .map(|id| format!("\n\nCo-authored-by: Somebody <{id}+person-{id}@users.noreply.github.com>"))
        .unwrap_or_default();
    let reviews = promotion.reviews.iter().enumerate().map(|(number, review)| {
        json!({
            "user": user(review.by),
            "state": match review.word {
                Word::Approves => "APPROVED",
                Word::Objects => "CHANGES_REQUESTED",
                Word::Comments => "COMMENTED",
                Word::Dismissed => "DISMISSED",
            },
            "commit_id": if review.on_head { HEAD } else { "3333333333333333333333333333333333333333" },
            "submitted_at": instant(-300 + i64::try_from(number).unwrap()),
        })
    });
    let labelled = labels.iter().filter_map(|(label, by)| {
        let actor = user((*by)?);
        Some(json!({ "event": "labeled", "label": { "name": label }, "actor": actor, "created_at": instant(-100) }))
    });
    let mut document = json!({
        "pull_request": {
            "number": 1000 + scenario.number,
            "title": "promote",
            "body": body,
            "user": user(promotion.author),
            "merged_at": instant(-60),
            "merged_by": user(promotion.merger),
            "merge_commit_sha": COMMIT,
            "head": { "sha": HEAD },
            "base": { "ref": "prod", "repo": { "full_name": "shop/inventory" } },
            "commits": 1,
            "labels": labels.iter().map(|(label, _)| json!({ "name": label })).collect::<Vec<_>>(),
        },
        "reviews": reviews.collect::<Vec<_>>(),
        "timeline": labelled.collect::<Vec<_>>(),
    });
    if promotion.commits_read {
        document["commits"] = json!([{
            "author": user(promotion.author),
            "committer": user(promotion.committer),
            "commit": { "message": format!("promote{co_author}") }
        }]);
    }
    if let Some(paths) = &promotion.paths {
        document["files"] = paths.iter().map(|path| json!({ "filename": path })).collect();
    }
    document
}

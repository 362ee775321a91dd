//! A small world for tests: three entries, two of them in the delta, with everything that production demands.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::category;
use crate::change::event::{Assessment, Basis, Engine, Kind, Opened, Ran, Step};
use crate::change::state::{Filed, Work};
use crate::evidence::{Asset, Attachment, BomSummary, Check, Evidence, Origin, Outcome, Report};
use crate::facts::{Facts, From, IgnoreFile, Inventory, Locker, Run, Target, delta};
use crate::formats::cyclonedx::{self, Bom};
use crate::inventory::{Delta, Difference, Entry};
use crate::policy::{InventoryPolicy, Policy, Purpose, Stage};
use crate::promotion::{CustomerImpact, DeploymentImpact, Fields, Person, Priority, Promotion, Review};
use crate::readiness::{self, Posture, Readiness};
use crate::risk;
use crate::scalar::{Commit, Digest, Timestamp};

/// The time of every fixture.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

/// A commit of one hex digit, repeated.
pub(crate) fn commit(digit: char) -> Commit {
    digit.to_string().repeat(40).parse().unwrap()
}

/// A person whose id is made of the login.
pub(crate) fn person(login: &str) -> Person {
    Person { id: format!("id-of-{login}"), login: login.to_owned() }
}

/// An image called `name`, built by run `ci-<name>-<build>`.
pub(crate) fn entry(name: &str, build: u64) -> Entry {
    let digest = Digest::of(format!("{name} {build}").as_bytes());
    Entry {
        name: name.to_owned(),
        artifact: format!("images.example.com/{name}@{digest}"),
        kind: "image".to_owned(),
        version: format!("1.{build}.0"),
        sha256: Some(digest),
        provenance: format!("images.example.com/{name}@{digest}"),
        signature: Some("c2lnbmF0dXJl".to_owned()),
        repository_url: format!("https://git.example.com/shop/{name}"),
        commit_sha: {
            let hex = Digest::of(format!("commit {name} {build}").as_bytes()).hex();
            hex.chars().take(40).collect::<String>().parse().unwrap()
        },
        build_number: build,
        pipeline_run_id: format!("ci-{name}-{build}"),
    }
}

/// An inventory of these entries.
pub(crate) fn inventory(at: char, entries: impl IntoIterator<Item = Entry>) -> Inventory {
    let entries = entries.into_iter().map(|entry| {
        let digest = Digest::of(format!("{entry:?}").as_bytes());
        let name = entry.name.clone();
        (name.clone(), From { document: Rc::from(name.as_str()), digest, value: Rc::new(entry) })
    });
    Inventory { commit: Some(commit(at)), entries: entries.collect() }
}

/// A successful record of `check` about the entry's artifact, by its CI run.
pub(crate) fn record(entry: &Entry, check: &str) -> Evidence {
    Evidence {
        check: Check::named(check),
        tool: format!("{check}-tool"),
        outcome: Outcome::Success,
        assets: vec![Asset { id: entry.sha256.unwrap(), uri: None }],
        origin: Origin {
            scope: Some(Digest::of(entry.pipeline_run_id.as_bytes())),
            run: Some(entry.pipeline_run_id.clone()),
            attempt: 1,
            url: None,
        },
        date: now().plus_seconds(-3600),
        reports: Vec::new(),
        attachments: Vec::new(),
        findings: Vec::new(),
        signer: None,
    }
}

/// Adds a record as a document called after its check and entry; the same name again replaces it.
pub(crate) fn add(facts: &mut Facts, entry: &str, evidence: Evidence) {
    let document: Rc<str> = Rc::from(format!("{entry}/{}.json", evidence.check));
    let digest = Digest::of(format!("{evidence:?}").as_bytes());
    facts.locker.evidence.retain(|from| from.document != document);
    facts.locker.evidence.push(From { document, digest, value: Rc::new(evidence) });
}

/// Takes the evidence of `check` of `entry` away.
pub(crate) fn remove(facts: &mut Facts, entry: &str, check: &str) {
    let document = format!("{entry}/{check}.json");
    facts.locker.evidence.retain(|from| *from.document != *document);
}

/// A bill of materials of one library.
pub(crate) fn bom(entry: &Entry) -> Bom {
    let text = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
            "metadata":{{"component":{{"type":"container","name":"{}","bom-ref":"subject"}}}},
            "components":[{{"type":"library","name":"left-pad","version":"1.3.0","bom-ref":"a",
            "purl":"pkg:npm/left-pad@1.3.0"}}]}}"#,
        entry.name
    );
    cyclonedx::read(text.as_bytes()).unwrap()
}

/// Everything that production demands of an entry.
fn prove(facts: &mut Facts, entry: &Entry) {
    let checks =
        ["unit-tests", "integration-tests", "static-analysis", "dependency-check", "secret-scan", "peer-review"];
    for check in checks.into_iter().chain(["artifact-signature"]) {
        add(facts, &entry.name, record(entry, check));
    }
    let digest = Digest::of(format!("bill of materials of {}", entry.name).as_bytes());
    let bom = bom(entry);
    let summary = BomSummary { format: "CycloneDX 1.6".to_owned(), components: 1 };
    let document: Rc<str> = Rc::from(format!("{}/bom.json", entry.name));
    let report = From { document, digest, value: Rc::new(Ok(Report::Bom(summary))) };
    facts.locker.reports.insert(digest, report);
    facts.locker.boms.insert(digest, Rc::new(bom));
    let reports = vec![Attachment { name: "bom.json".to_owned(), digest }];
    add(facts, &entry.name, Evidence { reports, ..record(entry, "sbom") });
}

/// A promotion that two people besides its author approved.
fn promotion() -> Promotion {
    let review = |login| Review { by: person(login), approves: true, commit: commit('b') };
    Promotion {
        repository: "shop/inventory".to_owned(),
        number: 7,
        url: Some("https://git.example.com/shop/inventory/pull/7".to_owned()),
        title: "Promote payments and orders".to_owned(),
        body: String::new(),
        base: "production".to_owned(),
        head: commit('b'),
        merge_commit: Some(commit('c')),
        merged_at: Some(now().plus_seconds(-600)),
        merged_by: Some(person("mo")),
        author: person("ada"),
        contributors: vec![person("ada")],
        contributors_complete: true,
        labels: Vec::new(),
        reviews: vec![review("bo"), review("cy")],
        changed_paths: None,
        teams: BTreeMap::new(),
    }
}

/// A change that is ready: `payments-api` changes, `orders-api` is added, `ledger` stays as it is.
pub(crate) fn facts() -> Facts {
    let payments = entry("payments-api", 12);
    let orders = entry("orders-api", 3);
    let ledger = entry("ledger", 5);
    let inventory = inventory('c', [payments.clone(), orders.clone(), ledger.clone()]);
    let concluded = self::inventory('a', [entry("payments-api", 11), ledger.clone()]);
    let policy = Policy::built_in(Purpose::Production);
    let narrowed = InventoryPolicy::default();
    let delta = delta(&inventory, Some(&concluded), &narrowed, &IgnoreFile::default(), false).unwrap();
    let mut facts = Facts {
        now: now(),
        target: Target {
            environment: "production".parse().unwrap(),
            region: None,
            purpose: Purpose::Production,
            detail: "the shop".parse().unwrap(),
        },
        run: Run {
            id: "cd-1".parse().unwrap(),
            url: None,
            actor: Some(person("robot")),
            pipeline: Some("deploy".parse().unwrap()),
            pipeline_version: None,
        },
        promotion: promotion(),
        promotion_digest: Digest::of(b"promotion"),
        fields: fields(),
        policy,
        policy_digest: Digest::of(b"policy"),
        checks_config: None,
        inventory,
        concluded: Some(concluded),
        delta,
        staging: None,
        locker: Locker::default(),
        past: crate::facts::Past::default(),
        restoration: None,
        change_request_id: None,
        attempt: 1,
    };
    for entry in [payments, orders, ledger, entry("payments-api", 11)] {
        // The document of an older build has a name of its own.
        let name = if entry.build_number == 11 { "payments-api-before".to_owned() } else { entry.name.clone() };
        prove(&mut facts, &Entry { name, ..entry });
    }
    facts
}

fn fields() -> Fields {
    Fields {
        priority: Priority::Moderate,
        assignee: "ada@example.com".parse().unwrap(),
        customer_impact: CustomerImpact::Low,
        deployment_impact: DeploymentImpact::Small,
        declared_risk: None,
        description: Some("Faster payments".to_owned()),
        purpose: None,
        impact: None,
        backout_plan: Some("Deploy the previous images".to_owned()),
        business_justification: None,
        testing_performed: None,
        security_considerations: None,
    }
}

/// The runs of the change: this one.
pub(crate) fn runs(facts: &Facts) -> Vec<Digest> {
    vec![facts.run.scope()]
}

/// Readiness before the deployment.
pub(crate) fn assess(facts: &Facts) -> Readiness {
    readiness::assess(facts, Stage::PreDeployment, &runs(facts))
}

/// How each demand on every entry of the inventory stands at closing time.
pub(crate) fn whole(facts: &mut Facts) -> Vec<Posture> {
    let all =
        |(name, from): (&String, &From<Rc<Entry>>)| (name.clone(), (Difference::Unchanged, Rc::clone(&from.value)));
    let entries = facts.inventory.entries.iter().map(all).collect();
    let delta = std::mem::replace(&mut facts.delta, Delta { entries, ..Delta::default() });
    let posture = readiness::assess(facts, Stage::PostDeployment, &runs(facts)).posture;
    facts.delta = delta;
    posture
}

/// The record of a readiness.
pub(crate) fn assessment(facts: &Facts, readiness: &Readiness) -> Assessment {
    let category = category::categorize(facts);
    Assessment {
        ready: readiness.is_ready(),
        facts: facts.digest(),
        policy: facts.policy_digest,
        kind: Kind::Standard,
        labelled_by: None,
        outage_minutes: 0,
        category,
        risk: risk::weigh(facts, category),
        reasons: readiness.reasons.iter().take(crate::change::event::MAX_REASONS).cloned().collect(),
        reason_count: u32::try_from(readiness.reasons.len()).unwrap(),
        needed: readiness.needed.clone(),
        attachments: BTreeMap::new(),
    }
}

/// The beginning of the change.
pub(crate) fn opened(facts: &Facts) -> Opened {
    Opened {
        engine: Engine { version: "0.1.0".to_owned(), source_digest: Digest::of(b"engine") },
        key: facts.key(),
        attempt: facts.attempt,
        target: facts.target.clone(),
        run: facts.run.clone(),
        repository: facts.promotion.repository.clone(),
        promotion: facts.promotion.number,
        promotion_url: facts.promotion.url.clone(),
        title: facts.promotion.title.clone(),
        fields: facts.fields.clone(),
        commit: facts.inventory.commit.clone(),
        delta: facts.delta_digest(),
        involved: BTreeSet::from(["id-of-ada".to_owned(), "id-of-mo".to_owned()]),
        supplied: None,
        restores: None,
    }
}

/// The filed request of a change.
pub(crate) fn filed(facts: &Facts) -> Filed {
    let readiness = assess(facts);
    Filed {
        opened: opened(facts),
        assessment: assessment(facts, &readiness),
        id: "CR-0123456789ab".parse().unwrap(),
        url: None,
        attached: BTreeMap::new(),
        requested: false,
        observed: None,
    }
}

/// Commands that ended, one a minute.
pub(crate) fn work(steps: impl IntoIterator<Item = (Step, bool)>) -> Work {
    let ran = steps.into_iter().zip(0_i64..).map(|((step, success), minute)| Ran {
        step,
        success,
        exit_code: Some(if success { 0 } else { 1 }),
        note: None,
        started: Some(now().plus_seconds(minute.saturating_mul(60))),
        ended: Some(now().plus_seconds(minute.saturating_mul(60).saturating_add(42))),
        log: Some(Digest::of(step.word().as_bytes())),
    });
    Work { implementing: true, ran: ran.collect() }
}

/// An approval by one person.
pub(crate) fn by_people() -> Basis {
    Basis::People { approvers: vec![person("dee")] }
}

//! The process: categories, reviews, staging, windows, verification, notifications (PC1..PC9).

use countersign_tests::documents;
use countersign_tests::world::World;
use serde_json::{Value, json};

use crate::flows::{again, ends, events, labelled, not_ready, only, with_policy};

fn codes(answer: &Value) -> Vec<String> {
    let reasons = answer["judgement"]["reasons"].as_array().cloned().unwrap_or_default();
    let blocking = reasons.iter().filter(|reason| reason["blocking"] == true);
    blocking.filter_map(|reason| reason["code"].as_str()).map(str::to_owned).collect()
}

#[test]
fn pc1_paths_and_labels_make_the_category() {
    for (policy, category) in [
        ("", "normal"),
        ("process: {standard: {paths: [\"*-api\"]}}\n", "standard"),
        ("process: {high-risk: {paths: [\"payments-*\"]}}\n", "high-risk"),
    ] {
        let mut world = World::new(with_policy(documents::ready(), policy));
        assert_eq!(world.ask("assess")["judgement"]["category"], category, "{policy}");
    }
}

#[test]
fn pc2_a_high_risk_change_needs_two_approvals_and_a_tech_lead() {
    let policy = "process: {high-risk: {paths: [\"payments-*\"]}, tech-leads: [\"109\"]}\n";
    let mut world = World::new(with_policy(documents::ready(), policy));
    assert_eq!(codes(&world.ask("assess")), ["approvals-missing", "tech-lead-missing"]);
    let review = |id: u64| {
        json!({ "user": { "id": id, "login": format!("person-{id}") }, "state": "APPROVED",
                "commit_id": documents::HEAD, "submitted_at": "2026-03-02T10:30:00Z" })
    };
    world.documents.promotion["reviews"] = json!([review(103), review(109)]);
    assert!(codes(&world.ask("assess")).is_empty());
    world.documents.promotion["reviews"] = json!([review(101), review(109)]);
    assert_eq!(codes(&world.ask("assess")), ["approvals-missing"], "the author's own approval does not count");
}

#[test]
fn pc3_a_security_trigger_needs_the_security_team() {
    let policy = "process: {security-review: {paths: [\"payments-*\"]}, security-team: [\"103\"]}\n";
    let mut world = World::new(with_policy(documents::ready(), policy));
    assert!(codes(&world.ask("assess")).is_empty(), "103 approved the pull request");
    let policy = policy.replace("103", "110");
    let mut world = World::new(with_policy(documents::ready(), &policy));
    assert_eq!(codes(&world.ask("assess")), ["security-review-missing"]);
}

#[test]
fn pc4_production_needs_the_same_artifacts_deployed_and_tested_in_staging() {
    let policy = "staging: {environment: staging}\n";
    let staging = json!({ "environment": "staging", "purpose": "pre_prod", "detail": "the rehearsal" });
    let production = json!({ "environment": "prod", "purpose": "production", "detail": "the shop" });
    let mut world = World::new(with_policy(documents::ready(), policy));
    world.staging = Some("staging_latest".to_owned());
    ends(&mut world, "awaiting-approval", 10);

    let mut world = World::new(documents::ready());
    world.target = staging.clone();
    world.documents.promotion["pull_request"]["base"]["ref"] = json!("staging");
    ends(&mut world, "done", 0);
    let proof = only(&world);
    again(&mut world);
    world.target = production.clone();
    world.staging = Some("staging_latest".to_owned());
    world.documents = with_policy(documents::ready(), policy);
    ends(&mut world, "done", 0);
    let id = world.requests().into_iter().find(|id| *id != proof).expect("the second change request");
    assert_eq!(world.record(&id)["filing"]["validation_record"], json!(proof), "CR2");

    let untested = "version: 1\ndeployment:\n  deploy: {run: [./deploy]}\n  acceptance: {none: no tests here}\n";
    let mut world = World::new(documents::ready());
    world.documents.policy = Some(untested.to_owned());
    world.target = staging;
    world.documents.promotion["pull_request"]["base"]["ref"] = json!("staging");
    ends(&mut world, "done", 0);
    again(&mut world);
    world.target = production;
    world.staging = Some("staging_latest".to_owned());
    world.documents = with_policy(documents::ready(), policy);
    assert!(codes(&world.ask("assess")).iter().all(|code| code == "staging-proof-missing"));
    ends(&mut world, "awaiting-approval", 10);
}

#[test]
fn pc5_a_high_risk_change_is_started_by_a_person_even_when_it_is_ready() {
    let policy = "risk: {limit: high}\nprocess: {high-risk: {paths: [\"payments-*\"]}, require-approvals: false}\n";
    let mut world = World::new(with_policy(documents::ready(), policy));
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    world.decide(&id, 105, true);
    ends(&mut world, "awaiting-approval", 10);
    world.decide(&id, 108, true);
    ends(&mut world, "done", 0);
    assert_eq!(world.record(&id)["close_category"], "successful");
}

#[test]
fn pc6_ga2_a_window_is_checked_at_approval_and_right_before_deployment() {
    let policy = "calendar:\n  zone: UTC\n  windows: [{days: [monday], from: \"09:00\", until: \"13:00\"}]\n";
    let mut world = World::new(with_policy(documents::ready(), policy));
    ends(&mut world, "done", 0);
    let mut world = World::new(with_policy(documents::ready(), policy));
    world.clock += 3_600_000;
    ends(&mut world, "outside-window", 14);
    assert!(world.ran.is_empty());
    assert_eq!(events(&world, &only(&world), "approved").len(), 0);
    let mut held = World::new(with_policy(not_ready(), policy));
    ends(&mut held, "awaiting-approval", 10);
    let id = only(&held);
    held.decide(&id, 105, true);
    held.clock += 3_600_000;
    again(&mut held);
    ends(&mut held, "outside-window", 14);
    assert!(held.ran.is_empty(), "approved, and yet not now");
    let mut emergency = World::new(with_policy(labelled(not_ready(), 106), policy));
    emergency.clock += 3_600_000;
    ends(&mut emergency, "done", 0);
}

#[test]
fn pc7_the_deployment_is_watched_for_its_window() {
    let policy =
        "  verification: {command: {run: [./healthy]}, minutes: 3, interval-seconds: 60, on-watch: eve@example.com}\n";
    let mut world = World::new(with_policy(documents::ready(), policy));
    let before = world.clock;
    ends(&mut world, "done", 0);
    let checks = world.ran.iter().filter(|ran| *ran == "verify").count();
    assert!((3..=5).contains(&checks), "{checks} checks");
    assert!(world.clock - before >= 180_000);
    let filing = &world.record(&only(&world))["filing"];
    assert!(filing["methods"].as_array().is_some_and(|all| all.contains(&json!("on watch: eve@example.com"))));
}

#[test]
fn pc8_methods_are_recorded() {
    let policy = "  method: blue/green\n  rollback-method: previous image\n  rollback-triggers: [errors]\n";
    let mut world = World::new(with_policy(documents::ready(), policy));
    ends(&mut world, "done", 0);
    assert_eq!(
        world.record(&only(&world))["filing"]["methods"],
        json!(["deployment: blue/green", "rollback: previous image", "rollback triggers: errors"])
    );
}

fn moments(world: &World) -> Vec<&str> {
    world.posted.iter().map(|(key, _)| key.as_str()).collect()
}

const CHANNELS: &str = "notifications:\n  - {name: ops, format: slack}\n  - {name: log, moments: [closed]}\n";

#[test]
fn pc9_people_are_told_what_happens_once() {
    let mut world = World::new(with_policy(not_ready(), CHANNELS));
    ends(&mut world, "awaiting-approval", 10);
    again(&mut world);
    ends(&mut world, "awaiting-approval", 10);
    assert_eq!(moments(&world), ["notify/filed/ops", "notify/held/ops"]);
    let id = only(&world);
    assert!(world.posted[1].1["text"].as_str().is_some_and(|text| text.contains(&id)));
    world.decide(&id, 105, true);
    again(&mut world);
    ends(&mut world, "done", 0);
    assert_eq!(moments(&world)[2..], ["notify/closed/ops", "notify/closed/log"]);
    assert_eq!(world.posted[3].1["countersign"], "notification/v1");
    let mut world = World::new(with_policy(labelled(not_ready(), 106), CHANNELS));
    ends(&mut world, "done", 0);
    assert!(moments(&world).contains(&"notify/emergency/ops"));
    let mut world =
        World::new(with_policy(documents::ready(), &format!("  rollback: {{run: [./rollback]}}\n{CHANNELS}")));
    world.failing = vec!["deploy"];
    ends(&mut world, "rolled-back", 21);
    assert!(moments(&world).contains(&"notify/rolled-back/ops"));
}

#[test]
fn pc9_a_webhook_that_fails_changes_no_outcome() {
    let mut world = World::new(with_policy(documents::ready(), CHANNELS));
    world.deaf = true;
    ends(&mut world, "done", 0);
    let id = only(&world);
    assert_eq!(world.record(&id)["close_category"], "successful");
    assert_eq!(events(&world, &id, "notified").len(), 0);
    assert_eq!(events(&world, &id, "failed").len(), 3);
}

//! What only commands can come to: the ledger that others write, journals that do not verify, environments of the policy.

use countersign_tests::documents;
use countersign_tests::world::{Ended, World};
use serde_json::json;

use crate::flows::{again, ends, events, not_ready, only, with_policy};

/// How a run that is refused says it.
fn refusal(world: &mut World) -> (String, String) {
    match world.drive() {
        Ended::Refused(failure) => {
            let word = |key: &str| failure["errors"][0][key].as_str().unwrap_or_default().to_owned();
            (word("code"), word("message"))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ga4_a_run_whose_change_another_run_took_up_is_held() {
    let mut world = World::new(not_ready());
    world.more = json!({ "drive": { "wait": { "until": "2026-03-02T13:00:00Z", "interval_seconds": 600 } } });
    world.meanwhile = Some(|world| {
        let waiting = std::mem::replace(&mut world.more, json!({}));
        let run = std::mem::replace(&mut world.run, "cd-other".to_owned());
        ends(world, "awaiting-approval", 10);
        (world.more, world.run) = (waiting, run);
    });
    ends(&mut world, "held", 16);
    assert!(world.ran.is_empty());
    let id = only(&world);
    assert_eq!(events(&world, &id, "continued").len(), 1, "the other run's lines stand");
    world.more = json!({});
    world.decide(&id, 105, true);
    again(&mut world);
    ends(&mut world, "done", 0);
}

#[test]
fn au6_a_journal_that_does_not_verify_is_shown_and_hides_no_other() {
    let mut world = World::new(documents::ready());
    ends(&mut world, "done", 0);
    let sound = world.changes();
    assert_eq!((&sound["outcome"], &sound["exit_code"]), (&json!("done"), &json!(0)));
    world.store.insert("changes/CR-000000000000/journal.jsonl".to_owned(), b"{}\n".to_vec());
    let damaged = world.changes();
    assert_eq!((&damaged["outcome"], &damaged["exit_code"]), (&json!("not-verified"), &json!(40)));
    let changes = damaged["changes"].as_array().cloned().unwrap_or_default();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes.iter().filter(|change| change["problem"].is_object()).count(), 1);
    assert_eq!(changes.iter().filter(|change| change["standing"]["state"] == "closed").count(), 1);
}

#[test]
fn po6_a_declared_environment_has_the_purpose_that_the_policy_states() {
    let declared = |environments: &str| with_policy(documents::ready(), &format!("environments: {environments}\n"));
    let mut world = World::new(declared("{prod: {purpose: production}}"));
    ends(&mut world, "done", 0);

    let mut world = World::new(declared("{prod: {purpose: production}}"));
    world.target["purpose"] = json!("pre_prod");
    let (code, message) = refusal(&mut world);
    assert_eq!(code, "policy");
    assert!(message.contains("another purpose"), "{message}");
    assert!(world.requests().is_empty());

    world.target["purpose"] = json!(null);
    ends(&mut world, "done", 0);

    let mut world = World::new(declared("{staging: {purpose: pre_prod}}"));
    let (_, message) = refusal(&mut world);
    assert!(message.contains("`prod` is unknown"), "{message}");

    let mut world = World::new(declared("{prod: {purpose: production, regions: [eu]}}"));
    assert!(refusal(&mut world).1.contains("none is named"));
    world.target["region"] = json!("us");
    assert!(refusal(&mut world).1.contains("no region `us`"));
    world.target["region"] = json!("eu");
    ends(&mut world, "done", 0);
}

#[test]
fn po6_without_a_policy_somebody_has_to_state_the_purpose() {
    let mut world = World::new(documents::ready());
    world.target["purpose"] = json!(null);
    assert!(refusal(&mut world).1.contains("nobody says what the environment `prod` is for"));
}

#[test]
fn pc4_the_staging_that_an_environment_declares_is_demanded() {
    let policy = "environments: {prod: {purpose: production, staging: staging}}\n";
    let mut world = World::new(with_policy(documents::ready(), policy));
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    let reasons = events(&world, &id, "assessed")[0]["reasons"].to_string();
    assert!(reasons.contains("staging"), "{reasons}");
}

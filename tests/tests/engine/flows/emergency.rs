//! Emergencies, and what they owe (EM1..EM5).

use countersign_tests::documents;
use countersign_tests::world::World;
use serde_json::json;

use crate::flows::{again, ends, events, labelled, names, not_ready, only, promoted, with_policy};

#[test]
fn em1_em2_the_label_bypasses_the_wait_and_not_the_record() {
    let mut world = World::new(labelled(not_ready(), 106));
    ends(&mut world, "done", 0);
    let id = only(&world);
    assert_eq!(world.record(&id)["kind"], "emergency");
    assert_eq!(world.ran, ["deploy", "accept"]);
    let attached = world.record(&id)["attachments"].as_object().map(|files| files.len()).unwrap_or_default();
    assert!(attached >= 8, "{attached} attachments");
    assert_eq!(events(&world, &id, "assessed")[0]["labelled_by"]["id"], "106");
}

#[test]
fn em1_a_missing_field_refuses_an_emergency_too() {
    let mut documents = labelled(not_ready(), 106);
    documents.promotion["pull_request"]["body"] = json!("# Priority\n<priority>high</priority>\n");
    let mut world = World::new(documents);
    assert_eq!(world.drive().outcome(), "refused");
    assert!(world.store.is_empty());
}

#[test]
fn em2_a_held_change_becomes_an_emergency_when_it_is_labelled() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    assert_eq!(world.record(&id)["kind"], "standard");
    world.documents = labelled(not_ready(), 106);
    again(&mut world);
    ends(&mut world, "done", 0);
    assert_eq!(only(&world), id);
    assert_eq!(world.record(&id)["kind"], "emergency");
    assert_eq!(world.record(&id)["close_category"], "successful_issues");
    let kinds: Vec<_> = events(&world, &id, "assessed").iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["standard", "emergency"]);
}

#[test]
fn em3_an_activated_emergency_closes_with_issues_and_an_approved_one_by_readiness() {
    let mut world = World::new(labelled(not_ready(), 106));
    ends(&mut world, "done", 0);
    assert_eq!(world.record(&only(&world))["close_category"], "successful_issues");
    let mut world = World::new(labelled(documents::ready(), 106));
    ends(&mut world, "done", 0);
    let id = only(&world);
    assert_eq!(world.record(&id)["close_category"], "successful");
    assert!(!names(&world, &id).contains(&"obliged".to_owned()), "an emergency that was not activated owes nothing");
}

#[test]
fn em3_a_failed_emergency_is_rolled_back_as_any_other() {
    let documents = with_policy(labelled(not_ready(), 106), "  rollback: {run: [./rollback]}\n");
    let mut world = World::new(documents);
    world.failing = vec!["accept"];
    ends(&mut world, "rolled-back", 21);
    assert_eq!(world.record(&only(&world))["close_category"], "unsuccessful");
}

#[test]
fn em4_an_activated_emergency_owes_reviews_evidence_and_learning() {
    let mut world = World::new(labelled(not_ready(), 106));
    ends(&mut world, "done", 0);
    let id = only(&world);
    let owed = world.owed();
    assert_eq!(owed["exit_code"], 0, "nothing is overdue yet");
    let owed = owed["obligations"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> = owed.iter().filter_map(|owed| owed["id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["gap-secret-scan", "reconciliation", "retrospective", "review", "root-cause"]);
    assert!(owed.iter().all(|owed| owed["owner"] == "ops@example.com" && owed["due"].is_string()));
    world.clock += 25 * 3_600_000;
    let owed = world.owed();
    assert_eq!(owed["exit_code"], 41);
    let mut overdue: Vec<_> = owed["obligations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|owed| owed["overdue"] == true)
        .filter_map(|owed| owed["id"].as_str())
        .collect();
    overdue.sort_unstable();
    assert_eq!(overdue, ["retrospective", "review"]);
    for obligation in ["review", "retrospective"] {
        assert_eq!(world.fulfil(&id, obligation, 105)["outcome"], "done");
    }
    assert_eq!(world.owed()["exit_code"], 0);
}

#[test]
fn em4_pc2_nobody_reviews_their_own_emergency_and_nothing_is_fulfilled_twice() {
    let mut world = World::new(labelled(not_ready(), 106));
    ends(&mut world, "done", 0);
    let id = only(&world);
    for involved in [101, 102, 104] {
        let answer = world.fulfil(&id, "review", involved);
        assert_eq!(answer["errors"][0]["code"], "obligation", "{answer}");
    }
    assert_eq!(world.fulfil(&id, "root-cause", 101)["outcome"], "done");
    assert_eq!(world.fulfil(&id, "root-cause", 101)["outcome"], "refused");
    assert_eq!(world.fulfil(&id, "gap-unit-tests", 105)["outcome"], "refused", "it was not owed");
}

#[test]
fn em4_what_is_overdue_blocks_the_next_ordinary_change_where_the_policy_says_so() {
    let policy = "emergency: {overdue-blocks: true}\n";
    let mut world = World::new(with_policy(labelled(not_ready(), 106), policy));
    ends(&mut world, "done", 0);
    let id = only(&world);
    again(&mut world);
    world.clock += 200 * 3_600_000;
    let second = "3333333333333333333333333333333333333333";
    world.commit = second.to_owned();
    world.documents = with_policy(promoted(documents::ready(), 8, second), policy);
    ends(&mut world, "obligations-overdue", 41);
    assert_eq!(world.ran, ["deploy", "accept"]);
    for obligation in ["review", "retrospective", "root-cause", "reconciliation", "gap-secret-scan"] {
        assert_eq!(world.fulfil(&id, obligation, 105)["outcome"], "done");
    }
    again(&mut world);
    ends(&mut world, "done", 0);
}

#[test]
fn em4_what_is_not_owed_or_was_not_done_by_somebody_else_is_refused() {
    let mut ordinary = World::new(documents::ready());
    ends(&mut ordinary, "done", 0);
    let id = only(&ordinary);
    let refused = |end: &serde_json::Value| {
        assert_eq!((&end["outcome"], &end["errors"][0]["code"]), (&json!("refused"), &json!("obligation")), "{end}");
        format!("{}; {}", end["errors"][0]["message"], end["errors"][0]["help"])
    };
    assert!(refused(&ordinary.fulfil(&id, "review", 105)).contains("only an emergency that was activated owes"));
    let mut world = World::new(labelled(not_ready(), 106));
    ends(&mut world, "done", 0);
    let id = only(&world);
    assert!(refused(&world.fulfil(&id, "review", 101)).contains("had a part in this change"), "its author");
    let owed = "it is one of review, retrospective, root-cause, reconciliation, gap-secret-scan";
    assert!(refused(&world.fulfil(&id, "gap-unit-tests", 105)).contains(owed));
    assert_eq!(world.fulfil(&id, "review", 105)["outcome"], "done");
    assert!(refused(&world.fulfil(&id, "review", 105)).contains("fulfilled already"));
    assert_eq!(world.owed()["exit_code"], 0);
    world.clock += 200 * 3_600_000;
    assert_eq!(world.owed()["exit_code"], 41);
}

#[test]
fn em5_only_those_who_may_can_make_an_emergency() {
    let policy = "emergency: {appliers: [\"106\"]}\n";
    let mut world = World::new(with_policy(labelled(not_ready(), 107), policy));
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty());
    let mut world = World::new(with_policy(labelled(not_ready(), 106), policy));
    ends(&mut world, "done", 0);
}

//! The standard flow.

use countersign_tests::documents;
use countersign_tests::github::GitHub;
use countersign_tests::world::{Asked, Ended, Fault, World};
use serde_json::json;

use crate::flows::{again, ends, labelled, not_ready, only};

#[test]
fn cr3_a_ready_change_is_approved_deployed_and_closed_successful() {
    let mut world = World::new(documents::ready());
    ends(&mut world, "done", 0);
    let id = world.only_request().expect("one change request");
    let record = world.record(&id);
    assert_eq!(record["status"], "closed");
    assert_eq!(record["close_category"], "successful");
    assert_eq!(record["approved_by_readiness"], true);
    assert_eq!(world.ran, ["deploy", "accept"]);
    assert_eq!(world.pointers["prod_latest"], documents::COMMIT);
}

#[test]
fn ga1_a_change_that_is_not_ready_is_held_approved_resumed_and_closed_with_issues() {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    let mut world = World::new(documents);
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty());
    let id = world.only_request().expect("one change request");
    assert_eq!(world.record(&id)["status"], "authorize");
    world.run = "cd-2".to_owned();
    ends(&mut world, "awaiting-approval", 10);
    world.decide(&id, 105, true);
    ends(&mut world, "done", 0);
    assert_eq!(world.record(&id)["close_category"], "successful_issues");
    assert_eq!(world.ran, ["deploy", "accept"]);
    assert_eq!(world.requests().len(), 1);
}

#[test]
fn pc2_the_author_cannot_approve() {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    let mut world = World::new(documents);
    ends(&mut world, "awaiting-approval", 10);
    let id = world.only_request().expect("one change request");
    for involved in [101, 102, 104] {
        world.decide(&id, involved, true);
        ends(&mut world, "approval-void", 15);
    }
    assert!(world.ran.is_empty());
}

#[test]
fn ga2_a_changed_policy_voids_the_approval() {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    let mut world = World::new(documents);
    ends(&mut world, "awaiting-approval", 10);
    let id = world.only_request().expect("one change request");
    world.decide(&id, 105, true);
    world.documents.policy = world.documents.policy.map(|policy| format!("{policy}risk: {{limit: low}}\n"));
    ends(&mut world, "approval-void", 15);
    assert!(world.ran.is_empty());
}

#[test]
fn rb2_a_failed_deployment_leaves_the_request_open_and_unsuccessful() {
    let mut world = World::new(documents::ready());
    world.failing = vec!["accept"];
    ends(&mut world, "deployment-failed", 20);
    let id = world.only_request().expect("one change request");
    assert_eq!(world.record(&id)["status"], "review");
    assert_eq!(world.record(&id)["close_category"], "unsuccessful");
    assert!(world.pointers.is_empty());
    ends(&mut world, "deployment-failed", 20);
    assert_eq!(world.ran, ["deploy", "accept"]);
}

#[test]
fn cl1_open_and_close_are_the_same_flow_driven_twice() {
    let mut whole = World::new(documents::ready());
    ends(&mut whole, "done", 0);
    let mut split = World::new(documents::ready());
    split.more = json!({ "drive": { "parked": ["deploy", "accept"] } });
    ends(&mut split, "cleared", 0);
    ends(&mut split, "cleared", 0);
    split.more = json!({ "drive": { "parked": ["deploy", "accept"], "reports": [
        { "step": "deploy", "success": true, "exit_code": 0 },
        { "step": "accept", "success": true, "exit_code": 0 }
    ] } });
    ends(&mut split, "done", 0);
    let id = whole.only_request().expect("one change request");
    let names = |world: &World| world.events(&id).iter().map(|event| event["event"].to_string()).collect::<Vec<_>>();
    assert_eq!(names(&whole), names(&split));
}

#[test]
fn cl1_ga2_a_deployment_of_what_was_not_cleared_is_refused_and_not_recorded() {
    let closing = json!({ "drive": { "parked": ["deploy", "accept"], "reports": [
        { "step": "deploy", "success": true },
        { "step": "accept", "success": true }
    ] } });
    let refused = |world: &mut World, state: &str| {
        let before = world.store.clone();
        let Ended::Refused(response) = world.drive() else { panic!("it is recorded") };
        assert_eq!(response["exit_code"], 2, "{response}");
        let message = response["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.ends_with(&format!("was not cleared: its change is in the state `{state}`")), "{message}");
        assert_eq!(world.store, before);
    };
    let mut never_opened = World::new(documents::ready());
    never_opened.more = closing.clone();
    refused(&mut never_opened, "new");
    let mut held = World::new(not_ready());
    held.more = json!({ "drive": { "parked": ["deploy", "accept"] } });
    ends(&mut held, "awaiting-approval", 10);
    held.more = closing;
    refused(&mut held, "authorize");
}

#[test]
fn in2_an_empty_delta_is_nothing_to_deploy() {
    let mut documents = documents::ready();
    documents.concluded = Some(documents.inventory.clone());
    let mut world = World::new(documents);
    ends(&mut world, "nothing-to-deploy", 0);
    assert!(world.store.is_empty());
}

#[test]
fn cl4_no_acceptance_result_is_not_a_passed_test() {
    let mut documents = documents::ready();
    documents.policy = Some("version: 1\ndeployment: {deploy: {run: [./deploy]}}\n".to_owned());
    let mut world = World::new(documents);
    ends(&mut world, "report-needed", 2);
    assert!(world.pointers.is_empty());
    world.more = json!({ "drive": { "reports": [{ "step": "accept", "success": true }] } });
    ends(&mut world, "done", 0);
    assert_eq!(world.record(&only(&world))["close_category"], "successful");
}

#[test]
fn cl4_a_change_that_is_not_tested_for_a_reason_closes_with_issues() {
    let mut documents = documents::ready();
    let policy = "version: 1\ndeployment: {deploy: {run: [./deploy]}, acceptance: {none: nothing to test}}\n";
    documents.policy = Some(policy.to_owned());
    let mut world = World::new(documents);
    ends(&mut world, "done", 0);
    assert_eq!(world.record(&only(&world))["close_category"], "successful_issues");
    assert_eq!(world.ran, ["deploy"]);
}

#[test]
fn cl5_the_pointer_moves_after_a_successful_conclusion_and_never_before() {
    let mut world = World::new(documents::ready());
    ends(&mut world, "done", 0);
    let acts: Vec<&str> = world.asked.iter().filter(|asked| asked.acts()).map(|asked| asked.kind.as_str()).collect();
    assert_eq!(acts.iter().filter(|kind| **kind == "move").count(), 1, "{acts:?}");
    assert!(acts.ends_with(&["move", "commit"]), "last of all, and then it is written down: {acts:?}");
    for failing in ["deploy", "accept"] {
        let mut world = World::new(documents::ready());
        world.failing = vec![failing];
        assert_eq!(world.drive().outcome(), "deployment-failed");
        assert!(world.pointers.is_empty(), "{failing}");
        assert!(world.asked.iter().all(|asked| asked.kind != "move"), "{failing}");
    }
}

#[test]
fn ga3_what_cannot_be_read_is_not_approved() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    world.decide(&id, 105, true);
    let decisions = format!("changes/{id}/decisions/");
    let decision = world.store.keys().find(|path| path.starts_with(&decisions)).expect("a decision").clone();
    for path in [format!("changes/{id}/request.json"), decision] {
        let sound = world.store[&path].clone();
        for odd in [&b""[..], b"{}", b"<html>", &sound[..sound.len() / 2], b"{\"version\":1,\"approves\":true}"] {
            world.store.insert(path.clone(), odd.to_vec());
            again(&mut world);
            let ended = world.drive();
            assert!(matches!(ended.outcome(), "unavailable" | "write-not-taken"), "{ended:?}");
            assert!(world.ran.is_empty());
        }
        world.store.insert(path, sound);
    }
    again(&mut world);
    ends(&mut world, "done", 0);
}

#[test]
fn ga3_a_state_without_anybodys_word_is_not_an_approval() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    let path = format!("changes/{id}/record.json");
    let record = String::from_utf8(world.store[&path].clone()).expect("text");
    world.store.insert(path, record.replace("\"authorize\"", "\"scheduled\"").into_bytes());
    again(&mut world);
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty());
}

#[test]
fn au2_a_decision_is_replayed_from_its_documents_to_the_same_lines() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    let journal = world.store[&format!("changes/{id}/journal.jsonl")].clone();
    let text = String::from_utf8(journal).expect("text");
    let recorded: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let at = recorded[0]["at"].as_str().expect("a time").to_owned();
    // Years later, with nothing but the documents, on a fresh engine, twice.
    let replayed: Vec<_> = (0..2)
        .map(|_| {
            let mut replay = World::new(not_ready());
            let mut session = countersign::contract::Session::new();
            let mut request = replay.plan_request(&mut session, &at);
            request["journal"] = json!({ "name": "journal", "digest": session.put(Vec::new()).to_string() });
            request["now"] = json!(at);
            replay.clock = 0;
            countersign_tests::world::call(&mut session, &request)
        })
        .collect();
    assert_eq!(replayed[0], replayed[1]);
    let appended = replayed[0]["appended"].as_array().expect("new lines");
    assert_eq!(appended.len(), 3, "opened, assessed, intended");
    let told = |entry: &serde_json::Value| json!([entry["seq"], entry["at"], entry["event"]]);
    assert!(appended.iter().map(told).eq(recorded[..3].iter().map(told)), "the chain of the target aside");
}

#[test]
fn ga2_a_person_who_rejects_what_readiness_approved_is_heard() {
    for documents in [documents::ready(), labelled(documents::ready(), 105)] {
        let mut world = World::new(documents);
        world.github = Some(GitHub::default());
        let mut undisturbed = world.clone();
        ends(&mut undisturbed, "done", 0);
        let clears = |asked: &Asked| asked.kind == "commit" && asked.effects.contains(&"implement".to_owned());
        let cleared = undisturbed.asked.iter().position(clears).expect("a clearance");
        world.fault = Some((cleared, Fault::Before));
        assert_eq!(world.drive().outcome(), "died");
        world.fault = None;
        let id = world.only_request().expect("one change request");
        world.decide(&id, 106, false);
        again(&mut world);
        ends(&mut world, "rejected", 12);
        assert!(world.ran.is_empty());
    }
}

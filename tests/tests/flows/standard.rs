//! The standard flow.

use countersign_tests::documents;
use countersign_tests::world::World;
use serde_json::json;

use crate::ends;

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
fn in2_an_empty_delta_is_nothing_to_deploy() {
    let mut documents = documents::ready();
    documents.concluded = Some(documents.inventory.clone());
    let mut world = World::new(documents);
    ends(&mut world, "nothing-to-deploy", 0);
    assert!(world.store.is_empty());
}

//! Change requests that exist already: held ones, ones made by hand, ones of other changes (EX1..EX5, CR5, CL3).

use countersign_tests::documents;
use countersign_tests::world::World;
use serde_json::{Value, json};

use crate::flows::{again, ends, events, names, not_ready, only, promoted, with_policy};

const DOWNTIME: &str = "  outage-minutes: 20\n";

fn prepared(more: &str) -> String {
    format!(
        "version: 1\ntitle: Move the database\nrequests:\n  - target: {{environment: prod, purpose: production, detail: the shop}}\n{more}"
    )
}

fn give(world: &mut World, id: &str) {
    world.more["change_request_id"] = json!(id);
    again(world);
}

#[test]
fn ex1_an_empty_id_is_refused() {
    let mut world = World::new(documents::ready());
    world.more = json!({ "change_request_id": "" });
    assert_eq!(world.drive().outcome(), "refused");
}

#[test]
fn ex2_ex4_a_held_change_continues_by_its_id_without_a_second_judgement_and_stays_open() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    world.decide(&id, 105, true);
    // Peer review and signatures are not looked at again: their evidence may be gone by now.
    for entry in ["orders-api", "payments-api"] {
        for check in ["peer-review", "artifact-signature"] {
            world.documents.evidence.remove(&format!("{entry}/{check}.json"));
        }
    }
    give(&mut world, &id);
    ends(&mut world, "done", 0);
    assert_eq!(only(&world), id);
    assert_eq!(events(&world, &id, "assessed").len(), 1, "the first judgement is reused");
    let names = names(&world, &id);
    let continued = names.iter().position(|name| name == "continued").expect("a second run");
    assert_eq!(names[continued + 1..continued + 3], ["intended", "observed"], "the approval is looked at first");
    assert_eq!(world.record(&id)["status"], "review");
    assert_eq!(world.record(&id)["close_category"], "successful_issues");
    assert_eq!(world.pointers["prod_latest"], documents::COMMIT);
}

#[test]
fn ex2_a_held_change_that_nobody_approved_stays_held() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    give(&mut world, &id);
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty());
}

#[test]
fn ex2_another_policy_is_judged_anew_whatever_the_id() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    world.decide(&id, 105, true);
    world.documents = with_policy(not_ready(), "risk: {limit: low}\n");
    give(&mut world, &id);
    ends(&mut world, "approval-void", 15);
    assert_eq!(events(&world, &id, "assessed").len(), 2);
}

#[test]
fn ex3_another_delta_reuses_nothing_and_makes_no_second_request() {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    world.decide(&id, 105, true);
    let second = "3333333333333333333333333333333333333333";
    world.commit = second.to_owned();
    world.documents = promoted(not_ready(), 8, second);
    give(&mut world, &id);
    ends(&mut world, "approval-void", 15);
    assert_eq!(only(&world), id);
    assert!(world.ran.is_empty(), "what was approved was another delta");
    let journals: Vec<String> = world.journals().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(journals.len(), 2, "each change has a journal of its own: {journals:?}");
    world.decide(&id, 108, true);
    again(&mut world);
    ends(&mut world, "done", 0);
    assert_eq!(world.ran, ["deploy", "accept"]);
}

#[test]
fn ex3_another_target_is_recomputed_or_blocked_as_the_policy_says() {
    for (policy, outcome, code) in
        [("", "approval-void", 15), ("existing-change-request: {target-mismatch: block}\n", "target-mismatch", 2)]
    {
        let mut world = World::new(with_policy(not_ready(), policy));
        ends(&mut world, "awaiting-approval", 10);
        let id = only(&world);
        world.decide(&id, 105, true);
        world.target["region"] = json!("eu");
        give(&mut world, &id);
        ends(&mut world, outcome, code);
        assert_eq!(only(&world), id);
        assert!(world.ran.is_empty());
    }
}

#[test]
fn cr5_cl3_planned_downtime_needs_a_request_made_and_approved_by_hand() {
    let mut world = World::new(with_policy(documents::ready(), DOWNTIME));
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty(), "ready, and yet it waits");
    let mut world = World::new(with_policy(documents::ready(), DOWNTIME));
    let ids = world.prepare(&prepared("    outage-minutes: 20\n"));
    let [id] = ids.as_slice() else { panic!("{ids:?}") };
    give(&mut world, id);
    ends(&mut world, "awaiting-approval", 10);
    world.decide(id, 105, true);
    again(&mut world);
    ends(&mut world, "done", 0);
    let record = world.record(id);
    assert_eq!((&record["status"], &record["close_category"]), (&json!("review"), &json!("successful")));
}

#[test]
fn cr5_a_request_that_was_approved_before_the_run_is_used_at_once() {
    let mut world = World::new(with_policy(documents::ready(), DOWNTIME));
    let id = world.prepare(&prepared("    outage-minutes: 20\n")).remove(0);
    world.decide(&id, 105, true);
    give(&mut world, &id);
    ends(&mut world, "done", 0);
    assert!(!names(&world, &id).contains(&"approval-requested".to_owned()));
}

#[test]
fn cr5_nothing_is_deployed_outside_of_the_planned_time() {
    let mut world = World::new(with_policy(documents::ready(), DOWNTIME));
    let plan = "    planned-start: 2026-03-02T20:00:00Z\n    planned-end: 2026-03-02T22:00:00Z\n";
    let id = world.prepare(&prepared(plan)).remove(0);
    world.decide(&id, 105, true);
    give(&mut world, &id);
    ends(&mut world, "outside-window", 14);
    assert!(world.ran.is_empty());
    world.clock += 9 * 3_600_000;
    again(&mut world);
    ends(&mut world, "done", 0);
}

#[test]
fn ex3_pc2_the_author_cannot_approve_a_request_made_by_hand() {
    let mut world = World::new(with_policy(documents::ready(), DOWNTIME));
    let id = world.prepare(&prepared("")).remove(0);
    world.decide(&id, 101, true);
    give(&mut world, &id);
    ends(&mut world, "approval-void", 15);
}

#[test]
fn ex3_a_request_made_by_hand_approves_one_change_and_not_the_next() {
    let mut world = World::new(with_policy(documents::ready(), DOWNTIME));
    let id = world.prepare(&prepared("")).remove(0);
    world.decide(&id, 105, true);
    give(&mut world, &id);
    ends(&mut world, "done", 0);
    let second = "3333333333333333333333333333333333333333";
    world.commit = second.to_owned();
    world.documents = with_policy(promoted(documents::ready(), 8, second), DOWNTIME);
    again(&mut world);
    ends(&mut world, "approval-void", 15);
    assert_eq!(world.ran, ["deploy", "accept"]);
}

#[test]
fn ex5_one_file_prepares_a_request_for_each_region_once() {
    let mut world = World::new(documents::ready());
    let file = "version: 1\ntitle: Move the database\nrequests:\n\
        \x20 - target: {environment: prod, region: eu, purpose: production, detail: the shop}\n\
        \x20 - target: {environment: prod, region: us, purpose: production, detail: the shop}\n";
    let ids = world.prepare(file);
    assert_eq!(ids.len(), 2);
    assert_eq!(world.prepare(file), ids);
    assert_eq!(world.requests().len(), 2);
    let statuses: Vec<Value> = ids.iter().map(|id| world.record(id)["status"].clone()).collect();
    assert_eq!(statuses, ["authorize", "authorize"]);
    world.target["region"] = json!("eu");
    world.decide(&ids[0], 105, true);
    give(&mut world, &ids[0]);
    ends(&mut world, "done", 0);
    world.target["region"] = json!("us");
    give(&mut world, &ids[1]);
    ends(&mut world, "awaiting-approval", 10);
    assert_eq!(world.pointers.keys().collect::<Vec<_>>(), ["eu_prod_latest"]);
}

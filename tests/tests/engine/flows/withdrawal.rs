//! What a person said about a change request, and took back (GA6).

use countersign_tests::world::World;
use serde_json::json;

use crate::flows::{ends, not_ready, only};

/// A change that waits for people, and its id.
fn held() -> (World, String) {
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    (world, id)
}

#[test]
fn ga6_an_approval_that_was_taken_back_does_not_count() {
    let (mut world, id) = held();
    world.decide(&id, 105, true);
    let end = world.withdraw(&id, 105);
    assert_eq!((&end["exit_code"], &end["status"]), (&json!(0), &json!("authorize")), "{end}");
    assert_eq!(end["message"], format!("`person-105` took back what they said about `{id}`, which is now `authorize`"));
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty());
    world.decide(&id, 105, true);
    ends(&mut world, "done", 0);
    let said = world.record(&id)["decisions"].as_array().map(Vec::len);
    assert_eq!(said, Some(3), "everything that was said stays in the record");
}

#[test]
fn ga6_a_rejection_that_was_taken_back_no_longer_bars_the_change() {
    let (mut world, id) = held();
    world.decide(&id, 105, false);
    assert_eq!(world.record(&id)["status"], "canceled");
    let end = world.withdraw(&id, 105);
    assert_eq!(end["status"], "authorize", "{end}");
    ends(&mut world, "awaiting-approval", 10);
    world.decide(&id, 106, true);
    ends(&mut world, "done", 0);
}

#[test]
fn ga6_only_who_rejected_takes_the_rejection_back() {
    let (mut world, id) = held();
    world.decide(&id, 105, false);
    let refused = world.withdraw(&id, 106);
    assert_eq!((&refused["outcome"], &refused["exit_code"]), (&json!("refused"), &json!(2)), "{refused}");
    let words = format!("the withdrawal was not written: `person-106` has said nothing about `{id}` that stands");
    assert_eq!(refused["message"], words);
    world.decide(&id, 106, true);
    let end = world.withdraw(&id, 106);
    assert_eq!(end["status"], "canceled", "the other's rejection stands: {end}");
    assert_eq!(world.withdraw(&id, 106)["outcome"], "refused", "once");
    ends(&mut world, "rejected", 12);
    assert!(world.ran.is_empty());
}

#[test]
fn ga4_what_is_taken_back_after_the_deployment_began_is_recorded_and_stops_nothing() {
    let (mut world, id) = held();
    world.decide(&id, 105, true);
    ends(&mut world, "done", 0);
    let end = world.withdraw(&id, 105);
    assert_eq!(end["status"], "closed", "{end}");
    assert!(end["details"][0].as_str().is_some_and(|detail| detail.contains("stops nothing")), "{end}");
    assert_eq!(world.record(&id)["decisions"][1]["withdraws"], true);
}

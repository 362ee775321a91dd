//! Approval by a protected environment of the workflow run.

use countersign_tests::github::GitHub;
use countersign_tests::world::World;

use crate::flows::{again, ends, not_ready};

/// The workflow run: its attempts have one number.
const RUN: u64 = 41;

/// A world in which the environment `prod` is reviewed, and a change that is not ready.
fn reviewed() -> World {
    let mut world = World::new(not_ready());
    world.github = Some(GitHub { runs: [(RUN, 0)].into(), ..GitHub::default() });
    world.reviewed = Some((RUN, "prod"));
    world
}

fn review(world: &mut World, state: &str, person: u64) {
    world.github.as_mut().expect("a GitHub").review(RUN, "prod", state, "looked at it", "User", person);
}

#[test]
fn cr3_ga1_a_job_that_waits_for_its_environment_goes_on_where_the_gate_held() {
    let mut world = reviewed();
    ends(&mut world, "awaiting-approval", 10);
    review(&mut world, "approved", 105);
    world.clock += 1000;
    ends(&mut world, "done", 0);
    assert_eq!(world.ran, ["deploy", "accept"]);
    let id = world.only_request().expect("one change request");
    let summary = &world.store[&format!("changes/{id}/attachments/closing-summary.md")];
    let summary = String::from_utf8_lossy(summary);
    let told = "| `user-105` | approves, by `prod` | after `2026-03-02T10:00:00Z` | looked at it |";
    assert!(summary.contains(told), "the record says what is known, and no more: {summary}");
}

#[test]
fn cr3_ga3_the_review_in_front_of_a_held_job_approves_nothing_and_the_next_one_does() {
    let mut world = reviewed();
    review(&mut world, "approved", 105);
    ends(&mut world, "awaiting-approval", 10);
    again(&mut world);
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty());
    review(&mut world, "approved", 105);
    again(&mut world);
    ends(&mut world, "done", 0);
}

#[test]
fn pc2_a_reviewer_who_had_a_part_in_the_change_cannot_approve_it() {
    let mut world = reviewed();
    ends(&mut world, "awaiting-approval", 10);
    for involved in [101, 102, 104] {
        review(&mut world, "approved", involved);
        again(&mut world);
        ends(&mut world, "approval-void", 15);
    }
    assert!(world.ran.is_empty());
}

#[test]
fn ga1_a_reviewer_who_rejects_the_deployment_rejects_the_change() {
    let mut world = reviewed();
    ends(&mut world, "awaiting-approval", 10);
    review(&mut world, "rejected", 105);
    review(&mut world, "approved", 105);
    again(&mut world);
    ends(&mut world, "rejected", 12);
    assert!(world.ran.is_empty());
}

#[test]
fn ga2_a_changed_policy_asks_again_and_what_was_approved_before_is_void() {
    let mut world = reviewed();
    ends(&mut world, "awaiting-approval", 10);
    review(&mut world, "approved", 105);
    world.documents.policy = world.documents.policy.map(|policy| format!("{policy}# another policy\n"));
    again(&mut world);
    ends(&mut world, "approval-void", 15);
    again(&mut world);
    ends(&mut world, "awaiting-approval", 10);
    assert!(world.ran.is_empty());
    review(&mut world, "approved", 106);
    again(&mut world);
    ends(&mut world, "done", 0);
}

#[test]
fn ga2_what_was_approved_is_read_again_right_before_the_deployment() {
    let mut world = reviewed();
    ends(&mut world, "awaiting-approval", 10);
    review(&mut world, "approved", 105);
    world.github.as_mut().expect("a GitHub").refuses.insert(format!("/actions/runs/{RUN}/approvals"), 403);
    again(&mut world);
    ends(&mut world, "unavailable", 30);
    assert!(world.ran.is_empty());
}

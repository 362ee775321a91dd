//! Failures with and without inline rollback (RB1..RB4), and full rollbacks (FR1..FR3).

use countersign_tests::documents::{self, COMMIT};
use countersign_tests::world::{Ended, World};
use serde_json::json;

use crate::flows::{again, ends, events, only, promoted, with_policy};

const ROLLBACK: &str = "  rollback: {run: [./rollback]}\n";
const SECOND: &str = "3333333333333333333333333333333333333333";
const THIRD: &str = "4444444444444444444444444444444444444444";

#[test]
fn rb1_rb3_a_failed_deployment_test_or_verification_is_rolled_back() {
    let verification = "  verification: {command: {run: [./healthy]}, minutes: 2, interval-seconds: 60}\n";
    for failing in ["deploy", "accept", "verify"] {
        let mut world = World::new(with_policy(documents::ready(), &format!("{ROLLBACK}{verification}")));
        world.failing = vec![failing];
        ends(&mut world, "rolled-back", 21);
        let record = world.record(&only(&world));
        assert_eq!((&record["status"], &record["close_category"]), (&json!("review"), &json!("unsuccessful")));
        for name in ["rollback.log", "closing-summary.json", "merged-sbom.json"] {
            assert!(!record["attachments"][name].is_null(), "{failing}: {name} is missing: {}", record["attachments"]);
        }
        assert_eq!(world.ran.last().map(String::as_str), Some("rollback"));
        assert!(world.pointers.is_empty(), "the pointer moves only after success");
    }
}

#[test]
fn rb2_without_rollback_no_rollback_log_is_invented() {
    let mut world = World::new(documents::ready());
    world.failing = vec!["deploy"];
    ends(&mut world, "deployment-failed", 20);
    let record = world.record(&only(&world));
    assert!(record["attachments"]["rollback.log"].is_null());
    assert!(!record["attachments"]["closing-summary.json"].is_null());
}

#[test]
fn rb4_the_three_ends_are_told_apart_and_no_command_runs_twice() {
    for (policy, failing, outcome, code) in [
        ("", vec!["accept"], "deployment-failed", 20),
        (ROLLBACK, vec!["accept"], "rolled-back", 21),
        (ROLLBACK, vec!["accept", "rollback"], "rollback-failed", 22),
    ] {
        let mut world = World::new(with_policy(documents::ready(), policy));
        world.failing = failing;
        ends(&mut world, outcome, code);
        let ran = world.ran.clone();
        again(&mut world);
        ends(&mut world, outcome, code);
        assert_eq!(world.ran, ran, "nothing runs again");
    }
}

/// Three deployments, one after the other.
fn deployed_thrice() -> (World, [String; 3]) {
    let mut world = World::new(documents::ready());
    let mut ids: Vec<String> = Vec::new();
    for (number, commit) in [(7, COMMIT), (8, SECOND), (9, THIRD)] {
        world.commit = commit.to_owned();
        world.documents = promoted(documents::ready(), number, commit);
        ends(&mut world, "done", 0);
        let new = world.requests().into_iter().find(|id| !ids.contains(id)).expect("a new change request");
        ids.push(new);
        again(&mut world);
    }
    (world, [ids.remove(0), ids.remove(0), ids.remove(0)])
}

/// The world as a full rollback to `commit` finds it.
fn back_to(world: &mut World, id: &str, number: u64, commit: &str) {
    world.commit = commit.to_owned();
    world.documents = promoted(documents::ready(), number, commit);
    world.more = json!({ "rollback": { "change_request_id": id } });
}

fn refusal(world: &mut World) -> String {
    match world.drive() {
        Ended::Refused(failure) => {
            assert_eq!(failure["errors"][0]["code"], "rollback", "{failure}");
            failure["errors"][0]["message"].as_str().unwrap_or_default().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn fr1_fr3_a_full_rollback_is_a_change_of_its_own_that_moves_the_pointer_back() {
    let (mut world, [_, second, _]) = deployed_thrice();
    assert_eq!(world.pointers["prod_latest"], THIRD);
    let (requests, ran) = (world.requests(), world.ran.len());
    back_to(&mut world, &second, 8, SECOND);
    ends(&mut world, "done", 0);
    assert_eq!(world.pointers["prod_latest"], SECOND);
    assert_eq!(world.ran[ran..], ["deploy", "accept"]);
    let new = world.requests().into_iter().find(|id| !requests.contains(id)).expect("a change request of its own");
    assert_eq!(world.record(&new)["filing"]["restores"], json!(second));
    assert_eq!(events(&world, &new, "opened")[0]["restores"], json!(second));
    assert_eq!(world.record(&new)["close_category"], "successful");
}

#[test]
fn fr2_only_a_concluded_deployment_of_the_same_target_within_the_limit_is_restored() {
    let (mut world, [first, second, third]) = deployed_thrice();
    let ran = world.ran.len();
    back_to(&mut world, &third, 9, THIRD);
    assert!(refusal(&mut world).contains("what is deployed now"));
    back_to(&mut world, &first, 7, COMMIT);
    assert!(refusal(&mut world).contains("2 deployments back, and the policy allows 1"));
    back_to(&mut world, "CR-unknown", 8, SECOND);
    assert!(refusal(&mut world).contains("no journal"));
    back_to(&mut world, &second, 8, SECOND);
    world.target["region"] = json!("eu");
    assert!(refusal(&mut world).contains("prod in eu"));
    world.target["region"] = json!(null);
    world.pointers.insert("prod_latest".to_owned(), COMMIT.to_owned());
    assert!(refusal(&mut world).contains("pointer does not stand"));
    assert_eq!(world.ran.len(), ran);
    assert_eq!(world.requests().len(), 3);
}

#[test]
fn fr2_a_failed_deployment_is_nothing_to_restore() {
    let (mut world, _) = deployed_thrice();
    let fourth = "5555555555555555555555555555555555555555";
    world.commit = fourth.to_owned();
    world.documents = promoted(documents::ready(), 10, fourth);
    world.failing = vec!["accept"];
    let before = world.requests();
    ends(&mut world, "deployment-failed", 20);
    let failed = world.requests().into_iter().find(|id| !before.contains(id)).expect("a new change request");
    again(&mut world);
    back_to(&mut world, &failed, 10, fourth);
    assert!(refusal(&mut world).contains("was not concluded"));
}

#[test]
fn fr3_a_rollback_that_is_not_ready_waits_unless_it_is_an_emergency() {
    let (mut world, [_, second, _]) = deployed_thrice();
    back_to(&mut world, &second, 8, SECOND);
    world.documents.evidence.remove("payments-api/secret-scan.json");
    ends(&mut world, "awaiting-approval", 10);
    again(&mut world);
    world.more["rollback"]["emergency"] = json!(true);
    ends(&mut world, "done", 0);
    assert_eq!(world.pointers["prod_latest"], SECOND);
    assert_eq!(world.changes()["changes"].as_array().map(Vec::len), Some(4));
}

#[test]
fn fr3_what_was_rolled_back_is_deployed_again_as_another_attempt() {
    let (mut world, [_, second, _]) = deployed_thrice();
    back_to(&mut world, &second, 8, SECOND);
    ends(&mut world, "done", 0);
    again(&mut world);
    world.more = json!({});
    world.commit = THIRD.to_owned();
    world.documents = promoted(documents::ready(), 9, THIRD);
    ends(&mut world, "attempt-needed", 2);
    world.more = json!({ "attempt": 2 });
    ends(&mut world, "done", 0);
    assert_eq!(world.pointers["prod_latest"], THIRD);
}

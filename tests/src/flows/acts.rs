//! What happens between two runs.

use serde_json::json;

use super::worlds::ROLLBACK;
use crate::documents;
use crate::world::World;

pub(super) const SECOND: &str = "3333333333333333333333333333333333333333";
pub(super) const THIRD: &str = "4444444444444444444444444444444444444444";

pub(super) fn label(world: &mut World) {
    world.documents.promotion["pull_request"]["labels"] = json!([{ "name": "EMERGENCY" }]);
}

pub(super) fn change_policy(world: &mut World) {
    world.documents = documents::with_policy(world.documents.clone(), "risk: {limit: low}\n");
}

pub(super) fn add_rollback(world: &mut World) {
    world.documents = documents::with_policy(world.documents.clone(), ROLLBACK);
}

pub(super) fn lose_evidence(world: &mut World) {
    world.documents.evidence.remove("payments-api/secret-scan.json");
}

pub(super) fn add_evidence(world: &mut World) {
    for check in documents::CHECKS {
        documents::add_evidence(&mut world.documents, "payments-api", check, "success");
    }
}

/// Somebody closes the change request in its system.
pub(super) fn close_elsewhere(world: &mut World) {
    if let Some(github) = &mut world.github {
        github.issues[0]["state"] = json!("closed");
        return;
    }
    let id = world.only_request().expect("one change request");
    world.decide(&id, 109, false);
}

/// The next promotion: another artifact, another commit.
pub(super) fn promote_next(world: &mut World) {
    world.commit = SECOND.to_owned();
    world.documents = documents::promoted(world.documents.clone(), 8, SECOND);
}

/// The next promotion, of which nothing is missing, and which is no emergency.
pub(super) fn promote_next_ready(world: &mut World) {
    let policy = world.documents.policy.clone();
    world.commit = SECOND.to_owned();
    world.documents = documents::promoted(documents::ready(), 8, SECOND);
    world.documents.policy = policy;
}

pub(super) fn go_to_the_other_region(world: &mut World) {
    world.target["region"] = json!("us");
    let ids = world.requests();
    let other = ids.into_iter().find(|id| world.more["change_request_id"] != json!(id));
    world.more = json!({ "change_request_id": other });
}

pub(super) fn go_to_a_region(world: &mut World) {
    world.target["region"] = json!("eu");
}

pub(super) fn go_to_production(world: &mut World) {
    world.target = json!({ "environment": "prod", "purpose": "production", "detail": "the shop" });
    world.staging = Some("staging_latest".to_owned());
    world.documents = documents::with_policy(documents::ready(), "staging: {environment: staging}\n");
}

pub(super) fn report_success(world: &mut World) {
    world.more = json!({ "drive": { "parked": ["deploy", "accept"], "reports": [
        { "step": "deploy", "success": true, "exit_code": 0 },
        { "step": "accept", "success": true, "exit_code": 0 },
    ] } });
}

pub(super) fn report_failure(world: &mut World) {
    world.more = json!({ "drive": { "parked": ["deploy", "accept"], "reports": [
        { "step": "deploy", "success": true, "exit_code": 0 },
        { "step": "accept", "success": false, "exit_code": 1 },
    ] } });
}

pub(super) fn report_the_tests(world: &mut World) {
    world.more = json!({ "drive": { "reports": [{ "step": "accept", "success": true }] } });
}

pub(super) fn say_that_it_was_deployed(world: &mut World) {
    world.more = json!({ "drive": { "reports": [{ "step": "deploy", "success": true }] } });
}

pub(super) fn force(world: &mut World) {
    world.more["force_redeploy"] = json!(true);
}

pub(super) fn try_again(world: &mut World) {
    world.more["attempt"] = json!(2);
}

pub(super) fn hurry_the_rollback(world: &mut World) {
    world.more["rollback"]["emergency"] = json!(true);
}

/// What was rolled back is deployed again.
pub(super) fn deploy_the_second_again(world: &mut World) {
    world.more = json!({});
    world.commit = SECOND.to_owned();
    world.documents = documents::promoted(documents::ready(), 8, SECOND);
}

pub(super) fn mend(world: &mut World) {
    world.failing = Vec::new();
}

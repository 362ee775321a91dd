//! The worlds in which flows begin.

use serde_json::json;

use super::Place;
use super::acts::{SECOND, THIRD, label};
use crate::documents::{self, COMMIT, Documents};
use crate::github::GitHub;
use crate::world::World;

pub(super) const ROLLBACK: &str = "  rollback: {run: [./rollback]}\n";
const DOWNTIME: &str = "  outage-minutes: 20\n";
const CHANNELS: &str = "notifications:\n  - {name: ops, format: slack}\n  - {name: log, moments: [closed]}\n";
const VERIFICATION: &str = "  verification: {command: {run: [./healthy]}, minutes: 2, interval-seconds: 60}\n";
const MORNING: &str = "calendar:\n  zone: UTC\n  windows: [{days: [monday], from: \"09:00\", until: \"13:00\"}]\n";
const PREPARED: &str =
    "version: 1\ntitle: Move\nrequests:\n  - target: {environment: prod, purpose: production, detail: the shop}\n";

/// A world with these documents in this place.
fn with(place: Place, documents: Documents) -> World {
    const RUN: u64 = 41;
    let mut world = World::new(documents);
    if place == Place::Ledger {
        return world;
    }
    let mut github = GitHub::default();
    if place == Place::Environment {
        world.reviewed = Some((RUN, "prod"));
        github.runs.insert(RUN, 0);
        // The review in front of the first job: it approves nothing (GA3).
        github.review(RUN, "prod", "approved", "", "User", 105);
    }
    world.github = Some(github);
    world
}

fn ready_with(place: Place, policy: &str) -> World {
    with(place, documents::with_policy(documents::ready(), policy))
}

fn not_ready_with(place: Place, policy: &str) -> World {
    with(place, documents::with_policy(documents::not_ready(), policy))
}

pub(super) fn ready(place: Place) -> World {
    ready_with(place, "")
}

pub(super) fn not_ready(place: Place) -> World {
    not_ready_with(place, "notifications: [{name: ops, format: slack}]\n")
}

pub(super) fn with_rollback(place: Place) -> World {
    ready_with(place, &format!("{ROLLBACK}notifications: [{{name: ops}}]\n"))
}

pub(super) fn watched(place: Place) -> World {
    ready_with(place, &format!("{ROLLBACK}{VERIFICATION}"))
}

pub(super) fn emergency(place: Place) -> World {
    let mut world = not_ready_with(place, "notifications: [{name: ops}]\n");
    label(&mut world);
    world
}

pub(super) fn ready_emergency(place: Place) -> World {
    with(place, documents::labelled(documents::ready(), 106))
}

pub(super) fn emergency_with_rollback(place: Place) -> World {
    with(place, documents::with_policy(documents::labelled(documents::not_ready(), 106), ROLLBACK))
}

pub(super) fn emergency_with_blocking_obligations(place: Place) -> World {
    let labelled = documents::labelled(documents::not_ready(), 106);
    with(place, documents::with_policy(labelled, "emergency: {overdue-blocks: true}\n"))
}

pub(super) fn emergency_by_somebody_else(place: Place) -> World {
    let labelled = documents::labelled(documents::not_ready(), 107);
    with(place, documents::with_policy(labelled, "emergency: {appliers: [\"106\"]}\n"))
}

pub(super) fn notified(place: Place) -> World {
    not_ready_with(place, CHANNELS)
}

pub(super) fn deaf(place: Place) -> World {
    let mut world = ready_with(place, CHANNELS);
    world.deaf = true;
    world
}

pub(super) fn waiting(place: Place) -> World {
    let mut world = not_ready_with(place, "");
    world.more = json!({ "drive": { "wait": { "until": "2026-03-02T13:00:00Z", "interval_seconds": 1800 } } });
    world
}

/// Somebody approves while the host waits.
pub(super) fn waiting_and_approved(place: Place) -> World {
    decided_meanwhile(waiting(place), |world| decide(world, true))
}

/// Somebody rejects while the host waits.
pub(super) fn waiting_and_rejected(place: Place) -> World {
    decided_meanwhile(waiting(place), |world| decide(world, false))
}

fn decided_meanwhile(mut world: World, decide: fn(&mut World)) -> World {
    world.meanwhile = Some(decide);
    world
}

fn decide(world: &mut World, approves: bool) {
    let id = world.only_request().expect("one change request");
    world.decide(&id, 105, approves);
}

pub(super) fn in_the_morning(place: Place) -> World {
    ready_with(place, MORNING)
}

pub(super) fn not_ready_in_the_morning(place: Place) -> World {
    not_ready_with(place, MORNING)
}

pub(super) fn emergency_in_the_afternoon(place: Place) -> World {
    let mut world = with(place, documents::with_policy(documents::labelled(documents::not_ready(), 106), MORNING));
    world.clock += 3_600_000;
    world
}

pub(super) fn high_risk(place: Place) -> World {
    let policy = "risk: {limit: high}\nprocess: {high-risk: {paths: [\"payments-*\"]}, require-approvals: false}\n";
    ready_with(place, policy)
}

pub(super) fn without_tests(place: Place) -> World {
    let mut world = ready(place);
    let policy = "version: 1\ndeployment: {deploy: {run: [./deploy]}, acceptance: {none: nothing to test}}\n";
    world.documents.policy = Some(policy.to_owned());
    world
}

pub(super) fn tested_elsewhere(place: Place) -> World {
    let mut world = ready(place);
    world.documents.policy = Some("version: 1\ndeployment: {deploy: {run: [./deploy]}}\n".to_owned());
    world
}

/// Opening and closing are two jobs, and the user's commands run between them.
pub(super) fn parked(place: Place) -> World {
    let mut world = ready(place);
    world.more = json!({ "drive": { "parked": ["deploy", "accept"] } });
    world
}

pub(super) fn without_bill_of_materials(place: Place) -> World {
    let mut world = ready(place);
    world.documents.evidence.remove("payments-api/sbom.json");
    world.documents.evidence.remove("reports/sbom.cdx.json");
    world
}

pub(super) fn deployed_already(place: Place) -> World {
    let mut world = ready(place);
    world.documents.concluded = Some(world.documents.inventory.clone());
    world
}

/// Staging comes first, and proves what production demands.
pub(super) fn staging_first(place: Place) -> World {
    let mut world = ready(place);
    world.target = json!({ "environment": "staging", "purpose": "pre_prod", "detail": "the rehearsal" });
    world.documents.promotion["pull_request"]["base"]["ref"] = json!("staging");
    world
}

/// Production demands a proof of staging that is not there.
pub(super) fn without_staging_proof(place: Place) -> World {
    let mut world = ready_with(place, "staging: {environment: staging}\n");
    world.staging = Some("staging_latest".to_owned());
    world
}

pub(super) fn other_target_blocks(place: Place) -> World {
    not_ready_with(place, "existing-change-request: {target-mismatch: block}\n")
}

pub(super) fn downtime(place: Place) -> World {
    prepared(place, PREPARED)
}

pub(super) fn downtime_approved(place: Place) -> World {
    approved_by(105, downtime(place))
}

pub(super) fn downtime_approved_by_the_author(place: Place) -> World {
    approved_by(101, downtime(place))
}

pub(super) fn downtime_in_the_evening(place: Place) -> World {
    let plan = "    planned-start: 2026-03-02T20:00:00Z\n    planned-end: 2026-03-02T22:00:00Z\n";
    approved_by(105, prepared(place, &format!("{PREPARED}{plan}")))
}

pub(super) fn downtime_without_request(place: Place) -> World {
    ready_with(place, DOWNTIME)
}

/// Two requests were made by hand, one for each region, and the first one was approved.
pub(super) fn prepared_regions(place: Place) -> World {
    let mut world = ready(place);
    let file = "version: 1\ntitle: Move the database\nrequests:\n\
        \x20 - target: {environment: prod, region: eu, purpose: production, detail: the shop}\n\
        \x20 - target: {environment: prod, region: us, purpose: production, detail: the shop}\n";
    let ids = world.prepare(file);
    world.target["region"] = json!("eu");
    world.decide(&ids[0], 105, true);
    world.more = json!({ "change_request_id": ids[0] });
    world
}

/// A request for planned downtime was made by hand.
fn prepared(place: Place, file: &str) -> World {
    let mut world = ready_with(place, DOWNTIME);
    let id = world.prepare(file);
    world.more = json!({ "change_request_id": id[0] });
    world
}

fn approved_by(person: u64, mut world: World) -> World {
    let id = world.more["change_request_id"].as_str().unwrap_or_default().to_owned();
    world.decide(&id, person, true);
    world
}

/// Two deployments were made; the first one is to be restored.
pub(super) fn rolling_back(place: Place) -> World {
    let mut world = ready(place);
    let first = deployed(&mut world, 7, COMMIT);
    deployed(&mut world, 8, SECOND);
    back_to(world, &first)
}

/// The same, and what is to be restored has lost a part of its evidence.
pub(super) fn rolling_back_what_is_not_ready(place: Place) -> World {
    let mut world = rolling_back(place);
    world.documents.evidence.remove("payments-api/secret-scan.json");
    world
}

/// Three deployments were made; the first one is to be restored, and the policy allows only the one before the last.
pub(super) fn rolling_back_too_far(place: Place) -> World {
    let mut world = ready(place);
    let first = deployed(&mut world, 7, COMMIT);
    deployed(&mut world, 8, SECOND);
    deployed(&mut world, 9, THIRD);
    back_to(world, &first)
}

/// One deployment after another: the change request of the last one.
fn deployed(world: &mut World, number: u64, commit: &str) -> String {
    let before = world.requests();
    world.run = format!("before-{number}");
    world.commit = commit.to_owned();
    world.documents = match number {
        7 => documents::ready(),
        _ => documents::promoted(documents::ready(), number, commit),
    };
    assert_eq!(world.drive().outcome(), "done");
    world.requests().into_iter().find(|id| !before.contains(id)).expect("a new change request")
}

/// The first deployment is to be restored, and what happened before the flow is not counted.
fn back_to(mut world: World, first: &str) -> World {
    world.commit = COMMIT.to_owned();
    world.documents = documents::ready();
    world.more = json!({ "rollback": { "change_request_id": first } });
    (world.ran, world.asked, world.exchanges) = (Vec::new(), Vec::new(), Vec::new());
    world
}

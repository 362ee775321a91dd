//! Crash enumeration: kill the host, lose the answer, or silence the change system at every effect of every flow.
//!
//! Afterwards there is one change request and at most one deployment, and the end is the fault-free one, or a stop that
//! says that nobody knows how a command of the user ended (RB4).

use std::cell::Cell;
use std::thread;

use countersign_tests::documents::{self, COMMIT, Documents};
use countersign_tests::github::{self, GitHub};
use countersign_tests::world::{Ended, Fault, World};
use serde_json::{Value, json};

/// What happens between two runs of the host.
#[derive(Clone, Copy)]
enum Act {
    Drive,
    Approve(u64),
    Reject(u64),
    /// The promotion gets the emergency label.
    Label,
    /// From now on the runs are given the change request's id.
    GiveId,
}

struct Flow {
    name: &'static str,
    /// The world before the flow: earlier deployments, requests made by hand.
    world: fn() -> World,
    failing: &'static [&'static str],
    acts: &'static [Act],
}

const FAULTS: [Fault; 4] = [Fault::Before, Fault::After, Fault::Unavailable, Fault::LostAnswer];
const HELD: &[Act] = &[Act::Drive, Act::Approve(105), Act::Drive];

const FLOWS: [Flow; 16] = [
    Flow { name: "ready", world: ready, failing: &[], acts: &[Act::Drive] },
    Flow { name: "held, approved, resumed", world: not_ready, failing: &[], acts: HELD },
    Flow { name: "held, rejected", world: not_ready, failing: &[], acts: &[Act::Drive, Act::Reject(105), Act::Drive] },
    Flow { name: "deployment fails", world: ready, failing: &["deploy"], acts: &[Act::Drive] },
    Flow { name: "tests fail, rolled back", world: with_rollback, failing: &["accept"], acts: &[Act::Drive] },
    Flow { name: "rollback fails", world: with_rollback, failing: &["accept", "rollback"], acts: &[Act::Drive] },
    Flow { name: "verification fails, rolled back", world: watched, failing: &["verify"], acts: &[Act::Drive] },
    Flow { name: "watched", world: watched, failing: &[], acts: &[Act::Drive] },
    Flow { name: "emergency", world: emergency, failing: &[], acts: &[Act::Drive] },
    Flow { name: "emergency fails", world: emergency, failing: &["deploy"], acts: &[Act::Drive] },
    Flow {
        name: "held, labelled, deployed",
        world: not_ready,
        failing: &[],
        acts: &[Act::Drive, Act::Label, Act::Drive],
    },
    Flow {
        name: "held, approved, continued by id",
        world: not_ready,
        failing: &[],
        acts: &[Act::Drive, Act::Approve(105), Act::GiveId, Act::Drive],
    },
    Flow { name: "planned downtime, approved before", world: downtime_approved, failing: &[], acts: &[Act::Drive] },
    Flow { name: "planned downtime, approved after", world: downtime, failing: &[], acts: HELD },
    Flow { name: "full rollback", world: rolling_back, failing: &[], acts: &[Act::Drive] },
    Flow { name: "full rollback fails", world: rolling_back, failing: &["accept"], acts: &[Act::Drive] },
];

/// The same world with change requests as issues at GitHub.
fn at_github(world: fn() -> World) -> World {
    AT_GITHUB.with(|here| here.set(true));
    let world = world();
    AT_GITHUB.with(|here| here.set(false));
    world
}

/// The same world with people who review the environment of the workflow run instead of labelling issues.
fn at_an_environment(world: fn() -> World) -> World {
    const RUN: u64 = 41;
    let mut world = at_github(world);
    world.reviewed = Some((RUN, "prod"));
    if let Some(github) = &mut world.github {
        github.runs.insert(RUN, 0);
        github.review(RUN, "prod", "approved", "", "User", 105);
    }
    world
}

/// Whether people are asked in it.
fn is_decided(flow: &&Flow) -> bool {
    flow.acts.iter().any(|act| matches!(act, Act::Approve(_) | Act::Reject(_)))
}

thread_local! {
    /// Whether worlds that are made have a GitHub from their beginning.
    static AT_GITHUB: Cell<bool> = const { Cell::new(false) };
}

fn of(policy: &str, change: fn(&mut Documents)) -> World {
    let mut documents = documents::ready();
    change(&mut documents);
    documents.policy = documents.policy.map(|before| format!("{before}{policy}"));
    let mut world = World::new(documents);
    world.github = AT_GITHUB.get().then(GitHub::default);
    world
}

fn ready() -> World {
    of("", |_| {})
}

fn not_ready() -> World {
    of("notifications: [{name: ops, format: slack}]\n", lack)
}

fn lack(documents: &mut Documents) {
    documents.evidence.remove("payments-api/secret-scan.json");
}

fn with_rollback() -> World {
    of("  rollback: {run: [./rollback]}\nnotifications: [{name: ops}]\n", |_| {})
}

fn watched() -> World {
    let verification = "  verification: {command: {run: [./healthy]}, minutes: 2, interval-seconds: 60}\n";
    of(&format!("  rollback: {{run: [./rollback]}}\n{verification}"), |_| {})
}

fn emergency() -> World {
    of("notifications: [{name: ops}]\n", |documents| {
        lack(documents);
        label(documents);
    })
}

fn label(documents: &mut Documents) {
    documents.promotion["pull_request"]["labels"] = json!([{ "name": "EMERGENCY" }]);
}

fn downtime() -> World {
    let mut world = of("  outage-minutes: 20\n", |_| {});
    let id = world.prepare(
        "version: 1\ntitle: Move\nrequests:\n  - target: {environment: prod, purpose: production, detail: the shop}\n",
    );
    world.more = json!({ "change_request_id": id[0] });
    world
}

fn downtime_approved() -> World {
    let mut world = downtime();
    let id = world.more["change_request_id"].as_str().unwrap_or_default().to_owned();
    world.decide(&id, 105, true);
    world
}

/// Two deployments were made; the first one is to be restored.
fn rolling_back() -> World {
    const SECOND: &str = "3333333333333333333333333333333333333333";
    let mut world = ready();
    assert_eq!(world.drive().outcome(), "done");
    let first = world.only_request().expect("one change request");
    let before = world.documents.clone();
    world.documents.promotion["pull_request"]["number"] = json!(8);
    world.documents.promotion["pull_request"]["merge_commit_sha"] = json!(SECOND);
    let mut entry = documents::entry("payments-api");
    entry["build_number"] = json!(34);
    world.documents.inventory.insert("payments-api".to_owned(), entry.to_string());
    world.commit = SECOND.to_owned();
    world.run = "cd-second".to_owned();
    assert_eq!(world.drive().outcome(), "done");
    (world.documents, world.commit) = (before, COMMIT.to_owned());
    world.more = json!({ "rollback": { "change_request_id": first } });
    (world.ran, world.performed, world.effects) = (Vec::new(), Vec::new(), Vec::new());
    world
}

/// Acts, and then runs the host again until nothing changes.
fn play(flow: &Flow, before: &World, fault: Option<(usize, usize, Fault)>) -> (World, Ended) {
    let mut world = before.clone();
    world.failing = flow.failing.to_vec();
    let mut end = Ended::Died;
    let mut drives = 0;
    let settle = [Act::Drive; 3];
    for act in flow.acts.iter().chain(&settle) {
        if !matches!(act, Act::Drive) {
            // Nobody can decide on what is not there yet.
            while matches!(end.outcome(), "died" | "unavailable") {
                world.fault = None;
                end = world.drive();
            }
        }
        match act {
            Act::Drive => {
                world.run = format!("cd-{drives}");
                world.fault = fault.filter(|(drive, ..)| *drive == drives).map(|(_, effect, fault)| (effect, fault));
                end = world.drive();
                drives += 1;
            }
            Act::Approve(person) | Act::Reject(person) => {
                if let Some(id) = request(&world, before) {
                    world.decide(&id, *person, matches!(act, Act::Approve(_)));
                }
            }
            Act::Label => label(&mut world.documents),
            Act::GiveId => world.more = json!({ "change_request_id": request(&world, before) }),
        }
        holds(flow, before, &world);
    }
    (world, end)
}

/// The change request of the flow: the one that is new, or that was made by hand.
fn request(world: &World, before: &World) -> Option<String> {
    let supplied = before.more["change_request_id"].as_str().map(str::to_owned);
    supplied.or_else(|| world.requests().into_iter().find(|id| !before.requests().contains(id)))
}

/// What must be so at any time.
fn holds(flow: &Flow, before: &World, world: &World) {
    let name = flow.name;
    let new = world.requests().len() - before.requests().len();
    assert!(new <= 1, "{name}: {:?}", world.requests());
    for step in ["deploy", "accept", "rollback"] {
        assert!(world.ran.iter().filter(|ran| *ran == step).count() <= 1, "{name}: {:?}", world.ran);
    }
    let Some(id) = request(world, before) else {
        assert!(world.ran.is_empty(), "{name}: deployed without a change request");
        return;
    };
    let record = world.record(&id);
    let events = world.events(&id);
    let ours = before.more["change_request_id"].is_null();
    let approved = matches!(record["status"].as_str(), Some("scheduled" | "implement" | "closed"));
    let before_deployment = ["deployment-bom.json", "delta-summary.json"];
    let attached = before_deployment.iter().all(|name| !record["attachments"][name].is_null());
    assert!(!(approved && ours) || attached, "{name}: approved without its attachments");
    assert!(world.ran.is_empty() || attached, "{name}: deployed without its attachments");
    let position = |event: &str| events.iter().position(|known| known["event"] == event);
    if !world.ran.is_empty() {
        let (approved, cleared) = (position("approved"), position("cleared"));
        assert!(approved.is_some() && approved < cleared, "{name}: deployed without passing the gate");
        let opened = &events[0];
        let (cleared, approved) = (&events[cleared.unwrap_or_default()], &events[approved.unwrap_or_default()]);
        assert_eq!(cleared["delta"], opened["delta"], "{name}: another delta was approved");
        assert!(approved["basis"] != "emergency" || position("obliged").is_some(), "{name}: nothing is owed");
    }
    if record["close_category"] == "successful" {
        assert!(position("reassessed").is_some() && !record["attachments"]["closing-summary.json"].is_null(), "{name}");
        assert!(flow.failing.is_empty() && ready_at_closing(&events), "{name}: {record}");
    }
    let moved = world.pointers != before.pointers;
    assert!(!moved || flow.failing.is_empty(), "{name}: the pointer moved");
}

fn ready_at_closing(events: &[Value]) -> bool {
    events.iter().rev().find(|event| event["event"] == "reassessed").is_some_and(|event| event["ready"] == json!(true))
}

/// The end of a change, without what differs from run to run.
fn end_state(world: &World, before: &World) -> Value {
    let record = world.record(&request(world, before).unwrap_or_default());
    json!({
        "status": record["status"],
        "category": record["close_category"],
        "kind": record["kind"],
        "attachments": record["attachments"].as_object().map(|files| files.keys().cloned().collect::<Vec<_>>()),
        "ran": world.ran.iter().filter(|ran| *ran != "verify").collect::<Vec<_>>(),
        "pointers": world.pointers,
    })
}

#[test]
fn cr6_rb4_every_effect_of_every_flow_survives_every_fault() {
    every_effect_survives(|world| world(), |_| true);
}

#[test]
fn cr6_rb4_every_effect_of_every_flow_at_github_survives_every_fault() {
    every_effect_survives(at_github, |_| true);
}

#[test]
fn cr6_ga3_every_effect_of_every_flow_at_an_environment_survives_every_fault() {
    every_effect_survives(at_an_environment, is_decided);
}

/// Each request of each flow is answered once in each of the ways in which GitHub is known to fail.
#[test]
fn cr6_ga3_every_request_of_every_flow_at_github_survives_every_fault() {
    every_request_of(at_github, |_| true);
}

#[test]
fn cr6_ga3_every_request_of_every_flow_at_an_environment_survives_every_fault() {
    every_request_of(at_an_environment, is_decided);
}

fn every_request_of(make: fn(fn() -> World) -> World, which: fn(&&Flow) -> bool) {
    let (runs, another) = thread::scope(|scope| {
        let flows = FLOWS.iter().filter(which);
        let flows: Vec<_> = flows.map(|flow| scope.spawn(move || every_request_survives(make, flow))).collect();
        let counts = flows.into_iter().map(|flow| flow.join().expect("the flow survives"));
        counts.fold((0, 0), |(runs, another), (more, others)| (runs + more, another + others))
    });
    println!("{runs} runs with one request that failed; {another} of them took another way to the same end");
    assert!(runs * FLOWS.len() > 1000 * FLOWS.iter().filter(which).count(), "{runs}");
}

/// How many runs there were, and how many of them took another way.
fn every_request_survives(make: fn(fn() -> World) -> World, flow: &Flow) -> (usize, usize) {
    let before = make(flow.world);
    let (good, good_end) = play(flow, &before, None);
    let requests = |world: &World| world.github.as_ref().map_or(0, |github| github.requests);
    let issues = |world: &World| world.github.as_ref().map_or(0, |github| github.issues.len());
    let effects = |world: &World| world.effects.iter().take(flow.acts.len()).sum::<usize>();
    let (mut runs, mut another) = (0, 0);
    for at in requests(&before)..requests(&good) {
        for fault in github::FAULTS {
            let mut faulty = before.clone();
            if let Some(github) = &mut faulty.github {
                github.fault = Some((at, fault));
            }
            let (world, end) = play(flow, &faulty, None);
            let what = format!("{}: {fault:?} at request {at}", flow.name);
            assert_eq!(issues(&world), issues(&good), "{what}: a second issue");
            assert!([good_end.outcome(), "nothing-to-deploy"].contains(&end.outcome()), "{what}: {end:?}");
            let (mut left, mut right) = (end_state(&world, &before), end_state(&good, &before));
            if !flow.failing.is_empty() {
                // After a failed deployment attachments are best effort (RB2).
                (left["attachments"], right["attachments"]) = (Value::Null, Value::Null);
            }
            assert_eq!(left, right, "{what}");
            another += usize::from(effects(&world) != effects(&good));
            runs += 1;
        }
    }
    println!("{:<34} {:>3} requests, {runs:>4} runs with a fault", flow.name, requests(&good) - requests(&before));
    (runs, another)
}

fn every_effect_survives(make: fn(fn() -> World) -> World, which: fn(&&Flow) -> bool) {
    let mut runs = 0;
    let mut unknown = 0;
    for flow in FLOWS.iter().filter(which) {
        let before = make(flow.world);
        let (good, good_end) = play(flow, &before, None);
        let (mut of_flow, effects): (usize, usize) = (0, good.effects.iter().sum());
        for (drive, effects) in good.effects.iter().enumerate() {
            for (effect, fault) in (0..*effects).flat_map(|effect| FAULTS.map(|fault| (effect, fault))) {
                let (world, end) = play(flow, &before, Some((drive, effect, fault)));
                of_flow += 1;
                let what = format!("{}: {fault:?} at effect {effect} of run {drive}", flow.name);
                if end.outcome() == "outcome-unknown" {
                    unknown += 1;
                    assert!(matches!(fault, Fault::Before | Fault::After), "{what}");
                } else {
                    let good_ends = [good_end.outcome(), "nothing-to-deploy"];
                    assert!(good_ends.contains(&end.outcome()), "{what}: {end:?}, not {good_ends:?}");
                    let (mut left, mut right) = (end_state(&world, &before), end_state(&good, &before));
                    if !flow.failing.is_empty() && matches!(fault, Fault::Unavailable | Fault::LostAnswer) {
                        // After a failed deployment attachments are best effort (RB2).
                        (left["attachments"], right["attachments"]) = (Value::Null, Value::Null);
                    }
                    assert_eq!(left, right, "{what}");
                }
            }
        }
        println!("{:<34} {effects:>3} effects, {of_flow:>4} runs with a fault", flow.name);
        runs += of_flow;
    }
    println!("{runs} runs with a fault, {unknown} of them end as `outcome-unknown`");
    assert!(runs * FLOWS.len() > 1000 * FLOWS.iter().filter(which).count() && unknown > 0, "{runs} {unknown}");
}

#[test]
fn rb4_a_person_says_how_an_interrupted_deployment_ended() {
    let flow = &FLOWS[0];
    let before = (flow.world)();
    let (good, _) = play(flow, &before, None);
    let at = good.performed.iter().position(|key| key == "run/deploy").expect("a deployment");
    let (mut world, end) = play(flow, &before, Some((0, at, Fault::After)));
    assert_eq!(end.outcome(), "outcome-unknown");
    world.fault = None;
    world.more = json!({ "drive": { "reports": [{ "step": "deploy", "success": true }] } });
    assert_eq!(world.drive().outcome(), "done");
    assert_eq!(world.ran, ["deploy", "accept"]);
}

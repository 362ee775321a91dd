//! Crash enumeration: kill the host, lose the answer, or silence the change system at every effect of every flow.
//!
//! Afterwards there is one change request and at most one deployment, and the end is the fault-free one, or a stop that
//! says that nobody knows how a command of the user ended (RB4).

use countersign_tests::documents::{self, Documents};
use countersign_tests::world::{Ended, Fault, World};
use serde_json::{Value, json};

/// What happens between two runs of the host.
#[derive(Clone, Copy)]
enum Act {
    Drive,
    Approve(u64),
    Reject(u64),
}

struct Flow {
    name: &'static str,
    documents: fn() -> Documents,
    failing: &'static [&'static str],
    acts: &'static [Act],
}

const FAULTS: [Fault; 4] = [Fault::Before, Fault::After, Fault::Unavailable, Fault::LostAnswer];

const FLOWS: [Flow; 6] = [
    Flow { name: "ready", documents: documents::ready, failing: &[], acts: &[Act::Drive] },
    Flow {
        name: "held, approved, resumed",
        documents: not_ready,
        failing: &[],
        acts: &[Act::Drive, Act::Approve(105), Act::Drive],
    },
    Flow {
        name: "held, rejected",
        documents: not_ready,
        failing: &[],
        acts: &[Act::Drive, Act::Reject(105), Act::Drive],
    },
    Flow { name: "deployment fails", documents: documents::ready, failing: &["deploy"], acts: &[Act::Drive] },
    Flow { name: "tests fail, rolled back", documents: with_rollback, failing: &["accept"], acts: &[Act::Drive] },
    Flow { name: "rollback fails", documents: with_rollback, failing: &["accept", "rollback"], acts: &[Act::Drive] },
];

fn not_ready() -> Documents {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    documents
}

fn with_rollback() -> Documents {
    let mut documents = documents::ready();
    documents.policy = documents.policy.map(|policy| format!("{policy}  rollback: {{run: [./rollback]}}\n"));
    documents
}

/// Acts, and then runs the host again until nothing changes.
fn play(flow: &Flow, fault: Option<(usize, usize, Fault)>) -> (World, Ended) {
    let mut world = World::new((flow.documents)());
    world.failing = flow.failing.to_vec();
    let mut end = Ended::Died;
    let mut drives = 0;
    let settle = [Act::Drive; 3];
    for act in flow.acts.iter().chain(&settle) {
        match act {
            Act::Drive => {
                world.run = format!("cd-{drives}");
                world.fault = fault.filter(|(drive, ..)| *drive == drives).map(|(_, effect, fault)| (effect, fault));
                end = world.drive();
                drives += 1;
            }
            Act::Approve(person) | Act::Reject(person) => {
                if let Some(id) = world.only_request() {
                    world.decide(&id, *person, matches!(act, Act::Approve(_)));
                }
            }
        }
        holds(flow, &world);
    }
    (world, end)
}

/// What must be so at any time.
fn holds(flow: &Flow, world: &World) {
    let name = flow.name;
    assert!(world.requests().len() <= 1, "{name}: {:?}", world.requests());
    for step in ["deploy", "accept", "rollback"] {
        assert!(world.ran.iter().filter(|ran| *ran == step).count() <= 1, "{name}: {:?}", world.ran);
    }
    let Some(id) = world.only_request() else {
        assert!(world.ran.is_empty(), "{name}: deployed without a change request");
        return;
    };
    let record = world.record(&id);
    let events = world.events(&id);
    let approved = matches!(record["status"].as_str(), Some("scheduled" | "implement" | "closed"));
    let before_deployment = ["deployment-bom.json", "delta-summary.json"];
    let attached = before_deployment.iter().all(|name| !record["attachments"][name].is_null());
    assert!(!approved || attached, "{name}: approved without its attachments");
    let has = |event: &str| events.iter().any(|known| known["event"] == event);
    assert!(world.ran.is_empty() || has("cleared"), "{name}: deployed without passing the gate");
    if record["close_category"] == "successful" {
        assert!(has("reassessed") && !record["attachments"]["closing-summary.json"].is_null(), "{name}: {record}");
        assert!(flow.failing.is_empty() && ready_at_closing(&events), "{name}: {record}");
    }
    assert!(world.pointers.is_empty() || flow.failing.is_empty(), "{name}: the pointer moved");
}

fn ready_at_closing(events: &[Value]) -> bool {
    events.iter().rev().find(|event| event["event"] == "reassessed").is_some_and(|event| event["ready"] == json!(true))
}

/// The end of a change, without what differs from run to run.
fn end_state(world: &World) -> Value {
    let id = world.only_request().unwrap_or_default();
    let record = world.record(&id);
    json!({
        "status": record["status"],
        "category": record["close_category"],
        "attachments": record["attachments"].as_object().map(|files| files.keys().cloned().collect::<Vec<_>>()),
        "ran": world.ran,
        "pointers": world.pointers,
    })
}

#[test]
fn cr6_rb4_every_effect_of_every_flow_survives_every_fault() {
    let mut runs = 0;
    let mut unknown = 0;
    for flow in &FLOWS {
        let (good, good_end) = play(flow, None);
        for (drive, effects) in good.effects.iter().enumerate() {
            for (effect, fault) in (0..*effects).flat_map(|effect| FAULTS.map(|fault| (effect, fault))) {
                let (world, end) = play(flow, Some((drive, effect, fault)));
                runs += 1;
                let what = format!("{}: {fault:?} at effect {effect} of run {drive}", flow.name);
                if end.outcome() == "outcome-unknown" {
                    unknown += 1;
                    assert!(matches!(fault, Fault::Before | Fault::After), "{what}");
                } else {
                    assert_eq!(end.outcome(), good_end.outcome(), "{what}");
                    assert_eq!(end_state(&world), end_state(&good), "{what}");
                }
            }
        }
    }
    println!("{runs} runs with a fault, {unknown} of them end as `outcome-unknown`");
    assert!(runs > 200 && unknown > 0);
}

#[test]
fn rb4_a_person_says_how_an_interrupted_deployment_ended() {
    let flow = &FLOWS[0];
    let (good, _) = play(flow, None);
    let at = good.performed.iter().position(|key| key == "run/deploy").expect("a deployment");
    let (mut world, end) = play(flow, Some((0, at, Fault::After)));
    assert_eq!(end.outcome(), "outcome-unknown");
    world.fault = None;
    world.more = json!({ "drive": { "reports": [{ "step": "deploy", "success": true }] } });
    assert_eq!(world.drive().outcome(), "done");
    assert_eq!(world.ran, ["deploy", "accept"]);
}

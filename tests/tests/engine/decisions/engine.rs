//! What the engine says of a scenario, through the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use countersign::contract::Session;
use countersign_tests::documents;
use countersign_tests::sigstore;
use countersign_tests::world::{Ended, World, call};
use serde_json::{Value, json};

use crate::decisions::flows::Course;
use crate::decisions::oracle::{Category, Verdict};
use crate::decisions::render;
use crate::decisions::scenario::*;

/// The commit that was deployed in staging.
const STAGED: &str = "5555555555555555555555555555555555555555";

/// What a ledger has.
type Store = BTreeMap<String, Vec<u8>>;

/// Sessions, and what all scenarios share.
pub(crate) struct Engine {
    session: Session,
    answered: u32,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self { session: session(), answered: 0 }
    }

    /// What the engine says of the change before anything is done.
    pub(crate) fn assess(&mut self, scenario: &Scenario) -> Verdict {
        if self.answered.is_multiple_of(4096) {
            // A session keeps what it was given, and verifies each signature once.
            self.session = session();
        }
        self.answered += 1;
        let world = world(scenario);
        let mut request = world.plan_request(&mut self.session, &render::instant(0));
        request["mode"] = json!("assess");
        request["journal"] = json!({ "name": "journal", "digest": self.session.put(Vec::new()).to_string() });
        verdict(&call(&mut self.session, &request))
    }
}

fn verdict(answer: &Value) -> Verdict {
    if answer["type"] == "failure" {
        assert_eq!(answer["errors"][0]["code"], "promotion", "{answer}");
        return Verdict::Refused;
    }
    let end = &answer["end"];
    let ready = match end["outcome"].as_str() {
        Some("nothing-to-deploy") => return Verdict::NothingToDeploy,
        Some("ready") => true,
        Some("not-ready") => false,
        _ => panic!("{answer}"),
    };
    let judgement = &answer["judgement"];
    assert_eq!(judgement["ready"], json!(ready));
    assert_eq!(end["exit_code"], json!(if ready { 0 } else { 11 }));
    let (mut blocked, mut others) = (BTreeSet::new(), BTreeSet::new());
    for reason in judgement["reasons"].as_array().into_iter().flatten().filter(|reason| reason["blocking"] == true) {
        match (reason["entry"].as_str(), reason["check"].as_str()) {
            (Some(entry), Some(check)) => _ = blocked.insert((entry.to_owned(), check.to_owned())),
            _ => _ = others.insert(known(&reason["code"])),
        }
    }
    let details = end["details"].as_array().into_iter().flatten();
    let automatic =
        details.filter(|detail| **detail == "the change request would be approved automatically").count() == 1;
    Verdict::Judged {
        ready,
        risk: match judgement["risk"]["level"].as_str() {
            Some("low") => Level::Low,
            Some("moderate") => Level::Moderate,
            Some("high") => Level::High,
            _ => panic!("{judgement}"),
        },
        category: match judgement["category"].as_str() {
            Some("standard") => Category::Standard,
            Some("normal") => Category::Normal,
            Some("high-risk") => Category::HighRisk,
            _ => panic!("{judgement}"),
        },
        emergency: judgement["kind"] == "emergency",
        automatic,
        blocked,
        others,
    }
}

fn known(code: &Value) -> &'static str {
    let codes = [
        "staging-proof-missing",
        "approvals-missing",
        "tech-lead-missing",
        "security-review-missing",
        "nothing-demanded",
        "evidence-malformed",
    ];
    codes.into_iter().find(|known| *code == **known).unwrap_or_else(|| panic!("unexpected: {code}"))
}

fn session() -> Session {
    Session::trusting(&[&sigstore::root()]).unwrap()
}

/// The scenario's world before its first run.
fn world(scenario: &Scenario) -> World {
    let mut world = World::new(render::documents(scenario));
    world.roots = vec![sigstore::root()];
    world.actor = scenario.flow.rounds[0].actor;
    world.clock = render::START;
    let purpose = if scenario.production { "production" } else { "pre_prod" };
    world.more = json!({
        "target": { "environment": "prod", "purpose": purpose, "detail": "the shop" },
        "force_redeploy": scenario.force,
    });
    if scenario.failed_before {
        world.store.extend(failure());
    }
    if let Some(staging) = &scenario.staging {
        stage(&mut world, scenario, staging);
    }
    world
}

/// Puts into staging what the scenario has there, and the journal of the change that proves it.
fn stage(world: &mut World, scenario: &Scenario, staging: &Staging) {
    const POINTER: &str = "staging_latest";
    world.staging = Some(POINTER.to_owned());
    let commit = match staging.proof {
        Proof::Tested | Proof::Untested => STAGED.to_owned(),
        Proof::Other => "6".repeat(40),
        Proof::Absent => return,
    };
    let mut store = rehearsal(staging.proof != Proof::Untested);
    for (path, bytes) in store.iter_mut().filter(|(path, _)| path.ends_with("/register.json")) {
        // What stands there is what the scenario has.
        let mut register: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
        register["deployed"] = json!({ "commit": commit, "by": register["deployed"]["by"] });
        *bytes = register.to_string().into_bytes();
    }
    world.store.extend(store);
    world.trees.insert(commit.clone(), render::staged(scenario, staging));
    world.pointers.insert(POINTER.to_owned(), commit);
}

/// The records of a change in staging, of two days before.
fn rehearsal(tested: bool) -> Store {
    static TESTED: OnceLock<Store> = OnceLock::new();
    static UNTESTED: OnceLock<Store> = OnceLock::new();
    let journal = if tested { &TESTED } else { &UNTESTED };
    journal.get_or_init(|| rehearsed(tested)).clone()
}

fn rehearsed(tested: bool) -> Store {
    let mut world = World::new(documents::promoted(documents::ready(), 6, STAGED));
    world.commit = STAGED.to_owned();
    world.clock = render::START - 2 * 86_400_000;
    world.target = json!({ "environment": "staging", "purpose": "pre_prod", "detail": "the rehearsal" });
    world.documents.promotion["pull_request"]["base"]["ref"] = json!("staging");
    if !tested {
        let untested = "version: 1\ndeployment: {deploy: {run: [./deploy]}, acceptance: {none: nothing to test}}\n";
        world.documents.policy = Some(untested.to_owned());
    }
    assert_eq!(world.drive().outcome(), "awaiting-approval");
    let id = world.only_request().expect("a change request");
    world.decide(&id, 120, true);
    assert_eq!(world.drive().outcome(), "done");
    assert_eq!(world.pointers["staging_latest"], STAGED);
    kept(world)
}

/// The records of a change that failed five days before.
fn failure() -> Store {
    static FAILURE: OnceLock<Store> = OnceLock::new();
    FAILURE.get_or_init(failed).clone()
}

/// What a world has stored, without the change requests themselves.
fn kept(mut world: World) -> Store {
    world.store.retain(|path, _| !path.ends_with("/record.json") && !path.ends_with("/request.json"));
    world.store
}

fn failed() -> Store {
    let commit = "7".repeat(40);
    let mut world = World::new(documents::promoted(documents::ready(), 5, &commit));
    world.commit = commit;
    world.clock = render::START - 5 * 86_400_000 + 60_000;
    world.failing = vec!["deploy"];
    // Its evidence is of another day, so that somebody has to approve it.
    assert_eq!(world.drive().outcome(), "awaiting-approval");
    let id = world.only_request().expect("a change request");
    world.decide(&id, 120, true);
    assert_eq!(world.drive().outcome(), "deployment-failed");
    kept(world)
}

/// What the engine makes of the scenario's flow.
pub(crate) fn play(scenario: &Scenario) -> Course {
    let mut world = world(scenario);
    let fails =
        [("deploy", scenario.flow.deploys), ("accept", scenario.flow.passes), ("rollback", scenario.flow.rolls_back)];
    world.failing = fails.into_iter().filter(|(_, well)| !well).map(|(step, _)| step).collect();
    if scenario.flow.supplied {
        let target = "target: {environment: prod, purpose: production, detail: the shop}";
        let ids = world.prepare(&format!("version: 1\ntitle: planned by hand\nrequests:\n  - {target}\n"));
        world.more["change_request_id"] = json!(ids[0]);
    }
    let mut labels = scenario.promotion.labels.clone();
    let mut ends = Vec::new();
    for (index, round) in scenario.flow.rounds.iter().enumerate() {
        for act in &round.acts {
            perform(&mut world, scenario, &mut labels, act);
        }
        world.run = format!("cd-{}", index + 1);
        world.actor = round.actor;
        if let (true, Some(id)) = (round.by_id, world.only_request()) {
            world.more["change_request_id"] = json!(id);
        }
        let end = match world.drive() {
            Ended::As { outcome, exit_code, .. } => (name(&outcome), exit_code),
            Ended::Refused(failure) if failure["errors"][0]["code"] == "promotion" => {
                ("refused", failure["exit_code"].as_u64().unwrap_or(99))
            }
            other => panic!("{other:?}"),
        };
        ends.push(end);
        if !matches!(end.0, "awaiting-approval" | "approval-void" | "outside-window" | "rejected") {
            break;
        }
    }
    let record = world.only_request().map(|id| world.record(&id)).unwrap_or_default();
    Course {
        ends,
        ran: world.ran.iter().map(|step| name(step)).collect(),
        category: record["close_category"].as_str().map(name),
        closed: record["status"] == "closed",
        moved: world.pointers.contains_key("prod_latest"),
    }
}

/// The same word, for ever.
fn name(word: &str) -> &'static str {
    let words = [
        "done",
        "refused",
        "nothing-to-deploy",
        "awaiting-approval",
        "approval-void",
        "outside-window",
        "rejected",
        "deployment-failed",
        "rolled-back",
        "rollback-failed",
        "closing-unfinished",
        "deploy",
        "accept",
        "rollback",
        "successful",
        "successful_issues",
        "unsuccessful",
    ];
    words.into_iter().find(|known| *known == word).unwrap_or_else(|| panic!("unexpected: {word}"))
}

fn perform(world: &mut World, scenario: &Scenario, labels: &mut Vec<(&'static str, Option<Person>)>, act: &Act) {
    match act {
        Act::Approve(person) | Act::Reject(person) => {
            let id = world.only_request().expect("a change request");
            let said = world.decide(&id, *person, matches!(act, Act::Approve(_)));
            assert_eq!(said["outcome"], "done", "{said}");
        }
        Act::EditPolicy => {
            let policy = world.documents.policy.take();
            world.documents.policy = policy.map(|policy| format!("{policy}\n# edited"));
        }
        Act::Add(records) => render::add_records(&mut world.documents, records),
        Act::Label(person) => {
            labels.push((scenario.policy.emergency_label, Some(*person)));
            world.documents.promotion = render::promotion(scenario, labels);
        }
        Act::Wait(minutes) => world.clock += minutes * 60_000,
    }
}

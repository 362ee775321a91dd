//! Whole changes, from evidence to a closed change request, in the engine's own words.

mod emergency;
mod environment;
mod existing;
mod process;
mod rollback;
mod standard;
mod table;

use countersign_tests::documents::{self, Documents};
use countersign_tests::world::{Ended, World};
use serde_json::{Value, json};

/// Drives the world once, and demands this end.
fn ends(world: &mut World, outcome: &str, exit_code: u64) {
    match world.drive() {
        Ended::As { outcome: o, exit_code: e, message } => {
            assert_eq!((o.as_str(), e), (outcome, exit_code), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

/// Another run of the pipeline, at least a second later.
fn again(world: &mut World) {
    let number: u32 = world.run.trim_start_matches("cd-").parse().unwrap_or(1);
    world.run = format!("cd-{}", number + 1);
    world.clock += 1000;
}

/// A change that is not ready: one check of one entry has no evidence.
fn not_ready() -> Documents {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    documents
}

/// The documents with the emergency label, applied by this person.
fn labelled(mut documents: Documents, by: u64) -> Documents {
    documents.promotion["pull_request"]["labels"] = json!([{ "name": "EMERGENCY" }]);
    documents.promotion["timeline"] = json!([{
        "event": "labeled",
        "label": { "name": "EMERGENCY" },
        "actor": { "id": by, "login": "labeller" },
        "created_at": "2026-03-02T10:40:00Z"
    }]);
    documents
}

/// The documents with more of a policy: whole lines of YAML.
fn with_policy(mut documents: Documents, more: &str) -> Documents {
    documents.policy = documents.policy.map(|policy| format!("{policy}{more}"));
    documents
}

/// The documents with another artifact of an entry, promoted by another pull request into another commit.
fn promoted(mut documents: Documents, number: u64, commit: &str) -> Documents {
    documents.promotion["pull_request"]["number"] = json!(number);
    documents.promotion["pull_request"]["merge_commit_sha"] = json!(commit);
    let mut entry = documents::entry("payments-api");
    entry["build_number"] = json!(number);
    documents.inventory.insert("payments-api".to_owned(), entry.to_string());
    documents
}

/// The names of the events of the one change.
fn names(world: &World, id: &str) -> Vec<String> {
    world.events(id).iter().filter_map(|event| event["event"].as_str()).map(str::to_owned).collect()
}

/// The only change request there is.
fn only(world: &World) -> String {
    world.only_request().unwrap_or_else(|| panic!("not one change request: {:?}", world.requests()))
}

/// The events of this name, in order.
fn events(world: &World, id: &str, name: &str) -> Vec<Value> {
    world.events(id).into_iter().filter(|event| event["event"] == name).collect()
}

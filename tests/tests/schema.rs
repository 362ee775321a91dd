//! The published schemas are those of the sources, and what the engine reads and writes is valid by them.

use std::fs;
use std::path::{Path, PathBuf};

use countersign::contract::{self, Session, schemas};
use countersign_tests::documents;
use countersign_tests::world::{World, call};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin/schemas/v1")
}

#[test]
fn the_published_schemas_are_those_of_the_sources() {
    let mut stale = Vec::new();
    for (name, schema) in schemas::all() {
        let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
        text.push('\n');
        let path = folder().join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::create_dir_all(folder()).expect("the folder can be made");
            fs::write(&path, text).expect("the schema can be written");
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; run again with UPDATE_EXPECT=1");
}

fn validator(name: &str) -> jsonschema::Validator {
    let schemas = schemas::all();
    let schema = serde_json::to_value(&schemas[name]).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
}

fn check(name: &str, value: &Value) {
    let validator = validator(name);
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{} {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{value}");
}

#[test]
fn what_the_engine_reads_and_writes_is_valid_by_its_schemas() {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    let mut world = World::new(documents);
    let mut session = Session::new();
    let mut request = world.plan_request(&mut session, "2026-03-02T12:00:00Z");
    request["journal"] = json!({ "name": "journal", "digest": session.put(Vec::new()).to_string() });
    check("request.schema.json", &request);
    check("response.schema.json", &call(&mut session, &request));
    check("response.schema.json", &world.ask("assess"));
    check("response.schema.json", &call(&mut session, &json!({ "call": "nonsense" })));
    let describe = json!({ "call": "describe", "contract": contract::CONTRACT });
    check("request.schema.json", &describe);
    check("response.schema.json", &call(&mut session, &describe));
    let _ = world.drive();
    let id = world.only_request().expect("a change request");
    world.decide(&id, 105, true);
    let _ = world.drive();
    check("ledger-record.schema.json", &world.record(&id));
    let journal = &world.store[&format!("changes/{id}/journal.jsonl")];
    for line in journal.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        check("journal-entry.schema.json", &serde_json::from_slice(line).expect("JSON"));
    }
    check("evidence.schema.json", &documents::record("payments-api", "unit-tests", "success"));
}

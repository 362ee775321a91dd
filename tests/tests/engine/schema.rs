//! The published schemas are those of the sources, and what the engine reads and writes is valid by them.

use std::collections::BTreeMap;
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
    for (name, schema) in all() {
        let mut text = serde_json::to_string_pretty(&published(&schema)).expect("a schema is JSON");
        text.push('\n');
        let path = folder().join(name);
        if fs::read_to_string(&path).unwrap_or_default() == text {
            continue;
        }
        stale.push(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::create_dir_all(folder()).expect("the folder can be made");
            fs::write(&path, text).expect("the schema can be written");
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; UPDATE_EXPECT=1 rewrites them");
}

/// All schemas: of what is read as it may be written, of responses as they are written.
fn all() -> BTreeMap<&'static str, schemars::Schema> {
    let mut all = schemas::all();
    let written = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    all.insert("response.schema.json", written.into_root_schema_for::<countersign::contract::v1::Response>());
    all
}

fn validator(name: &str) -> jsonschema::Validator {
    jsonschema::validator_for(&published(&all()[name])).expect("the schema is one")
}

/// A schema as it is published: where a tag stands beside a reference, the reference is written out, because a type
/// that refuses unknown fields would refuse the tag.
fn published(schema: &schemars::Schema) -> Value {
    let mut schema = serde_json::to_value(schema).expect("a schema is JSON");
    let definitions = schema["$defs"].clone();
    write_out(&mut schema, &definitions);
    schema
}

fn write_out(schema: &mut Value, definitions: &Value) {
    if let Some(object) = schema.as_object_mut()
        && object.contains_key("$ref")
        && object.contains_key("properties")
    {
        let reference = object.remove("$ref").unwrap_or_default();
        let name = reference.as_str().unwrap_or_default().trim_start_matches("#/$defs/").to_owned();
        let mut target = definitions[&name].clone();
        let tag = (object.remove("properties").unwrap_or_default(), object.remove("required").unwrap_or_default());
        let variants = target.get_mut("oneOf").and_then(Value::as_array_mut);
        match variants {
            Some(variants) => variants.iter_mut().for_each(|variant| add(variant, &tag)),
            None => add(&mut target, &tag),
        }
        for (key, value) in target.as_object().cloned().unwrap_or_default() {
            object.entry(key).or_insert(value);
        }
    }
    match schema {
        Value::Object(object) => object.values_mut().for_each(|value| write_out(value, definitions)),
        Value::Array(list) => list.iter_mut().for_each(|value| write_out(value, definitions)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn add(schema: &mut Value, (properties, required): &(Value, Value)) {
    for (name, property) in properties.as_object().into_iter().flatten() {
        schema["properties"][name] = property.clone();
    }
    let mut all = schema["required"].as_array().cloned().unwrap_or_default();
    all.extend(required.as_array().into_iter().flatten().cloned());
    schema["required"] = json!(all);
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

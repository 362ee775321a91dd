//! The chain of a target and its register: proved from the journals, made again from them, and taken over from version 1 (AU5, AU7).

use std::collections::BTreeMap;

use countersign::change::journal::{self, Journal};
use countersign::register::Register;
use countersign_tests::documents::{self, labelled, not_ready, promoted};
use countersign_tests::world::World;
use serde_json::{Value, json};

use crate::flows::{again, ends, only};

const SECOND: &str = "3333333333333333333333333333333333333333";

type Store = BTreeMap<String, Vec<u8>>;

/// A target on which an emergency was deployed, something was owed and done, another change was approved by a person and deployed, and
/// a third is held.
fn lived() -> World {
    let mut world = World::new(labelled(not_ready(), 106));
    ends(&mut world, "done", 0);
    let id = only(&world);
    assert_eq!(world.fulfil(&id, "root-cause", 105)["outcome"], "done");
    again(&mut world);
    world.commit = SECOND.to_owned();
    world.documents = promoted(documents::ready(), 8, SECOND);
    ends(&mut world, "done", 0);
    again(&mut world);
    world.commit = "5".repeat(40);
    world.documents = promoted(not_ready(), 9, &"5".repeat(40));
    ends(&mut world, "awaiting-approval", 10);
    let held =
        world.requests().into_iter().find(|id| !world.events(id).iter().any(|event| event["event"] == "cleared"));
    world.decide(&held.expect("a held change"), 105, true);
    world
}

fn audit(world: &mut World, more: &Value) -> Value {
    let mut command = json!({ "command": "audit" });
    for (key, value) in more.as_object().into_iter().flatten() {
        command[key] = value.clone();
    }
    world.command(&command)
}

fn register(store: &Store) -> String {
    store.keys().find(|path| path.ends_with("/register.json")).expect("a register").clone()
}

fn journals(store: &Store) -> Vec<String> {
    store.keys().filter(|path| path.ends_with(".jsonl")).cloned().collect()
}

#[test]
fn au5_every_link_of_a_target_stands_in_its_register() {
    let mut world = lived();
    let end = audit(&mut world, &json!({}));
    assert_eq!((&end["outcome"], &end["exit_code"]), (&json!("done"), &json!(0)), "{end}");
    let kept = Register::read(&world.store[&register(&world.store)]).expect("a register");
    assert_eq!(end["targets"][0]["links"], json!(kept.number));
    assert!(kept.number >= 10, "opened, cleared, closed, concluded twice, fulfilled, opened, decided: {}", kept.number);
    assert_eq!((kept.concluded.len(), kept.open.len(), kept.outcomes.len()), (2, 1, 2));
    assert!(kept.obligations.iter().all(|owed| owed.id.as_str() != "root-cause"), "it is fulfilled");
    assert_eq!(kept.deployed.expect("a deployment").commit.expect("a commit").as_str(), SECOND);
}

/// Each way of changing the records of a ledger that does not change all of them alike.
#[test]
fn t90_an_edited_ledger_does_not_hold_together() {
    let sound = lived();
    let paths = journals(&sound.store);
    let text = |store: &Store, path: &str| String::from_utf8(store[path].clone()).expect("text");
    let mut edits: Vec<(String, Store)> = Vec::new();
    for path in &paths {
        let whole = text(&sound.store, path);
        let mut store = sound.store.clone();
        store.insert(path.clone(), whole.replacen("\"at\":\"2026", "\"at\":\"2025", 1).into_bytes());
        edits.push((format!("a line of {path} is edited"), store));
        let mut store = sound.store.clone();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        let last = lines.iter().rposition(|line| line.contains("\"link\"")).expect("a link");
        store.insert(path.clone(), lines[..last].concat().into_bytes());
        edits.push((format!("{path} is cut below a link"), store));
        let mut store = sound.store.clone();
        store.remove(path);
        edits.push((format!("{path} is deleted"), store));
        let mut store = sound.store.clone();
        store.insert(path.clone(), recomputed(&whole, true).into_bytes());
        edits.push((format!("the chain of {path} is recomputed"), store));
    }
    let place = register(&sound.store);
    let mut store = sound.store.clone();
    store.insert(place.clone(), text(&store, &place).replacen("\"tested\": true", "\"tested\": false", 1).into_bytes());
    edits.push(("the register is edited".to_owned(), store));
    let mut store = sound.store.clone();
    store.remove(&place);
    edits.push(("the register is deleted".to_owned(), store));
    let decision = sound.store.keys().find(|path| path.contains("/decisions/")).expect("a decision").clone();
    let mut store = sound.store.clone();
    store.insert(decision.clone(), text(&store, &decision).replace("looked at it", "did not look").into_bytes());
    edits.push(("a decision is edited".to_owned(), store));
    let attachment = sound.store.keys().find(|path| path.contains("/attachments/")).expect("an attachment").clone();
    let mut store = sound.store.clone();
    store.insert(attachment.clone(), b"{}".to_vec());
    edits.push(("an attachment is swapped".to_owned(), store));
    for (what, store) in edits {
        assert_ne!(store, sound.store, "{what}");
        let mut world = World { store, ..sound.clone() };
        let end = audit(&mut world, &json!({}));
        assert_eq!(end["exit_code"], 40, "{what}: {end}");
    }
}

/// A journal whose time is another, with a chain that verifies.
fn recomputed(text: &str, edit: bool) -> String {
    let mut journal = Journal::new();
    for entry in journal::entries(text.as_bytes()).expect("lines") {
        let entry = entry.expect("an entry");
        let at = if edit { entry.at.plus_seconds(-1) } else { entry.at };
        journal.push(at, entry.event).expect("an event");
    }
    journal.text().to_owned()
}

#[test]
fn au5_a_register_is_made_again_from_a_chain_that_holds_and_from_no_other() {
    let sound = lived();
    let place = register(&sound.store);
    for broken in [None, Some(b"{}".to_vec()), Some(b"<html>".to_vec())] {
        let mut world = sound.clone();
        match broken {
            Some(bytes) => _ = world.store.insert(place.clone(), bytes),
            None => _ = world.store.remove(&place),
        }
        assert_eq!(audit(&mut world, &json!({ "rebuild": true }))["exit_code"], 0);
        assert_eq!(world.store, sound.store, "byte for byte");
    }
    let mut world = sound.clone();
    world.store.remove(&journals(&sound.store)[0]);
    let before = world.store.clone();
    assert_eq!(audit(&mut world, &json!({ "rebuild": true }))["exit_code"], 40);
    assert_eq!(world.store, before, "what is missing is not made up");
}

/// The ledger as version 1 would have it: no chain of the target, and no register.
fn of_version_1(mut world: World) -> World {
    world.store.retain(|path, _| !path.starts_with("targets/") && !path.contains("/decisions/"));
    world.store.remove("ledger.json");
    for path in journals(&world.store) {
        let text = String::from_utf8(world.store[&path].clone()).expect("text");
        world.store.insert(path, recomputed(&text, false).into_bytes());
    }
    world
}

#[test]
fn au5_a_ledger_of_version_1_is_refused_until_a_person_takes_it_over() {
    let mut world = of_version_1(lived());
    again(&mut world);
    let refused = world.drive();
    assert!(format!("{refused:?}").contains("countersign audit --adopt"), "{refused:?}");
    let by = json!({ "id": "105", "login": "auditor" });
    let end = audit(&mut world, &json!({ "adopt": by }));
    assert_eq!(end["exit_code"], 0, "{end}");
    assert_eq!(audit(&mut world, &json!({}))["exit_code"], 0, "it holds together");
    assert_eq!(audit(&mut world, &json!({ "adopt": by }))["outcome"], "refused", "once");
    let kept = Register::read(&world.store[&register(&world.store)]).expect("a register");
    assert_eq!((kept.number, kept.concluded.len()), (1, 2));
    // The next change goes on from there.
    again(&mut world);
    world.commit = "6".repeat(40);
    world.documents = promoted(documents::ready(), 10, &"6".repeat(40));
    ends(&mut world, "done", 0);
    assert_eq!(audit(&mut world, &json!({}))["exit_code"], 0);
}

#[test]
fn ga4_a_rejection_never_crosses_a_clearance() {
    // Somebody rejects at the very moment at which the run clears the change: one of the two comes first, and the other knows it.
    let mut world = World::new(not_ready());
    ends(&mut world, "awaiting-approval", 10);
    let id = only(&world);
    world.decide(&id, 105, true);
    again(&mut world);
    world.before_commit = Some(|world| {
        let id = world.only_request().expect("one change request");
        world.decide(&id, 106, false);
    });
    ends(&mut world, "rejected", 12);
    assert!(world.ran.is_empty());
    assert_eq!(audit(&mut world, &json!({}))["exit_code"], 0);
}

#[test]
fn au5_a_run_asks_for_the_same_whatever_came_before() {
    let mut world = World::new(documents::ready());
    ends(&mut world, "done", 0);
    again(&mut world);
    world.commit = SECOND.to_owned();
    world.documents = promoted(documents::ready(), 8, SECOND);
    let mut old = world.clone();
    let (_, journal) = world.journals().next().expect("a journal");
    for number in 0..2_000 {
        old.store.insert(format!("changes/CR-{number:012x}/journal.jsonl"), journal.to_vec());
    }
    let mut asked = [world, old].map(|mut world| {
        let (before, read) = (world.asked.len(), world.read);
        ends(&mut world, "done", 0);
        (world.asked.split_off(before), world.read - read)
    });
    assert!(asked[0].1 > 0);
    let [young, old] = &mut asked;
    assert_eq!(young, old, "the exchanges, and the bytes that they bring");
}

//! The laws of DESIGN section 8: total, deterministic, prefix-closed, live, idempotent, monotone, gatekeeping, round trip.

use countersign::change::journal::{self, Journal};
use countersign::contract::{self, Session};
use countersign_tests::documents::{self, CHECKS, Documents};
use countersign_tests::world::{Ended, World};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What one test does to the evidence of a ready change.
#[derive(Clone, Debug)]
enum Harm {
    Remove,
    Fail,
    Pend,
    Truncate(usize),
    Empty,
    Unbind,
    OtherRun,
    Future,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        Just(Harm::Remove),
        Just(Harm::Fail),
        Just(Harm::Pend),
        (1_usize..60).prop_map(Harm::Truncate),
        Just(Harm::Empty),
        Just(Harm::Unbind),
        Just(Harm::OtherRun),
        Just(Harm::Future),
    ]
}

fn apply(documents: &mut Documents, name: &str, harm: &Harm) {
    let Some(text) = documents.evidence.get(name).cloned() else { return };
    let mut edit = |change: &dyn Fn(&mut Value)| {
        if let Ok(mut record) = serde_json::from_str::<Value>(&text) {
            change(&mut record);
            documents.evidence.insert(name.to_owned(), record.to_string());
        }
    };
    match harm {
        Harm::Remove => _ = documents.evidence.remove(name),
        Harm::Fail => edit(&|record| record["outcome"] = json!("failure")),
        Harm::Pend => edit(&|record| record["outcome"] = json!("pending")),
        Harm::Unbind => edit(&|record| record["assets"][0]["digest"] = json!(format!("sha256:{}", "0".repeat(64)))),
        Harm::OtherRun => edit(&|record| record["run"] = json!("somebody else's")),
        Harm::Future => edit(&|record| record["date"] = json!("2099-01-01T00:00:00Z")),
        Harm::Truncate(length) => {
            let cut: String = text.chars().take(*length).collect();
            documents.evidence.insert(name.to_owned(), cut);
        }
        Harm::Empty => _ = documents.evidence.insert(name.to_owned(), String::new()),
    }
}

fn blocking(world: &mut World) -> Vec<Value> {
    let answer = world.ask("assess");
    let reasons = answer["judgement"]["reasons"].as_array().cloned().unwrap_or_default();
    reasons.into_iter().filter(|reason| reason["blocking"] == json!(true)).collect()
}

/// Whether the engine would deploy this by itself: assessed anew, without anybody's approval.
fn deploys(documents: &Documents) -> bool {
    let mut world = World::new(documents.clone());
    let _ = world.drive();
    world.ran.iter().any(|step| step == "deploy")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn total_whatever_the_request_the_answer_is_json(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let answer = contract::handle(&mut Session::new(), &bytes);
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        prop_assert_eq!(&answer["type"], "failure");
    }

    #[test]
    fn total_whatever_the_document_it_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0_usize..2000) {
        let real = documents::ready();
        let texts: Vec<&String> = real.evidence.values().collect();
        let text = texts[bytes.len() % texts.len()].as_bytes();
        for document in [bytes.as_slice(), &text[..cut.min(text.len())]] {
            let mut session = Session::new();
            let digest = session.put(document.to_vec()).to_string();
            let request = json!({ "call": "ingest", "contract": contract::CONTRACT, "document": { "name": "d", "digest": digest } });
            let answer: Value = serde_json::from_slice(&contract::handle(&mut session, request.to_string().as_bytes())).expect("JSON");
            prop_assert_eq!(&answer["type"], "ingested");
        }
    }

    #[test]
    fn rd1_monotone_harming_evidence_never_moves_towards_deployment(check in 0_usize..CHECKS.len(), first in harm(), second in harm(), other in 0_usize..CHECKS.len()) {
        let mut documents = documents::ready();
        apply(&mut documents, &format!("payments-api/{}.json", CHECKS[check]), &first);
        let once = blocking(&mut World::new(documents.clone())).len();
        prop_assert!(once > 0, "{first:?} of {} changes nothing", CHECKS[check]);
        prop_assert!(!deploys(&documents));
        apply(&mut documents, &format!("orders-api/{}.json", CHECKS[other]), &second);
        prop_assert!(!deploys(&documents));
        prop_assert!(!blocking(&mut World::new(documents)).is_empty());
    }

    #[test]
    fn deterministic_the_order_of_evidence_does_not_matter(seed in any::<u64>()) {
        let mut documents = documents::ready();
        documents.evidence.remove("payments-api/sbom.json");
        let mut session = Session::new();
        let ordered = plan_request(&documents, &mut session, |_| ());
        let shuffled = plan_request(&documents, &mut session, |files| {
            let length = files.len();
            for index in 0..length {
                files.swap(index, usize::try_from(seed % 97).unwrap_or(0).wrapping_mul(index + 7) % length);
            }
        });
        let one = contract::handle(&mut session, ordered.to_string().as_bytes());
        let two = contract::handle(&mut Session::new(), ordered.to_string().as_bytes());
        prop_assert_ne!(&one, &two, "a session without the documents cannot know");
        let three = contract::handle(&mut session, shuffled.to_string().as_bytes());
        prop_assert_eq!(&one, &three);
        let mut fresh = Session::new();
        let again = plan_request(&documents, &mut fresh, |_| ());
        let four = contract::handle(&mut fresh, again.to_string().as_bytes());
        prop_assert_eq!(one, four);
    }

    #[test]
    fn au1_one_changed_byte_of_a_journal_is_found(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let journal = finished();
        let at = at.index(journal.len());
        let mut damaged = journal.clone();
        damaged[at] ^= 1 << bit;
        let problem = Journal::read(&damaged).map(|read| read.len());
        // A change of the last line has no successor to contradict it; its head digest tells.
        let last = journal[..journal.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        if at <= last {
            prop_assert!(problem.is_err(), "byte {at} of {}", journal.len());
        } else if let Ok(read) = Journal::read(&damaged) {
            let whole = Journal::read(&journal).expect("the journal verifies");
            prop_assert_ne!(read.head(), whole.head());
        }
    }
}

fn plan_request(documents: &Documents, session: &mut Session, edit: impl Fn(&mut Vec<Value>)) -> Value {
    let world = World::new(documents.clone());
    let mut request = world.plan_request(session, "2026-03-02T12:00:00Z");
    let mut files = request["documents"]["evidence"].as_array().cloned().unwrap_or_default();
    edit(&mut files);
    request["documents"]["evidence"] = json!(files);
    request["mode"] = json!("assess");
    request["journal"] = json!({ "name": "journal", "digest": session.put(Vec::new()).to_string() });
    request
}

/// The journal of a change that was held, approved and deployed.
fn finished() -> Vec<u8> {
    static JOURNAL: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(finish);
    JOURNAL.clone()
}

fn finish() -> Vec<u8> {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    let mut world = World::new(documents);
    let _ = world.drive();
    let id = world.only_request().expect("a change request");
    world.decide(&id, 105, true);
    assert_eq!(world.drive().outcome(), "done");
    world.store[&format!("changes/{id}/journal.jsonl")].clone()
}

#[test]
fn prefix_closed_every_prefix_of_a_journal_is_a_journal() {
    let journal = finished();
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    for length in 0..=lines.len() {
        let prefix = lines[..length].concat();
        let read = Journal::read(&prefix).expect("a prefix is a journal");
        assert_eq!(read.len() as usize, length);
    }
}

#[test]
fn au1_a_removed_or_reordered_line_is_found_with_its_place() {
    let journal = finished();
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() - 1 {
        let mut removed = lines.clone();
        removed.remove(at);
        let problem = Journal::read(&removed.concat()).expect_err("a removed line is found");
        assert!(problem.message.contains(&format!("line {}", at + 1)), "{}", problem.message);
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        assert!(Journal::read(&swapped.concat()).is_err());
    }
}

#[test]
fn round_trip_entries_are_written_as_they_are_read() {
    let journal = finished();
    let entries = journal::entries(&journal).expect("whole lines");
    let written: Vec<u8> = entries
        .flat_map(|entry| {
            let mut line = serde_json::to_vec(&entry.expect("an entry")).expect("JSON");
            line.push(b'\n');
            line
        })
        .collect();
    assert_eq!(String::from_utf8(written), String::from_utf8(journal));
}

#[test]
fn idempotent_a_finished_change_stays_as_it_is() {
    let mut world = World::new(documents::ready());
    assert_eq!(world.drive().outcome(), "done");
    let (store, acts) = (world.store.clone(), world.acts);
    assert_eq!(world.drive().outcome(), "nothing-to-deploy");
    assert_eq!(world.acts, acts);
    assert_eq!(world.store, store);
}

#[test]
fn gatekeeping_a_state_alone_approves_nothing() {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    let mut world = World::new(documents);
    let _ = world.drive();
    let id = world.only_request().expect("a change request");
    let path = format!("changes/{id}/record.json");
    for status in ["scheduled", "implement", "review"] {
        let mut record = world.record(&id);
        record["status"] = json!(status);
        record["approved_by_readiness"] = json!(true);
        world.store.insert(path.clone(), record.to_string().into_bytes());
        let end = world.drive();
        assert!(matches!(end, Ended::As { exit_code: 10, .. }), "{status}: {end:?}");
        assert!(world.ran.is_empty());
    }
}

#[test]
fn live_every_demand_alone_ends_in_a_verdict() {
    for check in CHECKS {
        let mut documents = documents::ready();
        documents.evidence.remove(&format!("orders-api/{check}.json"));
        let mut world = World::new(documents);
        let reasons = blocking(&mut world);
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert_eq!((&reasons[0]["check"], &reasons[0]["entry"]), (&json!(check), &json!("orders-api")));
        assert_eq!(world.drive().outcome(), "awaiting-approval");
    }
}

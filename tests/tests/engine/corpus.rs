//! Every case of the corpus, answered natively: the expected bytes, and the same bytes whatever the order.

use std::collections::{BTreeMap, BTreeSet};
use std::{env, fs};

use countersign::contract::{self, Session};
use countersign::plan::outcome::Outcome;
use countersign::readiness::reason;
use countersign_tests::corpus::{self, Case};
use serde_json::Value;

/// Failures that a request can cause. The engine has no known defect, so nothing makes it say `internal`.
const FAILURES: [&str; 9] = [
    "bad-answer",
    "bad-request",
    "inventory",
    "journal",
    "other-contract",
    "policy",
    "promotion",
    "unknown-document",
    "wrong-promotion",
];

fn json(case: &Case, bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{}: the response is not JSON: {error}", case.name))
}

#[test]
fn every_case_has_the_expected_response() {
    let update = env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    let (mut refusals, mut areas) = (0, BTreeMap::<String, usize>::new());
    let all = corpus::cases();
    for case in all {
        let (session, response) = case.answer();
        let normal = corpus::normal(case, &session, &response);
        refusals += usize::from(corpus::is_refusal(&json(case, &response)));
        *areas.entry(case.name.split('/').next().unwrap_or_default().to_owned()).or_default() += 1;
        let expected = fs::read(&case.expected);
        if update && expected.as_ref().ok() != Some(&normal) {
            fs::write(&case.expected, &normal).unwrap();
        }
        match expected {
            Ok(expected) if expected == normal => {}
            Ok(expected) => wrong.push(format!("{}: {}", case.name, corpus::difference(&expected, &normal))),
            Err(error) => wrong.push(format!("{}: response.json: {error}", case.name)),
        }
    }
    println!("{} cases, {refusals} of them refusals", all.len());
    areas.iter().for_each(|(area, count)| println!("{count:4} {area}"));
    assert!(wrong.is_empty(), "{} cases differ; UPDATE_EXPECT=1 rewrites them:\n{}", wrong.len(), wrong.join("\n"));
    assert!(all.len() >= 120, "only {} cases", all.len());
    assert!(refusals * 10 >= all.len() * 7, "only {refusals} of {} cases are refusals", all.len());
    assert_eq!(areas.len(), corpus::AREAS.len(), "an area has no case");
}

#[test]
fn every_file_of_the_corpus_is_used() {
    let unused = &corpus::load().unused;
    assert!(unused.is_empty(), "no case uses these files:\n{}", unused.join("\n"));
}

#[test]
fn a_case_is_answered_the_same_again_and_in_any_order() {
    let mut shared = Session::new();
    for case in corpus::cases() {
        let (_, response) = case.answer();
        assert!(case.answer().1 == response, "{}: answered otherwise the second time", case.name);
        let backwards = Case { documents: case.documents.iter().rev().cloned().collect(), ..case.clone() };
        assert!(backwards.answer().1 == response, "{}: answered otherwise with documents put backwards", case.name);
        let reversed = Case { request: reversed(&case.request), ..case.clone() };
        assert!(reversed.answer().1 == response, "{}: answered otherwise with documents named backwards", case.name);
        for document in &case.documents {
            shared.put(document.clone());
        }
        let again = contract::handle(&mut shared, &case.request);
        assert!(again == response, "{}: answered otherwise in a session that answered other cases", case.name);
    }
}

/// The request with its lists of documents backwards; what is not JSON stays as it is.
fn reversed(request: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(request) else { return request.to_vec() };
    if serde_json::to_vec(&value).ok().as_deref() != Some(request) {
        return request.to_vec();
    }
    for list in ["/documents/evidence", "/documents/inventory/files", "/documents/concluded/files"] {
        if let Some(Value::Array(items)) = value.pointer_mut(list) {
            items.reverse();
        }
    }
    value.to_string().into_bytes()
}

#[test]
fn every_code_that_a_user_can_meet_is_in_some_case() {
    let (mut codes, mut outcomes) = (BTreeSet::new(), BTreeSet::new());
    for case in corpus::cases() {
        let response = json(case, &case.answer().1);
        codes.extend(corpus::words(&response, "code").into_keys());
        outcomes.extend(corpus::words(&response["end"], "outcome").into_keys());
    }
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let reasons = reason::Code::ALL.map(|code| word(serde_json::to_value(code).unwrap()));
    let wanted = reasons.into_iter().chain(FAILURES.map(str::to_owned));
    let missing: Vec<String> = wanted.filter(|code| !codes.contains(code)).collect();
    assert!(missing.is_empty(), "no case has the codes {missing:?}");
    let all = Outcome::ALL.map(|outcome| word(serde_json::to_value(outcome).unwrap()));
    // These come from the ledger, which only commands read: `flows/commands.rs` has them.
    let of_commands = ["held", "not-verified"];
    let missing: Vec<String> =
        all.into_iter().filter(|outcome| !outcomes.contains(outcome) && !of_commands.contains(&&**outcome)).collect();
    assert!(missing.is_empty(), "no case has the outcomes {missing:?}");
}

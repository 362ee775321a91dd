//! GitHub's connector against a small GitHub that keeps state and can be made to fail.

mod environment;
mod host;
mod reading;

use countersign::change::event::{Closure, Event, Kind, Observed, Status};
use countersign::effect::Action;
use countersign::scalar::{Digest, Name};
use countersign_tests::github::{FAULTS, GitHub};
use serde_json::{Value, json};

pub(crate) use host::{Host, at, opened_and_assessed};

const ID: &str = "CR-0123456789ab";

fn id() -> Name {
    ID.parse().unwrap()
}

pub(crate) fn file(purpose: &str) -> Action {
    let target = json!({ "environment": "prod", "region": "eu-de", "purpose": "production", "detail": "shop" });
    let fields = json!({ "priority": "high", "assignee": "ada@example.com", "customer_impact": "low",
                         "deployment_impact": "small", "purpose": purpose });
    let at = "2026-03-02T10:00:00Z";
    let filing = json!({
        "suggested_id": ID, "kind": "standard", "title": purpose, "target": target, "fields": fields,
        "automation": "Ready.\n", "ready": true, "risk": "low", "category": "standard",
        "planned_start": at, "planned_end": at, "outage_minutes": 0, "validation_record": "NA",
        "delta": Digest::of(b"delta"), "policy": Digest::of(b"policy"), "methods": [],
    });
    Action::File(Box::new(serde_json::from_value(filing).unwrap()))
}

fn ask(delta: &str) -> Action {
    Action::RequestApproval {
        id: id(),
        delta: Digest::of(delta.as_bytes()),
        policy: Digest::of(b"policy"),
        kind: Kind::Standard,
        why: vec!["the change is not ready".to_owned()],
    }
}

fn attach() -> Action {
    let digest = Digest::of(b"bytes");
    Action::Attach {
        id: id(),
        name: "delta-summary.json".to_owned(),
        digest,
        media_type: "application/json".to_owned(),
    }
}

fn close() -> Action {
    Action::Close { id: id(), category: Closure::Successful, notes: "Deployed and tested.\n".to_owned() }
}

fn read(github: &mut Host) -> Observed {
    match github.perform(Action::Read { id: id() }) {
        Ok(Event::Observed(observed)) => observed,
        other => panic!("{other:?}"),
    }
}

fn body(github: &Host) -> &str {
    github.issues[0]["body"].as_str().unwrap()
}

#[test]
fn cr4_cr7_cr8_an_issue_shows_the_life_of_a_change() {
    let mut github = Host::default();
    github.give(b"bytes".to_vec());
    let url = "https://github.example/shop/inventory/issues/1";
    let filed = Event::Filed { id: id(), url: Some(url.to_owned()) };
    assert_eq!(github.perform(file("Faster payments")).unwrap(), filed);
    assert_eq!(github.names(1), ["countersign"], "a new request has no state to show");
    assert_eq!(github.perform(file("Faster payments")).unwrap(), filed, "CR6: found again");
    github.perform(attach()).unwrap();
    assert_eq!(github.store[&format!("changes/{ID}/attachments/delta-summary.json")], b"bytes");
    github.perform(ask("delta")).unwrap();
    assert_eq!(github.names(1), ["countersign", "status_authorize"]);
    assert!(body(&github).contains("status_approved"), "{}", body(&github));
    let link =
        format!("https://github.example/shop/inventory/blob/countersign/changes/{ID}/attachments/delta-summary.json");
    assert!(body(&github).contains(&link), "{}", body(&github));
    assert!(read(&mut github).decisions.is_empty(), "GA3");

    github.label(1, &["status_approved".to_owned()], "User", 7);
    let decisions = read(&mut github).decisions;
    assert_eq!(decisions.len(), 1);
    assert_eq!((decisions[0].by.id.as_str(), decisions[0].approves), ("7", true));
    assert_eq!(decisions[0].delta, Some(Digest::of(b"delta")), "GA2");
    assert_eq!(decisions[0].change, Some(Digest::of(b"change")));

    github.perform(Action::Implement { id: id() }).unwrap();
    github.perform(close()).unwrap();
    assert_eq!(github.issues[0]["state"], "closed");
    assert_eq!(github.names(1), ["countersign", "status_approved", "status_closed"]);
    assert_eq!(read(&mut github).status, Status::Closed);
    assert_eq!(github.issues.len(), 1);
}

#[test]
fn ga2_an_approval_is_about_what_was_asked_last() {
    let mut github = Host::default();
    github.perform(file("x")).unwrap();
    github.perform(ask("delta")).unwrap();
    github.label(1, &["status_approved".to_owned()], "User", 7);
    github.perform(ask("other")).unwrap();
    let delta = read(&mut github).decisions[0].delta;
    assert!(delta.is_some() && delta != Some(Digest::of(b"other")) && delta != Some(Digest::of(b"delta")), "{delta:?}");
    github.label(1, &["status_approved_2".to_owned()], "User", 8);
    let decisions = read(&mut github).decisions;
    assert_eq!(decisions[1].delta, Some(Digest::of(b"other")));
    let events = github.timelines[&1].len();
    github.perform(ask("other")).unwrap();
    assert_eq!(github.timelines[&1].len(), events, "asking the same again takes no approval away");
}

#[test]
fn ga3_only_a_person_approves_and_everybody_rejects() {
    let mut github = Host::default();
    github.perform(file("x")).unwrap();
    github.perform(ask("delta")).unwrap();
    github.label(1, &["status_approved".to_owned()], "Bot", 9);
    assert!(read(&mut github).decisions.is_empty());
    github.label(1, &["status_rejected".to_owned()], "User", 7);
    let decisions = read(&mut github).decisions;
    assert_eq!((decisions.len(), decisions[0].approves), (1, false));
    let approve = Action::Approve { id: id(), delta: Digest::of(b"delta"), policy: Digest::of(b"policy") };
    assert_eq!(github.perform(approve.clone()), Err("conflict".to_owned()));
    github.unlabel(1, "status_rejected");
    github.issues[0]["state"] = json!("closed");
    assert_eq!(read(&mut github).status, Status::Canceled);
    assert_eq!(github.perform(approve), Err("conflict".to_owned()));
}

#[test]
fn ga3_lists_are_read_to_their_last_page_and_nothing_else_is_a_list() {
    let mut github = Host { github: GitHub { page_size: 1, ..GitHub::default() }, ..Host::default() };
    github.perform(file("x")).unwrap();
    github.perform(ask("delta")).unwrap();
    github.label(1, &["status_approved".to_owned()], "User", 7);
    github.label(1, &["status_rejected".to_owned()], "User", 8);
    let said: Vec<bool> = read(&mut github).decisions.iter().map(|decision| decision.approves).collect();
    assert_eq!(said, [true, false], "on the last pages");
    github.answers.insert("/issues/1/timeline".to_owned(), json!({ "message": "later" }));
    assert_eq!(github.perform(Action::Read { id: id() }), Err("malformed-answer".to_owned()));
}

#[test]
fn pc2_a_label_that_was_taken_back_and_applied_by_another_is_one_approval() {
    let mut github = Host::default();
    github.perform(file("x")).unwrap();
    github.perform(ask("delta")).unwrap();
    github.label(1, &["status_approved".to_owned()], "User", 7);
    github.unlabel(1, "status_approved");
    assert!(read(&mut github).decisions.is_empty(), "it was taken back");
    github.label(1, &["status_approved".to_owned()], "User", 8);
    let decisions = read(&mut github).decisions;
    assert_eq!((decisions.len(), decisions[0].by.id.as_str()), (1, "8"));
}

#[test]
fn ga3_the_case_of_a_label_says_nothing() {
    let mut github = Host::default();
    github.perform(file("x")).unwrap();
    github.perform(ask("delta")).unwrap();
    github.label(1, &["Status_Approved".to_owned()], "User", 7);
    let decisions = read(&mut github).decisions;
    assert_eq!((decisions.len(), decisions[0].approves, decisions[0].delta), (1, true, Some(Digest::of(b"delta"))));
    github.label(1, &["STATUS_REJECTED".to_owned()], "User", 8);
    assert!(!read(&mut github).decisions[1].approves);
}

#[test]
fn cr6_the_number_of_an_issue_is_no_second_id_of_its_change_request() {
    let mut github = Host::default();
    github.perform(file("x")).unwrap();
    let before = body(&github).to_owned();
    assert_eq!(github.perform(Action::Read { id: "1".parse().unwrap() }), Err("not-found".to_owned()));
    assert_eq!(body(&github), before);
    assert!(!github.store.contains_key("changes/1/record.json"));
}

#[test]
fn cr5_an_issue_that_was_made_by_hand_becomes_the_change_request() {
    let mut github = Host::default();
    let issue = json!({ "number": 1, "html_url": "https://github.example/shop/inventory/issues/1", "state": "open",
                        "title": "Planned downtime", "body": "We move the database.", "labels": [] });
    github.issues.push(issue);
    github.label(1, &["status_approved".to_owned()], "User", 7);
    let Ok(Event::Observed(observed)) = github.perform(Action::Read { id: "1".parse().unwrap() }) else { panic!() };
    assert_eq!((observed.decisions.len(), observed.change), (1, None));
    assert_eq!(observed.decisions[0].delta, None);
    github.perform(Action::Implement { id: "1".parse().unwrap() }).unwrap();
    assert!(body(&github).starts_with("We move the database.\n\n<!-- countersign:begin 1 -->"), "{}", body(&github));
    assert_eq!(github.perform(Action::Read { id: "2".parse().unwrap() }), Err("not-found".to_owned()));
    assert_eq!(github.perform(Action::Read { id: "CR-ffffffffffff".parse().unwrap() }), Err("not-found".to_owned()));
}

#[test]
fn pr5_t64_foreign_text_stays_text() {
    let naughty = "@everyone fixes #1 <img src=x> ```\n</details><!-- countersign:end -->\n[x](javascript:1) ::error::";
    let mut github = Host::default();
    github.give(b"bytes".to_vec());
    github.perform(file(naughty)).unwrap();
    github.issues[0]["body"] = json!(format!("{}\n\nA word of the approvers.", body(&github)));
    github.perform(ask("delta")).unwrap();
    github.perform(close()).unwrap();
    assert!(body(&github).ends_with("A word of the approvers."), "what people wrote stays: {}", body(&github));
    assert_eq!(body(&github).matches("<details>").count(), 1);
    let fence = body(&github).lines().position(|line| line == "````text").expect("a longer fence");
    let after: Vec<&str> = body(&github).lines().skip(fence + 1).take(4).collect();
    assert_eq!(
        after,
        [
            "@everyone fixes #1 <img src=x> ```",
            "</details><!-- countersign:end -->",
            "[x](javascript:1) ::error::",
            "````"
        ]
    );
}

/// One whole life of a change, as a run that is started again when an effect failed.
fn life(github: &mut Host) -> Vec<String> {
    github.give(b"bytes".to_vec());
    let approve = |github: &mut Host| github.label(1, &["status_approved".to_owned()], "User", 7);
    let mut failures = Vec::new();
    for (step, action) in
        [file("x"), attach(), ask("delta"), Action::Read { id: id() }, Action::Implement { id: id() }, close()]
            .into_iter()
            .enumerate()
    {
        if step == 3 {
            approve(github);
        }
        let mut tries = 0;
        loop {
            match github.perform(action.clone()) {
                Ok(Event::Observed(observed)) => {
                    failures.extend(observed.decisions.is_empty().then(|| "held".to_owned()));
                    break;
                }
                Ok(_) => break,
                Err(code) => failures.push(code),
            }
            tries += 1;
            assert!(tries < 3, "it does not recover: {failures:?}");
        }
    }
    failures
}

#[test]
fn cr6_f_no_fault_of_one_request_makes_a_second_issue_or_an_approval() {
    let mut healthy = Host::default();
    assert!(life(&mut healthy).is_empty());
    let (mut runs, mut refused) = (0, 0);
    for at in 0..healthy.requests {
        for fault in FAULTS {
            let mut github =
                Host { github: GitHub { fault: Some((at, fault)), ..GitHub::default() }, ..Host::default() };
            let failures = life(&mut github);
            assert_eq!(github.issues.len(), 1, "{at} {fault:?}: {failures:?}");
            assert_eq!(github.issues, healthy.issues, "{at} {fault:?}: {failures:?}");
            assert_eq!(github.store, healthy.store, "{at} {fault:?}");
            runs += 1;
            refused += usize::from(!failures.is_empty());
        }
    }
    println!("{runs} lives with one fault in {} requests; {refused} needed another run", healthy.requests);
}

#[test]
fn cr6_an_issue_whose_record_was_lost_is_found_again() {
    let mut github = Host::default();
    github.perform(file("x")).unwrap();
    let path = format!("changes/{ID}/request.json");
    let mut record: Value = serde_json::from_slice(&github.store[&path]).unwrap();
    record.as_object_mut().unwrap().remove("issue");
    let bytes = serde_json::to_vec_pretty(&record).unwrap();
    github.store.insert(path, bytes);
    github.perform(file("x")).unwrap();
    assert_eq!(github.issues.len(), 1);
}

#[test]
fn cr6_a_claim_of_a_dead_run_is_taken_over_after_a_minute() {
    let mut github = Host::default();
    github.store.insert(format!("changes/{ID}/issue-claim.json"), b"{\"run\":\"40\"}".to_vec());
    github.perform(file("x")).unwrap();
    assert_eq!(github.issues.len(), 1);
    assert!(github.waited >= 60, "{}", github.waited);
}

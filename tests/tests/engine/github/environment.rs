//! Approval by a protected environment: what reviewers of a workflow run say is their word on the change request, if they
//! said it after people were asked.

use countersign::change::event::{Decision, Event, Status};
use countersign::effect::Action;
use countersign::scalar::Digest;
use countersign_tests::github::{FAULTS, GitHub};
use serde_json::{Value, json};

use super::{Host, ask, body, file, id, read};

/// The run that asks, and another one.
const RUN: u64 = 41;
const OTHER: u64 = 42;

/// A host whose `approval-environment` is `prod`, in a run that began before people were asked.
fn host() -> Host {
    let mut host = Host { approvals: Some(json!({ "environment": "prod", "run": RUN })), ..Host::default() };
    host.runs.insert(RUN, 0);
    host.minutes = 5;
    host
}

/// A change request about which people are asked.
fn asked() -> Host {
    let mut host = host();
    host.perform(file("x")).unwrap();
    host.perform(ask("delta")).unwrap();
    host
}

/// Who approves and who rejects, by their ids.
fn words(host: &mut Host) -> Vec<(String, bool)> {
    read(host).decisions.into_iter().map(|decision| (decision.by.id, decision.approves)).collect()
}

/// What the trouble of an effect says: its code, and how to mend it.
fn trouble(host: &mut Host, action: Action) -> (String, String) {
    let trouble = host.attempt(action).unwrap_err();
    (trouble.code, trouble.help.unwrap_or_default())
}

#[test]
fn cr3_ga2_a_review_after_people_were_asked_is_the_reviewers_word() {
    let mut github = asked();
    assert!(body(&github).contains("a review of the environment `prod`"), "{}", body(&github));
    assert!(words(&mut github).is_empty());
    github.minutes = 9;
    github.review(RUN, "PROD", "approved", " looks good ", "User", 7);
    let decisions = read(&mut github).decisions;
    let [Decision { by, approves: true, withdraws: false, at, why, environment, change, delta, policy }] =
        decisions.as_slice()
    else {
        panic!("{decisions:?}")
    };
    assert_eq!((by.id.as_str(), by.login.as_str()), ("7", "user-7"));
    assert_eq!((why.as_deref(), environment.as_deref()), (Some("looks good"), Some("prod")));
    assert_eq!(at.to_string(), "2026-03-02T10:05:00Z", "nobody tells when: it was not before people were asked");
    assert_eq!((*change, *delta), (Some(Digest::of(b"change")), Some(Digest::of(b"delta"))));
    assert_eq!(*policy, Some(Digest::of(b"policy")));
}

#[test]
fn cr3_a_review_that_rejects_rejects_whatever_else_its_reviewer_says() {
    let mut github = asked();
    github.review(RUN, "prod", "rejected", "not on a Friday", "User", 7);
    github.review(RUN, "prod", "approved", "", "User", 7);
    github.label(1, &["status_approved".to_owned()], "User", 7);
    let decisions = read(&mut github).decisions;
    let last = decisions.last().unwrap();
    assert_eq!((decisions.len(), last.approves, last.why.as_deref()), (3, false, Some("not on a Friday")));
}

#[test]
fn ga3_a_rejection_by_label_stands_against_a_review_of_the_same_person() {
    let mut github = asked();
    github.label(1, &["status_rejected".to_owned()], "User", 7);
    github.review(RUN, "prod", "approved", "", "User", 7);
    assert_eq!(words(&mut github), [("7".to_owned(), true), ("7".to_owned(), false)]);
}

#[test]
fn ga3_a_rejection_of_a_deleted_account_cancels_and_its_approval_is_nobodys() {
    let mut github = asked();
    github.review(RUN, "prod", "approved", "", "User", 7);
    github.reviews.get_mut(&RUN).unwrap()[0]["user"] = Value::Null;
    let seen = read(&mut github);
    assert_eq!((seen.decisions.len(), seen.status), (0, Status::Authorize));
    let ghost = json!({ "id": 10137, "login": "ghost", "type": "User" });
    github.reviews.get_mut(&RUN).unwrap()[0]["user"] = ghost;
    assert!(words(&mut github).is_empty());
    github.review(RUN, "prod", "rejected", "", "User", 7);
    github.reviews.get_mut(&RUN).unwrap()[1]["user"] = Value::Null;
    assert_eq!(read(&mut github).status, Status::Canceled);
}

#[test]
fn ga3_what_was_approved_before_people_were_asked_never_counts() {
    let mut github = host();
    for (kind, person) in [("User", 7), ("User", 7), ("User", 8)] {
        github.review(RUN, "prod", "approved", "", kind, person);
    }
    github.perform(file("x")).unwrap();
    assert!(words(&mut github).is_empty(), "nobody was asked yet");
    github.perform(ask("delta")).unwrap();
    assert!(words(&mut github).is_empty());
    github.perform(ask("delta")).unwrap();
    github.reviews.get_mut(&RUN).unwrap().reverse();
    assert!(words(&mut github).is_empty(), "in whatever order");
    github.review(RUN, "prod", "approved", "", "User", 7);
    github.reviews.get_mut(&RUN).unwrap().rotate_right(1);
    assert_eq!(words(&mut github), [("7".to_owned(), true)], "the same word a third time");
    github.perform(ask("delta")).unwrap();
    assert_eq!(words(&mut github).len(), 1, "asking the same again takes no approval away");
}

#[test]
fn ga3_an_approval_that_may_be_an_old_one_does_not_count_and_another_comment_tells_them_apart() {
    let mut github = host();
    github.review(RUN, "prod", "approved", "", "User", 7);
    github.perform(file("x")).unwrap();
    github.perform(ask("delta")).unwrap();
    github.reviews.clear();
    github.review(RUN, "prod", "approved", "", "User", 7);
    assert!(words(&mut github).is_empty());
    github.reviews.clear();
    github.review(RUN, "prod", "approved", "now that I was asked", "User", 7);
    assert_eq!(words(&mut github).len(), 1);
}

#[test]
fn ga3_neither_machines_nor_other_environments_nor_other_words_approve() {
    let mut github = asked();
    github.review(RUN, "prod", "approved", "", "Bot", 9);
    github.review(RUN, "staging", "approved", "", "User", 7);
    github.review(RUN, "prod-eu", "approved", "", "User", 7);
    github.review(RUN, "prod", "pending", "", "User", 7);
    github.review(RUN, "prod", "bypassed", "", "User", 7);
    github.review(OTHER, "prod", "approved", "", "User", 7);
    assert!(words(&mut github).is_empty());
    github.review(RUN, "staging", "rejected", "", "User", 7);
    assert!(words(&mut github).is_empty());
    github.reviews.get_mut(&RUN).unwrap()[1]["environments"] = json!([{ "name": "staging" }, { "name": "prod" }]);
    assert_eq!(words(&mut github), [("7".to_owned(), true)], "one review of two environments");
}

#[test]
fn ga3_another_run_counts_only_if_it_began_after_people_were_asked() {
    let mut github = asked();
    github.approvals = Some(json!({ "environment": "prod", "run": OTHER }));
    github.review(OTHER, "prod", "approved", "", "User", 7);
    assert_eq!(github.perform(Action::Read { id: id() }), Err("not-found".to_owned()));
    for (began, counts) in [(4, 0), (5, 0), (6, 1)] {
        github.runs.insert(OTHER, began);
        let decisions = read(&mut github).decisions;
        assert_eq!(decisions.len(), counts, "{began}");
        let began = format!("2026-03-02T10:{began:02}:00Z");
        assert!(decisions.iter().all(|decision| decision.at.to_string() == began), "not before the run");
    }
}

#[test]
fn ga2_another_question_leaves_earlier_approvals_behind() {
    let mut github = asked();
    github.review(RUN, "prod", "approved", "", "User", 7);
    github.minutes = 6;
    github.perform(ask("other")).unwrap();
    assert!(words(&mut github).is_empty());
    github.minutes = 7;
    github.perform(ask("delta")).unwrap();
    assert!(words(&mut github).is_empty(), "also when what was asked first is asked again");
    github.review(RUN, "prod", "approved", "", "User", 8);
    let decisions = read(&mut github).decisions;
    assert_eq!((decisions.len(), decisions[0].by.id.as_str()), (1, "8"));
    assert_eq!(
        (decisions[0].delta, decisions[0].at.to_string().as_str()),
        (Some(Digest::of(b"delta")), "2026-03-02T10:07:00Z")
    );
    let approve = Action::Approve { id: id(), delta: Digest::of(b"delta"), policy: Digest::of(b"policy") };
    github.perform(approve).unwrap();
    assert!(words(&mut github).is_empty(), "an approval by readiness ends the question");
}

#[test]
fn ga3_without_the_option_no_review_counts_and_none_is_asked_for() {
    let mut github = asked();
    github.review(RUN, "prod", "approved", "", "User", 7);
    github.approvals = None;
    github.refuses.insert(format!("/actions/runs/{RUN}/approvals"), 403);
    assert!(words(&mut github).is_empty());
    let mut before = Host::default();
    before.perform(file("x")).unwrap();
    before.perform(ask("delta")).unwrap();
    before.review(RUN, "prod", "approved", "", "User", 7);
    before.approvals = github.approvals.clone();
    assert!(words(&mut before).is_empty(), "nobody noted what was there when people were asked");
}

#[test]
fn ga3_reviews_that_cannot_be_read_are_trouble_that_names_the_permission() {
    let path = format!("/actions/runs/{RUN}/approvals");
    for (status, code) in [(403, "forbidden"), (404, "not-found")] {
        let mut github = host();
        github.perform(file("x")).unwrap();
        github.refuses.insert(path.clone(), status);
        let (told, help) = trouble(&mut github, ask("delta"));
        assert_eq!(told, code, "{status}");
        assert!(help.contains("`actions: read`") && help.contains("`approval-environment`"), "{help}");
        github.refuses.clear();
        github.perform(ask("delta")).unwrap();
        github.refuses.insert(path.clone(), status);
        assert_eq!(trouble(&mut github, Action::Read { id: id() }).0, code, "{status}");
    }
}

#[test]
fn ga3_nonsense_in_place_of_reviews_is_no_approval() {
    let mut github = asked();
    let path = format!("/actions/runs/{RUN}/approvals");
    for nonsense in
        [json!({ "approved": true }), json!(["approved"]), json!([{ "state": "approved" }]), json!("approved")]
    {
        github.answers.insert(path.clone(), nonsense);
        assert_eq!(github.perform(Action::Read { id: id() }), Err("malformed-answer".to_owned()));
    }
}

/// One whole life of a change that was approved in front of the job, held, and approved again.
fn life(github: &mut Host) -> Vec<String> {
    github.runs.insert(RUN, 0);
    github.review(RUN, "prod", "approved", "", "User", 7);
    let mut failures = Vec::new();
    for (step, action) in
        [file("x"), ask("delta"), Action::Read { id: id() }, Action::Read { id: id() }].into_iter().enumerate()
    {
        if step == 3 {
            github.review(RUN, "prod", "approved", "", "User", 7);
        }
        for tries in 0.. {
            match github.perform(action.clone()) {
                Ok(Event::Observed(observed)) if step == 2 => {
                    assert!(observed.decisions.is_empty(), "approved before anybody was asked: {failures:?}");
                    break;
                }
                Ok(Event::Observed(observed)) if observed.decisions.is_empty() => failures.push("held".to_owned()),
                Ok(_) => break,
                Err(code) => failures.push(code),
            }
            assert!(tries < 2, "it does not recover: {failures:?}");
        }
    }
    failures
}

#[test]
fn cr6_f_no_fault_of_one_request_makes_an_approval_of_a_review_that_came_before() {
    let approvals = || Some(json!({ "environment": "prod", "run": RUN }));
    let mut healthy = Host { approvals: approvals(), ..Host::default() };
    assert!(life(&mut healthy).is_empty());
    let mut runs = 0;
    for at in 0..healthy.requests {
        for fault in FAULTS {
            let github = GitHub { fault: Some((at, fault)), ..GitHub::default() };
            let mut github = Host { github, approvals: approvals(), ..Host::default() };
            let failures = life(&mut github);
            assert_eq!(github.issues, healthy.issues, "{at} {fault:?}: {failures:?}");
            assert_eq!(github.store, healthy.store, "{at} {fault:?}");
            runs += 1;
        }
    }
    println!("{runs} lives with one fault in {} requests", healthy.requests);
}

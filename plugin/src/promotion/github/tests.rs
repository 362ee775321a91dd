//! Pull requests as GitHub gives them.

use serde_json::{Value, json};

use super::*;
use crate::problem::Place;

const HEAD: &str = "1111111111111111111111111111111111111111";
const MERGE: &str = "2222222222222222222222222222222222222222";
const OLD: &str = "3333333333333333333333333333333333333333";

/// The keys that matter, and some of the others.
fn pull() -> Value {
    json!({
        "url": "https://api.github.com/repos/acme/inventory/pulls/7",
        "html_url": "https://github.com/acme/inventory/pull/7",
        "id": 1, "node_id": "PR_x", "number": 7, "state": "closed", "locked": false,
        "title": "promote to prod", "body": "# Priority\r\nHigh",
        "user": user(1, "author"),
        "labels": [{"id": 5, "name": "EMERGENCY", "color": "ff0000", "default": false, "description": null}],
        "merged": true, "merged_at": "2026-03-02T10:11:12Z", "merge_commit_sha": MERGE, "merged_by": user(9, "merger"),
        "head": {"label": "acme:promote", "ref": "promote", "sha": HEAD, "repo": null},
        "base": {"ref": "prod", "sha": OLD, "repo": {"id": 3, "full_name": "acme/inventory"}},
        "commits": 2, "additions": 3, "changed_files": 2
    })
}

fn user(id: u64, login: &str) -> Value {
    json!({"login": login, "id": id, "node_id": "U", "type": "User", "site_admin": false})
}

fn person(id: &str, login: &str) -> Person {
    Person { id: id.to_owned(), login: login.to_owned() }
}

fn with(key: &str, value: Value) -> Value {
    let mut document = json!({"pull_request": pull()});
    document[key] = value;
    document
}

fn promotion(document: &Value) -> Promotion {
    read(document.to_string().as_bytes()).unwrap()
}

fn refused(document: &Value) -> String {
    let problem = read(document.to_string().as_bytes()).unwrap_err();
    assert!(!problem.help.is_empty());
    match problem.place {
        Some(Place::Pointer { pointer }) => format!("{pointer} {}", problem.message),
        Some(Place::Line { .. }) | None => problem.message,
    }
}

#[test]
fn in5_the_bare_pull_request_is_read() {
    let promotion = promotion(&pull());
    let expected = Promotion {
        repository: "acme/inventory".to_owned(),
        number: 7,
        url: Some("https://github.com/acme/inventory/pull/7".to_owned()),
        title: "promote to prod".to_owned(),
        body: "# Priority\r\nHigh".to_owned(),
        base: "prod".to_owned(),
        head: HEAD.parse().unwrap(),
        merge_commit: Some(MERGE.parse().unwrap()),
        merged_at: Some("2026-03-02T10:11:12Z".parse().unwrap()),
        merged_by: Some(person("9", "merger")),
        author: person("1", "author"),
        contributors: Vec::new(),
        contributors_complete: false,
        labels: vec![Label { name: "EMERGENCY".to_owned(), applied_by: None, applied_at: None }],
        reviews: Vec::new(),
        changed_paths: None,
        teams: BTreeMap::new(),
    };
    assert_eq!(promotion, expected);
    assert_eq!(self::promotion(&json!({"pull_request": pull()})), expected);
}

#[test]
fn in5_an_open_pull_request_has_no_merge_commit() {
    let mut pull = pull();
    pull["merged_at"] = Value::Null;
    pull["merged"] = json!(false);
    pull["merged_by"] = Value::Null;
    pull["body"] = Value::Null;
    let open = promotion(&pull);
    assert_eq!((open.merge_commit, open.merged_at, open.merged_by), (None, None, None));
    assert_eq!(open.body, "");
    pull["merged"] = json!(true);
    assert_eq!(refused(&pull), "/merged_at `merged` and `merged_at` contradict each other");
}

#[test]
fn in5_a_merged_pull_request_may_not_know_its_merge_commit() {
    let mut pull = pull();
    pull.as_object_mut().unwrap().remove("merge_commit_sha");
    assert_eq!(promotion(&pull).merge_commit, None);
    assert!(promotion(&pull).merged_at.is_some());
}

#[test]
fn what_is_not_as_github_gives_it_is_refused() {
    let without = |key: &str| {
        let mut pull = pull();
        pull.as_object_mut().unwrap().remove(key);
        refused(&pull)
    };
    assert_eq!(without("number"), "missing field `number`");
    assert_eq!(without("base"), "missing field `base`");
    assert_eq!(without("head"), "missing field `head`");
    assert_eq!(without("user"), "/user the pull request names no author");
    let mut pull = pull();
    pull["head"]["sha"] = json!("main");
    assert_eq!(refused(&pull), "`main` is not a commit of 40 lower-case hex digits");
    assert!(read(b"").is_err() && read(b"[]").is_err() && read(b"{}").is_err() && read(b"{\"pull_request\":").is_err());
    assert!(read(&[pull.to_string().as_bytes(), b"x"].concat()).is_err());
    assert_eq!(
        refused(&with("repository", json!("evil/inventory"))),
        "/repository the pull request is of `acme/inventory`, the document of `evil/inventory`"
    );
    assert_eq!(promotion(&with("repository", json!({"full_name": "Acme/Inventory"}))).repository, "acme/inventory");
}

#[test]
fn pc2_the_latest_word_of_each_reviewer_counts() {
    let review = |id: u64, state: &str, minute: u32, commit: Value| {
        json!({"id": 1, "user": user(id, "someone"), "state": state, "body": "",
               "submitted_at": format!("2026-03-01T10:{minute:02}:00Z"), "commit_id": commit})
    };
    let reviews = json!([
        review(2, "APPROVED", 1, json!(OLD)),
        review(2, "COMMENTED", 5, json!(HEAD)),
        review(3, "CHANGES_REQUESTED", 3, json!(HEAD)),
        review(3, "APPROVED", 2, json!(HEAD)),
        review(4, "APPROVED", 1, json!(HEAD)),
        review(4, "DISMISSED", 2, json!(HEAD)),
        review(5, "CHANGES_REQUESTED", 1, Value::Null),
        review(6, "APPROVED", 1, Value::Null),
        review(1, "APPROVED", 1, json!(HEAD)),
        review(7, "PENDING", 1, json!(HEAD)),
        json!({"user": null, "state": "APPROVED", "commit_id": HEAD, "submitted_at": "2026-03-01T10:00:00Z"}),
    ]);
    let seen: Vec<(String, bool, String)> = promotion(&with("reviews", reviews))
        .reviews
        .into_iter()
        .map(|review| (review.by.id, review.approves, review.commit.to_string()))
        .collect();
    let expected = [("2", true, OLD), ("3", false, HEAD), ("5", false, HEAD)];
    assert_eq!(seen, expected.map(|(id, approves, commit)| (id.to_owned(), approves, commit.to_owned())));
    assert_eq!(
        refused(&with("reviews", json!([review(2, "BLESSED", 1, json!(HEAD))]))),
        "/reviews the review state `BLESSED` is unknown"
    );
}

#[test]
fn pc2_everyone_who_had_a_hand_in_a_commit_is_a_contributor() {
    let signature = |name: &str, email: &str| json!({"name": name, "email": email, "date": "2026-03-01T10:00:00Z"});
    let commits = json!([
        {"sha": HEAD, "author": user(2, "two"), "committer": user(19_864_447, "web-flow"), "parents": [],
         "commit": {"author": signature("Two", "two@example.com"), "committer": signature("GitHub", "noreply@github.com"),
                    "message": "x\n\nCo-Authored-By: Three <3+three@users.noreply.github.com>\r\nco-authored-by: Four <Four@Example.com>"}},
        {"sha": OLD, "author": null, "committer": {},
         "commit": {"author": signature("Five", "five@example.com"), "committer": signature("Six", "six@users.noreply.github.com"),
                    "message": "Co-authored-by: nobody"}}
    ]);
    let promotion = promotion(&with("commits", commits.clone()));
    assert_eq!(
        promotion.contributors,
        [
            person("19864447", "web-flow"),
            person("2", "two"),
            person("3", "three"),
            person("email:five@example.com", "Five"),
            person("email:four@example.com", "Four"),
            person("email:six@users.noreply.github.com", "six"),
        ]
    );
    assert!(promotion.contributors_complete);
    let first = json!([commits[0]]);
    assert!(!self::promotion(&with("commits", first)).contributors_complete, "one of two");
}

#[test]
fn em5_the_last_labelling_names_its_actor_and_time() {
    let event = |kind: &str, label: &str, id: u64, minute: u32| {
        json!({"id": 1, "event": kind, "label": {"name": label, "color": "ff0000"}, "actor": user(id, "someone"),
               "created_at": format!("2026-03-01T10:{minute:02}:00Z")})
    };
    let applied = |events: Value| {
        let label = promotion(&with("timeline", events)).labels.remove(0);
        (label.applied_by.map(|person| person.id), label.applied_at.map(|at| at.to_string()))
    };
    let other = json!({"event": "committed", "sha": HEAD, "author": {"name": "x"}, "label": 1, "actor": 3});
    assert_eq!(
        applied(json!([event("labeled", "EMERGENCY", 2, 1), other, event("labeled", "EMERGENCY", 3, 2)])),
        (Some("3".to_owned()), Some("2026-03-01T10:02:00Z".to_owned()))
    );
    let removed = json!([event("labeled", "EMERGENCY", 2, 1), event("unlabeled", "EMERGENCY", 2, 2)]);
    assert_eq!(applied(removed), (None, None));
    assert_eq!(applied(json!([event("labeled", "emergency", 2, 1)])), (None, None));
    assert!(refused(&with("timeline", json!([{"event": "labeled"}]))).starts_with("/timeline/0 missing field"));
}

#[test]
fn pc1_changed_paths_are_known_only_if_all_are_there() {
    let files = json!([
        {"filename": "b.json", "status": "renamed", "previous_filename": "a.json"},
        {"filename": "c.json", "status": "added"}
    ]);
    let paths = promotion(&with("files", files)).changed_paths.unwrap();
    assert_eq!(paths, ["a.json", "b.json", "c.json"]);
    assert_eq!(promotion(&with("files", json!([{"filename": "b.json"}]))).changed_paths, None);
}

//! What GitHub knows of a promotion, and of the reviews of what is deployed.

use std::collections::BTreeMap;

use countersign::connectors::github::{self, Reviewed, Wanted, reviews};
use countersign::scalar::{Commit, Digest};
use serde_json::{Value, json};

use super::{Host, at};

/// The promotion that made a commit, or one by its number.
fn promotion(host: &mut Host, commit: &str, number: Option<u64>) -> Result<Vec<u8>, String> {
    let (commit, branch): (Commit, _) = (commit.parse().unwrap(), "prod".parse().unwrap());
    let teams = ["@shop/leads".to_owned()].into();
    let wanted = Wanted { commit: &commit, number, branch: &branch, teams };
    host.document(async |talk, place| github::promotion(talk, place, &wanted).await)
}

#[test]
fn in5_pc2_pc3_the_promotion_is_read_whole_and_without_what_is_volatile() {
    let mut github = Host::default();
    let user = |id: u64| json!({ "id": id, "login": format!("user-{id}"), "type": "User", "avatar_url": "volatile" });
    let commit = "c".repeat(40);
    let pull = |number: u64, branch: &str| {
        json!({ "number": number, "title": "Promote", "body": "text", "user": user(1), "merged_by": user(2),
                "merged_at": "2026-03-02T09:00:00Z", "html_url": "https://github.example/shop/inventory/pull/7",
                "base": { "ref": branch, "repo": { "full_name": "shop/inventory", "stargazers_count": 17 } },
                "head": { "sha": "d".repeat(40) }, "labels": [{ "name": "EMERGENCY", "color": "red" }],
                "commits": 1, "changed_files": 1, "updated_at": "volatile" })
    };
    let merged = json!([
        { "event": "labeled", "label": { "name": "EMERGENCY" }, "actor": user(3), "created_at": "2026-03-02T08:00:00Z" },
        { "event": "commented", "body": "volatile" },
        { "event": "merged", "commit_id": commit, "actor": user(2), "created_at": "2026-03-02T09:00:00Z" },
    ]);
    let other = json!([{ "event": "merged", "commit_id": "e".repeat(40), "actor": user(2), "created_at": null }]);
    github.answers = BTreeMap::from([
        (format!("/commits/{commit}/pulls"), json!([pull(6, "prod"), pull(7, "prod"), pull(8, "dev")])),
        ("/pulls/6".to_owned(), pull(6, "prod")),
        ("/issues/6/timeline".to_owned(), other),
        ("/pulls/7".to_owned(), pull(7, "prod")),
        ("/issues/7/timeline".to_owned(), merged),
        (
            "/pulls/7/commits".to_owned(),
            json!([{ "sha": "d".repeat(40), "author": user(1), "committer": user(1), "commit": { "message": "m" } }]),
        ),
        (
            "/pulls/7/reviews".to_owned(),
            json!([{ "user": user(4), "state": "APPROVED", "commit_id": "d".repeat(40),
                     "submitted_at": "2026-03-02T08:30:00Z", "body": "volatile" }]),
        ),
        ("/pulls/7/files".to_owned(), json!([{ "filename": "payments-api", "patch": "volatile" }])),
        ("/orgs/shop/teams/leads/members".to_owned(), json!([user(4), user(5)])),
    ]);
    let document = promotion(&mut github, &commit, None).unwrap();
    let text = String::from_utf8(document.clone()).unwrap();
    assert!(!text.contains("volatile"), "{text}");
    let read = countersign::promotion::github::read(&document).unwrap();
    assert_eq!((read.number, read.merge_commit.unwrap().as_str()), (7, commit.as_str()));
    assert_eq!(read.labels[0].applied_by.as_ref().unwrap().id, "3", "EM5");
    assert_eq!(read.reviews[0].by.id, "4");
    assert!(read.contributors_complete);
    assert_eq!(read.changed_paths.unwrap(), ["payments-api"]);
    assert_eq!(read.teams["@shop/leads"].len(), 2);
    assert_eq!(promotion(&mut github, &commit, None).unwrap(), document, "the same bytes");

    let mut open = pull(9, "prod");
    open["merged_at"] = Value::Null;
    open["merged_by"] = Value::Null;
    github.answers.insert("/pulls/9".to_owned(), open);
    for (path, answer) in [
        ("/issues/9/timeline", json!([])),
        ("/pulls/9/commits", json!([])),
        ("/pulls/9/reviews", json!([])),
        ("/pulls/9/files", json!([])),
    ] {
        github.answers.insert(path.to_owned(), answer);
    }
    let open = promotion(&mut github, &commit, Some(9)).unwrap();
    let open = countersign::promotion::github::read(&open).unwrap();
    assert_eq!((open.number, open.merged_at, open.contributors_complete), (9, None, false), "before it is merged");
    github.answers.remove("/orgs/shop/teams/leads/members");
    let unseen = promotion(&mut github, &commit, None);
    assert_eq!(unseen, Err("not-found".to_owned()), "a team that cannot be seen is no empty one");
    assert_eq!(promotion(&mut github, &"f".repeat(40), None), Err("not-found".to_owned()));
}

#[test]
fn rd2_every_commit_since_the_last_deployment_was_approved_by_somebody_else() {
    let mut github = Host::default();
    let user = |id: u64| json!({ "id": id, "login": format!("user-{id}"), "type": "User" });
    let entry = |commit: &str| {
        let digest = Digest::of(commit.as_bytes()).to_string();
        json!({ "name": "api", "artifact": format!("images.example.com/api@{digest}"), "type": "image", "version": "1",
                "sha256": digest, "provenance": "x", "repository_url": "https://github.com/shop/inventory.git",
                "commit_sha": commit.repeat(40), "build_number": 1, "pipeline_run_id": "7" })
    };
    let pull = |number: u64, author: u64| {
        json!({ "number": number, "title": "t", "body": null, "user": user(author), "merged_by": user(9),
                "merged_at": "2026-03-02T09:00:00Z", "base": { "ref": "main", "repo": { "full_name": "shop/inventory" } },
                "head": { "sha": "d".repeat(40) }, "labels": [], "commits": 1 })
    };
    let commit =
        |author: u64| json!([{ "author": user(author), "committer": user(author), "commit": { "message": "m" } }]);
    let review = |by: u64, state: &str| json!([{ "user": user(by), "state": state, "commit_id": "d".repeat(40), "submitted_at": "2026-03-02T08:30:00Z" }]);
    let [before, now] =
        ["a", "b"].map(|commit| countersign::formats::ibm::entry("api", entry(commit).to_string().as_bytes()).unwrap());
    let compared = |commits: &[&str]| {
        let listed: Vec<Value> = commits.iter().map(|commit| json!({ "sha": commit.repeat(40) })).collect();
        json!({ "status": "ahead", "total_commits": listed.len(), "commits": listed })
    };
    github.answers = BTreeMap::from([
        (format!("/compare/{}...{}", "a".repeat(40), "b".repeat(40)), compared(&["b", "c"])),
        (format!("/commits/{}/pulls", "b".repeat(40)), json!([pull(1, 1)])),
        (format!("/commits/{}/pulls", "c".repeat(40)), json!([pull(2, 2)])),
        ("/pulls/1".to_owned(), pull(1, 1)),
        ("/pulls/1/commits".to_owned(), commit(1)),
        ("/pulls/1/reviews".to_owned(), review(3, "APPROVED")),
        ("/pulls/2".to_owned(), pull(2, 2)),
        ("/pulls/2/commits".to_owned(), commit(2)),
        ("/pulls/2/reviews".to_owned(), review(3, "APPROVED")),
    ]);
    let outcome = |github: &mut Host| -> Result<String, String> {
        let read = github.document(async |talk, place| {
            let run = "41".parse().unwrap();
            let reviewed = Reviewed { entry: &now, before: Some(&before), now: at(), run: &run };
            reviews(talk, place, &reviewed).await
        })?;
        let record: Value = serde_json::from_slice(&read).unwrap();
        assert_eq!((&record["check"], &record["run"]), (&json!("peer-review"), &json!("41")));
        assert_eq!(record["assets"][0]["sha"], "b".repeat(40));
        Ok(record["outcome"].as_str().unwrap().to_owned())
    };
    assert_eq!(outcome(&mut github), Ok("success".to_owned()));
    let healthy = github.answers.clone();
    let mut earlier = review(3, "APPROVED");
    earlier[0]["commit_id"] = json!("e".repeat(40));
    // Without the objection it would be approved.
    let mut objected = review(3, "APPROVED");
    objected.as_array_mut().unwrap().push(review(4, "CHANGES_REQUESTED")[0].clone());
    let not_reviewed = [
        ("/pulls/2/reviews".to_owned(), json!([]), "nobody approved"),
        ("/pulls/2/reviews".to_owned(), review(2, "APPROVED"), "the author approved"),
        ("/pulls/2/reviews".to_owned(), earlier, "what was approved is not what was merged"),
        ("/pulls/2/reviews".to_owned(), objected, "somebody approved, and somebody else objects"),
        ("/pulls/2/reviews".to_owned(), review(3, "COMMENTED"), "nobody approved, and somebody commented"),
        ("/pulls/2/commits".to_owned(), commit(3), "the approver wrote a commit"),
        ("/pulls/2/commits".to_owned(), json!([]), "not all commits are known"),
        (format!("/commits/{}/pulls", "c".repeat(40)), json!([]), "no pull request brought it"),
    ];
    for (path, answer, why) in not_reviewed {
        github.answers = healthy.clone();
        github.answers.insert(path, answer);
        assert_eq!(outcome(&mut github), Ok("failure".to_owned()), "{why}");
    }
    let path = format!("/compare/{}...{}", "a".repeat(40), "b".repeat(40));
    let beside = |status: &str, commits: &[&str]| {
        let mut answers = healthy.clone();
        answers.insert(path.clone(), compared(commits));
        answers.get_mut(&path).unwrap()["status"] = json!(status);
        answers
    };
    for (status, commits) in [("identical", &[][..]), ("behind", &[]), ("diverged", &["b", "c"])] {
        github.answers = beside(status, commits);
        assert_eq!(outcome(&mut github), Ok("success".to_owned()), "{status}");
        github.answers.insert("/pulls/1/reviews".to_owned(), json!([]));
        assert_eq!(outcome(&mut github), Ok("failure".to_owned()), "{status}: what is deployed was not reviewed");
    }
    github.answers = beside("diverged", &["b", "c"]);
    github.answers.insert("/pulls/2/reviews".to_owned(), json!([]));
    assert_eq!(outcome(&mut github), Ok("failure".to_owned()), "a commit beside what was deployed was not reviewed");
    github.answers = beside("unknown", &["b", "c"]);
    assert_eq!(outcome(&mut github), Err("malformed-answer".to_owned()), "nobody knows what was changed");
    github.answers = healthy.clone();
    github.page_size = 1;
    assert_eq!(outcome(&mut github), Ok("success".to_owned()), "one commit on each page");
    github.answers.insert("/pulls/2/reviews".to_owned(), json!([]));
    assert_eq!(outcome(&mut github), Ok("failure".to_owned()), "the commit on the second page was not reviewed");
    (github.answers, github.page_size) = (healthy, 0);
    github.answers.get_mut(&path).unwrap()["total_commits"] = json!(3);
    let before = github.requests;
    assert_eq!(outcome(&mut github), Err("malformed-answer".to_owned()), "a commit is missing in the list");
    assert_eq!(github.requests - before, 2, "a short page, and an empty one: nothing is asked after it");
}

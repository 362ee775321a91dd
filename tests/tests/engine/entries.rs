//! `add`, `promote` and `delta`: the inventory is written and compared the same way by every host.

use countersign_tests::documents;
use countersign_tests::places::Places;
use serde_json::{Value, json};

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn adding(more: &Value) -> Value {
    let mut command = json!({ "command": "add", "inventory": "git", "branch": "dev", "entry": {
        "name": "shop/api", "artifact": format!("registry.example/shop/api:1@{DIGEST}"), "type": "image",
        "version": "1.0.1", "repository_url": "https://git.example/shop/api",
        "commit_sha": "1111111111111111111111111111111111111111", "build_number": 7, "pipeline_run_id": "ci-7" } });
    for (key, value) in more.as_object().into_iter().flatten() {
        command[key] = value.clone();
    }
    command
}

fn message(end: &Value) -> &str {
    end["message"].as_str().unwrap_or_else(|| panic!("{end}"))
}

#[test]
fn in1_an_entry_is_committed_to_its_branch_once() {
    let mut places = Places::default().on("dev", "other", "x");
    let end = places.run(&adding(&json!({})));
    assert_eq!((&end["exit_code"], &end["added"]), (&json!(0), &json!(true)), "{end}");
    assert!(message(&end).starts_with("added `shop/api`: commit "), "{end}");
    assert_eq!(places.commits, ["Add shop/api 1.0.1"]);
    let text = String::from_utf8_lossy(&places.branches["dev"]["shop/api"]).into_owned();
    let entry: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&entry["sha256"], &entry["provenance"]), (&json!(DIGEST), &entry["artifact"]));
    assert_eq!(text, format!("{entry:#}\n"), "the bytes that version 1 wrote");
    let again = places.run(&adding(&json!({})));
    assert_eq!(message(&again), "the inventory has `shop/api` just so already");
    assert_eq!(places.commits.len(), 1);
    let first = places.run(&adding(&json!({ "branch": "new" })));
    assert_eq!(first["added"], true, "a branch is made when it is missing: {first}");
}

#[test]
fn cr8_what_somebody_else_wrote_meanwhile_is_not_written_over() {
    let mut places = ahead();
    places.contended = true;
    let before = places.branches.clone();
    let promote = json!({ "command": "promote", "inventory": "git", "from": "dev", "to": "prod" });
    for (command, path) in [(adding(&json!({})), "shop/api"), (promote, "api")] {
        let end = places.run(&command);
        assert_eq!((&end["outcome"], &end["exit_code"]), (&json!("refused"), &json!(31)), "{end}");
        let words = format!("somebody else wrote to the inventory meanwhile: `{path}`");
        assert!(message(&end).starts_with(&words), "{end}");
    }
    assert_eq!(places.branches, before);
}

#[test]
fn in1_without_a_branch_the_entry_is_a_file_that_its_user_commits() {
    let mut places = Places::default();
    let end = places.run(&adding(&json!({ "branch": null })));
    assert_eq!((message(&end), places.written.as_slice()), ("added `shop/api`", &["shop/api".to_owned()][..]));
    assert_eq!(end["help"], "commit the file, or name a branch to have it committed");
    let end = places.run(&adding(&json!({ "branch": null, "inventory": "folder" })));
    assert!(end["help"].is_null(), "{end}");
    let end = places.run(&adding(&json!({ "inventory": "folder" })));
    assert_eq!((message(&end), &end["exit_code"]), ("a plain folder has no branches", &json!(2)));
}

#[test]
fn in4_a_failed_run_adds_an_entry_only_where_its_user_says_so() {
    for (set, added) in
        [(json!(null), false), (json!("1"), false), (json!("true"), false), (json!(""), true), (json!("0"), true)]
    {
        let mut places = Places::default();
        let end = places.run(&adding(&json!({ "failed": true, "skip_on_failure": set })));
        assert_eq!((&end["exit_code"], &end["added"]), (&json!(0), &json!(added)), "{set}: {end}");
        assert_eq!(places.commits.len(), usize::from(added));
        assert_eq!(places.run(&adding(&json!({ "skip_on_failure": set })))["outcome"], "done");
    }
}

#[test]
fn in1_what_is_no_entry_is_not_added() {
    for (field, value, words) in [
        ("name", json!("../api"), "`../api` is not a path of an inventory entry"),
        ("artifact", json!("registry.example/shop/api:1"), "an image needs a digest"),
        ("version", json!(""), "`` is empty"),
    ] {
        let mut command = adding(&json!({}));
        command["entry"][field] = value;
        let mut places = Places::default();
        let end = places.run(&command);
        assert_eq!((message(&end), &end["exit_code"]), (words, &json!(2)), "{end}");
        assert!(places.commits.is_empty());
    }
}

/// An inventory in which `dev` is ahead of `prod`.
fn ahead() -> Places {
    let version = |name: &str, version: &str| {
        let mut entry = documents::entry(name);
        entry["version"] = json!(version);
        entry.to_string()
    };
    Places::default()
        .on("dev", "api", version("api", "2"))
        .on("dev", "new", version("new", "1"))
        .on("dev", "same", version("same", "1"))
        .on("dev", "README.md", "about dev")
        .on("prod", "api", version("api", "1"))
        .on("prod", "gone", "no entry at all")
        .on("prod", "same", version("same", "1"))
}

#[test]
fn in2_the_delta_of_two_environments_names_what_differs_and_nothing_else() {
    let mut places = ahead();
    let delta = |from: &str, to: &str| json!({ "command": "delta", "inventory": "git", "from": from, "to": to });
    let end = places.run(&delta("prod", "dev"));
    assert_eq!(message(&end), "3 entries differ");
    let expected = json!([
        { "change": "changed", "entry": "api", "from": "1", "to": "2" },
        { "change": "removed", "entry": "gone", "from": "no version" },
        { "change": "added", "entry": "new", "to": "1" },
    ]);
    assert_eq!(end["differences"], expected);
    assert_eq!(message(&places.run(&delta("dev", "dev"))), "nothing differs");
    assert_eq!(message(&places.run(&delta("dev", "nowhere"))), "the inventory has no branch `nowhere`");
    let mut folders =
        Places::default().with("from", "a", "{\"version\":\"1\"}").with("to", "b/c", "{\"version\":\"2\"}");
    let end = folders.run(&json!({ "command": "delta", "inventory": "folder", "from": "old", "to": "new" }));
    assert_eq!(end["table"]["rows"], json!([["removed", "a", "1", ""], ["added", "b/c", "", "2"]]));
}

#[test]
fn in1_what_is_promoted_is_carried_in_one_commit() {
    let promote = |more: &Value| {
        let mut command = json!({ "command": "promote", "inventory": "git", "from": "dev", "to": "prod" });
        for (key, value) in more.as_object().into_iter().flatten() {
            command[key] = value.clone();
        }
        command
    };
    let mut places = ahead();
    let one = places.run(&promote(&json!({ "entries": ["new"], "message": "Only this" })));
    assert_eq!(one["promoted"], json!([{ "change": "added", "entry": "new", "to": "1" }]));
    assert!(places.branches["prod"].contains_key("new") && places.branches["prod"].contains_key("gone"));
    let rest = places.run(&promote(&json!({ "prune": true })));
    assert_eq!(rest["promoted"].as_array().map(Vec::len), Some(2), "{rest}");
    assert!(message(&rest).starts_with("promoted from `dev` to `prod`: commit "), "{rest}");
    assert!(!places.branches["prod"].contains_key("gone") && !places.branches["prod"].contains_key("README.md"));
    assert_eq!(places.branches["prod"]["api"], places.branches["dev"]["api"]);
    assert_eq!(places.commits, ["Only this", "Promote from dev to prod"]);
    assert_eq!(message(&places.run(&promote(&json!({ "prune": true })))), "nothing to promote from `dev` to `prod`");
    let missing = places.run(&promote(&json!({ "entries": ["gone"] })));
    assert_eq!((message(&missing), &missing["exit_code"]), ("`dev` has no entry `gone`", &json!(2)));
    let made = places.run(&promote(&json!({ "to": "next" })));
    assert_eq!(made["promoted"].as_array().map(Vec::len), Some(3), "a branch is made when it is missing: {made}");
    let mut folders = Places::default().with("from", "a", "{}").with("to", "b", "{}");
    let end = folders.run(&promote(&json!({ "inventory": "folder", "prune": true })));
    assert_eq!(message(&end), "promoted from `dev` to `prod`");
    assert_eq!(folders.folders["to"], folders.folders["from"]);
}

//! Emergencies, rollbacks, requests made by hand, many targets and notifications, with the real command line.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::world::{World, code, json, stderr, stdout};
use countersign_cli::module::digest;
use serde_json::{Value, json};

/// Puts the emergency label on the promotion.
fn label(world: &World) {
    world.edit("promotion.json", |promotion| {
        promotion["pull_request"]["labels"] = json!([{ "name": "emergency" }]);
        let actor = json!({ "id": 5, "login": "oncall" });
        promotion["timeline"] = json!([{
            "event": "labeled", "label": { "name": "emergency" }, "actor": actor, "created_at": "2025-01-02T00:00:00Z",
        }]);
    });
}

fn policy(world: &World, more: &str) {
    let policy = String::from_utf8(world.read("policy.yaml")).unwrap();
    world.write("policy.yaml", format!("{policy}{more}"));
}

#[test]
fn em1_em4_an_emergency_is_deployed_at_once_and_what_it_owes_is_told_until_it_is_done() {
    let world = World::new("emergency");
    world.remove("evidence/shop/api/secret-scan.json");
    label(&world);
    let ended = world.run(&["run"]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert_eq!(world.record()["close_category"], "successful_issues");
    let id = world.change();
    let owed = world.run(&["obligations"]);
    assert_eq!(code(&world.run(&["obligations", "--environment", "prod"])), 0);
    assert_eq!(code(&world.run(&["obligations", "--environment", "produ"])), 2);
    assert_eq!(code(&owed), 0, "{}", stderr(&owed));
    for name in ["review", "retrospective", "root-cause", "reconciliation", "gap-secret-scan", "a@example.com"] {
        assert!(stdout(&owed).contains(name), "{name}: {}", stdout(&owed));
    }
    let later = ("COUNTERSIGN_NOW", "2099-01-01T00:00:00Z");
    let overdue = world.run_scripted(&["obligations", "--output", "json"], later);
    assert_eq!((code(&overdue), &json(&overdue)["exit_code"]), (41, &json!(41)));
    let fulfil = |obligation: &str, by: &str| {
        world.run(&["fulfil", &id, "--obligation", obligation, "--as", by, "--reference", "TICKET-1"])
    };
    let own = fulfil("review", "1:author");
    assert_eq!(code(&own), 2, "{}", stderr(&own));
    assert!(stderr(&own).contains("had a part in this change"), "{}", stderr(&own));
    for obligation in ["review", "retrospective", "root-cause", "reconciliation", "gap-secret-scan"] {
        let done = fulfil(obligation, "6:robin");
        assert_eq!(code(&done), 0, "{}", stderr(&done));
    }
    assert_eq!(code(&world.run_scripted(&["obligations"], later)), 0);
    let all = json(&world.run(&["obligations", "--all", "--output", "json"]));
    let done = &all["obligations"][0]["fulfilment"];
    assert_eq!((&done["by"]["login"], &done["reference"]), (&json!("robin"), &json!("TICKET-1")), "{all}");
    assert_eq!(code(&world.run_bare(&["status", &id, "--ledger", "ledger"])), 0, "the journal still verifies");
}

#[test]
fn fr1_fr3_a_full_rollback_restores_the_commit_of_an_earlier_change() {
    let world = World::new("full-rollback");
    let first = world.git(&["rev-parse", "refs/heads/prod"]);
    assert_eq!(code(&world.run(&["run"])), 0);
    let id = world.change();
    let second = world.promote(8);
    let ended = world.run(&["run"]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert_eq!(world.git(&["rev-parse", "refs/tags/prod_latest^{commit}"]), second);
    world.write("deploy.sh", "#!/bin/sh\necho x >> deployed\necho \"$COUNTERSIGN_COMMIT\" > commit\n");
    let current = world.changes().into_iter().find(|other| *other != id).unwrap();
    let refused = world.run(&["rollback", "--rollback-change-request-id", &current]);
    assert_eq!(code(&refused), 2, "{}", stderr(&refused));
    let ended = world.run(&["rollback", "--rollback-change-request-id", &id]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert_eq!(world.git(&["rev-parse", "refs/tags/prod_latest^{commit}"]), first);
    assert_eq!(String::from_utf8(world.read("commit")).unwrap().trim(), first);
    assert_eq!((world.changes().len(), world.deployed()), (3, 3));
    let own = world
        .changes()
        .into_iter()
        .map(|id| world.record_of(&id))
        .find(|record| !record["filing"]["restores"].is_null());
    assert_eq!(own.unwrap()["filing"]["restores"], json!(id));
    let again = world.run(&["rollback", "--rollback-change-request-id", &id, "--output", "json"]);
    assert_eq!((code(&again), &json(&again)["outcome"]), (0, &json!("nothing-to-deploy")), "{}", stderr(&again));
    let unknown = world.run(&["rollback", "--rollback-change-request-id", "CR-0"]);
    assert_eq!(code(&unknown), 2);
}

#[test]
fn cr5_ex5_a_request_made_and_approved_by_hand_is_used_and_left_open() {
    let world = World::new("prepared");
    policy(&world, "  outage-minutes: 20\n");
    world.write(
        "prepared.yaml",
        "version: 1\ntitle: Move\nrequests:\n  - target: {environment: prod, purpose: production, detail: the shop}\n",
    );
    let prepared = world.run(&["prepare", "prepared.yaml", "--output", "json"]);
    assert_eq!(code(&prepared), 0, "{}", stderr(&prepared));
    let id = json(&prepared)["requests"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(code(&world.run(&["prepare", "prepared.yaml"])), 0, "made once");
    assert_eq!(world.changes(), std::slice::from_ref(&id));
    let run = ["run", "--prepared", "prepared.yaml"];
    assert_eq!(code(&world.run(&run)), 10);
    assert_eq!(world.deployed(), 0);
    let approved = world.run(&["approve", &id, "--as", "3:manager", "--why", "announced"]);
    assert_eq!(code(&approved), 0, "{}", stderr(&approved));
    let ended = world.run(&run);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert_eq!(
        (&world.record()["status"], &world.record()["close_category"]),
        (&json!("review"), &json!("successful"))
    );
    let elsewhere = world.run_with(&run, &[("COUNTERSIGN_REGION", "eu")]);
    assert_eq!(code(&elsewhere), 2, "{}", stderr(&elsewhere));
    assert!(stderr(&elsewhere).contains("prepares no change request for"));
}

#[test]
fn ex2_ex4_a_held_change_goes_on_by_its_id() {
    let world = World::new("by-id");
    world.remove("evidence/shop/api/secret-scan.json");
    assert_eq!(code(&world.run(&["run"])), 10);
    let id = world.change();
    let by_id = ["run", "--change-request-id", &id];
    assert_eq!(code(&world.run(&by_id)), 10);
    assert_eq!(code(&world.run(&["approve", &id, "--as", "3:reviewer", "--why", "fine"])), 0);
    let ended = world.run(&by_id);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert_eq!((&world.record()["status"], world.deployed()), (&json!("review"), 1));
}

#[test]
fn cr1_many_regions_have_a_request_each_and_independent_outcomes() {
    let world = World::new("regions");
    policy(&world, "  rollback: {run: [/bin/sh, ./accept.sh], timeout-seconds: 60}\n");
    world.write("deploy.sh", "#!/bin/sh\necho x >> deployed\nif [ \"$COUNTERSIGN_REGION\" = us ]; then exit 3; fi\n");
    world.write("targets.json", r#"[{"region": "eu"}, {"region": "us"}, {"region": "ap"}]"#);
    let ended = world.run(&["run", "--targets", "targets.json", "--output", "json"]);
    assert_eq!(code(&ended), 21, "{}", stderr(&ended));
    let report = json(&ended);
    let targets = report["targets"].as_array().unwrap();
    let outcomes: Vec<(&str, u64)> = targets
        .iter()
        .map(|one| (one["target"]["region"].as_str().unwrap(), one["exit_code"].as_u64().unwrap()))
        .collect();
    assert_eq!(outcomes, [("ap", 0), ("eu", 0), ("us", 21)]);
    assert_eq!((world.changes().len(), world.deployed()), (3, 3));
    let tags = world.git(&["tag"]);
    assert_eq!(tags.lines().collect::<Vec<_>>(), ["ap_prod_latest", "eu_prod_latest"]);
    let again = world.run(&["run", "--targets", "targets.json"]);
    assert_eq!(code(&again), 21, "{}", stderr(&again));
    assert_eq!(world.deployed(), 3, "nothing is deployed twice");
    for odd in ["[]", "{}", r#"[{"region": "eu"}, {"region": "eu"}]"#, r#"[{"zone": "eu"}]"#] {
        world.write("targets.json", odd);
        assert_eq!(code(&world.run(&["run", "--targets", "targets.json"])), 2, "{odd}");
    }
}

/// A webhook on this machine that answers `status` and gives what was posted to it.
fn webhook(status: &'static str, answers: usize) -> (String, thread::JoinHandle<Vec<(String, Value)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/hook/s3cr3t-path", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        let mut posted = Vec::new();
        for stream in listener.incoming().take(answers) {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            let mut part = [0; 4096];
            loop {
                let read = stream.read(&mut part).unwrap();
                bytes.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                if body.len() >= length.unwrap().parse().unwrap() {
                    posted.push((head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap()));
                    break;
                }
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        }
        posted
    });
    (url, server)
}

#[test]
fn pc9_au3_people_are_told_through_a_webhook_whose_url_stays_secret() {
    let world = World::new("told");
    policy(&world, "notifications: [{name: ops, format: slack, moments: [filed, closed]}]\n");
    world.write("deploy.sh", "#!/bin/sh\necho x >> deployed\necho \"url: ${OPS_URL-unset} $LEAK\"\n");
    let (url, server) = webhook("200 OK", 2);
    let variables = [("OPS_URL", url.as_str()), ("LEAK", url.as_str())];
    let ended = world.run_with(&["run", "--webhook", "ops=OPS_URL"], &variables);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    let posted = server.join().unwrap();
    assert_eq!(posted.len(), 2);
    assert!(posted.iter().all(|(line, _)| line == "POST /hook/s3cr3t-path HTTP/1.1"), "{posted:?}");
    assert!(posted[0].1["text"].as_str().unwrap().contains(&world.change()), "{posted:?}");
    assert!(!stderr(&ended).contains("s3cr3t-path") && !world.everything("ledger").contains("s3cr3t-path"));
    assert!(stderr(&ended).contains("url: unset ***"), "{}", stderr(&ended));
}

#[test]
fn pc9_a_webhook_that_fails_changes_no_outcome() {
    let world = World::new("deaf");
    policy(&world, "notifications: [{name: ops, moments: [filed]}, {name: nobody, moments: [closed]}]\n");
    let (url, server) = webhook("500 Internal Server Error", 1);
    let ended = world.run_with(&["run", "--webhook", "ops=OPS_URL"], &[("OPS_URL", &url)]);
    assert_eq!(code(&ended), 0, "{}", stderr(&ended));
    assert_eq!(server.join().unwrap().len(), 1);
    assert_eq!(world.record()["close_category"], "successful");
    assert!(stderr(&ended).contains("the webhook answered 500"), "{}", stderr(&ended));
    let plain =
        world.run_with(&["run", "--webhook", "ops=OPS_URL"], &[("OPS_URL", "http://hooks.example.com/s3cr3t-path")]);
    assert_eq!(code(&plain), 2);
    assert!(!stderr(&plain).contains("s3cr3t-path"), "{}", stderr(&plain));
}

/// The commands of the runbook: the names and texts of its `sh` blocks, in order.
fn runbook() -> Vec<(String, String)> {
    let text = include_str!("../../RUNBOOK.md");
    let blocks = text.split("```sh ").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.map(|block| block.split_once('\n').unwrap()).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

#[test]
fn em6_every_command_of_the_runbook_does_what_it_says() {
    let world = World::new("runbook");
    let image = format!("images.example.com/shop/api:1.0.0@{}", digest(b"an image"));
    let first = world.git(&["rev-parse", "refs/heads/prod"]);
    assert_eq!(code(&world.run(&["run"])), 0);
    let good = world.change();
    world.promote(8);
    assert_eq!(code(&world.run(&["run"])), 0);
    let mut ran = Vec::new();
    for (name, script) in runbook() {
        if name == "deploy" {
            // What the people do on GitHub: merge the promotion and label it; a check is missing.
            let commit = world.git(&["rev-parse", "refs/heads/prod"]);
            world.edit("promotion.json", |promotion| {
                promotion["pull_request"]["number"] = json!(9);
                promotion["pull_request"]["merge_commit_sha"] = json!(commit);
            });
            label(&world);
            world.remove("evidence/shop/api/secret-scan.json");
        }
        let emergency =
            world.changes().into_iter().find(|id| world.record_of(id)["kind"] == "emergency").unwrap_or_default();
        let commit = "c".repeat(40);
        let variables = [("GOOD", good.as_str()), ("ARTIFACT", &image), ("COMMIT", &commit), ("EMERGENCY", &emergency)];
        let ended = world.script(&script, &variables);
        assert_eq!(code(&ended), 0, "{name}: {}", stderr(&ended));
        match name.as_str() {
            "rehearse" => assert_eq!((world.changes().len(), world.deployed()), (2, 2)),
            "rollback" => assert_eq!(world.git(&["rev-parse", "refs/tags/prod_latest^{commit}"]), first),
            "deploy" => assert_eq!(world.deployed(), 4),
            "reconcile" => assert!(stdout(&ended).contains("all 1 entries are the same"), "{}", stdout(&ended)),
            "owed" => assert!(stdout(&ended).contains("gap-secret-scan"), "{}", stdout(&ended)),
            _ => {}
        }
        ran.push(name);
    }
    let steps = ["find", "rehearse", "rollback", "build", "promote", "label", "deploy", "reconcile", "owed", "fulfil"];
    assert_eq!(ran, steps);
}

#[test]
fn the_demo_shows_every_flow() {
    for flow in ["standard", "emergency", "rollback", "downtime", "regions", "existing"] {
        let world = World::new(&format!("demo-{flow}"));
        let shown = world.run_bare(&["demo", "--flow", flow, "shown"]);
        assert_eq!(code(&shown), 0, "{flow}: {}", stderr(&shown));
        assert!(stdout(&shown).contains("where to look"), "{flow}: {}", stdout(&shown));
    }
}

#[test]
fn em4_a_ledger_that_is_not_there_is_not_one_in_which_nothing_is_owed() {
    let world = World::new("no-ledger");
    for verb in [&["obligations"][..], &["sweep"], &["status"], &["approve", "CR-1", "--as", "3:x", "--why", "y"]] {
        let told = world.run_bare(&[verb, &["--ledger", "legder"]].concat());
        assert_eq!(code(&told), 2, "{verb:?}: {}", stderr(&told));
        assert!(stderr(&told).contains("there is no ledger at `legder`") && !world.exists("legder"), "{verb:?}");
        let branch = format!("git+file://{}#legder", world.path("inventory.git").display());
        let told = world.run_bare(&[verb, &["--ledger", &branch]].concat());
        assert_eq!(code(&told), 2, "{verb:?}: {}", stderr(&told));
        assert!(stderr(&told).contains("there is no ledger at `git+file:"), "{verb:?}: {}", stderr(&told));
    }
}

#[test]
fn sweep_shows_what_nobody_finished() {
    let world = World::new("sweep");
    world.remove("evidence/shop/api/secret-scan.json");
    assert_eq!(code(&world.run(&["run"])), 10);
    let swept = world.run(&["sweep"]);
    assert_eq!(code(&swept), 0);
    assert!(
        stdout(&swept).contains(&world.change()) && stdout(&swept).contains("countersign approve"),
        "{}",
        stdout(&swept)
    );
    let later = ("COUNTERSIGN_NOW", "2099-01-01T00:00:00Z");
    assert_eq!(code(&world.run_scripted(&["sweep", "--older-than", "24"], later)), 24);
    assert_eq!(code(&world.run(&["approve", &world.change(), "--as", "3:reviewer", "--why", "fine"])), 0);
    assert_eq!(code(&world.run(&["run"])), 0);
    assert!(stdout(&world.run(&["sweep"])).contains("every change is finished"));
}

#[test]
fn in4_a_failed_ci_run_adds_its_entry_only_where_that_is_asked_for() {
    let world = World::new("skipping");
    let add = |name: &str, more: &[&str]| {
        let image = format!("images.example.com/{name}:1@sha256:{}", "a".repeat(64));
        let commit = "c".repeat(40);
        let line = [
            "add",
            "--inventory",
            "inventory.git",
            "--branch",
            "dev",
            "--name",
            name,
            "--artifact",
            &image,
            "--entry-version",
            "1",
            "--repository-url",
            "https://git.example.com/x",
            "--commit-sha",
            &commit,
            "--build-number",
            "1",
            "--pipeline-run-id",
            "ci-1",
            "--ci-outcome",
            "failure",
        ];
        let added = world.run_bare(&[&line[..], more].concat());
        assert_eq!(code(&added), 0, "{}", stderr(&added));
        !world.git(&["show", &format!("dev:{name}")]).is_empty()
    };
    assert!(!add("plain", &[]));
    assert!(add("zero", &["--skip-inventory-update-on-failure", "0"]));
    assert!(add("empty", &["--skip-inventory-update-on-failure", ""]));
    assert!(!add("one", &["--skip-inventory-update-on-failure", "1"]));
    assert!(!add("bare", &["--skip-inventory-update-on-failure"]));
    assert!(!add("true", &["--skip-inventory-update-on-failure", "true"]));
}

#[test]
fn in6_environments_are_reconciled_entry_by_entry() {
    let world = World::new("reconcile");
    world.git(&["branch", "staging", "prod"]);
    let line = ["reconcile", "--inventory", "inventory.git", "--environments", "staging,prod"];
    let same = world.run_bare(&line);
    assert_eq!(code(&same), 0, "{}", stderr(&same));
    assert!(stdout(&same).contains("all 1 entries are the same"), "{}", stdout(&same));
    world.promote(9);
    let differ = world.run_bare(&[&line[..], &["--output", "json"]].concat());
    assert_eq!(code(&differ), 0, "{}", stderr(&differ));
    let versions = &json(&differ)["differing"]["shop/api"];
    assert_eq!((&versions[0]["version"], &versions[1]["version"]), (&json!("1.0.0"), &json!("1.0.9")));
}
